"""Personal names, locations and interactions."""

from __future__ import annotations

import re
from typing import Final

import orjson
import phonenumbers

from attio_ctl.sandbox.errors import Fault
from attio_ctl.sandbox.model import Attribute, Json, Payload, Schema
from attio_ctl.sandbox.shape import invalid, required, unrecognized, wrong_type
from attio_ctl.sandbox.values.codec import Codec, Finder, InvalidValueError, bad, must

NAME_KEYS: Final = ("first_name", "last_name", "full_name")
LOCATION_KEYS: Final = (
    "line_1",
    "line_2",
    "line_3",
    "line_4",
    "locality",
    "region",
    "postcode",
    "country_code",
    "latitude",
    "longitude",
)
COUNTRIES: Final = frozenset(phonenumbers.SUPPORTED_REGIONS) | frozenset(
    {"AN", "AQ", "BV", "GS", "HM", "PN", "TF", "UM"}
)
_LATITUDE: Final = re.compile(r"[-+]?([1-8]?\d(\.\d+)?|90(\.0+)?)")
_LONGITUDE: Final = re.compile(r"[-+]?(180(\.0+)?|((1[0-7]\d)|([1-9]?\d))(\.\d+)?)")


def parse_name(raw: Json, _attribute: Attribute, _finder: Finder) -> Payload:
    """
    `[first, last, full]` from an object with all three keys, or from `Last, First`; without a comma it is a first name.

    Source: docs.attio.com/docs/attribute-types/attribute-types-personal-name; that all three are demanded, although
    the OpenAPI document marks them optional, was recorded in 2025-07.
    """
    if isinstance(raw, str):
        last, comma, first = raw.partition(",")
        first, last = (first.strip(), last.strip()) if comma else (raw.strip(), "")
        return [first, last, f"{first} {last}".strip()]
    if not isinstance(raw, dict):
        raise must("object", raw)
    faults: list[Fault] = []
    for name in NAME_KEYS:
        if name not in raw:
            faults.append(required("string", [name]))
        elif not isinstance(raw[name], str):
            faults.append(wrong_type("string", raw[name], [name]))
    if faults:
        raise InvalidValueError(faults)
    return [raw[name] for name in NAME_KEYS]


def _read_name(payload: Payload, _attribute: Attribute, _schema: Schema) -> dict[str, Json]:
    return {"first_name": payload[0], "last_name": payload[1], "full_name": payload[2]}


def parse_location(raw: Json, _attribute: Attribute, _finder: Finder) -> Payload:
    """
    The ten fields in their order; a string is read as comma-separated address lines with the country at the end.

    Source: docs.attio.com/docs/attribute-types/attribute-types-location (all ten keys, written as one). How
    Attio parses a string is not public; the reading here keeps every part of it.
    """
    if isinstance(raw, str):
        return _address(raw)
    if not isinstance(raw, dict):
        raise must("object", raw)
    faults: list[Fault] = []
    for name in LOCATION_KEYS:
        if name not in raw:
            faults.append(required("string", [name]))
        elif raw[name] is not None and not isinstance(raw[name], str):
            faults.append(wrong_type("string", raw[name], [name]))
        elif raw[name] is not None and not _fits(name, raw[name]):
            faults.append(invalid([name], "Invalid"))
    if extra := [key for key in raw if key not in LOCATION_KEYS]:
        faults.append(unrecognized(extra, []))
    if faults:
        raise InvalidValueError(faults)
    return [raw[name] for name in LOCATION_KEYS]


def _fits(name: str, value: str) -> bool:
    match name:
        case "country_code":
            return value in COUNTRIES
        case "latitude":
            return _LATITUDE.fullmatch(value) is not None
        case "longitude":
            return _LONGITUDE.fullmatch(value) is not None
        case _:
            return True


def _address(text: str) -> Payload:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts:
        raise bad("Invalid location")
    fields: dict[str, str | None] = dict.fromkeys(LOCATION_KEYS)
    if len(parts) > 1 and parts[-1].upper() in COUNTRIES:
        fields["country_code"] = parts.pop().upper()
    if len(parts) > 2:
        fields["region"] = parts.pop()
    if len(parts) > 1:
        fields["locality"] = parts.pop()
    lines = [*parts[:3], ", ".join(parts[3:])] if len(parts) > 4 else parts
    for number, line in enumerate(lines, 1):
        fields[f"line_{number}"] = line
    return [fields[name] for name in LOCATION_KEYS]


def _read_location(payload: Payload, _attribute: Attribute, _schema: Schema) -> dict[str, Json]:
    return dict(zip(LOCATION_KEYS, payload, strict=True))


def _json_key(payload: Payload) -> str:
    return orjson.dumps(payload).decode()


def _parse_interaction(_raw: Json, _attribute: Attribute, _finder: Finder) -> Payload:
    raise bad("Interactions cannot be written")


def _read_interaction(payload: Payload, _attribute: Attribute, _schema: Schema) -> dict[str, Json]:
    return {"interaction_type": payload[0], "interacted_at": payload[1], "owner_actor": payload[2]}


NAME: Final = Codec(parse_name, _read_name, _json_key)
LOCATION: Final = Codec(parse_location, _read_location, _json_key)
INTERACTION: Final = Codec(_parse_interaction, _read_interaction, _json_key)
