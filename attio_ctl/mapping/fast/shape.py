"""
The part of an event that mappings look at, as nested msgspec Structs: the decoder skips all the rest. The outermost
is a `Header`, too.

A field that is only passed through is a Struct of its own, an empty one where the event has none; a field that is read,
or indexed into, is any JSON value, `MISSING` where the event has none. An event in which a field that is passed through
is anything but an object does not fit; it is mapped as a dict instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

from msgspec import Struct, defstruct

from attio_ctl.mapping.expressions.javascript import MISSING
from attio_ctl.mapping.expressions.paths import CONSTRUCTOR
from attio_ctl.mapping.fast.header import FIELDS, Header

# What a path takes from a value itself rather than from a field of an object.
_OF_VALUES: Final = frozenset({"length", CONSTRUCTOR})

# What msgspec cannot name a field by; whatever has such a key is read whole.
UNNAMEABLE: Final = re.compile('["\\\\\x00-\x1f\ud800-\udfff]')


class CannotGenerate(Exception):  # noqa: N818  a question answered, not a fault
    """The mapping has something that is not worth generating code for; it runs as it is."""


@dataclass(slots=True, eq=False)
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

    def reach(self, path: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
        """The Python expression for what a path leads to (`event.f0.f2`), and the steps that are left from there."""
        branches, rest = self._way(path)
        return ".".join(("event", *(branch.name for branch in branches))), rest

    def places(self, path: tuple[str, ...]) -> tuple[str, tuple[int, ...], tuple[str, ...]]:
        """The field of the event, the places among the fields of each Struct below it, and the steps that are left."""
        (first, *others), rest = self._way(path)
        below = pairwise((first, *others))
        return first.name, tuple(list(one.below.values()).index(two) for one, two in below), rest

    def _way(self, path: tuple[str, ...]) -> tuple[list[Branch], tuple[str, ...]]:
        branch, way = self.root, []
        for index, step in enumerate(path):
            branch = branch.below[step]
            way.append(branch)
            if branch.read:
                return way, path[index + 1 :]
        raise AssertionError(f"{path} is not read")


def shape_of(paths: Iterable[tuple[str, ...]]) -> Shape:
    """
    The shape of events for paths of at least one step each.

    Raises:
        CannotGenerate: the event itself has a key that cannot be named, or is asked for its kind.
    """
    root = Branch("event", below={key: Branch(name, read=True) for key, name in FIELDS.items()})
    for path in paths:
        if path[0] == CONSTRUCTOR or UNNAMEABLE.search(path[0]):
            raise CannotGenerate(path[0])
        branch = root
        for index, step in enumerate(path):
            branch = branch.below.setdefault(step, Branch(f"f{len(branch.below)}"))
            if branch.read:
                break
            following = path[index + 1] if index + 1 < len(path) else None
            if following is None or following in _OF_VALUES or following.isdecimal() or UNNAMEABLE.search(following):
                branch.read = True
                break
    own = {key: below for key, below in root.below.items() if key not in FIELDS}
    return Shape(_struct(Branch(root.name, below=own), Header), root)


def _struct(branch: Branch, base: type[Struct] = Struct) -> type[Struct]:
    fields: list[tuple[str, Any, Any]] = []
    for below in branch.below.values():
        inner = None if below.read else _struct(below)
        fields.append((below.name, Any, MISSING) if inner is None else (below.name, inner, inner()))
    keys = {below.name: key for key, below in branch.below.items()}
    return defstruct("Event", fields, bases=(base,), rename=keys, frozen=True, gc=False)
