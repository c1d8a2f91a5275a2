"""
The part of an event that mappings look at, as nested msgspec Structs: the decoder skips all the rest.

A field that is only passed through is a Struct of its own; a field that is read, or indexed into, is any JSON value.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from msgspec import Struct, defstruct

from attio_ctl.mapping.expressions.javascript import MISSING

# What `follow` reads from a list or a text rather than from an object.
_NO_FIELD: Final = "length"


@dataclass(slots=True)
class Branch:
    """One object of the event: `name` is its attribute in the Struct above, `below` its own fields by key."""

    name: str
    read: bool = False
    below: dict[str, Branch] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shape:
    """The type to decode events into, and how a path is reached in it."""

    type: type[Struct]
    root: Branch

    def reach(self, path: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The attributes that lead to the value of a path, and the steps that are left from there."""
        branch, names = self.root, []
        for index, step in enumerate(path):
            branch = branch.below[step]
            names.append(branch.name)
            if branch.read:
                return tuple(names), path[index + 1 :]
        raise AssertionError(f"{path} is not read")


def shape_of(paths: Iterable[tuple[str, ...]]) -> Shape:
    """The shape of events for paths of at least one step each."""
    root = Branch("event")
    for path in paths:
        branch = root
        for index, step in enumerate(path):
            branch = branch.below.setdefault(step, Branch(f"f{len(branch.below)}"))
            following = path[index + 1] if index + 1 < len(path) else None
            if following is None or following == _NO_FIELD or following.isdecimal():
                branch.read = True
                break
    return Shape(_struct(root), root)


def _struct(branch: Branch) -> type[Struct]:
    fields: list[tuple[str, Any, Any]] = []
    for below in branch.below.values():
        kind = Any if below.read else _struct(below) | None
        fields.append((below.name, kind, MISSING))
    keys = {below.name: key for key, below in branch.below.items()}
    return defstruct("Event", fields, rename=keys, gc=False)
