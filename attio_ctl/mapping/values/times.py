"""Dates and timestamps."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone
from typing import Any, Final

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
    if isinstance(value, str) and _ONE_MOMENT.fullmatch(value):
        return shortest(value)
    moment, fraction = _parse(value, "invalid_timestamp")
    return f"{moment.year:04d}-{moment:%m-%dT%H:%M:%S}{f'.{fraction}' if fraction else ''}Z"


def are_utc(lines: str) -> bool:
    """Whether lines are all moments in the form that comes out, but for noughts at the end of the fraction."""
    return _MOMENTS.fullmatch(lines) is not None


def shortest(moment: str) -> str:
    """A moment of that form without these noughts."""
    return f"{moment[:-1].rstrip('0').rstrip('.')}Z" if moment[19] == "." else moment


# All days but 29 February, which is left to the calendar.
_DATE = (
    "(?!0000)[0-9]{4}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
)
_MOMENT = rf"{_DATE}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{{1,9}}+)?Z"
_ONE_MOMENT: Final = re.compile(_MOMENT)
_MOMENTS: Final = re.compile(rf"(?:{_MOMENT}\n)++")


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
