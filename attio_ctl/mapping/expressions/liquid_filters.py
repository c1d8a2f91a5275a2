"""
Filters that Segment's Liquid engine has and python-liquid has not, or has otherwise.

Source: LiquidJS 10 as Segment's published mapping code was seen to run it; dates are in UTC there.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote, quote_plus

import ciso8601
from liquid.exceptions import FilterError

from attio_ctl.mapping.expressions.encoding import json_text
from attio_ctl.mapping.expressions.javascript import units

LONGEST_RESULT: Final = 10_000_000
"""Characters that a template, or one filter in it, may give: Attio's limit for a text in bytes."""

_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def shown(item: Any) -> str:
    """A value as a template prints it."""
    if item is None or not _exists(item):
        return ""
    return ("true" if item else "false") if isinstance(item, bool) else str(item)


def _exists(value: Any) -> bool:
    """Whether a value is one of JSON's, and not what stands for a variable that there is none of."""
    return isinstance(value, str | bool | int | float | list | dict)


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


def _to_integer(value: Any) -> Any:
    """A number, fractions and all, whatever the name says; `NaN` of what is none."""
    if isinstance(value, list | dict) or not re.fullmatch(r"\s*([-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?)?\s*", shown(value)):
        return _number(value) if isinstance(value, bool) else "NaN"
    return _number(shown(value).strip() or 0)


def _replace(value: Any, search: Any, new: Any = "") -> str:
    text, old, to = shown(value), shown(search), shown(new)
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
    text = shown(value)
    return text[:1].upper() + text[1:].lower()


def _default(value: Any, instead: Any = "") -> Any:
    return instead if value is False or value in ("", [], {}) or value is None or not _exists(value) else value


def _size(value: Any) -> int:
    return len(units(value)) if isinstance(value, str) else len(value) if isinstance(value, list) else 0


def _members(value: Any) -> list[Any]:
    if value is None or not _exists(value):
        return []
    return value if isinstance(value, list) else [value]


def _push(value: Any, item: Any) -> list[Any]:
    return [*_members(value), item]


def _unshift(value: Any, item: Any) -> list[Any]:
    return [item, *_members(value)]


def _pop(value: Any) -> list[Any]:
    return _members(value)[:-1]


def _shift(value: Any) -> list[Any]:
    return _members(value)[1:]


def _cgi_escape(value: Any) -> str:
    return quote_plus(shown(value))


def _uri_escape(value: Any) -> str:
    return quote(shown(value), safe=";,/?:@&=+$!*'()#[]")


def _xml_escape(value: Any) -> str:
    text = shown(value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace('"', "&#34;").replace("'", "&#39;")


def _normalize_whitespace(value: Any) -> str:
    return re.sub(r"\s+", " ", shown(value))


def _number_of_words(value: Any) -> int:
    return len(shown(value).split())


def _slugify(value: Any) -> str:
    """Letters, marks and digits in lower case, one hyphen for whatever stands between them."""
    kept = (char if _is_of_a_word(char) else "-" for char in shown(value))
    return re.sub(r"^-|-$", "", re.sub("-+", "-", "".join(kept))).lower()


def _is_of_a_word(char: str) -> bool:
    category = unicodedata.category(char)
    return category[0] in "LM" or category == "Nd"


def _as_date(write: Callable[[datetime], str]) -> Callable[[Any], Any]:
    """A filter of moments; what is none passes unchanged."""

    def filtered(value: Any) -> Any:
        try:
            if isinstance(value, int | float) and not isinstance(value, bool):
                moment = datetime.fromtimestamp(value, UTC)
            else:
                moment = ciso8601.parse_datetime(shown(value))
        except (ValueError, OverflowError, OSError):
            return value
        return write(moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC))

    return filtered


FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "capitalize": _capitalize,
    "cgi_escape": _cgi_escape,
    "compact": _compact,
    "date_to_long_string": _as_date(lambda day: f"{day.day:02d} {_MONTHS[day.month - 1]} {day.year}"),
    "date_to_rfc822": _as_date(
        lambda day: f"{_DAYS[day.weekday()]}, {day:%d} {_MONTHS[day.month - 1][:3]} {day.year} {day:%H:%M:%S} +0000"
    ),
    "date_to_string": _as_date(lambda day: f"{day.day:02d} {_MONTHS[day.month - 1][:3]} {day.year}"),
    "date_to_xmlschema": _as_date(lambda day: f"{day.year:04d}-{day:%m-%dT%H:%M:%S}+00:00"),
    "default": _default,
    "divided_by": _divided_by,
    "inspect": _json,
    "json": _json,
    "jsonify": _json,
    "modulo": _modulo,
    "normalize_whitespace": _normalize_whitespace,
    "number_of_words": _number_of_words,
    "pop": _pop,
    "push": _push,
    "raw": shown,
    "replace": _replace,
    "round": _round,
    "shift": _shift,
    "size": _size,
    "slugify": _slugify,
    "to_integer": _to_integer,
    "unshift": _unshift,
    "uri_escape": _uri_escape,
    "xml_escape": _xml_escape,
}
"""By name."""

NOT_THERE: Final = ("base64_url_safe_decode", "base64_url_safe_encode", "escapejs", "safe", "squish")
"""Filters of python-liquid that Segment's engine does not know, so that they pass their input through."""
