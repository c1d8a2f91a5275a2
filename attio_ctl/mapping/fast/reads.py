"""Which paths of an event a mapping reads, so that the decoder can skip the rest."""

from __future__ import annotations

from collections.abc import Iterator

from attio_ctl.mapping.expressions.choices import IfBlank, IfExists
from attio_ctl.mapping.expressions.liquid import Liquid
from attio_ctl.mapping.expressions.node import Expression, Literal, walk
from attio_ctl.mapping.expressions.paths import ComputedPath, Path
from attio_ctl.mapping.expressions.texts import ComputedTemplate, Template
from attio_ctl.mapping.fast.shape import CannotGenerate
from attio_ctl.mapping.fql.tree import And, Call, Compare, Constant, Field, In, Many, Node, Not, Or
from attio_ctl.mapping.program import CompiledMapping


def paths_of(mapping: CompiledMapping) -> Iterator[tuple[str, ...]]:
    """
    All paths that the mapping reads from an event.

    Raises:
        CannotGenerate: it looks at the event as a whole, or has an expression of another kind.
    """
    yield ("integrations",)
    if mapping.when is not None:
        yield from _fields_of(mapping.when)
    for record in mapping.records:
        for filler in record.fillers:
            if filler.when is not None:
                yield from _fields_of(filler.when)
            yield from _paths_in(filler.expression)


def _paths_in(expression: Expression) -> Iterator[tuple[str, ...]]:
    match expression:
        case Path(steps):
            yield _some(steps)
        case Template(parts):
            yield from (_some(part) for part in parts if isinstance(part, tuple))
        case Literal():
            return
        case IfExists(value, then, otherwise) | IfBlank(value, then, otherwise):
            for inner in (value, then, otherwise):
                yield from _paths_in(inner)
        case _:
            yield from ((root,) for root in roots_of(expression))


def roots_of(expression: Expression) -> tuple[str, ...]:
    """The top-level fields that an expression of any kind reads."""
    roots: dict[str, None] = {}
    for node in walk(expression):
        match node:
            case Path(steps):
                roots[_some(steps)[0]] = None
            case Template(parts):
                roots.update((_some(part)[0], None) for part in parts if isinstance(part, tuple))
            case ComputedPath() | ComputedTemplate() | Liquid():
                raise CannotGenerate(type(node).__name__)
    return tuple(roots)


def _some(steps: tuple[str, ...]) -> tuple[str, ...]:
    if not steps:
        raise CannotGenerate("the whole event")
    return steps


def _fields_of(node: Node) -> Iterator[tuple[str, ...]]:
    match node:
        case Field(path):
            yield path
        case Constant():
            return
        case Not(inside):
            yield from _fields_of(inside)
        case Compare(_, left, right) | In(left, right):
            yield from _fields_of(left)
            yield from _fields_of(right)
        case And(parts) | Or(parts) | Many(parts) | Call(_, parts):
            for part in parts:
                yield from _fields_of(part)
