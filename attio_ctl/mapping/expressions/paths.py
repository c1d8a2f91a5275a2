"""`@path` and `$.a.b[0]`: a place in the event."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from attio_ctl.mapping.expressions.javascript import MISSING, is_falsy, units
from attio_ctl.mapping.expressions.node import Expression, ExpressionError, Literal, Resolved
from attio_ctl.mapping.expressions.reading import Reader, Steps
from attio_ctl.state.resource import Json

# Brackets count only around an index or a quoted name; quotes are cut out wherever they stand.
_BETWEEN_STEPS = re.compile(r"""\[(?=["'\d])|\.|(?<=["'\d])\]+""", re.ASCII)
_QUOTES = str.maketrans("", "", "'\"")
_INDEX = re.compile(r"0|[1-9]\d{0,9}", re.ASCII)


def split_path(text: str) -> tuple[str, ...]:
    """
    The steps of a path: `a.b[0]['c']` is a, b, 0, c; no step at all is the whole event.

    Source: Segment's mapping code, as seen to run. A name with a dot in it cannot be reached, also not in quotes.
    """
    return tuple(part.translate(_QUOTES) for part in _BETWEEN_STEPS.split(text) if part)


def steps_of(text: str) -> tuple[str, ...]:
    """The steps of what stands in `@path`: the first `$.` is cut out, wherever it is."""
    return split_path(text.replace("$.", "", 1))


def follow(data: Json, steps: tuple[str, ...]) -> Resolved:
    """
    The value at the path, or `MISSING`; a falsy value on the way (0, '', false, null) is itself what is found.

    Of what JavaScript's values have of their own, there are `length` and indices of texts and lists, and
    `constructor.name` of anything.
    Source: Segment's mapping code, as seen to run.
    """
    value = data
    for place, step in enumerate(steps):
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif is_falsy(value) and not isinstance(value, dict):
            return value
        elif step == CONSTRUCTOR:
            name = _CONSTRUCTORS.get(type(value), "Number") if steps[place + 1 : place + 2] == ("name",) else MISSING
            return follow(name, steps[place + 2 :])
        else:
            value = _of_list_or_text(value, step)
    return value


CONSTRUCTOR: Final = "constructor"
_CONSTRUCTORS: Final[Mapping[type, str]] = {bool: "Boolean", dict: "Object", list: "Array", str: "String"}


def _of_list_or_text(value: Any, step: str) -> Resolved:
    if not isinstance(value, list | str):
        return MISSING
    value = units(value) if isinstance(value, str) else value
    if step == "length":
        return len(value)
    if _INDEX.fullmatch(step) and int(step) < len(value):
        return value[int(step)]
    return MISSING


@dataclass(frozen=True, slots=True)
class Path:
    """The value at a fixed path."""

    steps: tuple[str, ...]

    def resolve(self, data: Json) -> Resolved:
        return follow(data, self.steps)

    def children(self) -> tuple[Expression, ...]:
        return ()


@dataclass(frozen=True, slots=True)
class ComputedPath:
    """The value at a path that the event itself gives."""

    operand: Expression

    def resolve(self, data: Json) -> Resolved:
        text = self.operand.resolve(data)
        if not isinstance(text, str):
            raise ExpressionError("`@path` needs a text that is a path, and its operand gives none")
        return follow(data, steps_of(text))

    def children(self) -> tuple[Expression, ...]:
        return (self.operand,)


def read_path(reader: Reader, operand: Any, path: Steps) -> Expression:
    """`@path`: a text, or a directive that gives one."""
    inner = reader.read_text_or_directive(operand, path, "`@path`")
    if isinstance(inner, Literal) and isinstance(inner.value, str):
        return Path(steps_of(inner.value))
    return ComputedPath(inner)
