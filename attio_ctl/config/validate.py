"""A merged document to the model of a workspace, with everything that is wrong with it."""

from __future__ import annotations

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


def validate(document: Node, *, whole: bool) -> tuple[WorkspaceSpec | None, list[Problem]]:
    """
    The model of a document, None where its shape is wrong, and every problem of it.

    A block of the wrong shape is complained of and left out, so that the others are still held against each other.
    `whole` is False where a file could not be read: what is missing then is not complained of.
    """
    places = Places(document)
    try:
        spec = WorkspaceSpec.model_validate(plain(document))
    except ValidationError as error:
        problems = [*explain(error, places), *_check_the_rest(document, error)]
        return None, [one for one in problems if whole or one.code not in _UNSURE]
    problems = check(Subject(spec, places, _slugs(document)))
    return spec, [one for one in problems if whole or one.code not in _UNSURE]


def _check_the_rest(document: Node, error: ValidationError) -> list[Problem]:
    """The findings among the blocks that are sound, none where too little is left of the document."""
    paths = {_block(path_of(fault, document)) for fault in error.errors(include_url=False)}
    rest = document
    for path in sorted(paths, key=_later_items_first):
        rest = without(rest, path)
    try:
        spec = WorkspaceSpec.model_validate({**_PLACEHOLDERS, **plain(rest)})
    except ValidationError:
        return []
    return check(Subject(spec, Places(rest), _slugs(document)))


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
