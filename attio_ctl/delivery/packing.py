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
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import Struct

from attio_ctl.delivery.events import Micros
from attio_ctl.delivery.fold import Contribution, holds_all
from attio_ctl.mapping.program import Program
from attio_ctl.mapping.writes import PersonalName, RecordId, RecordKey, Value, Write

PARTITIONS: Final = 128
"""Parts of the records of an object, all of a size; a million records on the disk are 8,000 in memory at a time."""

_REMEMBERED: Final = 256
"""Forms: a workspace has a few, and whoever sets any subset of many attributes has too many to remember."""

pack: Final = msgspec.msgpack.Encoder().encode


class Origin(NamedTuple):
    """Where contributions come from, and to which records they are."""

    mapping: str
    object: str
    attribute: str


class Form(Struct, frozen=True, gc=False):
    """
    What many contributions share, as it stands in them; and the attributes, in the order of their values.

    `shelf` is the first origin of which contributions go to the same records.
    """

    shelf: int
    origin: int
    adds: str
    sets: str
    added: tuple[str, ...]
    assigned: tuple[str, ...]


class Packed(Struct, array_like=True, gc=False):
    """A contribution; `origin`, `adds` and `sets` are those of its form."""

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


class Forms:
    """Numbers origins and attributes, as many as the mappings have; reads contributions together with the bytes."""

    def __init__(self) -> None:
        self._origins: list[Origin] = []
        self._origin_numbers: dict[Origin, int] = {}
        self._slugs: list[str] = []
        self._slug_numbers: dict[str, int] = {}
        self._forms: dict[tuple[Any, ...], Form] = {}
        self._coded: dict[tuple[str, ...], str] = {}
        self._named: dict[str, tuple[str, ...]] = {}

    @classmethod
    def of(cls, program: Program) -> Forms:
        """With everything numbered that a program may say: processes that are forked later agree on all of it."""
        forms = cls()
        for mapping in program.mappings:
            for record in mapping.records:
                slugs = (*(slug for slug, _ in record.links), *(filler.slug for filler in record.fillers))
                forms._form(Origin(mapping.name, record.object, record.match), slugs, ())
        return forms

    def origin(self, number: int) -> Origin:
        """What a number in `Packed.origin` stands for."""
        return self._origins[number]

    def form_of(self, mapping: str, write: Write) -> Form:
        """Of what a mapping writes."""
        return self.form(Origin(mapping, write.key.object, write.key.attribute), tuple(write.values), write.append)

    def form(self, origin: Origin, slugs: tuple[str, ...], append: frozenset[str]) -> Form:
        """Of contributions to some attributes, of which some may be added to."""
        shared = (*slugs, append, origin)
        form = self._forms.get(shared)
        if form is None:
            if len(self._forms) >= _REMEMBERED:
                self._forms.clear()
            added, assigned = sorted(append.intersection(slugs)), sorted({*slugs} - append)
            form = self._forms[shared] = self._form(origin, added, assigned)
        return form

    def _form(self, origin: Origin, added: Sequence[str], assigned: Sequence[str]) -> Form:
        number = _number(origin, self._origin_numbers, self._origins)
        shelf = next(n for n, each in enumerate(self._origins) if each[1:] == origin[1:])
        adds, sets = self.characters(added), self.characters(assigned)
        return Form(shelf, number, adds, sets, tuple(added), tuple(assigned))

    def characters(self, slugs: Iterable[str]) -> str:
        """Some attributes, as in `Packed.sets`."""
        named = tuple(slugs)
        characters = self._coded.get(named)
        if characters is None:
            if len(self._coded) >= _REMEMBERED:
                self._coded.clear()
            # No workspace has as many attributes as there are characters.
            made = "".join([chr(_number(slug, self._slug_numbers, self._slugs)) for slug in named])
            characters = self._coded[named] = sys.intern(made)  # shared as long as anything is of this form
        return characters

    def names(self, characters: str) -> tuple[str, ...]:
        """The inverse of `characters`."""
        names = self._named.get(characters)
        if names is None:
            if len(self._named) >= _REMEMBERED:
                self._named.clear()
            names = self._named[characters] = tuple(self._slugs[ord(each)] for each in characters)
        return names

    def packed(self, contribution: Contribution) -> Packed:
        """The inverse of `contribution`."""
        write = contribution.write
        form, values = self.form_of(contribution.mapping, write), write.values
        added, assigned = ([values[slug] for slug in slugs] for slugs in (form.added, form.assigned))
        return Packed(
            contribution.event,
            contribution.time,
            form.origin,
            write.key.value,
            form.adds,
            form.sets,
            pack(added),
            pack(assigned),
        )

    def contribution(self, packed: Packed) -> Contribution:
        """What was packed, equal to what it was before."""
        origin = self._origins[packed.origin]
        values = dict(zip(self.names(packed.sets), map(restored, _unpack(packed.assigned)), strict=True))
        append = _NOTHING
        if packed.adds:
            added = self.names(packed.adds)
            values.update(zip(added, map(restored, _unpack(packed.added)), strict=True))
            append = frozenset(added)
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


def partition_of(value: str) -> int:
    """Which of the partitions a record belongs to, by what it is named by: the same in all processes of a run."""
    return hash(value) % PARTITIONS


def unpack_all(portion: bytes) -> list[Packed]:
    """The inverse of `pack` of a list of these."""
    return _unpack_all(portion)


def restored(value: Any) -> Value:
    """A value as it was before it was packed with no word on its type."""
    if value.__class__ in _PLAIN:
        return value
    if value.__class__ is list:
        return [restored(item) for item in value]
    if value.__class__ is dict:
        made = _MADE_OF.get(frozenset(value))
        return value if made is None else made(value)
    return value


def _key(fields: Mapping[str, str]) -> RecordKey:
    return RecordKey(**fields)


def _id(fields: Mapping[str, str]) -> RecordId:
    return RecordId(**fields)


_NOTHING: Final = frozenset[str]()
_PLAIN: Final = frozenset({str, int, float, bool, type(None)})
_MADE_OF: Final[Mapping[frozenset[str], Callable[[Mapping[str, str]], Value]]] = {
    frozenset(RecordKey.__struct_fields__): _key,
    frozenset(RecordId.__struct_fields__): _id,
    frozenset(("first_name", "last_name", "full_name")): PersonalName,
}
_unpack: Final[Callable[[bytes], list[Any]]] = msgspec.msgpack.Decoder(list[Any]).decode
_unpack_all: Final = msgspec.msgpack.Decoder(list[Packed]).decode
