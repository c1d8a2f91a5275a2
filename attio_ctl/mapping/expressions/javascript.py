"""
Values as JavaScript sees them, where Segment's mappings let JavaScript show through.

Source: ECMA-262 (`Number::toString`, `ToString`, `ToBoolean`), and how Segment's published code was seen to run.
Numbers keep their digits beyond 2^53, which JavaScript does not.
"""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any, Final

from msgspec import UNSET

MISSING: Final = UNSET
"""
JavaScript's `undefined`: a path that leads nowhere, which is not the same as null. It is false, and what msgspec leaves
out of an object that it writes.
"""


def is_number(value: Any) -> bool:
    """Whether the value is a JSON number; a bool is not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def number_text(number: float) -> str:
    """A number as JavaScript prints it: `1` for 1.0, `1e+21`, `1e-7`, `0` for -0.0, every digit of an integer."""
    if isinstance(number, int):
        return Decimal(number).__format__("f") if abs(number) >= 10**4000 else str(number)
    if not math.isfinite(number):
        return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"
    if number == 0:
        return "0"
    sign, digits, exponent = Decimal(repr(number)).normalize().as_tuple()
    assert isinstance(exponent, int)
    mantissa = "".join(map(str, digits))
    point = len(digits) + exponent  # where the decimal point stands, counted from the first digit
    head = "-" if sign else ""
    if 0 < point <= 21:
        return head + (
            mantissa.ljust(point, "0") if point >= len(mantissa) else f"{mantissa[:point]}.{mantissa[point:]}"
        )
    if -6 < point <= 0:
        return f"{head}0.{'0' * -point}{mantissa}"
    fraction = f".{mantissa[1:]}" if len(mantissa) > 1 else ""
    return f"{head}{mantissa[0]}{fraction}e{'+' if point > 0 else '-'}{abs(point - 1)}"


def text(value: Any) -> str:
    """Any JSON value as JavaScript's `String` gives it, but null and missing are empty."""
    if isinstance(value, str):
        return value
    if value is None or value is MISSING:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return number_text(value)
    if isinstance(value, list):
        return ",".join(map(text, value))
    return "[object Object]"


def units(value: str) -> str:
    """The text with one character per UTF-16 unit, by which JavaScript counts and indexes."""
    if value.isascii():
        return value
    encoded = value.encode("utf-16-le", "surrogatepass")
    return "".join(chr(encoded[i] | encoded[i + 1] << 8) for i in range(0, len(encoded), 2))


def is_falsy(value: Any) -> bool:
    """False, 0, NaN, empty text, null and missing; lists and objects never are."""
    if isinstance(value, list | dict):
        return False
    return not value or (isinstance(value, float) and math.isnan(value))


def is_blank(value: Any) -> bool:
    """Missing, null, or loosely equal to empty text: `''`, 0, false, and lists that print as nothing (`[]`, `['']`)."""
    if value is None or value is MISSING:
        return True
    if isinstance(value, dict):
        return False
    if isinstance(value, list):
        return text(value) == ""
    return not value
