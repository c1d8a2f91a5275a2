"""
The source of a generated function: its lines, the constants that it names, and how an expression gets its value.

Only what pays is generated: paths, templates, literals and `@if`; other expressions resolve themselves on the fields
that they read. Nothing of a mapping's texts becomes code: they are constants of the function's namespace, under names
that are made of numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from attio_ctl.mapping.expressions.choices import IfBlank, IfExists
from attio_ctl.mapping.expressions.javascript import MISSING, is_blank, text
from attio_ctl.mapping.expressions.node import Expression, Literal, tidy
from attio_ctl.mapping.expressions.paths import Path, follow
from attio_ctl.mapping.expressions.texts import Template
from attio_ctl.mapping.fast.reads import roots_of
from attio_ctl.mapping.fast.shape import CannotGenerate, Shape

_DEEPEST: Final = 20
"""Levels of indentation; Python itself ends at 100."""


@dataclass(slots=True)
class Source:
    """
    The source of one function under way.

    `constants` are what it names. `making` is what the lines that are written now make, and `paths` tells it of each
    line, for the reasons of refusals. `known` are the variables and expressions that hold a value already, by what
    they are the value of.
    """

    name: str
    shape: Shape
    lines: list[str] = field(default_factory=list)
    constants: dict[str, Any] = field(default_factory=lambda: {"MISSING": MISSING})
    making: str = ""
    paths: list[str] = field(default_factory=list)
    known: dict[Any, str] = field(default_factory=dict)
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
        self.paths.append(self.making)

    def path(self, steps: tuple[str, ...]) -> str:
        """The Python expression for the value at a path."""
        code, rest = self.shape.reach(steps)
        return f"{self.constant(follow)}({code}, {self.constant(rest)})" if rest else code

    def resolved(self, expression: Expression, indent: int) -> str:
        """The variable with the value of an expression, which is resolved once for all attributes that it fills."""
        known = self.known.get(expression)
        if known is not None:
            return known
        target = self.variable()
        self._resolve(expression, target, indent)
        if indent == 1:
            self.known[expression] = target
        return target

    def _resolve(self, expression: Expression, target: str, indent: int) -> None:
        """Statements that put the value of an expression into a variable."""
        if indent > _DEEPEST:
            raise CannotGenerate("nested too deeply")
        match expression:
            case Literal(value):
                self.line(indent, f"{target} = {'MISSING' if value is MISSING else self.constant(value)}")
            case Path(steps):
                self.line(indent, f"{target} = {self.path(steps)}")
            case Template(parts):
                self._template(parts, target, indent)
            case IfExists(value, then, otherwise) | IfBlank(value, then, otherwise):
                self._resolve(value, target, indent)
                none = f"{target} is None or {target} is MISSING"
                test = none if isinstance(expression, IfExists) else f"{self.constant(is_blank)}({target})"
                self.line(indent, f"if {test}:")
                self._resolve(otherwise, target, indent + 1)
                if then != value:
                    self.line(indent, "else:")
                    self._resolve(then, target, indent + 1)
            case _:
                whole = self.variable()
                self.line(indent, f"{whole} = {{}}")
                for root in roots_of(expression):
                    read = self.path((root,))
                    self.line(indent, f"if {read} is not MISSING: {whole}[{self.constant(root)}] = {read}")
                self.line(indent, f"{target} = {self.constant(tidy)}({self.constant(expression.resolve)}({whole}))")

    def _template(self, parts: tuple[str | tuple[str, ...], ...], target: str, indent: int) -> None:
        pieces: list[str] = []
        for part in parts:
            if isinstance(part, str):
                pieces.append(f"{{{self.constant(part)}}}")
                continue
            value = self.variable()
            self.line(indent, f"{value} = {self.path(part)}")
            pieces.append(f"{{{value} if {value}.__class__ is str else {self.constant(text)}({value})}}")
        self.line(indent, f'{target} = f"{"".join(pieces)}"')
