"""Values that are one scalar: text, number, checkbox, currency, rating."""

from __future__ import annotations

import math
from decimal import Decimal, InvalidOperation
from typing import Final

from attio_ctl.sandbox.model import Attribute, Json, Payload, Schema
from attio_ctl.sandbox.values.codec import Codec, Finder, bad, key_of, must, text_of, unwrap

MAX_TEXT_BYTES: Final = 10_000_000
CURRENCY_DECIMALS: Final = 4
MAX_RATING: Final = 5


def _read_value(payload: Payload, _attribute: Attribute, _schema: Schema) -> dict[str, Json]:
    return {"value": payload}


def parse_text(raw: Json, _attribute: Attribute, _finder: Finder) -> Payload:
    """Up to 10 MB. Source: docs.attio.com/docs/attribute-types/attribute-types-text."""
    value = text_of(unwrap(raw, "value", "string"), ["value"]) if isinstance(raw, dict) else text_of(raw)
    if len(value) * 4 > MAX_TEXT_BYTES and len(value.encode()) > MAX_TEXT_BYTES:
        raise bad("Text values are limited to 10MB", ["value"])
    return value


def parse_number(raw: Json, _attribute: Attribute, _finder: Finder) -> Payload:
    """A 64-bit float; a numeric string is refused, as only currency documents one."""
    value = unwrap(raw, "value", "number")
    return _number(value, ["value"] if isinstance(raw, dict) else [])


def _number(value: Json, path: list[str | int]) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise must("number", value, path)
    if isinstance(value, int):
        return value if abs(value) <= 2**53 else float(value)
    if not math.isfinite(value):
        raise bad("Number must be finite", path)
    return int(value) if value.is_integer() and abs(value) <= 2**53 else value


def parse_checkbox(raw: Json, _attribute: Attribute, _finder: Finder) -> Payload:
    """A boolean, or one of the strings `true` and `false`."""
    value = unwrap(raw, "value", "boolean")
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value in ("true", "false"):
        return value == "true"
    raise must("boolean", value, ["value"] if isinstance(raw, dict) else [])


def parse_currency(raw: Json, _attribute: Attribute, _finder: Finder) -> Payload:
    """A number or numeric string with up to four decimals; the code is the attribute's and cannot be written."""
    value = unwrap(raw, "currency_value", "number")
    path: list[str | int] = ["currency_value"] if isinstance(raw, dict) else []
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise must("number", value, path)
    try:
        amount = Decimal(value.strip() if isinstance(value, str) else str(value))
    except InvalidOperation:
        raise must("number", value, path) from None
    if not amount.is_finite():
        raise bad("Number must be finite", path)
    exponent = amount.normalize().as_tuple().exponent
    if isinstance(exponent, int) and exponent < -CURRENCY_DECIMALS:
        raise bad(f"Currency values can have at most {CURRENCY_DECIMALS} decimal places", path)
    return _number(float(amount), path)


def _read_currency(payload: Payload, attribute: Attribute, _schema: Schema) -> dict[str, Json]:
    return {"currency_value": payload, "currency_code": attribute.currency[0] if attribute.currency else None}


def parse_rating(raw: Json, _attribute: Attribute, _finder: Finder) -> Payload:
    """A whole number from 0 to 5, where 0 is a value."""
    path: list[str | int] = ["value"] if isinstance(raw, dict) else []
    value = _number(unwrap(raw, "value", "number"), path)
    if not isinstance(value, int):
        raise bad("Expected integer, received float", path)
    if not 0 <= value <= MAX_RATING:
        raise bad(f"Number must be between 0 and {MAX_RATING}", path)
    return value


TEXT: Final = Codec(parse_text, _read_value, key_of)
NUMBER: Final = Codec(parse_number, _read_value, key_of)
CHECKBOX: Final = Codec(parse_checkbox, _read_value, key_of)
CURRENCY: Final = Codec(parse_currency, _read_currency, key_of)
RATING: Final = Codec(parse_rating, _read_value, key_of)
