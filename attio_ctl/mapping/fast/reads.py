"""Which paths of an event a mapping reads, so that the decoder can skip the rest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from attio_ctl.mapping.expressions.choices import IfBlank, IfExists
from attio_ctl.mapping.expressions.liquid import Liquid
from attio_ctl.mapping.expressions.node import Expression, Literal, walk
from attio_ctl.mapping.expressions.paths import ComputedPath, Path
from attio_ctl.mapping.expressions.texts import ComputedTemplate, Template
from attio_ctl.mapping.fql.tree import And, Call, Compare, Constant, Field, In, Many, Node, Not, Or
from attio_ctl.mapping.integrations import DESTINATION
from attio_ctl.mapping.program import CompiledMapping


def paths_of(mapping: CompiledMapping) -> Iterator[tuple[str, ...]]:
    """
    All paths that the mapping reads from an event, but for those of expressions that may read the whole of it.
    """
    yield from (("integrations", name) for name in (DESTINATION, "All"))
    if mapping.when is not None:
        yield from _fields_of(mapping.when)
    for record in mapping.records:
        for filler in record.fillers:
            if filler.when is not None:
                yield from _fields_of(filler.when)
            yield from _paths_in(filler.expression)


def _paths_in(expression: Expression) -> Iterator[tuple[str, ...]]:
    if not is_code(expression):
        yield from ((root,) for root in roots_of(expression) or ())
        return
    for node in walk(expression):
        if isinstance(node, Path):
            yield node.steps
        elif isinstance(node, Template):
            yield from (part for part in node.parts if isinstance(part, tuple))


def is_code(expression: Expression, depth: int = 0) -> bool:
    """Whether the expression becomes code as a whole: one that looks at paths only, and never fails."""
    match expression:
        case Literal():
            return True
        case Path(steps):
            return bool(steps)
        case Template(parts):
            return () not in parts
        case IfExists(value, then, otherwise) | IfBlank(value, then, otherwise):
            return depth < _DEEPEST and all(is_code(inner, depth + 1) for inner in (value, then, otherwise))
        case _:
            return False


_DEEPEST: Final = 20
"""How deep expressions that become code nest in each other; Python itself ends at 100 brackets."""


def roots_of(expression: Expression) -> tuple[str, ...] | None:
    """The top-level fields that an expression of any kind reads; None where that may be the whole event."""
    roots: dict[str, None] = {}
    for node in walk(expression):
        match node:
            case Path(()) | ComputedPath() | ComputedTemplate() | Liquid():
                return None
            case Path(steps):
                roots[steps[0]] = None
            case Template(parts) if () in parts:
                return None
            case Template(parts):
                roots.update((part[0], None) for part in parts if isinstance(part, tuple))
    return tuple(roots)


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
