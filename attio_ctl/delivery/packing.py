"""Contributions as bytes, for scratch space on the disk: MessagePack, with what JSON has no form for as extensions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from attio_ctl.delivery.fold import Contribution
from attio_ctl.mapping.writes import PersonalName, RecordId, RecordKey, Value, Write

_KEY: Final = 1
_ID: Final = 2
_NAME: Final = 3


def pack(contributions: Iterable[Contribution]) -> bytes:
    """The inverse of `unpack`."""
    return _encode(
        [
            (
                (each.event, each.time, each.mapping, write.key.object, write.key.attribute, write.key.value),
                {slug: _packed(value) for slug, value in write.values.items()},
                tuple(write.append),
            )
            for each in contributions
            for write in (each.write,)
        ]
    )


def unpack(packed: bytes) -> list[Contribution]:
    """The contributions, equal to those that were packed."""
    return [
        Contribution(event, time, mapping, Write(RecordKey(obj, attribute, value), values, frozenset(append)))
        for (event, time, mapping, obj, attribute, value), values, append in _DECODER.decode(packed)
    ]


def _packed(value: Value) -> Any:
    match value:
        case None | str() | bool() | int() | float():
            return value
        case list():
            return [_packed(item) for item in value]
        case RecordKey(obj, attribute, text):
            return msgspec.msgpack.Ext(_KEY, _encode((obj, attribute, text)))
        case RecordId(obj, record_id):
            return msgspec.msgpack.Ext(_ID, _encode((obj, record_id)))
        case PersonalName():
            return msgspec.msgpack.Ext(_NAME, _encode(dict(value)))
        case _:
            return value


def _special(code: int, data: memoryview) -> Value:
    match code:
        case 1:
            return RecordKey(*msgspec.msgpack.decode(data))
        case 2:
            return RecordId(*msgspec.msgpack.decode(data))
        case _:
            return PersonalName(msgspec.msgpack.decode(data))


_encode: Final = msgspec.msgpack.Encoder().encode
_DECODER: Final = msgspec.msgpack.Decoder(ext_hook=_special)
