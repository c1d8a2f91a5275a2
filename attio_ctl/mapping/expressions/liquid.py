"""
`@liquid`: a Liquid template over the event, in the dialect and the limits that Segment allows.

python-liquid renders; what is set here is how Segment's engine (LiquidJS) differs from it: values print as in
JavaScript, unknown filters pass their input through, and the tags and filters that Segment switches off fail.

Source: Segment's mapping code, as seen to run.
"""

from __future__ import annotations

import difflib
import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from liquid import BoundTemplate, Environment
from liquid.exceptions import FilterError, LiquidError

from attio_ctl.mapping.expressions.encoding import json_text
from attio_ctl.mapping.expressions.javascript import number_text, units
from attio_ctl.mapping.expressions.node import Expression, ExpressionError, Resolved
from attio_ctl.mapping.expressions.reading import Reader, Steps, kind_of
from attio_ctl.state.resource import Json

LONGEST_TEMPLATE: Final = 1000
"""Characters, in UTF-16 units."""
LONGEST_RESULT: Final = 10_000_000
"""Characters that a template, or one filter in it, may give: Attio's limit for a text in bytes."""

DISABLED_TAGS: Final = ("case", "for", "include", "layout", "render", "tablerow")
DISABLED_FILTERS: Final = (
    "array_to_sentence_string", "concat", "find", "find_exp", "find_index", "find_index_exp", "group_by",
    "group_by_exp", "has", "has_exp", "map", "newline_to_br", "reject", "reject_exp", "reverse", "sort",
    "sort_natural", "type", "uniq", "where_exp",
)  # fmt: skip


class _Object(dict[str, Any]):
    """An object that prints as JavaScript prints one."""

    def __str__(self) -> str:
        return "[object Object]"


class _Number(float):
    """A fraction that prints as JavaScript prints one."""

    def __str__(self) -> str:
        return number_text(float(self))


def _seen(value: Any) -> Any:
    """A value as templates see it: whole numbers are integers, and all prints as in JavaScript."""
    if isinstance(value, dict):
        return _Object((key, _seen(inner)) for key, inner in value.items())
    if isinstance(value, list | tuple):
        return _List(map(_seen, value))
    if isinstance(value, float) and not isinstance(value, _Number):
        return int(value) if value.is_integer() and abs(value) < 2**53 else _Number(value)
    if isinstance(value, str) and len(value) > LONGEST_RESULT:
        raise FilterError(f"a text of more than {LONGEST_RESULT:,} characters", token=None)
    return value


class _List(list[Any]):
    """A list that prints its members one after the other."""

    def __str__(self) -> str:
        return "".join(_shown(item) for item in self)


def _shown(item: Any) -> str:
    if item is None:
        return ""
    return ("true" if item else "false") if isinstance(item, bool) else str(item)


def _passed_through(run: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(run)
    def filtered(*args: Any, **kwargs: Any) -> Any:
        return _seen(run(*args, **kwargs))

    return filtered


def _disabled_filter(name: str) -> Callable[..., Any]:
    def refuse(*_: Any, **__: Any) -> Any:
        raise FilterError(f"filter `{name}` is switched off, as in Segment", token=None)

    return refuse


def _number(value: Any) -> float:
    if isinstance(value, bool) or value is None:
        return int(bool(value))
    if isinstance(value, int | float):
        return value
    try:
        parsed = float(str(value))
    except ValueError:
        return 0
    return int(parsed) if parsed.is_integer() else parsed


def _divided_by(value: Any, by: Any, whole: Any = False) -> Any:
    """Division is not cut to whole numbers unless a third argument asks for it."""
    left, right = _number(value), _number(by)
    if right == 0:
        return float("nan") if left == 0 else float("inf")
    return left // right if whole else left / right


def _modulo(value: Any, by: Any) -> Any:
    right = _number(by)
    return _number(value) % right if right else float("nan")


def _round(value: Any, digits: Any = 0) -> Any:
    scale = 10 ** int(_number(digits))
    return (_number(value) * scale + 0.5) // 1 / scale


def _replace(value: Any, search: Any, new: Any = "") -> str:
    text, old, to = _shown(value), _shown(search), _shown(new)
    count = text.count(old) if old else len(text) + 1
    if len(text) + count * max(len(to) - len(old), 0) > LONGEST_RESULT:
        raise FilterError(f"a text of more than {LONGEST_RESULT:,} characters", token=None)
    return text.replace(old, to)


def _compact(value: Any) -> Any:
    return [item for item in value if item is not None] if isinstance(value, list) else value


def _json(value: Any) -> str:
    return json_text(_plain(value))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


def _capitalize(value: Any) -> str:
    text = _shown(value)
    return text[:1].upper() + text[1:].lower()


def _default(value: Any, instead: Any = "") -> Any:
    return instead if value is False or value in ("", [], {}) or value is None or not _exists(value) else value


def _exists(value: Any) -> bool:
    return isinstance(value, str | bool | int | float | list | dict)


class _Segment(Environment):
    """Liquid as Segment runs it."""

    local_namespace_limit: ClassVar[int | None] = 10_000_000
    output_stream_limit: ClassVar[int | None] = LONGEST_RESULT

    def __init__(self) -> None:
        super().__init__(strict_filters=False)
        for name in DISABLED_TAGS:
            self.tags.pop(name, None)
        ours = {
            "divided_by": _divided_by, "round": _round, "replace": _replace, "compact": _compact, "json": _json,
            "jsonify": _json, "inspect": _json, "capitalize": _capitalize, "default": _default, "modulo": _modulo,
        }  # fmt: skip
        run: Any
        for name, run in {**self.filters, **ours}.items():
            # The attributes that ask for the context are on the library's own functions; `wraps` carries them over.
            self.filters[name] = _passed_through(run)
        for name in DISABLED_FILTERS:
            self.filters[name] = _disabled_filter(name)


@functools.cache
def _environment() -> _Segment:
    return _Segment()


@dataclass(frozen=True, slots=True)
class Liquid:
    """A rendered template; always a text."""

    template: BoundTemplate

    def resolve(self, data: Json) -> Resolved:
        known = _seen(data) if isinstance(data, dict) else {}
        try:
            return self.template.render(known)
        except (LiquidError, ArithmeticError, ValueError, TypeError, RecursionError) as error:
            raise ExpressionError(f"`@liquid`: {str(error).splitlines()[0]}") from None

    def children(self) -> tuple[Expression, ...]:
        return ()


def read_liquid(reader: Reader, operand: Any, path: Steps) -> Expression:
    """`@liquid`: a text of at most 1,000 characters."""
    if not isinstance(operand, str):
        return reader.fault(path, f"`@liquid` takes a text, not {kind_of(operand)}")
    if len(units(operand)) > LONGEST_TEMPLATE:
        return reader.late_fault(path, f"`@liquid` takes at most {LONGEST_TEMPLATE:,} characters")
    try:
        return Liquid(_environment().from_string(operand))
    except (LiquidError, RecursionError) as error:
        return reader.late_fault(path, f"`@liquid`: {str(error).splitlines()[0]}")


def unknown_filters(template: str) -> Iterator[tuple[str, str | None]]:
    """The filters of a template that do not exist, each with the nearest name; none where it cannot be read at all."""
    known = _environment().filters
    try:
        used = _environment().from_string(template).analyze().filters
    except (LiquidError, RecursionError):
        return  # told when it is read
    for name in used:
        if name not in known:
            near = difflib.get_close_matches(name, sorted(known.keys() - set(DISABLED_FILTERS)), 1)
            yield name, _OTHER_WORDS.get(name, near[0] if near else None)


_OTHER_WORDS: Final = {
    "lower": "downcase", "lowercase": "downcase", "title": "capitalize", "trim": "strip", "upper": "upcase",
    "uppercase": "upcase",
}  # fmt: skip
"""What other template languages call a filter."""
