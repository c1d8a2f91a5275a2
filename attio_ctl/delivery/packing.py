"""
Contributions as bytes: what events say is kept packed until it is sent, and what is overtaken is never unpacked.

    form       what contributions of one mapping to one object with the same attributes share; kept once
    value      of the matching attribute: with the form's object it names the record
    added      the values of the attributes that are added to
    assigned   the values of the others

Two of the same form, of which the newer adds the same bytes as the older, need no look inside: nothing of the older
one is left. That is how nearly all of them end. The bytes are MessagePack, in which Structs are maps; among values a
map may be a record's key or id, a name or a location, and they are told apart by their keys when they are read again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from attio_ctl.delivery.events import Micros
from attio_ctl.delivery.fold import Contribution, holds_all
from attio_ctl.mapping.writes import PersonalName, RecordId, RecordKey, Value, Write

pack: Final = msgspec.msgpack.Encoder().encode


class Form(Struct, frozen=True, array_like=True, gc=False):
    """
    What many contributions share.

    `slugs` in the order of the write's values; `append` are those that are added to, `write.append` among them.
    """

    mapping: str
    object: str
    attribute: str
    slugs: tuple[str, ...]
    append: frozenset[str]

    @property
    def added(self) -> tuple[str, ...]:
        return tuple(slug for slug in self.slugs if slug in self.append)

    @property
    def assigned(self) -> tuple[str, ...]:
        return tuple(slug for slug in self.slugs if slug not in self.append)


class Packed(Struct, frozen=True, array_like=True, gc=False):
    """A contribution; `form` is a number in `Forms`."""

    event: int
    time: Micros
    form: int
    value: str
    added: bytes
    assigned: bytes

    @property
    def age(self) -> tuple[Micros, int]:
        """As `Contribution.age`."""
        return self.time, self.event


class Parting:
    """
    Parts the values of many writes into what is added and what is assigned; `forms` are those met so far, in the order
    of their numbers.
    """

    def __init__(self) -> None:
        self.forms: list[Form] = []
        self._known: dict[tuple[Any, ...], tuple[int, tuple[str, ...], tuple[str, ...]]] = {}

    def part(self, mapping: str, write: Write) -> tuple[int, list[Value], list[Value]]:
        """The number of the form, and the values."""
        key, values, append = write.key, write.values, write.append
        shared = (*values, append, key.attribute, key.object, mapping)
        known = self._known.get(shared)
        if known is None:
            form = Form(mapping, key.object, key.attribute, tuple(values), append)
            known = self._known[shared] = len(self.forms), form.added, form.assigned
            self.forms.append(form)
        number, added, assigned = known
        if not added:
            return number, [], [*values.values()]
        return number, [values[slug] for slug in added], [values[slug] for slug in assigned]


class Forms:
    """The forms of a window, numbered; reads what they say together with the bytes."""

    def __init__(self) -> None:
        self._forms: list[Form] = []
        self._numbers: dict[Form, int] = {}
        self._parting = Parting()
        self._both_add: dict[tuple[int, int], frozenset[str] | None] = {}

    def number(self, form: Form) -> int:
        number = self._numbers.setdefault(form, len(self._forms))
        if number == len(self._forms):
            self._forms.append(form)
        return number

    def __getitem__(self, number: int) -> Form:
        return self._forms[number]

    def packed(self, contribution: Contribution) -> Packed:
        """The inverse of `contribution`."""
        write = contribution.write
        local, added, assigned = self._parting.part(contribution.mapping, write)
        number = self.number(self._parting.forms[local])
        parts = pack(added), pack(assigned)
        return Packed(contribution.event, contribution.time, number, write.key.value, *parts)

    def contribution(self, packed: Packed) -> Contribution:
        """What was packed, equal to what it was before."""
        form = self._forms[packed.form]
        assigned = iter(_unpack(packed.assigned))
        added = iter(_unpack(packed.added))
        values = {slug: _restored(next(added if slug in form.append else assigned)) for slug in form.slugs}
        write = Write(RecordKey(form.object, form.attribute, packed.value), values, form.append)
        return Contribution(packed.event, packed.time, form.mapping, write)

    def overtakes(self, newer: Packed, older: Packed) -> bool:
        """As `fold.overtakes`."""
        if newer.form == older.form and newer.added == older.added:
            return True
        above, below = self._forms[newer.form], self._forms[older.form]
        if newer.time == older.time and not below.append <= above.append:
            return False
        asked = newer.form, older.form
        if asked not in self._both_add:
            self._both_add[asked] = _both_add(above, below)
        slugs = self._both_add[asked]
        if not slugs:
            return slugs is not None
        more, fewer = self._added(newer), self._added(older)
        return all(holds_all(more[slug], fewer[slug]) for slug in slugs)

    def _added(self, packed: Packed) -> dict[str, Any]:
        return dict(zip(self._forms[packed.form].added, _unpack(packed.added), strict=True))


def _both_add(newer: Form, older: Form) -> frozenset[str] | None:
    """The attributes of which the newer has to add all that the older adds; None if it leaves some in any case."""
    if not frozenset(older.slugs) <= frozenset(newer.slugs):
        return None
    shared = frozenset(newer.added) & frozenset(older.slugs)
    return shared if shared <= older.append else None


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
