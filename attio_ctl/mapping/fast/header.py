"""What of an event is looked at whatever the mappings: what it is recognised by, and when it happened."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct, field

from attio_ctl.mapping.expressions.javascript import MISSING


class Header(Struct, frozen=True, gc=False):
    """
    The fields of Segment's common spec that tell events apart and place them in time: any JSON value, `MISSING` where
    the event has none.

    The decoder's own types derive from it, so that a header costs no second reading.
    """

    type: Any = MISSING
    message_id: Any = field(default=MISSING, name="messageId")
    timestamp: Any = MISSING
    original_timestamp: Any = field(default=MISSING, name="originalTimestamp")
    sent_at: Any = field(default=MISSING, name="sentAt")
    received_at: Any = field(default=MISSING, name="receivedAt")


@dataclass(frozen=True, slots=True)
class Undecodable:
    """A line that holds no event, and why."""

    code: Literal["invalid_json", "not_an_event"]
    reason: str


Head = Header | Undecodable

FIELDS: Final = {field.encode_name: field.name for field in msgspec.structs.fields(Header)}
"""Names in an event to attributes of a header."""


def head_of(event: Any) -> Head:
    """The header of a decoded line."""
    if isinstance(event, dict):
        return Header(*[event.get(name, MISSING) for name in FIELDS])
    return Undecodable("not_an_event", f"the line holds {_KINDS.get(type(event), 'a number')}, not a JSON object")


_KINDS: Final = {list: "an array", str: "text", bool: "a boolean", type(None): "null"}


def decode(line: bytes) -> Any:
    """
    One line of JSON as Python data; halves of surrogate pairs stay, which fast parsers refuse.

    Integers keep their digits, up to some 4,000 of them; a number that no float can hold is infinite. Of one key given
    twice the last counts.

    Raises:
        ValueError: it is no JSON in UTF-8, `NaN` and `Infinity` included, or is nested too deeply.
    """
    try:
        return _DECODER.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        try:
            return json.loads(line.decode(), parse_int=_integer, parse_constant=_refuse)
        except RecursionError:
            raise ValueError("it is nested too deeply") from None


_DECODER: Final = msgspec.json.Decoder()
_MOST_DIGITS: Final = 4_000


def _integer(digits: str) -> float:
    """Python refuses to read integers of more than 4,300 digits; none of them fits a float either."""
    return int(digits) if len(digits) <= _MOST_DIGITS else float(digits)


def _refuse(constant: str) -> Any:
    raise ValueError(f"`{constant}` is no number in JSON")
