"""Text, numbers, money, ratings and checkboxes."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from attio_ctl.mapping.expressions.javascript import number_text
from attio_ctl.mapping.values.faults import shown
from attio_ctl.mapping.writes import Reject, RejectCode
from attio_ctl.state.resource import Json

LONGEST_TEXT: Final = 10_000_000
"""Bytes in UTF-8. Source: docs.attio.com/docs/attribute-types/attribute-types-text."""

_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d{1,4})?", re.ASCII)
_SURROGATES = re.compile("[\ud800-\udfff]")
# JSON as fast parsers and writers know it ends here; Attio stores 64-bit floats anyway.
_LARGEST_INTEGER: Final = 2**63 - 1
_EXACT_DIGITS: Final = 15
"""Significant decimal digits that a 64-bit float always gives back as they were."""
_LEAST: Final = Fraction(1, 20_000)


def clean(text: str) -> str:
    """The text with halves of cut surrogate pairs replaced by U+FFFD, since no UTF-8 can carry them."""
    return _SURROGATES.sub("\ufffd", text) if not text.isascii() else text


def coerce_text(value: Any) -> str:
    """A text; numbers and booleans as JavaScript prints them."""
    if isinstance(value, str):
        text = clean(value)
        if len(text) > LONGEST_TEXT // 4 and len(text.encode()) > LONGEST_TEXT:
            raise Reject("invalid_text", "Attio takes texts of up to 10 MB")
        return text
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return number_text(value)
    raise Reject("wrong_type", f"a text was expected, not {shown(value)}")


def coerce_number(value: Any) -> Json:
    """A number, or a text that is one; stored by Attio as a 64-bit float."""
    return _number(value, "invalid_number")


def _number(value: Any, code: RejectCode) -> float:
    written = value.strip() if isinstance(value, str) else value
    if isinstance(written, str):
        if len(written) > 400 or not _NUMBER.fullmatch(written):
            raise Reject(code, f"{shown(value)} is no number")
        value = int(written) if written.lstrip("+-").isdigit() else float(written)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Reject("wrong_type", f"a number was expected, not {shown(value)}")
    try:
        number = float(value)
    except OverflowError:
        raise Reject(code, "the number is larger than a 64-bit float can hold") from None
    if not math.isfinite(number):
        raise Reject(code, "the number is larger than a 64-bit float can hold, or none at all")
    if not (isinstance(written, float) or _is_kept(written, number)):
        kept = f"Attio, which keeps 64-bit floats, would make {number_text(number)} of it"
        raise Reject(
            code, f"{shown(written)} has too many digits for a number: {kept}; a text attribute keeps them all"
        )
    return value if isinstance(value, float) or abs(value) <= _LARGEST_INTEGER else number


def _is_kept(written: str | int, number: float) -> bool:
    """
    Whether a 64-bit float says what was written, up to the fourth decimal, which is the last that Attio shows.

    Either its value has to, or its shortest text: 2**60 is kept exactly, and 10**30 comes out as `1e+30`.
    """
    if len(written) <= _EXACT_DIGITS if isinstance(written, str) else abs(written) <= 2**53:
        return True
    exact = Fraction(Decimal(written))
    return any(abs(exact - Fraction(each)) < _LEAST for each in (number, Decimal(repr(number))))


def coerce_currency(value: Any) -> Json:
    """
    An amount with up to four decimals; what floating point arithmetic added beyond them is rounded away.

    The currency is the attribute's own and cannot be written. Source: docs.attio.com/docs/attribute-types.
    """
    number = _number(value, "invalid_currency")
    if isinstance(number, int):
        return number
    rounded = round(number, 4)
    if number == rounded:
        return number
    if abs(number - rounded) > 1e-9 * max(1.0, abs(number)):
        raise Reject("invalid_currency", f"{shown(value)} has more than 4 decimals")
    return rounded


def coerce_rating(value: Any) -> int:
    """A whole number from 0 to 5."""
    number = _number(value, "invalid_rating")
    if number not in (0, 1, 2, 3, 4, 5):
        raise Reject("invalid_rating", f"a rating is a whole number from 0 to 5, not {shown(value)}")
    return int(number)


def coerce_checkbox(value: Any) -> bool:
    """A boolean, or the texts `true` and `false`."""
    if isinstance(value, bool):
        return value
    if value in ("true", "false"):
        return bool(value == "true")
    raise Reject("wrong_type", f"true or false was expected, not {shown(value)}")
