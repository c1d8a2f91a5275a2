"""
Contributions as bytes, for scratch space on the disk: MessagePack, which writes Structs as maps.

Among values a map may be a record's key or id, a name or a location; they are told apart by their keys when they are
read again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from attio_ctl.delivery.fold import Contribution
from attio_ctl.mapping.writes import PersonalName, RecordId, RecordKey, Value

pack: Final = msgspec.msgpack.Encoder().encode
"""Takes a list of contributions."""


def unpack(packed: bytes) -> Sequence[Contribution]:
    """The contributions, equal to those that were packed."""
    found = _decode(packed)
    for contribution in found:
        values: Any = contribution.write.values
        for slug, value in values.items():
            if value.__class__ is dict or value.__class__ is list:
                values[slug] = _restored(value)
    return found


def _restored(value: Any) -> Value:
    if value.__class__ is list:
        return [_restored(item) for item in value]
    if value.__class__ is dict:
        made = _MADE_OF.get(frozenset(value))
        return value if made is None else made(value)
    return value


def _key(fields: Mapping[str, str]) -> RecordKey:
    return RecordKey(**fields)


def _id(fields: Mapping[str, str]) -> RecordId:
    return RecordId(**fields)


_MADE_OF: Final[Mapping[frozenset[str], Callable[[Mapping[str, str]], Value]]] = {
    frozenset(RecordKey.__struct_fields__): _key,
    frozenset(RecordId.__struct_fields__): _id,
    frozenset(("first_name", "last_name", "full_name")): PersonalName,
}
_decode: Final = msgspec.msgpack.Decoder(list[Contribution]).decode
