"""Dates, timestamps and the durations that dynamic defaults count from now."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from attio_ctl.sandbox.ids import iso
from attio_ctl.sandbox.model import Attribute, Json, Payload, Schema
from attio_ctl.sandbox.values.codec import Codec, Finder, bad, key_of, text_of, unwrap

_PARTS: Final = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d{2})(?:-(?P<day>\d{2}))?)?"
    r"(?:[T ](?P<hour>\d{2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"\s*(?P<zone>Z|z|[+-]\d{2}(?::?\d{2})?)?)?"
)
_DURATION: Final = re.compile(
    r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?"
    r"(?:T(?:(\d+(?:[.,]\d+)?)H)?(?:(\d+(?:[.,]\d+)?)M)?(?:(\d+(?:[.,]\d+)?)S)?)?"
)


def read_moment(text: str) -> tuple[datetime, str] | None:
    """A moment in UTC and its nine fraction digits out of a whole or partial ISO 8601 text, None when it is none."""
    match = _PARTS.fullmatch(text.strip())
    if match is None:
        return None
    part = match.groupdict()
    try:
        moment = datetime(
            int(part["year"]),
            int(part["month"] or 1),
            int(part["day"] or 1),
            int(part["hour"] or 0),
            int(part["minute"] or 0),
            int(part["second"] or 0),
            tzinfo=_zone(part["zone"]),
        ).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment, (part["fraction"] or "").ljust(9, "0")


def _zone(text: str | None) -> timezone:
    if text is None or text in "Zz":
        return UTC
    digits = text[1:].replace(":", "")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or 0))
    return timezone(-offset if text[0] == "-" else offset)


def read_microseconds(text: str) -> int | None:
    """A moment as microseconds since 1970, None when the text is none."""
    found = read_moment(text)
    return None if found is None else int(found[0].timestamp()) * 1_000_000 + int(found[1][:6])


def parse_date(raw: Json, _attribute: Attribute, _finder: Finder) -> Payload:
    """
    `YYYY-MM-DD`; a partial date is filled with ones, a time is cut off after it was turned into UTC.

    Source: the text of `value` in the OpenAPI document's `output-value`.
    """
    path: list[str | int] = ["value"] if isinstance(raw, dict) else []
    found = read_moment(text_of(unwrap(raw, "value", "string"), path))
    if found is None:
        raise bad("Invalid date", path)
    return found[0].strftime("%Y-%m-%d").zfill(10)


def parse_timestamp(raw: Json, _attribute: Attribute, _finder: Finder) -> Payload:
    """A moment in UTC with nine fraction digits; partial forms are filled."""
    path: list[str | int] = ["value"] if isinstance(raw, dict) else []
    found = read_moment(text_of(unwrap(raw, "value", "string"), path))
    if found is None:
        raise bad("Invalid timestamp", path)
    moment, fraction = found
    return moment.strftime("%Y-%m-%dT%H:%M:%S").zfill(19) + f".{fraction}Z"


def is_duration(text: str) -> bool:
    """Whether this is an ISO 8601 duration as dynamic defaults and target times take it."""
    return text != "P" and not text.endswith("T") and _DURATION.fullmatch(text) is not None


def after(microseconds: int, duration: str) -> int:
    """The moment that lies an ISO 8601 duration after another, both in microseconds since 1970."""
    match = _DURATION.fullmatch(duration)
    assert match is not None, duration
    years, months, weeks, days = (int(part or 0) for part in match.groups()[:4])
    hours, minutes, seconds = (float((part or "0").replace(",", ".")) for part in match.groups()[4:])
    start = datetime.fromtimestamp(microseconds / 1e6, UTC)
    total = start.year * 12 + start.month - 1 + years * 12 + months
    year, month = divmod(total, 12)
    moved = start.replace(year=year, month=month + 1, day=min(start.day, monthrange(year, month + 1)[1]))
    moved += timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    return round(moved.timestamp() * 1_000_000) if (years or months) else microseconds + _span(match)


def _span(match: re.Match[str]) -> int:
    _, _, weeks, days = (int(part or 0) for part in match.groups()[:4])
    hours, minutes, seconds = (float((part or "0").replace(",", ".")) for part in match.groups()[4:])
    return round(
        timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds) / timedelta(microseconds=1)
    )


def default_moment(type_: str, microseconds: int) -> Payload:
    """The payload of a dynamic default that falls on a moment."""
    return iso(microseconds)[:10] if type_ == "date" else iso(microseconds)


def _read(payload: Payload, _attribute: Attribute, _schema: Schema) -> dict[str, Json]:
    return {"value": payload}


DATE: Final = Codec(parse_date, _read, key_of)
TIMESTAMP: Final = Codec(parse_timestamp, _read, key_of)
