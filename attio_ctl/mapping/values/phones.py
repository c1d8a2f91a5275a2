"""Phone numbers in E.164."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import phonenumbers
from phonenumbers import PhoneMetadata

from attio_ctl.mapping.values.faults import shown
from attio_ctl.mapping.writes import Reject

_BETWEEN = str.maketrans("", "", " -().\u00a0")
_INTERNATIONAL = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)


def phone_coercer(region: str | None) -> Callable[[Any], str]:
    """
    What turns a phone number into E.164; national numbers are understood when there is a region (ISO 3166 alpha-2).

    Attio asks for a number that is possible in its country's plan; extensions are dropped.
    Source: docs.attio.com/docs/attribute-types/attribute-types-phone-number.
    """

    def coerce_phone(value: Any) -> str:
        if value.__class__ is str and _INTERNATIONAL.fullmatch(value) and _surely_possible(value):
            return value
        home = region
        if isinstance(value, dict) and set(value) <= {"original_phone_number", "country_code"}:
            home = value.get("country_code") or region
            value = value.get("original_phone_number")
        if not isinstance(value, str) or not isinstance(home, str | None):
            raise Reject("wrong_type", f"a phone number as a text was expected, not {shown(value)}")
        digits = value.translate(_BETWEEN)
        if _INTERNATIONAL.fullmatch(digits) and _surely_possible(digits):
            return digits
        return _parsed(value, home)

    return coerce_phone


@functools.lru_cache(maxsize=65536)
def _parsed(value: str, region: str | None) -> str:
    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        need = "" if region else "; without a `default_region` in the mapping it has to start with `+`"
        raise Reject("invalid_phone_number", f"{shown(value)} is no phone number{need}") from None
    if not phonenumbers.is_possible_number(number):
        raise Reject("invalid_phone_number", f"{shown(value)} is not a possible number in its country's plan")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What a calling code's national numbers look like: how long, and what a trunk prefix would be."""

    lengths: frozenset[int]
    trunk: re.Pattern[str]


@functools.cache
def _plan(calling_code: str) -> _Plan | None:
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(calling_code))
    if regions is None:
        return None
    metadata = PhoneMetadata.metadata_for_region_or_calling_code(int(calling_code), regions[0])
    if metadata is None or metadata.general_desc is None:
        return None
    prefix = metadata.national_prefix_for_parsing
    return _Plan(frozenset(metadata.general_desc.possible_length), re.compile(f"0|(?:{prefix})" if prefix else "0"))


def _surely_possible(number: str) -> bool:
    """
    Whether a number is possible for certain, and in E.164 already; false sends it to the full parser.

    phonenumbers takes some 50 µs for a number, this takes half of one: enough for a stream of new ones.
    """
    for end in (2, 3, 4):
        plan = _plan(number[1:end])
        if plan is not None:
            return len(number) - end in plan.lengths and plan.trunk.match(number, end) is None
    return False
