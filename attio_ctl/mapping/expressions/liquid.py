"""
`@liquid`: a Liquid template over the event, in the dialect and the limits that Segment allows.

python-liquid renders; what is set here is how Segment's engine (LiquidJS) differs from it: values print as in
JavaScript, unknown filters pass their input through, and the tags and filters that Segment switches off fail.

Source: Segment's mapping code, as seen to run.
"""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from liquid import BoundTemplate, Environment, RenderContext
from liquid.exceptions import FilterError, LiquidError

from attio_ctl.mapping.expressions.javascript import number_text, units
from attio_ctl.mapping.expressions.liquid_filters import FILTERS, LONGEST_RESULT, NOT_THERE, shown
from attio_ctl.mapping.expressions.node import Expression, ExpressionError, Resolved
from attio_ctl.mapping.expressions.reading import Reader, Steps, kind_of
from attio_ctl.state.resource import Json

LONGEST_TEMPLATE: Final = 1000
"""Characters, in UTF-16 units."""
_INDEX = re.compile(r"\d+", re.ASCII)

DISABLED_TAGS: Final = ("case", "for", "include", "layout", "render", "tablerow")
DISABLED_FILTERS: Final = (
    "array_to_sentence_string", "concat", "find", "find_exp", "find_index", "find_index_exp", "group_by",
    "group_by_exp", "has", "has_exp", "map", "newline_to_br", "reject", "reject_exp", "reverse", "sort",
    "sort_natural", "type", "uniq", "where_exp",
)  # fmt: skip
_REFUSED: Final = {
    **dict.fromkeys(DISABLED_FILTERS, "switched off, as in Segment"),
    "sample": "random: the same event would not give the same record again",
}


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
        return "".join(shown(item) for item in self)


def _passed_through(run: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(run)
    def filtered(*args: Any, **kwargs: Any) -> Any:
        return _seen(run(*args, **kwargs))

    return filtered


def _refused_filter(name: str, why: str) -> Callable[..., Any]:
    def refuse(*_: Any, **__: Any) -> Any:
        raise FilterError(f"filter `{name}` is {why}", token=None)

    return refuse


class _Context(RenderContext):
    """Steps into a value as JavaScript has them: texts have a length and characters, objects no first member."""

    def get_item(self, obj: Any, key: Any) -> Any:
        if isinstance(obj, dict):
            return len(obj) if key == "size" and key not in obj else obj[str(key)]
        if isinstance(obj, str | list):
            members = units(obj) if isinstance(obj, str) else obj
            if key in ("length", "size"):
                return len(members)
            if isinstance(key, int) or (isinstance(key, str) and _INDEX.fullmatch(key)):
                return members[int(key)]
            if isinstance(obj, list) and key in ("first", "last"):
                return members[0 if key == "first" else -1]
        raise KeyError(key)


class _Template(BoundTemplate):
    context_class = _Context


class _Segment(Environment):
    """Liquid as Segment runs it."""

    local_namespace_limit: ClassVar[int | None] = 10_000_000
    template_class = _Template
    output_stream_limit: ClassVar[int | None] = LONGEST_RESULT

    def __init__(self) -> None:
        super().__init__(strict_filters=False)
        for name in DISABLED_TAGS:
            self.tags.pop(name, None)
        for name in NOT_THERE:
            self.filters.pop(name, None)
        run: Any
        for name, run in {**self.filters, **FILTERS}.items():
            # The attributes that ask for the context are on the library's own functions; `wraps` carries them over.
            self.filters[name] = _passed_through(run)
        for name, why in _REFUSED.items():
            self.filters[name] = _refused_filter(name, why)


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


def doubtful_filters(template: str) -> Iterator[str]:
    """What is to be said of filters that do nothing or fail, in a template that can be read."""
    known = _environment().filters
    try:
        used = _environment().from_string(template).analyze().filters
    except (LiquidError, RecursionError):
        return  # told when it is read
    for name in used:
        if name in _REFUSED:
            yield f"filter `{name}` is {_REFUSED[name]}; events that reach it are refused"
        elif name not in known:
            near = difflib.get_close_matches(name, sorted(known.keys() - _REFUSED.keys()), 1)
            meant = _OTHER_WORDS.get(name, near[0] if near else None)
            hint = f"; did you mean `{meant}`?" if meant else ""
            yield f"there is no filter `{name}`, so what it is given passes unchanged{hint}"


_OTHER_WORDS: Final = {
    "lower": "downcase", "lowercase": "downcase", "title": "capitalize", "trim": "strip", "upper": "upcase",
    "uppercase": "upcase",
}  # fmt: skip
"""What other template languages call a filter."""
