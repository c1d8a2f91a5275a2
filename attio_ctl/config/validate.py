"""A merged document to the model of a workspace, with everything that is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from pydantic import ValidationError

from attio_ctl.config import rules
from attio_ctl.config.checks import Subject, check
from attio_ctl.config.explain import explain, path_of
from attio_ctl.config.models import WorkspaceSpec
from attio_ctl.config.nodes import DataPath, MappingNode, Node, Places, plain, without
from attio_ctl.config.wording import split_path
from attio_ctl.errors import Problem

# What may be missing because it stands in a file that could not be read.
_UNSURE: Final = frozenset({rules.MISSING_KEY.code, rules.UNKNOWN_OBJECT.code})
_PLACEHOLDERS: Final = {"workspace": "unnamed", "api": {"sandbox": "unnamed"}}


@dataclass(frozen=True, slots=True)
class Validated:
    """
    What is known of a document: its model, and every problem of it.

    Where blocks are of the wrong shape, `sound` is False, and `spec` and `places` are of the document without them; no
    `spec` where too little is left.
    """

    spec: WorkspaceSpec | None
    places: Places
    problems: tuple[Problem, ...]
    sound: bool = True


def validate(document: Node, *, whole: bool) -> Validated:
    """
    Hold a document against the models, and what is sound in it against each other.

    Args:
        whole: False where a file could not be read: what is missing then is not complained of.
    """
    places = Places(document)
    try:
        found = Validated(WorkspaceSpec.model_validate(plain(document)), places, ())
    except ValidationError as error:
        rest = _rest_of(document, error)
        found = Validated(_spec_of(rest), Places(rest), tuple(explain(error, places)), sound=False)
    checked = check(Subject(found.spec, found.places, _slugs(document))) if found.spec is not None else ()
    problems = (one for one in (*found.problems, *checked) if whole or one.code not in _UNSURE)
    return replace(found, problems=tuple(problems))


def _rest_of(document: Node, error: ValidationError) -> Node:
    """The document without the blocks that are of the wrong shape."""
    paths = {_block(path_of(fault, document)) for fault in error.errors(include_url=False)}
    rest = document
    for path in sorted(paths, key=_later_items_first):
        rest = without(rest, path)
    return rest


def _spec_of(rest: Node) -> WorkspaceSpec | None:
    try:
        return WorkspaceSpec.model_validate({**_PLACEHOLDERS, **plain(rest)})
    except ValidationError:
        return None


def _block(path: DataPath) -> tuple[str | int, ...]:
    """The smallest block around a path that can be left out: an attribute, a webhook, an entry of `removed`, a key."""
    resource, inside = split_path(path)
    return tuple(resource or inside[: 2 if path and path[0] == "removed" else 1])


def _later_items_first(path: DataPath) -> list[str]:
    """An order in which leaving one item out of a list does not move those that are still to go."""
    return [f"{10**9 - step}" if isinstance(step, int) else step for step in path]


def _slugs(document: Node) -> frozenset[str]:
    objects = Places(document).node_at(("objects",))
    return frozenset(objects.entries) if isinstance(objects, MappingNode) and objects is not document else frozenset()
