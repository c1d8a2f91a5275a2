"""Personal names and locations."""

from __future__ import annotations

import re
from typing import Any, Final

from attio_ctl.mapping.expressions.javascript import MISSING, number_text
from attio_ctl.mapping.values.faults import shown
from attio_ctl.mapping.values.numbers import clean
from attio_ctl.mapping.writes import PersonalName, Reject
from attio_ctl.state.resource import Json

NAME_KEYS: Final = ("first_name", "last_name", "full_name")
LOCATION_KEYS: Final = (
    "line_1", "line_2", "line_3", "line_4", "locality", "region", "postcode", "country_code", "latitude", "longitude",
)  # fmt: skip
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)
# Source: patterns of latitude and longitude in the OpenAPI document.
_LATITUDE = re.compile(r"[-+]?([1-8]?\d(\.\d+)?|90(\.0+)?)", re.ASCII)
_LONGITUDE = re.compile(r"[-+]?(180(\.0+)?|((1[0-7]\d)|([1-9]?\d))(\.\d+)?)", re.ASCII)


def coerce_name(value: Any) -> Json:
    """
    All three parts of a name, from `Last, First` or from any of the parts; text without a comma is a first name.

    A text without any name in it, as a template gives for an event that has none, is `MISSING`: nothing to write.

    Source: docs.attio.com/docs/attribute-types/attribute-types-personal-name; a name without all three parts was
    seen refused.
    """
    if isinstance(value, str):
        last, comma, first = clean(value).partition(",")
        last, first = last.strip(), first.strip()
        if not last and not first:
            return MISSING
        return _name(first if comma else last, last if comma else "", "")
    if not isinstance(value, dict):
        raise Reject("wrong_type", f"a name as `Last, First` or its parts were expected, not {shown(value)}")
    unknown = sorted(set(value) - set(NAME_KEYS))
    if unknown:
        raise Reject("invalid_name", f"a name has no `{unknown[0]}`, only {', '.join(f'`{key}`' for key in NAME_KEYS)}")
    parts = [value.get(key) for key in NAME_KEYS]
    if not all(part is None or isinstance(part, str) for part in parts):
        raise Reject("wrong_type", "the parts of a name have to be texts")
    first, last, full = (clean(part or "").strip() for part in parts)
    if not (first or last or full):
        raise Reject("invalid_name", "there is no name in any of the parts")
    return _name(first, last, full)


def _name(first: str, last: str, full: str) -> Json:
    full = full or (f"{first} {last}" if first and last else first or last)
    return PersonalName({"first_name": first, "last_name": last, "full_name": full})


def coerce_location(value: Any) -> Json:
    """
    An address in one line, which Attio takes apart, or an object of any of the ten parts, of which the rest is null.

    Source: docs.attio.com/docs/attribute-types/attribute-types-location; an object without all ten was seen refused.
    """
    if isinstance(value, str):
        line = clean(value).strip()
        if not line:
            raise Reject("invalid_location", "an empty text is no address")
        return line
    if not isinstance(value, dict):
        raise Reject("wrong_type", f"an address in one line or its parts were expected, not {shown(value)}")
    unknown = sorted(set(value) - set(LOCATION_KEYS))
    if unknown:
        raise Reject("invalid_location", f"a location has no `{unknown[0]}`; it has {', '.join(LOCATION_KEYS)}")
    location = {key: _part(key, value.get(key)) for key in LOCATION_KEYS}
    country = location["country_code"]
    if country is not None and not _COUNTRY.fullmatch(country):
        raise Reject("invalid_location", f"`country_code` is two capital letters (ISO 3166), not {shown(country)}")
    for key, pattern in (("latitude", _LATITUDE), ("longitude", _LONGITUDE)):
        degrees = location[key]
        if degrees is not None and not pattern.fullmatch(degrees):
            raise Reject("invalid_location", f"`{key}` is in decimal degrees, not {shown(degrees)}")
    return location


def _part(key: str, value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return None if value is None else clean(value)
    if key in ("latitude", "longitude", "postcode") and isinstance(value, int | float) and not isinstance(value, bool):
        return number_text(value)
    raise Reject("wrong_type", f"`{key}` of a location has to be a text, not {shown(value)}")
