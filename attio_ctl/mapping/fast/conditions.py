"""Subscriptions as Python expressions over a decoded event."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attio_ctl.mapping.expressions.javascript import MISSING
from attio_ctl.mapping.fast.shape import Shape
from attio_ctl.mapping.fql import evaluate
from attio_ctl.mapping.fql.tree import And, Call, Compare, Constant, Field, In, Many, Node, Not, Or

Name = Callable[[Any], str]
"""Gives a constant a name in the generated function."""


def condition(shape: Shape, name: Name, node: Node) -> str:
    """A Python expression over `event` that is true when the statement is."""
    return _Conditions(shape, name).of(node)


class _Conditions:
    def __init__(self, shape: Shape, name: Name) -> None:
        self.shape = shape
        self.name = name

    def of(self, node: Node) -> str:
        match node:
            case And(parts):
                return f"({' and '.join(map(self.of, parts))})"
            case Or(parts):
                return f"({' or '.join(map(self.of, parts))})"
            case Not(inside):
                return f"(not {self.of(inside)})"
            # A text equals only a text, and what is missing equals none: nothing has to be turned into null for it.
            case Compare("=" | "!=" as sign, Field(path), Constant(str() as value)) if not self.shape.reach(path)[1]:
                return f"({self.shape.reach(path)[0]} {'==' if sign == '=' else '!='} {self.name(value)})"
            case Compare(sign, left, right):
                return f"{self.name(evaluate.compare)}({self.name(sign)}, {self.value(left)}, {self.value(right)})"
            case In(item, among):
                return f"{self.name(evaluate.contained)}({self.value(item)}, {self.value(among)})"
            case _:
                return f"({self.value(node)} is True)"

    def value(self, node: Node) -> str:
        match node:
            case Constant(value):
                return self.name(value)
            case Field(path):
                code, rest = self.shape.reach(path)
                present = f"{self.name(_null)}({code})"
                return f"{self.name(evaluate.field)}({present}, {self.name(rest)})" if rest else present
            case Many(items):
                return f"[{', '.join(map(self.value, items))}]"
            case Call(name, arguments):
                return f"{self.name(evaluate.CALLS[name])}({', '.join(map(self.value, arguments))})"
            case _:
                return self.of(node)


def _null(value: Any) -> Any:
    """What is missing is null to a subscription."""
    return None if value is MISSING else value
