"""
Contributions as bytes: what events say is kept packed until it is sent, and what is overtaken is never unpacked.

    origin     mapping, object and matching attribute, as a number
    value      of the matching attribute: with the object it names the record
    adds       the attributes that are added to, and `added` what
    sets       the other attributes, and `assigned` what they are set to

Two that name the same attributes, and of which the newer adds the same bytes as the older, need no look inside: nothing
of the older one is left. That is how nearly all of them end. Attributes are named by a character each, so that a name
takes a byte however many attributes there are and in whatever sets they come.

The bytes are MessagePack, in which Structs are maps; among values a map may be a record's key or id, a name or a
location, and they are told apart by their keys when they are read again.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from attio_ctl.delivery.events import Micros
from attio_ctl.delivery.fold import Contribution, holds_all
from attio_ctl.mapping.writes import PersonalName, RecordId, RecordKey, Value, Write

pack: Final = msgspec.msgpack.Encoder().encode


class Origin(Struct, frozen=True, array_like=True, gc=False):
    """Where contributions come from, and to which records they are."""

    mapping: str
    object: str
    attribute: str


class Form(Struct, frozen=True, array_like=True, gc=False):
    """What many contributions share; the attributes in the order in which their values are packed."""

    origin: Origin
    added: tuple[str, ...]
    assigned: tuple[str, ...]


class Packed(Struct, frozen=True, array_like=True, gc=False):
    """A contribution; `origin`, `adds` and `sets` are what `Forms` makes of its form."""

    event: int
    time: Micros
    origin: int
    value: str
    adds: str
    sets: str
    added: bytes
    assigned: bytes

    @property
    def age(self) -> tuple[Micros, int]:
        """As `Contribution.age`."""
        return self.time, self.event


class Parting:
    """
    Parts the values of some writes into what is added and what is assigned; `forms` are those met so far, in the order
    of their numbers.
    """

    def __init__(self) -> None:
        self.forms: list[Form] = []
        self._numbers: dict[tuple[Any, ...], int] = {}

    def part(self, mapping: str, write: Write) -> tuple[int, list[Value], list[Value]]:
        """The number of the form, and the values."""
        key, values, append = write.key, write.values, write.append
        shared = (*values, append, key.attribute, key.object, mapping)
        number = self._numbers.get(shared)
        if number is None:
            number = self._numbers[shared] = len(self.forms)
            added = sorted(append.intersection(values))
            assigned = sorted(values.keys() - append)
            self.forms.append(Form(Origin(mapping, key.object, key.attribute), tuple(added), tuple(assigned)))
        form = self.forms[number]
        return number, [values[slug] for slug in form.added], [values[slug] for slug in form.assigned]


class Forms:
    """Numbers origins and attributes, as many as the mappings have; reads contributions together with the bytes."""

    def __init__(self) -> None:
        self._origins: list[Origin] = []
        self._origin_numbers: dict[Origin, int] = {}
        self._slugs: list[str] = []
        self._slug_numbers: dict[str, int] = {}

    def coded(self, form: Form) -> tuple[int, str, str]:
        """`Packed.origin`, `adds` and `sets`."""
        origin = _number(form.origin, self._origin_numbers, self._origins)
        return origin, self._characters(form.added), self._characters(form.assigned)

    def _characters(self, slugs: Iterable[str]) -> str:
        # Shared as long as anything is of this form. No workspace has as many attributes as there are characters.
        return sys.intern("".join([chr(_number(slug, self._slug_numbers, self._slugs)) for slug in slugs]))

    def packed(self, contribution: Contribution) -> Packed:
        """The inverse of `contribution`."""
        parting = Parting()
        _, added, assigned = parting.part(contribution.mapping, contribution.write)
        origin, adds, sets = self.coded(parting.forms[0])
        value = contribution.write.key.value
        return Packed(contribution.event, contribution.time, origin, value, adds, sets, pack(added), pack(assigned))

    def contribution(self, packed: Packed) -> Contribution:
        """What was packed, equal to what it was before."""
        origin, slugs = self._origins[packed.origin], self._slugs
        values = {slugs[ord(each)]: _restored(value) for each, value in _zipped(packed.sets, packed.assigned)}
        append = frozenset([slugs[ord(each)] for each in packed.adds])
        for each, value in _zipped(packed.adds, packed.added):
            values[slugs[ord(each)]] = _restored(value)
        write = Write(RecordKey(origin.object, origin.attribute, packed.value), values, append)
        return Contribution(packed.event, packed.time, origin.mapping, write)

    def overtakes(self, newer: Packed, older: Packed) -> bool:
        """As `fold.overtakes`."""
        if newer.sets == older.sets and newer.adds == older.adds and newer.added == older.added:
            return True
        if len(newer.sets) + len(newer.adds) < len(older.sets) + len(older.adds):
            return False
        adds, added_below, below = set(newer.adds), set(older.adds), set(older.sets + older.adds)
        if not below <= adds.union(newer.sets) or (newer.time == older.time and not added_below <= adds):
            return False
        both = adds & below
        if not both <= added_below:
            return False
        more, fewer = dict(_zipped(newer.adds, newer.added)), dict(_zipped(older.adds, older.added))
        return all(holds_all(more[each], fewer[each]) for each in both)


def _number(name: Any, numbers: dict[Any, int], names: list[Any]) -> int:
    number = numbers.setdefault(name, len(names))
    if number == len(names):
        names.append(name)
    return number


def _zipped(characters: str, values: bytes) -> Iterable[tuple[str, Any]]:
    return zip(characters, _unpack(values), strict=True)


def unpack_all(portion: bytes) -> list[Packed]:
    """The inverse of `pack` of a list of these."""
    return _unpack_all(portion)


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
_unpack: Final[Callable[[bytes], Sequence[Any]]] = msgspec.msgpack.Decoder(list[Any]).decode
_unpack_all: Final = msgspec.msgpack.Decoder(list[Packed]).decode
