"""`@arrayPath`, `@flatten`, `@merge`, `@transform`: objects and lists from objects and lists."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from attio_ctl.mapping.expressions.javascript import MISSING, is_falsy, units
from attio_ctl.mapping.expressions.node import Expression, ExpressionError, Literal, Resolved, tidy
from attio_ctl.mapping.expressions.paths import Path, steps_of
from attio_ctl.mapping.expressions.reading import Reader, Steps
from attio_ctl.state.resource import Json


@dataclass(frozen=True, slots=True)
class ArrayPath:
    """What stands at `root`, with each item put into `shape`; an object counts as a list of one."""

    root: Expression
    shape: Expression | None

    def resolve(self, data: Json) -> Resolved:
        root = self.root.resolve(data)
        if self.shape is None or not isinstance(root, list | dict):
            return root
        return [self.shape.resolve(item) for item in (root if isinstance(root, list) else [root])]

    def children(self) -> tuple[Expression, ...]:
        return (self.root,)


def read_array_path(reader: Reader, operand: Any, path: Steps) -> Expression:
    """`@arrayPath`: a list of a path (or a directive that gives the list itself) and, optionally, a shape."""
    if not isinstance(operand, list) or not operand:
        return reader.fault(path, "`@arrayPath` takes a list: a path, and the shape of each item")
    root = reader.read_text_or_directive(operand[0], (*path, 0), "`@arrayPath`")
    if isinstance(root, Literal) and isinstance(root.value, str):
        root = Path(steps_of(root.value))
    shape = operand[1] if len(operand) > 1 else None
    if isinstance(shape, dict) and shape:
        return ArrayPath(root, reader.read(shape, (*path, 1)))
    return ArrayPath(root, None)


@dataclass(frozen=True, slots=True)
class Flatten:
    """One flat object of nested ones: names joined by the separator, members of a list by their index."""

    separator: str
    value: Expression
    omit_arrays: bool

    def resolve(self, data: Json) -> Resolved:
        return dict(self._pairs(self.value.resolve(data), ""))

    def _pairs(self, value: Resolved, prefix: str) -> Iterator[tuple[str, Resolved]]:
        members: Any
        if isinstance(value, dict):
            members = value.items()
        elif isinstance(value, list) and not self.omit_arrays:
            members = enumerate(value)
        else:
            yield prefix, value
            return
        for key, inner in members:
            yield from self._pairs(inner, f"{prefix}{self.separator}{key}" if prefix else str(key))

    def children(self) -> tuple[Expression, ...]:
        return (self.value,)


def read_flatten(reader: Reader, operand: Any, path: Steps) -> Expression:
    """`@flatten`: `separator` (not empty), `value`, `omitArrays`."""
    options = reader.options(operand, path, {"separator": "text", "value": "any", "omitArrays": "any"})
    if options is None:
        return Literal(None)
    if "value" not in options:
        return reader.fault(path, "`@flatten` needs a `value`")
    value = reader.read(options["value"], (*path, "value"))
    separator = options.get("separator")
    if not separator or not isinstance(separator, str):
        return reader.late_fault(path, "`@flatten` needs a `separator` that is not empty")
    return Flatten(separator, value, not is_falsy(options.get("omitArrays")))


@dataclass(frozen=True, slots=True)
class Merge:
    """One object of several, a later one over an earlier one by key; a missing value still covers a present one."""

    objects: tuple[Expression, ...]

    def resolve(self, data: Json) -> Resolved:
        merged: dict[str, Resolved] = {}
        for expression in self.objects:
            value = expression.resolve(data)
            if isinstance(value, dict):
                merged.update(value)
            elif isinstance(value, list | str):
                members = units(value) if isinstance(value, str) else value
                merged.update((str(index), member) for index, member in enumerate(members))
        return merged

    def children(self) -> tuple[Expression, ...]:
        return self.objects


def read_merge(reader: Reader, operand: Any, path: Steps) -> Expression:
    """`@merge`: `objects` is a list of objects or directives, `direction` `right` (the last wins) or `left`."""
    options = reader.options(operand, path, {"direction": "text", "objects": "any"})
    if options is None:
        return Literal(None)
    members, direction = options.get("objects"), options.get("direction")
    if not isinstance(members, list):
        return reader.fault(path, "`@merge` needs `objects`, a list of objects or directives")
    if isinstance(direction, str) and direction.lower() not in ("left", "right"):
        return reader.fault((*path, "direction"), f"`direction` of `@merge` is `left` or `right`, not `{direction}`")
    read: list[Expression] = []
    for index, member in enumerate(members):
        place = (*path, "objects", index)
        if not isinstance(member, dict):
            broken = reader.fault(place, "`objects` of `@merge` holds objects and directives only")
            if not reader.unchecked:
                return broken
        read.append(reader.read(member, place))
    if direction is None:
        return reader.late_fault(path, "`@merge` needs a `direction`, `left` or `right`")
    if direction not in ("left", "right"):
        reader.late_fault((*path, "direction"), f"`direction` of `@merge` is lower case; `{direction}` acts as `right`")
    return Merge(tuple(reversed(read)) if direction == "left" else tuple(read))


@dataclass(frozen=True, slots=True)
class Transform:
    """`mapping` sees what `apply` makes of the event, and nothing else of it."""

    apply: Expression
    mapping: Expression

    def resolve(self, data: Json) -> Resolved:
        if not isinstance(data, dict) and data is not MISSING:
            raise ExpressionError("`@transform` works on an object only")
        made = self.apply.resolve({} if data is MISSING else data)
        return self.mapping.resolve(MISSING if made is MISSING else tidy(made))

    def children(self) -> tuple[Expression, ...]:
        return (self.apply,)


def read_transform(reader: Reader, operand: Any, path: Steps) -> Expression:
    """`@transform`: `apply` and `mapping`, both objects or directives."""
    options = reader.options(operand, path, {"apply": "any", "mapping": "any"})
    if options is None:
        return Literal(None)
    read: list[Expression] = []
    for key in ("apply", "mapping"):
        if not isinstance(options.get(key), dict):
            return reader.fault(path, f"`@transform` needs `{key}`, an object or a directive")
        read.append(reader.read_object(options[key], (*path, key)))
    return Transform(*read)
