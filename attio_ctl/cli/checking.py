"""The checks of mappings against the workspace, for `validate` (offline) and `plan` (against what will be)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from attio_ctl.address import Address
from attio_ctl.config import models
from attio_ctl.config.load import Loaded
from attio_ctl.errors import ConfigError, Problem
from attio_ctl.mapping.actions import outline
from attio_ctl.mapping.program import digest_of
from attio_ctl.plan.model import MappingNote


def note_mappings(loaded: Loaded, delivered: Mapping[str, str]) -> tuple[MappingNote, ...]:
    """
    The mappings as the plan shows them.

    Args:
        delivered: The digest of each mapping that was last delivered with.
    """
    return tuple(
        MappingNote(
            address=Address.root("mapping", name),
            digest=digest_of(mapping),
            status=_status(delivered.get(name), digest_of(mapping)),
            writes=tuple(dict.fromkeys(_written_by(mapping))),
        )
        for name, mapping in loaded.spec.mappings.items()
    )


def _status(before: str | None, now: str) -> Literal["new", "changed", "unchanged"]:
    if before is None:
        return "new"
    return "unchanged" if before == now else "changed"


def _written_by(mapping: models.Mapping) -> Iterator[Address]:
    for record in outline(mapping).records:
        for assignment in record.assignments:
            yield Address.root("object", record.object).child("attribute", assignment.slug)


def raise_errors(problems: Iterable[Problem]) -> None:
    """
    End here when something is wrong; warnings go on.

    Raises:
        ConfigError: with the problems that are errors.
    """
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        raise ConfigError(errors)


def describe(loaded: Loaded) -> str:
    """One line that says what the files hold."""
    spec = loaded.spec
    attributes = [len(obj.attributes) for obj in spec.objects.values()]
    attributes += [len(lst.attributes) for lst in spec.lists.values()]
    counts = (
        (len(spec.objects), "object"),
        (sum(attributes), "attribute"),
        (len(spec.lists), "list"),
        (len(spec.webhooks), "webhook"),
        (len(spec.mappings), "mapping"),
        (len(loaded.files), "file"),
    )
    parts = (f"{count} {what}{'' if count == 1 else 's'}" for count, what in counts if count)
    return f"{spec.workspace} is valid: {', '.join(parts)}."
