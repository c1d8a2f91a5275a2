"""The checks of mappings against the workspace, for `validate` (offline) and `plan` (against what will be)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Literal

from attio_ctl.address import Address
from attio_ctl.config import models
from attio_ctl.config.load import Loaded, UnsoundError
from attio_ctl.config.rules import WEBHOOK_SECRET
from attio_ctl.config.suppress import settle, tell_idle
from attio_ctl.errors import ConfigError, Problem
from attio_ctl.mapping import rules
from attio_ctl.mapping.actions import outline
from attio_ctl.mapping.check import check_mappings, check_samples
from attio_ctl.mapping.program import digest_of
from attio_ctl.plan.model import MappingNote
from attio_ctl.state.desired import build_desired
from attio_ctl.state.resource import Json, State
from attio_ctl.state.schema import build_schema
from attio_ctl.state.standard import standard_state

UNKNOWN_OFFLINE = frozenset({rules.UNKNOWN_OBJECT.code, rules.UNKNOWN_ATTRIBUTE.code})
NEEDS_SAMPLES = frozenset({rules.NEVER_SEEN.code, rules.NEVER_TAKEN.code})


def check_against(loaded: Loaded, *layers: State) -> tuple[Problem, ...]:
    """The mappings, checked against states laid over the standard objects; what the files ignore is left out."""
    return settle(_findings(loaded, *layers), loaded.suppressions).problems


def _findings(loaded: Loaded, *layers: State) -> tuple[Problem, ...]:
    return check_mappings(loaded.spec.mappings, build_schema(standard_state(), *layers), loaded.places.at)


def check_offline(loaded: Loaded, events: Sequence[Json] = ()) -> tuple[Problem, ...]:
    """
    The mappings, checked against the files alone, and against sample events where there are any.

    What is in no file and not standard may still be in the workspace, so it is only a warning here; `plan` knows.
    """
    found = _findings(loaded, build_desired(loaded.spec, loaded.places.at))
    doubted = (_doubted(problem) if problem.code in UNKNOWN_OFFLINE else problem for problem in found)
    samples = check_samples(loaded.spec.mappings, events, loaded.places.at)
    judged = (one for one in loaded.suppressions if events or one.code not in NEEDS_SAMPLES)
    settled = settle((*doubted, *samples), judged)
    return (*settled.problems, *tell_idle(settled))


def check_rest(error: ConfigError, events: Sequence[Json] = ()) -> tuple[Problem, ...]:
    """
    What else is wrong in files that are wrong already: the mappings, checked against what of the files is sound.

    What they miss may stand in a block that is not, so that is not complained of.
    """
    if not isinstance(error, UnsoundError) or error.rest is None:
        return ()
    return tuple(problem for problem in check_offline(error.rest, events) if problem.code not in UNKNOWN_OFFLINE)


def check_events(loaded: Loaded, events: Sequence[Json]) -> tuple[Problem, ...]:
    """What the mappings look for and no sample event has; what the files ignore is left out."""
    return settle(check_samples(loaded.spec.mappings, events, loaded.places.at), loaded.suppressions).problems


def _doubted(problem: Problem) -> Problem:
    return replace(
        problem, severity="warning", hint="if it is in the workspace all the same, `attio-ctl plan` finds it"
    )


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


def warnings_beside_plan(loaded: Loaded) -> tuple[Problem, ...]:
    """The warnings of the files, without those that a plan tells itself, or knows to be of no account."""
    return tuple(problem for problem in loaded.warnings if problem.code != WEBHOOK_SECRET.code)


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
