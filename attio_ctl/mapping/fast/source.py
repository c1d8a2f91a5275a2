"""
Python source that does for a decoded event what `CompiledMapping.run` does for a dict.

Only what pays is generated: paths, templates, literals, `@if`, and subscriptions; other expressions resolve themselves
on the fields that they read. Of a mapping's texts nothing becomes code: they are constants of the function's namespace, under names that are made of numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from attio_ctl.mapping.expressions.choices import IfBlank, IfExists
from attio_ctl.mapping.expressions.javascript import MISSING, is_blank, text
from attio_ctl.mapping.expressions.liquid import Liquid
from attio_ctl.mapping.expressions.node import Expression, Literal, tidy, walk
from attio_ctl.mapping.expressions.paths import ComputedPath, Path, follow
from attio_ctl.mapping.expressions.texts import ComputedTemplate, Template
from attio_ctl.mapping.fast.shape import Shape
from attio_ctl.mapping.fql import evaluate
from attio_ctl.mapping.fql.tree import And, Call, Compare, Constant, Field, In, Many, Node, Not, Or
from attio_ctl.mapping.integrations import switched_on
from attio_ctl.mapping.program import CompiledMapping
from attio_ctl.mapping.records import Filler
from attio_ctl.mapping.writes import NOT_SUBSCRIBED, SWITCHED_OFF

_DEEPEST: Final = 20


class CannotGenerate(Exception):  # noqa: N818  a question answered, not a fault
    """The mapping has something that is not worth generating code for; it runs as it is."""


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
            yield from ((root,) for root in _roots(expression))


def _roots(expression: Expression) -> tuple[str, ...]:
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


@dataclass(slots=True)
class Source:
    """The source of one function under way, with the constants that it names."""

    shape: Shape
    lines: list[str] = field(default_factory=list)
    constants: dict[str, Any] = field(default_factory=dict)
    variables: int = 0

    def constant(self, value: Any) -> str:
        """The name of a constant."""
        name = f"c{len(self.constants)}"
        self.constants[name] = value
        return name

    def variable(self) -> str:
        self.variables += 1
        return f"v{self.variables}"

    def line(self, indent: int, code: str) -> None:
        self.lines.append("    " * indent + code)


def generate(mapping: CompiledMapping, shape: Shape) -> Source:
    """
    The source of `run(event)`: it returns an outcome that is no record, or the values of the records in a tuple.

    A value that Attio would refuse raises `Reject`; `at[0]` then holds the index of the filler, over all records.

    Raises:
        CannotGenerate: as `paths_of`, or expressions nest too deeply.
    """
    source = Source(shape, constants={"MISSING": MISSING})
    source.line(0, "def run(event, at):")
    _switch(source)
    if mapping.when is not None:
        source.line(1, f"if not {_condition(source, mapping.when)}: return {source.constant(NOT_SUBSCRIBED)}")
    index = 0
    for number, record in enumerate(mapping.records):
        source.line(1, f"r{number} = {{}}")
        for filler in record.fillers:
            source.line(1, f"at[0] = {index}")
            _fill(source, filler, f"r{number}")
            index += 1
    source.line(1, f"return ({', '.join(f'r{number}' for number in range(len(mapping.records)))},)")
    return source


def _switch(source: Source) -> None:
    value = _path(source, ("integrations",), 1)
    on = source.constant(lambda value: switched_on({"integrations": value}))
    source.line(1, f"if {value} is not MISSING and not {on}({value}): return {source.constant(SWITCHED_OFF)}")


def _fill(source: Source, filler: Filler, values: str) -> None:
    indent = 1
    if filler.when is not None:
        source.line(1, f"if {_condition(source, filler.when)}:")
        indent = 2
    target, slug = source.variable(), source.constant(filler.slug)
    if filler.assignment.field is not None:
        # Fields of an action have rules of their own; what they resolve to is judged where they are defined.
        _resolve(source, filler.expression, target, indent)
        check = source.constant(filler.checked)
        source.line(indent, f"{target} = {check}({target})")
        source.line(indent, f"if {target} is not MISSING: {values}[{slug}] = {target}")
        return
    _resolve(source, filler.expression, target, indent)
    coerce = source.constant(filler.coerce)
    source.line(indent, f"if {target} is not MISSING:")
    source.line(indent + 1, f"{target} = {coerce}({target})")
    source.line(indent + 1, f"if {target} is not MISSING: {values}[{slug}] = {target}")


def _resolve(source: Source, expression: Expression, target: str, indent: int) -> None:
    """Statements that put the value of an expression into a variable."""
    if indent > _DEEPEST:
        raise CannotGenerate("nested too deeply")
    match expression:
        case Literal(value):
            source.line(indent, f"{target} = {'MISSING' if value is MISSING else source.constant(value)}")
        case Path(steps):
            source.line(indent, f"{target} = {_path(source, steps, indent)}")
        case Template(parts):
            pieces = [_piece(source, part, indent) for part in parts]
            joined = f'"".join(({", ".join(pieces)},))' if pieces else '""'
            source.line(indent, f"{target} = {joined}")
        case IfExists(value, then, otherwise) | IfBlank(value, then, otherwise):
            _resolve(source, value, target, indent)
            none = f"{target} is None or {target} is MISSING"
            test = none if isinstance(expression, IfExists) else f"{source.constant(is_blank)}({target})"
            source.line(indent, f"if {test}:")
            _resolve(source, otherwise, target, indent + 1)
            if then != value:
                source.line(indent, "else:")
                _resolve(source, then, target, indent + 1)
        case _:
            whole = source.variable()
            source.line(indent, f"{whole} = {{}}")
            for root in _roots(expression):
                read = _path(source, (root,), indent)
                source.line(indent, f"if {read} is not MISSING: {whole}[{source.constant(root)}] = {read}")
            source.line(indent, f"{target} = {source.constant(tidy)}({source.constant(expression.resolve)}({whole}))")


def _piece(source: Source, part: str | tuple[str, ...], indent: int) -> str:
    if isinstance(part, str):
        return source.constant(part)
    value = _path(source, part, indent)
    return f"({value} if {value}.__class__ is str else {source.constant(text)}({value}))"


def _path(source: Source, steps: tuple[str, ...], indent: int) -> str:
    """The variable with the value at a path, after the statements that fetch it."""
    names, rest = source.shape.reach(steps)
    variable = source.variable()
    source.line(indent, f"{variable} = event.{names[0]}")
    for depth, name in enumerate(names[1:]):
        # Null and missing are what the path gives; anything else at this place is a Struct.
        source.line(indent + depth, f"if {variable} is not None and {variable} is not MISSING:")
        source.line(indent + depth + 1, f"{variable} = {variable}.{name}")
    if rest:
        source.line(indent, f"{variable} = {source.constant(follow)}({variable}, {source.constant(rest)})")
    return variable


# --- subscriptions --------------------------------------------------------------------------------------------------


def _condition(source: Source, node: Node) -> str:
    """A Python expression that is true when the statement is; the fields that it reads are fetched before it."""
    match node:
        case And(parts):
            return f"({' and '.join(_condition(source, part) for part in parts)})"
        case Or(parts):
            return f"({' or '.join(_condition(source, part) for part in parts)})"
        case Not(inside):
            return f"(not {_condition(source, inside)})"
        case Compare("=", left, Constant(str() as value)):
            return f"({_value(source, left)} == {source.constant(value)})"
        case Compare("!=", left, Constant(str() as value)):
            return f"({_value(source, left)} != {source.constant(value)})"
        case Compare(operator, left, right):
            compare, name = source.constant(evaluate.compare), source.constant(operator)
            return f"{compare}({name}, {_value(source, left)}, {_value(source, right)})"
        case In(item, among):
            return f"{source.constant(evaluate.contained)}({_value(source, item)}, {_value(source, among)})"
        case _:
            return f"({_value(source, node)} is True)"


def _value(source: Source, node: Node) -> str:
    match node:
        case Constant(value):
            return source.constant(value)
        case Field(path):
            return _field(source, path)
        case Many(items):
            return f"[{', '.join(_value(source, item) for item in items)}]"
        case Call(name, arguments):
            called = source.constant(evaluate.CALLS[name])
            return f"{called}({', '.join(_value(source, argument) for argument in arguments)})"
        case _:
            return _condition(source, node)


def _field(source: Source, path: tuple[str, ...]) -> str:
    """A field as FQL sees it: missing is null, and a step into what has no fields is null, too."""
    names, rest = source.shape.reach(path)
    variable = source.variable()
    source.line(1, f"{variable} = event.{names[0]}")
    for depth, name in enumerate(names[1:]):
        source.line(1 + depth, f"if {variable} is not None and {variable} is not MISSING:")
        source.line(2 + depth, f"{variable} = {variable}.{name}")
    source.line(1, f"if {variable} is MISSING: {variable} = None")
    if rest:
        source.line(1, f"{variable} = {source.constant(evaluate.field)}({variable}, {source.constant(rest)})")
    return variable
