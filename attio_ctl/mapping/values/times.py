"""Dates and timestamps."""

from __future__ import annotations

import functools
import re
from datetime import date, datetime, timedelta, timezone
from typing import Any, Final

import ciso8601

from attio_ctl.mapping.values.faults import shown
from attio_ctl.mapping.writes import Reject, RejectCode

_OFFSET = r"\s?(Z|[+-]\d{2}(?::?\d{2})?)?"
_TIME = rf"(?:[T ](\d{{2}}):(\d{{2}})(?::(\d{{2}})(?:[.,](\d{{1,9}}))?)?{_OFFSET})?"
_ISO = re.compile(rf"(\d{{4}})(?:-(\d{{2}})(?:-(\d{{2}}){_TIME})?)?", re.ASCII | re.IGNORECASE)

# The form that needs no arithmetic, which is nearly all that comes.
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def coerce_date(value: Any) -> str:
    """
    A day, `YYYY-MM-DD`.

    `2023` and `2023-01` are the first of January; time is cut off, after an offset has been turned into UTC.
    Source: `value` of a date in the OpenAPI document.
    """
    if isinstance(value, str) and len(value) == 10 and _DAY.fullmatch(value):
        try:
            date.fromisoformat(value)
        except ValueError:
            raise Reject("invalid_date", f"there is no {shown(value)} in the calendar") from None
        return value
    moment, _ = _parse(value, "invalid_date")
    return f"{moment.year:04d}-{moment.month:02d}-{moment.day:02d}"


def coerce_timestamp(value: Any) -> str:
    """
    A moment in UTC, `YYYY-MM-DDTHH:MM:SS[.fraction]Z`, with up to nine digits of a second; without an offset it is UTC.

    Source: docs.attio.com/docs/attribute-types/attribute-types-timestamp.
    """
    if isinstance(value, str):
        if is_plain_utc(value):
            return value
        shorter = _SHORTER.get(value[19:])
        if shorter is not None and f"{value[17:19]}." in _SECONDS and _is_minute(value[:17]):
            return value[:19] + shorter
    moment, fraction = _parse(value, "invalid_timestamp")
    return f"{moment.year:04d}-{moment:%m-%dT%H:%M:%S}{f'.{fraction}' if fraction else ''}Z"


def is_plain_utc(value: str) -> bool:
    """Whether a text is a moment in just the form that comes out: milliseconds that do not end in 0, and `Z`."""
    return value[17:20] in _SECONDS and value[20:] in _MILLISECONDS and _is_minute(value[:17])


_SECONDS: Final = frozenset(f"{second:02d}." for second in range(60))
_MILLISECONDS: Final = frozenset(f"{millisecond:03d}Z" for millisecond in range(1000) if millisecond % 10)
_SHORTER: Final = {"Z": "Z", ".000Z": "Z"} | {
    f".{tenths:03d}Z": f".{tenths:03d}".rstrip("0") + "Z" for tenths in range(10, 1000, 10)
}
"""What follows the seconds in the other forms of a moment that are common, and what comes out for it."""


@functools.lru_cache(maxsize=16_384)
def _is_minute(text: str) -> bool:
    """Whether a text is `YYYY-MM-DDTHH:MM:` and in the calendar; events that follow each other share their minute."""
    if _MINUTE.fullmatch(text) is None or text[11:13] == "24":
        return False
    try:
        ciso8601.parse_datetime(text[:16])
    except ValueError:
        return False
    return True


_MINUTE: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:", re.ASCII)


def _parse(value: Any, code: RejectCode) -> tuple[datetime, str]:
    """The moment in UTC to the second, and the digits behind it."""
    if not isinstance(value, str):
        raise Reject("wrong_type", f"an ISO 8601 text such as `2023-09-28` was expected, not {shown(value)}")
    match = _ISO.fullmatch(value.strip())
    if match is None:
        raise Reject(code, f"{shown(value)} is not in ISO 8601, as `2023-09-28` or `2023-09-28T04:39:17Z`")
    year, month, day, hour, minute, second, fraction, offset = match.groups()
    try:
        midnight = date(int(year), int(month or 1), int(day or 1))
        moment = datetime(
            midnight.year,
            midnight.month,
            midnight.day,
            int(hour or 0),
            int(minute or 0),
            int(second or 0),
            tzinfo=_zone(offset),
        ).astimezone(timezone.utc)  # noqa: UP017
    except (ValueError, OverflowError):
        raise Reject(code, f"there is no {shown(value)} in the calendar") from None
    return moment, (fraction or "").rstrip("0")


def _zone(offset: str | None) -> timezone:
    if offset is None or offset in "Zz":
        return timezone.utc  # noqa: UP017
    digits = offset[1:].replace(":", "").ljust(4, "0")
    span = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-span if offset[0] == "-" else span)
