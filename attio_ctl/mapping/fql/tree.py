"""
A subscription as a tree: what it says, apart from how it is written.

`str` of a node is FQL that parses to an equal node.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal as OneOf
from typing import TypeGuard

Comparison = OneOf["=", "!=", "<", "<=", ">", ">="]
Scalar = bool | int | float | str | None

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*", re.ASCII)
_INDEX = re.compile(r"\d+", re.ASCII)
KEYWORDS = frozenset({"and", "or", "not", "in", "true", "false", "null"})


@dataclass(frozen=True, slots=True)
class Constant:
    """A text, number, boolean or null as it is written."""

    value: Scalar

    def __str__(self) -> str:
        if isinstance(self.value, str):
            escaped = self.value.replace("\\", "\\\\").replace('"', '\\"')
            return f'"{escaped}"'
        if isinstance(self.value, float):
            return format(self.value, ".1f") if self.value.is_integer() else repr(self.value)
        return {True: "true", False: "false", None: "null"}[self.value] if _is_word(self.value) else str(self.value)


def _is_word(value: Scalar) -> TypeGuard[bool | None]:
    return value is None or isinstance(value, bool)


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the event, by the steps of its path; one that is not there reads as null."""

    path: tuple[str, ...]

    def __str__(self) -> str:
        steps = [_escaped(step, first=index == 0) for index, step in enumerate(self.path)]
        return ".".join(steps)


def _escaped(step: str, *, first: bool) -> str:
    if _PLAIN.fullmatch(step) and not (first and step in KEYWORDS):
        return step
    if not first and _INDEX.fullmatch(step):
        return step
    return "".join(
        c if c.isascii() and (c.isalnum() or c == "_") and not (i == 0 and first) else f"\\{c}"
        for i, c in enumerate(step)
    )


@dataclass(frozen=True, slots=True)
class Many:
    """A list as it is written: `["a", "b"]`."""

    items: tuple[Node, ...]

    def __str__(self) -> str:
        return f"[{', '.join(map(str, self.items))}]"


@dataclass(frozen=True, slots=True)
class Call:
    """A function of values."""

    name: str
    arguments: tuple[Node, ...]

    def __str__(self) -> str:
        return f"{self.name}({', '.join(map(str, self.arguments))})"


@dataclass(frozen=True, slots=True)
class Compare:
    """Two values compared."""

    operator: Comparison
    left: Node
    right: Node

    def __str__(self) -> str:
        return f"{self.left} {self.operator} {self.right}"


@dataclass(frozen=True, slots=True)
class In:
    """Whether a value is in a list."""

    item: Node
    among: Node

    def __str__(self) -> str:
        return f"{self.item} in {self.among}"


@dataclass(frozen=True, slots=True)
class Not:
    """True unless the inside is true."""

    inside: Node

    def __str__(self) -> str:
        return f"!({self.inside})"


@dataclass(frozen=True, slots=True)
class And:
    """True when all parts are."""

    parts: tuple[Node, ...]

    def __str__(self) -> str:
        return " and ".join(f"({part})" if isinstance(part, Or | And) else str(part) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Or:
    """True when any part is."""

    parts: tuple[Node, ...]

    def __str__(self) -> str:
        return " or ".join(f"({part})" if isinstance(part, Or) else str(part) for part in self.parts)


Node = Constant | Field | Many | Call | Compare | In | Not | And | Or
