"""
The source of a generated function: its lines, the constants that it names, and how an expression gets its values.

Only what pays is generated: paths, templates, literals and `@if`; other expressions resolve themselves on the fields
that they read. Nothing of a mapping's texts becomes code: they are constants of the function's namespace, under names
that are made of numbers.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import astuple

from attio_ctl.mapping.expressions.choices import IfBlank, IfExists
from attio_ctl.mapping.expressions.javascript import MISSING, is_blank, text
from attio_ctl.mapping.expressions.node import Expression, ExpressionError, Literal, tidy
from attio_ctl.mapping.expressions.paths import Path, follow
from attio_ctl.mapping.expressions.texts import Template
from attio_ctl.mapping.fast.columns import Failed, Values, all_texts
from attio_ctl.mapping.fast.reads import is_code, roots_of
from attio_ctl.mapping.fast.shape import Shape


@dataclass(slots=True)
class Source:
    """
    The source of one function under way, over a list of `events`.

    `constants` are what it names. `known` are the variables that hold a column already, by what it is made of.
    """

    name: str
    shape: Shape
    lines: list[str] = field(default_factory=list)
    constants: dict[str, Any] = field(default_factory=lambda: {"MISSING": MISSING})
    known: dict[Any, str] = field(default_factory=dict)
    variables: int = 0

    def constant(self, value: Any) -> str:
        """The name of a constant: a number, and behind it what a function or class of ours is called, to be read."""
        called = getattr(value, "__name__", "").strip("_")
        name = f"c{len(self.constants)}{f'_{called}' if called.isidentifier() else ''}"
        self.constants[name] = value
        return name

    def variable(self) -> str:
        self.variables += 1
        return f"v{self.variables}"

    def line(self, indent: int, code: str) -> None:
        self.lines.append("    " * indent + code)

    def path(self, steps: tuple[str, ...]) -> str:
        """The Python expression for the value at a path of `event`."""
        code, rest = self.shape.reach(steps)
        return f"{self.constant(follow)}({code}, {self.constant(rest)})" if rest else code

    def made(self, function: Callable[[Values], Any], column: str) -> str:
        """The variable with what a function makes of a column, made once for all that ask."""
        return self._once((function, column), lambda: f"{self.constant(function)}({column})")

    def column(self, expression: Expression) -> str:
        """A column with an expression's values, resolved once for all attributes that they fill."""
        if isinstance(expression, Path) and expression.steps:
            return self._read(expression.steps)
        # As text, since 1 and true are the same key of a dict, and lists are none.
        return self._once(repr(expression), lambda: self._column(expression))

    def _read(self, steps: tuple[str, ...]) -> str:
        """A column with what a path leads to."""
        name, places, rest = self.shape.places(steps)
        # Most fields of the event itself no column needs; of what is nested, most are there to be read.
        column = self._once(("field", name), lambda: f"[event.{name} for event in events]")
        for place in places:
            column = f"{self.made(_fields, column)}[{place}]"
        if not rest:
            return column
        follows = f"{self.constant(follow)}(v, {self.constant(rest)})"
        return self._once(("follow", steps), lambda: f"[{follows} for v in {column}]")

    def needs_whole(self, expression: Expression) -> bool:
        """Whether the expression may read anything of the event, so that the line has to be decoded once more."""
        return not is_code(expression) and roots_of(expression) is None

    def _once(self, key: Any, code: Callable[[], str]) -> str:
        known = self.known.get(key)
        if known is None:
            made = code()
            known = self.known[key] = self.variable()
            self.line(1, f"{known} = {made}")
        return known

    def _column(self, expression: Expression) -> str:
        match expression:
            case Literal():
                return f"[{self._code(expression)}] * len(events)"
            case Template(parts):
                return self._texts(parts)
            case _ if is_code(expression):
                return f"[{self._code(expression)} for event in events]"
        roots = roots_of(expression)
        if roots is None:
            return f"list(map({self.constant(functools.partial(_resolve, expression))}, wholes))"
        resolve = self.constant(functools.partial(_resolve_from, expression, roots))
        columns = ", ".join(self.column(Path((root,))) for root in roots)
        return f"list(map({resolve}, {columns}))" if roots else f"[{resolve}() for _ in events]"

    def _texts(self, parts: tuple[str | tuple[str, ...], ...]) -> str:
        """A template over columns of texts."""
        names = [f"x{at}" for at, part in enumerate(parts) if isinstance(part, tuple)]
        columns = [self.made(_as_texts, self.column(Path(part))) for part in parts if isinstance(part, tuple)]
        if not columns:
            return f"[{self.constant(''.join(map(str, parts)))}] * len(events)"
        pieces = (self.constant(part) if isinstance(part, str) else f"x{at}" for at, part in enumerate(parts))
        filled = "".join(f"{{{piece}}}" for piece in pieces)
        return f'[f"{filled}" for {", ".join(names)}, in zip({", ".join(columns)})]'

    def _code(self, expression: Expression) -> str:
        """The Python expression for the value of one that becomes code, over `event`."""
        match expression:
            case Literal(value):
                return "MISSING" if value is MISSING else self.constant(value)
            case Path(steps):
                return self.path(steps)
            case Template(parts):
                return f'f"{"".join(self._piece(part) for part in parts)}"'
            case IfExists(value, then, otherwise) | IfBlank(value, then, otherwise):
                read, found = self._code(value), self.variable()
                test = f"({found} := {read}) is None or {found} is MISSING"
                if isinstance(expression, IfBlank):
                    test = f"{self.constant(is_blank)}({found} := {read})"
                chosen = found if isinstance(then, Path) and then == value else self._code(then)
                return f"({self._code(otherwise)} if {test} else {chosen})"
        raise AssertionError(expression)

    def _piece(self, part: str | tuple[str, ...]) -> str:
        if isinstance(part, str):
            return f"{{{self.constant(part)}}}"
        value = self.path(part)
        return f"{{{value} if {value}.__class__ is str else {self.constant(text)}({value})}}"


def _fields(structs: Values) -> list[Values]:
    """The columns of the fields of some Structs, one at least: in half the time of asking for each field in turn."""
    return list(zip(*map(astuple, structs), strict=True))


def _as_texts(values: Values) -> Values:
    return values if all_texts(values) else list(map(text, values))


def _resolve(expression: Expression, event: Any) -> Any:
    """The value of an expression of any kind, or that it has failed."""
    try:
        return tidy(expression.resolve(event))
    except ExpressionError as error:
        return Failed(str(error))


def _resolve_from(expression: Expression, roots: tuple[str, ...], *values: Any) -> Any:
    """The same from the fields that the expression reads."""
    return _resolve(
        expression, {root: value for root, value in zip(roots, values, strict=True) if value is not MISSING}
    )
