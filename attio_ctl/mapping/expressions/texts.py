"""`@template` and `{{path}}`, `@case`, `@replace`: text from text."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from attio_ctl.mapping.expressions.javascript import MISSING, is_falsy, text, units
from attio_ctl.mapping.expressions.node import Expression, ExpressionError, Literal, Resolved
from attio_ctl.mapping.expressions.paths import follow, split_path
from attio_ctl.mapping.expressions.reading import Reader, Steps, kind_of
from attio_ctl.state.resource import Json

_TRIPLE = re.compile(r"\{\{\{([^}]+)\}\}\}")
_DOUBLE = re.compile(r"\{\{([^}]+)\}\}")
# Source: limits in Segment's mapping code; lengths are in UTF-16 units.
_LONGEST: Final = 10


def render(template: str, data: Json) -> str:
    """
    The template with `{{{path}}}` and then `{{path}}` replaced; null and missing are empty.

    What a triple brace brings in is searched for double braces again. Source: Segment's mapping code, as seen to run.
    """

    def found(match: re.Match[str]) -> str:
        return text(follow(data, split_path(match[1].strip())))

    return _DOUBLE.sub(found, _TRIPLE.sub(found, template))


@dataclass(frozen=True, slots=True)
class Template:
    """A text with places to fill: `parts` are texts and the steps of paths, in turn as they come."""

    parts: tuple[str | tuple[str, ...], ...]

    def resolve(self, data: Json) -> Resolved:
        return "".join(part if isinstance(part, str) else text(follow(data, part)) for part in self.parts)

    def children(self) -> tuple[Expression, ...]:
        return ()


@dataclass(frozen=True, slots=True)
class ComputedTemplate:
    """A template that the event gives, or one with triple braces, whose values are templates again."""

    operand: Expression

    def resolve(self, data: Json) -> Resolved:
        template = self.operand.resolve(data)
        if not isinstance(template, str):
            raise ExpressionError("`@template` needs a text, and its operand gives none")
        return render(template, data)

    def children(self) -> tuple[Expression, ...]:
        return (self.operand,)


def template_of(template: str) -> Expression:
    """The expression of a fixed template."""
    if _TRIPLE.search(template):
        return ComputedTemplate(Literal(template))
    parts: list[str | tuple[str, ...]] = []
    end = 0
    for match in _DOUBLE.finditer(template):
        parts += [template[end : match.start()], split_path(match[1].strip())]
        end = match.end()
    parts.append(template[end:])
    return Template(tuple(part for part in parts if part != ""))


def read_template(reader: Reader, operand: Any, path: Steps) -> Expression:
    """`@template`: a text, or a directive that gives one."""
    inner = reader.read_text_or_directive(operand, path, "`@template`")
    if isinstance(inner, Literal) and isinstance(inner.value, str):
        return template_of(inner.value)
    return ComputedTemplate(inner)


@dataclass(frozen=True, slots=True)
class Case:
    """A text in lower or upper case; what is no text passes unchanged."""

    operator: str
    value: Expression

    def resolve(self, data: Json) -> Resolved:
        value = self.value.resolve(data)
        if not isinstance(value, str):
            return value
        if self.operator == "lower":
            return value.lower()
        if self.operator == "upper":
            return value.upper()
        raise ExpressionError(f"`@case` knows `lower` and `upper`, not `{self.operator}`")

    def children(self) -> tuple[Expression, ...]:
        return (self.value,)


def read_case(reader: Reader, operand: Any, path: Steps) -> Expression:
    """`@case`: `operator` is `lower` or `upper`, `value` a text or a directive; an empty text is missing."""
    options = reader.options(operand, path, {"operator": "text", "value": "any"})
    if options is None:
        return Literal(None)
    operator = options.get("operator")
    if not operator:
        return reader.late_fault(path, "`@case` needs an `operator`, `lower` or `upper`")
    if isinstance(operator, str) and operator not in ("lower", "upper"):
        reader.late_fault((*path, "operator"), f"`operator` of `@case` is `lower` or `upper`, not `{operator}`")
    return _with_text_value(reader, options, path, lambda value: Case(operator, value))


@dataclass(frozen=True, slots=True)
class Replace:
    """A text with literal parts replaced; numbers and booleans are made text first, anything else gives ''."""

    value: Expression
    pairs: tuple[tuple[str, str], ...]
    everywhere: bool
    ignore_case: bool

    def resolve(self, data: Json) -> Resolved:
        value = self.value.resolve(data)
        if not isinstance(value, str | bool | int | float):
            return ""
        result = text(value)
        for pattern, replacement in self.pairs:
            if max(len(units(pattern)), len(units(replacement))) > _LONGEST:
                raise ExpressionError(f"`@replace` takes patterns and replacements of at most {_LONGEST} characters")
            result = self._replace(result, pattern, replacement)
        return result

    def _replace(self, value: str, pattern: str, replacement: str) -> str:
        haystack, needle = (folded(value), folded(pattern)) if self.ignore_case else (value, pattern)
        done: list[str] = []
        end = 0
        at = haystack.find(needle)
        while at >= 0:
            after = at + len(needle)
            done += [value[end:at], _expand(replacement, value, at, after)]
            end = after
            at = haystack.find(needle, after) if self.everywhere else -1
        return "".join([*done, value[end:]])

    def children(self) -> tuple[Expression, ...]:
        return (self.value,)


def folded(value: str) -> str:
    """The text as a case-insensitive JavaScript pattern without the `u` flag compares it, character for character."""
    return "".join(map(_fold, value))


def _fold(character: str) -> str:
    upper = character.upper()
    if len(upper) != 1 or character > "\uffff" or (character >= "\x80" and upper < "\x80"):
        return character
    return upper


_SPECIAL = re.compile(r"\$([$&`'])")


def _expand(replacement: str, value: str, start: int, end: int) -> str:
    """The replacement with JavaScript's `$$`, `$&`, `` $` `` and `$'`; `$1` is literal, as there are no groups."""
    if "$" not in replacement:
        return replacement
    meaning = {"$": "$", "&": value[start:end], "`": value[:start], "'": value[end:]}
    return _SPECIAL.sub(lambda match: meaning[match[1]], replacement)


def read_replace(reader: Reader, operand: Any, path: Steps) -> Expression:
    """`@replace`: `pattern`, `replacement`, a second pair, `global` (true), `ignorecase` (false), `value`."""
    known = {"pattern": "text", "replacement": "text", "pattern2": "any", "replacement2": "any"}
    options = reader.options(operand, path, {**known, "global": "bool", "ignorecase": "bool", "value": "any"})
    if options is None:
        return Literal(None)
    for key in ("pattern", "value"):
        if key not in options:
            return reader.fault(path, f"`@replace` needs a `{key}`")
    pattern, second = options["pattern"], options.get("pattern2")
    if pattern == "":
        return reader.fault((*path, "pattern"), "`pattern` of `@replace` cannot be empty")
    for key in ("pattern", "replacement", "pattern2", "replacement2"):
        if _too_long(options.get(key)):
            complain = reader.late_fault if key.endswith("2") else reader.fault
            complain((*path, key), f"`{key}` of `@replace` has at most {_LONGEST} characters")
    if not isinstance(pattern, str):
        return Literal(None)
    pairs = [(pattern, options.get("replacement", ""))]
    if isinstance(second, str) and second:
        again = options.get("replacement2")
        pairs += [(second, "" if again is None else again)] if isinstance(again, str | None) else []
    everywhere, ignore_case = options.get("global", True), options.get("ignorecase", False)
    return _with_text_value(reader, options, path, lambda value: Replace(value, tuple(pairs), everywhere, ignore_case))


def _too_long(value: Any) -> bool:
    return isinstance(value, str) and len(units(value)) > _LONGEST


def _with_text_value(
    reader: Reader, options: dict[str, Any], path: Steps, make: Callable[[Expression], Expression]
) -> Expression:
    """The node around `value`, which is missing when it is absent or an empty text as it is written."""
    value = options.get("value", "")
    if isinstance(value, str):
        return make(reader.read_text(value)) if value else Literal(MISSING)
    if isinstance(value, dict) and any(key.startswith("@") for key in value):
        return make(reader.read_object(value, (*path, "value")))
    broken = reader.fault((*path, "value"), f"`value` of `{path[-1]}` is a text or a directive, not {kind_of(value)}")
    if not reader.unchecked:
        return broken
    return Literal(MISSING) if is_falsy(value) else make(reader.read(value, (*path, "value")))
