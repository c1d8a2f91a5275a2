"""
What is known to be in Attio: per attribute of a record one cell, and a rule for laying cells over each other.

A cell is a register with a set on top. The register holds the newest value that was set (for a single value, for a
multiselect that is replaced, for null); the set holds the values that were added after it. Whatever order the parts
arrive in, laying them over each other comes to the same cell, which is what makes delivery order-proof: laying is
commutative, associative and idempotent as long as no two events set one attribute at the very same microsecond (then
the one that arrives later wins).

The register keeps a digest instead of its value, since all it is asked is "the same as before?"; added values are kept
whole, because a late event that sets the attribute has to put them back on top.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

import msgspec
import orjson
from msgspec import Struct

from attio_ctl.delivery.events import UNTIMED, Micros
from attio_ctl.mapping.writes import RecordId, RecordKey, Value

NEVER: Final[Micros] = UNTIMED - 2
"""Older than every event, also one without a time that is tried again: the register of a cell that nothing has set."""


class Cell(Struct, frozen=True, array_like=True, gc=False):
    """
    One attribute of one record.

    Attributes:
        set_at: The time of the newest event that set it, `NEVER` when it was only ever added to.
        digest: Of the value that was set then.
        added: The canonical text of each value added since, with the time of the newest event that brought it.
    """

    set_at: Micros = NEVER
    digest: int = 0
    added: dict[str, Micros] = {}


Cells = Mapping[str, Cell]
"""The cells of one record by attribute slug."""

PackedCells: TypeAlias = bytes
"""The same as they are kept: nobody looks at what is only carried to the ledger, and as bytes it takes a tenth."""

pack_cells: Final[Callable[[Cells], PackedCells]] = msgspec.msgpack.Encoder().encode
unpack_cells: Final[Callable[[PackedCells], Cells]] = msgspec.msgpack.Decoder(dict[str, Cell]).decode

UNKNOWN: Final = Cell()


def lay(below: Cell, above: Cell) -> Cell:
    """Both cells in one; where both were set at the same time, `above` counts as the later."""
    newest = above if above.set_at >= below.set_at else below
    added = dict(below.added)
    for text, at in above.added.items():
        added[text] = max(at, added.get(text, NEVER))
    return Cell(newest.set_at, newest.digest, {text: at for text, at in added.items() if at >= newest.set_at})


def canonical(value: Value) -> str:
    """The one text of a neutral value: equal values have equal texts, and `parse` gives the value back."""
    return _canonical(value).decode()


def parse(text: str) -> Value:
    """The inverse of `canonical`."""
    return _untagged(orjson.loads(text))


def digest_of(value: Value) -> int:
    """64 bits of a value's text, signed."""
    # Of a text the bytes will do, behind a mark that no JSON begins with: most values are texts.
    digest = _EMPTY.copy()  # a third faster than a new one
    digest.update(b"\0" + value.encode("utf-8", "surrogatepass") if value.__class__ is str else _canonical(value))
    return int.from_bytes(digest.digest(), "big", signed=True)


_EMPTY: Final = hashlib.blake2b(digest_size=8)


def _canonical(value: Value) -> bytes:
    return orjson.dumps(value, default=_tagged, option=orjson.OPT_SORT_KEYS | _NO_DATACLASSES)


_NO_DATACLASSES: Final = orjson.OPT_PASSTHROUGH_DATACLASS
_KEY_TAG: Final = "$key"
_ID_TAG: Final = "$id"


def _tagged(value: Any) -> Any:
    match value:
        case RecordKey(object=obj, attribute=attribute, value=text):
            return {_KEY_TAG: [obj, attribute, text]}
        case RecordId(object=obj, id=record_id):
            return {_ID_TAG: [obj, record_id]}
        case Mapping():
            return dict(value)
        case tuple():
            return list(value)
    raise TypeError(f"{type(value).__name__} is no neutral value")


def _untagged(value: Any) -> Value:
    match value:
        case {"$key": [obj, attribute, text], **rest} if not rest:
            return RecordKey(obj, attribute, text)
        case {"$id": [obj, record_id], **rest} if not rest:
            return RecordId(obj, record_id)
        case list():
            return [_untagged(item) for item in value]
    return value
