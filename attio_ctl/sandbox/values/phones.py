"""Phone numbers, checked against the real numbering plans."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import phonenumbers

from attio_ctl.sandbox.model import Attribute, Json, Payload, Schema
from attio_ctl.sandbox.shape import required
from attio_ctl.sandbox.values.codec import Codec, Finder, InvalidValueError, bad, text_of


@lru_cache(maxsize=65536)
def clean_phone(original: str, country: str | None) -> tuple[str, str] | None:
    """`(E.164, country)`, None when no numbering plan has such a number; a national form needs a country."""
    try:
        number = phonenumbers.parse(original, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    region = phonenumbers.region_code_for_number(number) or country
    if region is None or region == "001":
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), region


def parse_phone(raw: Json, _attribute: Attribute, _finder: Finder) -> Payload:
    """
    `[original, country, E.164]`.

    Source: docs.attio.com/docs/attribute-types/attribute-types-phone-number; the complaint as recorded in 2026.
    """
    country: Json = None
    original = raw
    if isinstance(raw, dict):
        if "original_phone_number" not in raw:
            raise InvalidValueError([required("string", ["original_phone_number"])])
        original, country = raw["original_phone_number"], raw.get("country_code")
        if country is not None and (not isinstance(country, str) or country not in phonenumbers.SUPPORTED_REGIONS):
            raise bad("Invalid country code", ["country_code"])
    found = clean_phone(text_of(original, ["original_phone_number"]).strip(), country)
    if found is None:
        raise bad("Invalid phone number", ["original_phone_number"])
    return [original, found[1], found[0]]


def _read(payload: Payload, _attribute: Attribute, _schema: Schema) -> dict[str, Json]:
    return {"original_phone_number": payload[0], "country_code": payload[1], "phone_number": payload[2]}


def _key(payload: Payload) -> str:
    return str(payload[2])


PHONE: Final = Codec(parse_phone, _read, _key)
