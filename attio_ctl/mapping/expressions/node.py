"""What an expression is: something that a mapping computes from an event."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from attio_ctl.mapping.expressions.javascript import MISSING
from attio_ctl.state.resource import Json

Resolved = Any
"""A JSON value in which `MISSING` may stand anywhere."""


class ExpressionError(Exception):
    """An expression cannot be resolved against this event; the text says which directive and why."""


class Expression(Protocol):
    """One node of a mapping; frozen and without side effects."""

    def resolve(self, data: Json) -> Resolved:
        """
        The value for this event, which is never changed.

        Raises:
            ExpressionError: Segment's code fails on this event here, too.
        """
        ...

    def children(self) -> tuple[Expression, ...]:
        """The expressions inside that are resolved against the same data."""
        ...


@dataclass(frozen=True, slots=True)
class Literal:
    """A value that is the same for every event."""

    value: Json

    def resolve(self, data: Json) -> Resolved:  # noqa: ARG002
        return self.value

    def children(self) -> tuple[Expression, ...]:
        return ()


@dataclass(frozen=True, slots=True)
class Broken:
    """A directive that cannot work, in a place where Segment's check does not look: it fails on each event."""

    message: str

    def resolve(self, data: Json) -> Resolved:  # noqa: ARG002
        raise ExpressionError(self.message)

    def children(self) -> tuple[Expression, ...]:
        return ()


@dataclass(frozen=True, slots=True)
class Fields:
    """An object; a key whose value is missing stays until `tidy`, since it still wins a `@merge`."""

    items: tuple[tuple[str, Expression], ...]

    def resolve(self, data: Json) -> Resolved:
        return {key: expression.resolve(data) for key, expression in self.items}

    def children(self) -> tuple[Expression, ...]:
        return tuple(expression for _, expression in self.items)


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: tuple[Expression, ...]

    def resolve(self, data: Json) -> Resolved:
        return [expression.resolve(data) for expression in self.items]

    def children(self) -> tuple[Expression, ...]:
        return self.items


def tidy(value: Resolved) -> Resolved:
    """
    The value as JSON: missing keys are left out at every depth, a missing member of a list becomes null.

    Only the outermost value can still be `MISSING`. However deep it nests, this never fails.
    Source: as Segment's requests were seen to be.
    """
    root: list[Any] = [value]
    waiting: list[tuple[Any, Any]] = [(root, 0)]  # holders, and the keys under which something is still untidy
    while waiting:
        holder, key = waiting.pop()
        nested = holder[key]
        if isinstance(nested, dict):
            holder[key] = made = {step: inner for step, inner in nested.items() if inner is not MISSING}
            waiting += ((made, step) for step, inner in made.items() if isinstance(inner, dict | list))
        elif isinstance(nested, list):
            holder[key] = members = [None if inner is MISSING else inner for inner in nested]
            waiting += ((members, step) for step, inner in enumerate(members) if isinstance(inner, dict | list))
    return root[0]


def without_missing_keys(value: Resolved) -> Resolved:
    """The value with missing keys left out at every depth; what is missing in a list stays."""
    if isinstance(value, dict):
        return {key: without_missing_keys(inner) for key, inner in value.items() if inner is not MISSING}
    return list(map(without_missing_keys, value)) if isinstance(value, list) else value


def walk(expression: Expression) -> Iterator[Expression]:
    """The expression and all inside it that see the same data."""
    yield expression
    for child in expression.children():
        yield from walk(child)
