"""`@if`, `@literal`, `@excludeWhenNull`: what stands there, or not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from attio_ctl.mapping.expressions.javascript import MISSING, is_blank, is_falsy
from attio_ctl.mapping.expressions.node import Expression, Literal, Resolved
from attio_ctl.mapping.expressions.reading import Reader, Steps
from attio_ctl.state.resource import Json


@dataclass(frozen=True, slots=True)
class IfExists:
    """`then` where the value is neither missing nor null."""

    value: Expression
    then: Expression
    otherwise: Expression

    def resolve(self, data: Json) -> Resolved:
        value = self.value.resolve(data)
        return (self.otherwise if value is None or value is MISSING else self.then).resolve(data)

    def children(self) -> tuple[Expression, ...]:
        return (self.value, self.then, self.otherwise)


@dataclass(frozen=True, slots=True)
class IfBlank:
    """`then` where the value is NOT blank: the name misleads, and mappings rely on what Segment does."""

    value: Expression
    then: Expression
    otherwise: Expression

    def resolve(self, data: Json) -> Resolved:
        return (self.otherwise if is_blank(self.value.resolve(data)) else self.then).resolve(data)

    def children(self) -> tuple[Expression, ...]:
        return (self.value, self.then, self.otherwise)


def read_if(reader: Reader, operand: Any, path: Steps) -> Expression:
    """`@if`: `exists` or `blank`, `then`, `else`; an `else` that is null, '', 0 or false counts as none."""
    options = reader.options(operand, path, {"exists": "any", "blank": "any", "then": "any", "else": "any"})
    if options is None:
        return Literal(None)
    key = "exists" if "exists" in options else "blank"
    condition = reader.read(options.get(key), (*path, key))
    then = reader.read(options["then"], (*path, "then")) if "then" in options else Literal(MISSING)
    otherwise: Expression = Literal(MISSING)
    if not is_falsy(options.get("else")):
        otherwise = reader.read(options["else"], (*path, "else"))
    if is_falsy(options.get("exists")) and is_falsy(options.get("blank")):
        return reader.late_fault(path, "`@if` needs a condition: `exists` or `blank`, and not an empty one")
    return (IfExists if key == "exists" else IfBlank)(condition, then, otherwise)


def read_literal(reader: Reader, operand: Any, path: Steps) -> Expression:
    """`@literal`: the value itself, with the directives inside it."""
    return reader.read_loose(operand, path)


@dataclass(frozen=True, slots=True)
class ExcludeWhenNull:
    """Null becomes missing, in objects at every depth; lists are left as they are."""

    value: Expression

    def resolve(self, data: Json) -> Resolved:
        return _without_nulls(self.value.resolve(data))

    def children(self) -> tuple[Expression, ...]:
        return (self.value,)


def _without_nulls(value: Resolved) -> Resolved:
    if value is None:
        return MISSING
    if isinstance(value, dict):
        return {key: _without_nulls(inner) for key, inner in value.items()}
    return value


def read_exclude_when_null(reader: Reader, operand: Any, path: Steps) -> Expression:
    """`@excludeWhenNull`: anything."""
    inner = reader.read_text(operand) if isinstance(operand, str) else reader.read_loose(operand, path)
    return ExcludeWhenNull(inner)
