"""
From what is staged to what is due, a partition at a time: loaded, folded, compared with what the ledger knows.

    few records     all of it in this process
    many            in forked processes (`workers`), which have what is staged already and ask the ledger themselves

Either way a partition comes back packed. What the events said is kept so, since hardly ever anybody asks for it once
more: only where Attio refuses the record, or its mapping is paused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Any, Final, NamedTuple, TypeAlias, overload

import msgspec
from msgspec import Struct

from attio_ctl.delivery.cells import Cells, PackedCells
from attio_ctl.delivery.fold import Contribution, Due, due_of
from attio_ctl.delivery.ledger import Ledger
from attio_ctl.delivery.packing import Forms, Packed, pack, restored, unpack_all
from attio_ctl.delivery.staging import Staging
from attio_ctl.delivery.workers import Workers
from attio_ctl.mapping.writes import RecordKey

AT_ONCE: Final = 10_000
"""Records that are given to the transport at a time: one full batch."""

AHEAD: Final = 8
"""Partitions that a process folds before the first of them is taken: a batch goes out while the next one is made."""

Group: TypeAlias = Sequence[Contribution]


class Parcel(NamedTuple):
    """What is due for a record, and what was said about it."""

    due: Due
    items: Group


def parcel_of(key: RecordKey, items: Group, known: Cells, *, in_doubt: bool) -> Parcel:
    """Of a record; arguments as for `due_of`."""
    return Parcel(due_of(key, items, known, in_doubt=in_doubt), items)


class Folding:
    """Folds what is staged; close it when done."""

    def __init__(self, staging: Staging, forms: Forms, ledger: Ledger, *, in_doubt: bool, processes: int) -> None:
        """
        Args:
            forms: With which it is packed.
            ledger: Asked what is in the records.
            in_doubt: Whether that can be relied on, see `Ledger.in_doubt`.
            processes: How many fold where there is much; 1 for this one alone.
        """
        self._staging = staging
        self._forms = forms
        self._ledger = ledger
        self._in_doubt = in_doubt
        self._processes = processes
        self._workers: Workers[_Place] | None = None

    def parcels(self, rank: int) -> Iterator[list[Parcel]]:
        """
        The records of a rank, in full batches: given away, they are not staged any longer.

        Raises:
            StorageError: the scratch space or the ledger cannot be read.
        """
        folded = self._folded(self._staging.partitions(rank))
        parcels = chain.from_iterable(self._unpacked(*place, packed) for place, packed in folded)
        while (first := next(parcels, None)) is not None:
            yield [first, *islice(parcels, AT_ONCE - 1)]  # held by whoever takes it alone

    @property
    def pids(self) -> tuple[int, ...]:
        """Of the processes, as long as there are any."""
        return self._workers.pids if self._workers is not None else ()

    def close(self) -> None:
        """End the processes."""
        if self._workers is not None:
            self._workers.close()

    def _folded(self, places: Sequence[_Place]) -> Iterator[tuple[_Place, bytes]]:
        if not self._staging.is_spilled or self._processes == 1:
            for place in places:
                yield place, self._fold(*place)
            return
        if self._workers is None:
            self._ledger.let_go()
            self._workers = Workers(lambda place: self._fold(*map(int, place.split())), self._processes, AHEAD)
        for place, packed in self._workers.map((place, b"%d %d" % place) for place in places):
            yield place, self._fold(*place) if packed is None else packed

    def _fold(self, shelf: int, partition: int) -> bytes:
        """What is due for the records of a partition."""
        key_of, unpacked, in_doubt = self._staging.key_of(shelf), self._forms.contribution, self._in_doubt
        count, records = self._staging.load(shelf, partition)
        known = self._ledger.cells(map(key_of, records))
        rows = []
        while records:
            value, some = records.popitem()
            said = some if isinstance(some, list) else [some]
            key = key_of(value)
            parcel = parcel_of(key, [unpacked(each) for each in said], known.get(key, {}), in_doubt=in_doubt)
            rows.append(self._row(parcel.due, said))
        return pack((count, rows))

    def _row(self, due: Due, said: Sequence[Packed]) -> tuple[Any, ...]:
        """A `_PackedParcel`, which is packed more quickly as a tuple."""
        assigns, appends = map(self._forms.characters, (due.assign, due.append))
        values = (assigns, [*due.assign.values()], appends, [*due.append.values()])
        return (due.key.value, due.identity, *values, due.cells, due.live, due.changed, due.mapping, pack(said))

    def _unpacked(self, shelf: int, partition: int, packed: bytes) -> Iterator[Parcel]:
        key_of, forms, names = self._staging.key_of(shelf), self._forms, self._forms.names
        count, rows = _unpack_rows(packed)
        self._staging.note_loaded(shelf, partition, count, len(rows))
        for row in map(_unpack_row, rows):
            assign = dict(zip(names(row.assigns), map(restored, row.assigned), strict=True))
            append = {
                slug: [restored(value) for value in values]
                for slug, values in zip(names(row.appends), row.appended, strict=True)
            }
            key, identity = key_of(row.value), restored(row.identity)
            due = Due(key, identity, assign, append, row.cells, row.live, row.changed, row.mapping)
            yield Parcel(due, Kept(forms, row.said))


class _PackedParcel(Struct, array_like=True, gc=False):
    """
    What is due for a record, and what was said about it.

    Attributes by their characters (`packing`): so that their names are not in memory once for each record.
    """

    value: str
    identity: Any
    assigns: str
    assigned: list[Any]
    appends: str
    appended: list[Any]
    cells: PackedCells
    live: frozenset[int]
    changed: bool
    mapping: str
    said: bytes


_Place: TypeAlias = tuple[int, int]
"""Shelf and partition."""

_unpack_rows: Final = msgspec.msgpack.Decoder(tuple[int, list[msgspec.Raw]]).decode
_unpack_row: Final = msgspec.msgpack.Decoder(_PackedParcel).decode


class Kept(Sequence[Contribution]):
    """Contributions to one record, which are unpacked when they are asked for."""

    __slots__ = ("_forms", "_packed")

    def __init__(self, forms: Forms, packed: bytes) -> None:
        self._forms = forms
        self._packed = packed

    def _all(self) -> list[Contribution]:
        return [self._forms.contribution(each) for each in unpack_all(self._packed)]

    def __len__(self) -> int:
        return len(unpack_all(self._packed))

    @overload
    def __getitem__(self, at: int) -> Contribution: ...
    @overload
    def __getitem__(self, at: slice) -> list[Contribution]: ...
    def __getitem__(self, at: int | slice) -> Contribution | list[Contribution]:
        return self._all()[at]

    def __iter__(self) -> Iterator[Contribution]:
        return iter(self._all())
