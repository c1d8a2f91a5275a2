"""Plain data to the model of a workspace, with everything that is wrong with it."""

from __future__ import annotations

import copy
from typing import Any, Final

from pydantic import ValidationError

from attio_ctl.config import rules
from attio_ctl.config.checks import Subject, check
from attio_ctl.config.explain import explain, path_of
from attio_ctl.config.models import WorkspaceSpec
from attio_ctl.config.nodes import Places
from attio_ctl.config.wording import split_path
from attio_ctl.errors import Problem

# What may be missing because it stands in a file that could not be read.
_UNSURE: Final = frozenset({rules.MISSING_KEY.code, rules.UNKNOWN_OBJECT.code})
_PLACEHOLDERS: Final = {"workspace": "unnamed", "api": {"sandbox": "unnamed"}}


def validate(data: Any, places: Places, *, whole: bool) -> tuple[WorkspaceSpec | None, list[Problem]]:
    """
    The model of a document, None where its shape is wrong, and every problem of it.

    A block of the wrong shape is complained of and left out, so that the others are still held against each other.
    `whole` is False where a file could not be read: what is missing then is not complained of.
    """
    spec, problems = None, list[Problem]()
    usable: WorkspaceSpec | None
    try:
        usable = spec = WorkspaceSpec.model_validate(data)
    except ValidationError as error:
        problems = explain(error, places)
        usable = _model_of_the_rest(data, error, places)
    if usable is not None:
        objects = data.get("objects")
        slugs = frozenset(objects) if isinstance(objects, dict) else frozenset[str]()
        problems += check(Subject(usable, places, slugs))
    return spec, [one for one in problems if whole or one.code not in _UNSURE]


def _model_of_the_rest(data: Any, error: ValidationError, places: Places) -> WorkspaceSpec | None:
    """The model without the blocks that are wrong; None where too little is left to be held against each other."""
    rest = copy.deepcopy(data)
    paths = {path_of(fault["loc"], places.root) for fault in error.errors(include_url=False)}
    for path in sorted(paths, key=_removal_order):
        _cut(rest, path)
    try:
        return WorkspaceSpec.model_validate({**_PLACEHOLDERS, **rest})
    except ValidationError:
        return None


def _removal_order(path: tuple[str | int, ...]) -> list[str]:
    """Later items of a list before earlier ones, whose removal would move them."""
    return [f"{9999999 - step:07}" if isinstance(step, int) else step for step in path]


def _cut(data: Any, path: tuple[str | int, ...]) -> None:
    """Take the smallest block that a path lies in out of the data: an attribute, a webhook, an entry of a list."""
    resource, inside = split_path(path)
    way = resource or inside[: 2 if inside[0] == "removed" else 1] if path else ()
    for step in way[:-1]:
        if not _has(data, step):
            return
        data = data[step]
    if way and _has(data, way[-1]):
        del data[way[-1]]


def _has(data: Any, step: str | int) -> bool:
    match data:
        case dict():
            return step in data
        case list():
            return isinstance(step, int) and step < len(data)
        case _:
            return False
