"""
Which texts Segment takes for a date: those that dayjs 1.10 or JavaScript's `Date` can read, as seen to run.

Parts that are out of range roll over for dayjs, so `2026-13-45` is a date.
"""

from __future__ import annotations

import re
from typing import Final

# What dayjs reads itself; a text that ends with `Z` goes to JavaScript.
_DAYJS = re.compile(
    r"\d{4}[-/]?\d{0,2}[-/]?\d{0,2}[Tt\s]*\d{0,2}:?\d{0,2}:?\d{0,2}[.:]?\d*",
    re.ASCII,
)
_CLOCK = r"(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?"
_ZONE = r"\s?(?:[Zz]|[+-]\d\d:?\d\d)?"
_DAY = r"[-+]?\d{4,6}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?"
_ISO = re.compile(rf"{_DAY}(?:[Tt ](?:{_CLOCK}|24:00(?::00(?:\.0+)?)?){_ZONE})?", re.ASCII)
_MONTHS: Final = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_DAYS: Final = "(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,?\\s+)?"
_REST = (
    r"(?:,?\s+\d{1,2}:\d{2}(?::\d{2})?(?:\s*(?:am|pm))?(?:\s*(?:z|utc|gmt)?(?:[+-]\d{2}:?\d{2})?)(?:\s*\([^)]*\))?)?"
)
_WRITTEN = re.compile(
    rf"{_DAYS}(?:(?:{_MONTHS})[a-z]*\.?\s+\d{{1,2}}(?:,\s*|\s+)\d{{4}}|\d{{1,2}}\s+(?:{_MONTHS})[a-z]*\.?,?\s+\d{{4}}){_REST}",
    re.ASCII | re.IGNORECASE,
)
_SLASHES = re.compile(rf"(?:0?[1-9]|1[0-2])[/-](?:0?[1-9]|[12]\d|3[01])[/-]\d{{2,4}}{_REST}", re.ASCII | re.IGNORECASE)
_DIGITS = re.compile(r"-?\d+(\.\d+)?", re.ASCII)


def is_date_like(value: str) -> bool:
    """Whether the `received_at` of an event passes Segment's check."""
    if _DIGITS.fullmatch(value):
        return True
    if not value.endswith(("Z", "z")) and _DAYJS.fullmatch(value):
        return True
    return any(form.fullmatch(value.strip()) for form in (_ISO, _WRITTEN, _SLASHES))
