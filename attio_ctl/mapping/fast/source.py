"""
Python source that does for a decoded event what `CompiledMapping.run` does for a dict.

Only what pays is generated: paths, templates, literals, `@if`, and subscriptions; other expressions resolve themselves
on the fields that they read. Nothing of a mapping's texts becomes code: they are constants of the function's
namespace, under names that are made of numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from attio_ctl.mapping.expressions.choices import IfBlank, IfExists
from attio_ctl.mapping.expressions.javascript import MISSING, is_blank, text
from attio_ctl.mapping.expressions.liquid import Liquid
from attio_ctl.mapping.expressions.node import Expression, Literal, tidy, walk
from attio_ctl.mapping.expressions.paths import ComputedPath, Path, follow
from attio_ctl.mapping.expressions.texts import ComputedTemplate, Template
from attio_ctl.mapping.fast.conditions import condition
from attio_ctl.mapping.fast.shape import CannotGenerate, Shape
from attio_ctl.mapping.fql.tree import And, Call, Compare, Constant, Field, In, Many, Node, Not, Or
from attio_ctl.mapping.integrations import DESTINATION, switched_on
from attio_ctl.mapping.program import CompiledMapping
from attio_ctl.mapping.records import Filler, RecordMaker
from attio_ctl.mapping.values.coerce import Coerce, match_text
from attio_ctl.mapping.values.contacts import is_plain_email
from attio_ctl.mapping.values.times import is_plain_utc
from attio_ctl.mapping.writes import NOT_SUBSCRIBED, SWITCHED_OFF, RecordKey, Write, Writes

_DEEPEST: Final = 20
"""Levels of indentation; Python itself ends at 100."""


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
    """
    The source of one function under way.

    `constants` are what it names. `resolved` are the variables that hold an expression's value already, and `coerced`
    those that hold a neutral value, by the condition under which they do and what made it. `paths` is what each value
    of `at` stands for in reasons.
    """

    shape: Shape
    lines: list[str] = field(default_factory=list)
    constants: dict[str, Any] = field(default_factory=lambda: {"MISSING": MISSING})
    resolved: dict[Expression, str] = field(default_factory=dict)
    coerced: dict[tuple[str, Coerce], str] = field(default_factory=dict)
    paths: list[str] = field(default_factory=list)
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

    def at(self, indent: int, path: str) -> None:
        """Say what is being made from here on, for whoever catches a refusal."""
        self.line(indent, f"at[0] = {len(self.paths)}")
        self.paths.append(path)

    def path(self, steps: tuple[str, ...]) -> str:
        """The Python expression for the value at a path."""
        code, rest = self.shape.reach(steps)
        return f"{self.constant(follow)}({code}, {self.constant(rest)})" if rest else code


def generate(mapping: CompiledMapping, shape: Shape) -> Source:
    """
    The source of `run(event, at)`, which gives the outcome of the mapping.

    A value that Attio would refuse raises `Reject`; `at[0]` is then the index of its path in `paths`.

    Raises:
        CannotGenerate: as `paths_of`, or expressions nest too deeply.
    """
    source = Source(shape)
    source.line(0, "def run(event, at):")
    integrations = source.path(("integrations",))
    on = source.constant(lambda value: switched_on({"integrations": value}))
    named = (
        f"({source.constant(DESTINATION)} in {integrations} or {integrations}.get({source.constant('All')}) is False)"
    )
    off = source.constant(SWITCHED_OFF)
    source.line(1, f"if {integrations}.__class__ is dict and {named} and not {on}({integrations}): return {off}")
    if mapping.when is not None:
        source.line(
            1, f"if not {condition(shape, source.constant, mapping.when)}: return {source.constant(NOT_SUBSCRIBED)}"
        )
    for number, record in enumerate(mapping.records):
        _record(source, record, number)
    writes = ", ".join(f"w{number}" for number in range(len(mapping.records)))
    source.line(1, f"return {source.constant(Writes)}(({writes},))")
    return source


def _record(source: Source, record: RecordMaker, number: int) -> None:
    """Statements that make the values `r`, the key `k` and the write `w` of one record."""
    links = (
        f"{source.constant(slug)}: {f'[k{index}]' if slug in record.multiselect else f'k{index}'}"
        for slug, index in record.links
    )
    source.line(1, f"r{number} = {{{', '.join(links)}}}")
    for filler in record.fillers:
        _fill(source, filler, f"r{number}")
    match, text_of = source.variable(), source.constant(match_text)
    source.at(1, f"{record.object}.{record.match}")
    source.line(1, f"{match} = r{number}.get({source.constant(record.match)})")
    if record.match in record.multiselect:
        source.line(1, f"{match} = {match}[0] if {match}.__class__ is list and {match} else {match}")
    plain = f"{match}.__class__ is str and {match} and not {match}.isspace()"
    key, names = source.constant(RecordKey), f"{source.constant(record.object)}, {source.constant(record.match)}"
    source.line(1, f"k{number} = {key}({names}, {match} if {plain} else {text_of}({match}))")
    append = _append(source, record, number)
    source.line(1, f"w{number} = {source.constant(Write)}(k{number}, r{number}, {append})")


def _append(source: Source, record: RecordMaker, number: int) -> str:
    """The set of slugs that are appended: nearly always the same one."""
    filled = {filler.slug for filler in record.fillers} | {slug for slug, _ in record.links}
    slugs = sorted(record.append & filled)
    usual = source.constant(frozenset(slugs))
    if not slugs:
        return usual
    some = source.constant(lambda values: frozenset(slug for slug in slugs if values.get(slug) is not None))
    present = " and ".join(f"r{number}.get({source.constant(slug)}) is not None" for slug in slugs)
    return f"{usual} if {present} else {some}(r{number})"


def _fill(source: Source, filler: Filler, values: str) -> None:
    indent = 1
    if filler.when is not None:
        source.line(1, f"if {condition(source.shape, source.constant, filler.when)}:")
        indent = 2
    raw = _resolved(source, filler.expression, indent)
    source.at(indent, filler.path)
    slug, coerced = source.constant(filler.slug), source.variable()
    checked, one = source.constant(filler.checked), source.constant(filler.coerce.one)
    several = filler.coerce.several
    as_it_is = QUICK.get(filler.coerce.kind)
    branch = "if"
    # An action's field has rules of its own for what is empty; anything but a text goes the whole way, too.
    full = f"{raw}.__class__ is str" + (f" and {raw}" if filler.assignment.field is not None else "")
    if as_it_is is not None:
        titles = source.constant(filler.coerce.titles)
        source.line(
            indent, f"if {as_it_is.format(x=raw, titles=titles)}: {values}[{slug}] = {f'[{raw}]' if several else raw}"
        )
        branch = "elif"
    source.line(indent, f"{branch} {full}:")
    again = source.coerced.setdefault((full, filler.coerce.one), coerced) if indent == 1 and branch == "if" else coerced
    if again == coerced:
        plain = PLAIN.get(filler.coerce.kind)
        as_is = f"{raw} if {source.constant(plain)}({raw}) else " if plain else ""
        source.line(indent + 1, f"{coerced} = {as_is}{one}({raw})")
    source.line(indent + 1, f"if {again} is not MISSING: {values}[{slug}] = {f'[{again}]' if several else again}")
    source.line(indent, "else:")
    source.line(indent + 1, f"{coerced} = {checked}({raw})")
    source.line(indent + 1, f"if {coerced} is not MISSING: {values}[{slug}] = {coerced}")


QUICK: Final = {
    "text": "{x}.__class__ is str and {x} and {x}.isascii() and len({x}) < 2_000_000",
    "select": "{x}.__class__ is str and {x} in {titles}",
    "status": "{x}.__class__ is str and {x} in {titles}",
    "number": "{x}.__class__ is float or {x}.__class__ is int and -(2**53) < {x} < 2**53",
    "currency": "{x}.__class__ is float and round({x}, 4) == {x} or {x}.__class__ is int and 0 < {x} < 2**53",
    "checkbox": "{x} is True or {x} is False",
}
"""Tests, by attribute type, that a JSON value passes only if it is its own neutral form already."""


PLAIN: Final[Mapping[str, Callable[[str], bool]]] = {"email-address": is_plain_email, "timestamp": is_plain_utc}
"""The same for texts of which that takes more than an expression to say."""


def _resolved(source: Source, expression: Expression, indent: int) -> str:
    """The variable with the value of an expression, which is resolved once for all attributes that it fills."""
    known = source.resolved.get(expression)
    if known is not None:
        return known
    target = source.variable()
    _resolve(source, expression, target, indent)
    if indent == 1:
        source.resolved[expression] = target
    return target


def _resolve(source: Source, expression: Expression, target: str, indent: int) -> None:
    """Statements that put the value of an expression into a variable."""
    if indent > _DEEPEST:
        raise CannotGenerate("nested too deeply")
    match expression:
        case Literal(value):
            source.line(indent, f"{target} = {'MISSING' if value is MISSING else source.constant(value)}")
        case Path(steps):
            source.line(indent, f"{target} = {source.path(steps)}")
        case Template(parts):
            joined = ", ".join(_piece(source, part, indent) for part in parts)
            source.line(indent, f'{target} = "".join(({joined},))' if parts else f'{target} = ""')
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
                read = source.path((root,))
                source.line(indent, f"if {read} is not MISSING: {whole}[{source.constant(root)}] = {read}")
            source.line(indent, f"{target} = {source.constant(tidy)}({source.constant(expression.resolve)}({whole}))")


def _piece(source: Source, part: str | tuple[str, ...], indent: int) -> str:
    if isinstance(part, str):
        return source.constant(part)
    value = source.variable()
    source.line(indent, f"{value} = {source.path(part)}")
    return f"({value} if {value}.__class__ is str else {source.constant(text)}({value}))"
