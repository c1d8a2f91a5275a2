"""
What the events of a window have to say, by record, until it is sent.

It is kept packed (`packing`), and only what is left in the end is unpacked. A contribution that a newer one overtakes
is dropped at once, so what is held grows with records and not with events. Once the room is full, records that are held
go on taking in what is said about them; what is said about others goes to the disk, partitioned by record, and each
partition is small enough to be folded in memory later. The disk is scratch space, gone with the process however it
ends; nothing was sent from it yet.
"""

from __future__ import annotations

import tempfile
from bisect import insort
from collections.abc import Iterator, Mapping, Sequence, Set
from itertools import chain
from pathlib import Path
from typing import IO, Final, TypeAlias

from attio_ctl.delivery.block_mapper import Said
from attio_ctl.delivery.fold import Contribution, essential
from attio_ctl.delivery.packing import Forms, Packed, pack, unpack_all
from attio_ctl.errors import StorageError
from attio_ctl.mapping.writes import RecordKey

Groups: TypeAlias = Mapping[RecordKey, Sequence[Contribution]]
"""Contributions by record, those to one record from the oldest to the newest."""

HELD: Final = 20_000
"""Contributions that are held in memory; one of six attributes takes half a kilobyte."""

PARTITIONS: Final = 128
"""A million records on the disk are 8,000 in memory at a time."""

_PORTION: Final = 32
"""Contributions of a partition that are written together."""

_LENGTH: Final = 8
"""Bytes before each portion on the disk that say how long it is."""

_CROWD: Final = 16
"""
How many contributions to one record a new one is compared with, the newest first; a group that grows beyond is looked
at as a whole each time that it has doubled, so that a record with a million additions does not cost their square.
"""


class _Shelf:
    """
    What is said about the records that one attribute of one object names.

    Attributes:
        held: By the value of that attribute; mostly one thing, so that needs no list.
        waiting: What goes to the disk next, by partition; `files` are there once something went.
    """

    def __init__(self, obj: str, attribute: str) -> None:
        self.object = obj
        self.attribute = attribute
        self.held: dict[str, Packed | list[Packed]] = {}
        self.waiting: list[list[Packed]] = [[] for _ in range(PARTITIONS)]
        self.files: dict[int, IO[bytes]] = {}

    def key(self, value: str) -> RecordKey:
        return RecordKey(self.object, self.attribute, value)


class Staging:
    """Contributions by rank (`order.Ranks`) and record."""

    def __init__(self, ranks: Mapping[str, int], *, scratch: Path | None = None, held: int = HELD) -> None:
        """
        Args:
            ranks: Of each object that is written.
            scratch: The folder for what does not fit; the system's own by default.
            held: See `HELD`.
        """
        self._ranks = ranks
        self._forms = Forms()
        self._shelves: dict[tuple[str, str], _Shelf] = {}
        self._room = held
        self._beyond = 0
        self._records = 0
        self._loaded = 0
        self._found = 0
        self._scratch = scratch

    def add(self, contribution: Contribution) -> None:
        """
        Take in a contribution.

        Raises:
            StorageError: it does not fit in memory, nor on the disk.
        """
        key = contribution.write.key
        self._add(self._shelf(key.object, key.attribute), self._forms.packed(contribution))

    def take(self, said: Said, first: int, repeated: Set[int]) -> None:
        """
        Take in what a block says.

        Args:
            first: The number of its first event.
            repeated: Events of the block that do not count.

        Raises:
            StorageError: as `add`.
        """
        coded = [self._forms.coded(form) for form in said.forms]
        shelves = [self._shelf(form.origin.object, form.origin.attribute) for form in said.forms]
        columns = zip(said.events, said.times, said.form_numbers, said.keys, said.added, said.assigned, strict=True)
        for event, time, form, key, added, assigned in columns:
            if event not in repeated:
                origin, adds, sets = coded[form]
                new = Packed(first + event, time, origin, key, adds, sets, bytes(added), bytes(assigned))
                self._add(shelves[form], new)

    def _shelf(self, obj: str, attribute: str) -> _Shelf:
        shelf = self._shelves.get((obj, attribute))
        if shelf is None:
            shelf = self._shelves[obj, attribute] = _Shelf(obj, attribute)
        return shelf

    def _add(self, shelf: _Shelf, new: Packed) -> None:
        value = new.value
        known = shelf.held.get(value)
        if known is not None:
            self._room -= self._join(shelf.held, known, new)
        elif self._room > 0 and not self._beyond:  # a record is held or put off, never both
            shelf.held[value] = new
            self._records += 1
            self._room -= 1
        else:
            self._beyond += 1
            partition = hash(value) % PARTITIONS
            waiting = shelf.waiting[partition]
            waiting.append(new)
            if len(waiting) >= _PORTION:
                self._put_off(shelf, partition)

    @property
    def records(self) -> int:
        """
        How many there are, given away ones included: an estimate as long as part of them is on the disk.

        Partitions are alike, so what was loaded tells of the rest; before that, each contribution may be to another.
        """
        rest = self._beyond - self._loaded
        return self._records + (rest * self._found // self._loaded if self._loaded else rest)

    @property
    def is_spilled(self) -> bool:
        """Whether part of it is on the disk: then a rank comes in portions, which do not know of each other."""
        return self._beyond > 0

    def groups(self, rank: int) -> Iterator[tuple[RecordKey, Sequence[Contribution]]]:
        """
        The records of a rank with their contributions, given away: they are not held any longer.

        Raises:
            StorageError: the scratch space cannot be read.
        """
        for shelf in self._shelves.values():
            if self._ranks[shelf.object] == rank:
                yield from self._given_away(shelf, shelf.held)
                for partition in range(PARTITIONS):
                    yield from self._given_away(shelf, self._load(shelf, partition))

    def _given_away(
        self, shelf: _Shelf, records: dict[str, Packed | list[Packed]]
    ) -> Iterator[tuple[RecordKey, Sequence[Contribution]]]:
        unpacked = self._forms.contribution
        while records:
            value, known = records.popitem()
            group = known if isinstance(known, list) else (known,)
            yield shelf.key(value), [unpacked(each) for each in group]

    def close(self) -> None:
        """Free the disk."""
        for shelf in self._shelves.values():
            for file in shelf.files.values():
                file.close()

    def _put_off(self, shelf: _Shelf, partition: int) -> None:
        waiting = shelf.waiting[partition]
        packed = pack(waiting)
        try:
            file = shelf.files.get(partition)
            if file is None:
                file = shelf.files[partition] = self._file()
            file.write(len(packed).to_bytes(_LENGTH) + packed)
        except OSError as error:
            raise self._full(error) from error
        waiting.clear()

    def _load(self, shelf: _Shelf, partition: int) -> dict[str, Packed | list[Packed]]:
        records: dict[str, Packed | list[Packed]] = {}
        waiting, shelf.waiting[partition] = shelf.waiting[partition], []
        count = 0
        try:
            for new in chain(_written(shelf.files.pop(partition, None)), waiting):
                count += 1
                known = records.get(new.value)
                if known is None:
                    records[new.value] = new
                else:
                    self._join(records, known, new)
        except OSError as error:
            raise self._full(error) from error
        self._loaded += count
        self._found += len(records)
        self._records += len(records)
        return records

    def _file(self) -> IO[bytes]:
        if self._scratch is not None:
            self._scratch.mkdir(parents=True, exist_ok=True)
        return tempfile.TemporaryFile(dir=self._scratch)

    def _full(self, error: OSError) -> StorageError:
        return StorageError(
            f"what the events say cannot be kept until it is sent: {error.strerror or error}",
            where=str(self._scratch or tempfile.gettempdir()),
            hint="free the disk, then run the same command again; nothing was lost",
        )

    def _join(self, records: dict[str, Packed | list[Packed]], known: Packed | list[Packed], new: Packed) -> int:
        """
        Put a contribution among those to the same record, without those that are overtaken thereby.

        Returns:
            How many more there are now than before.
        """
        if not isinstance(known, list):
            if known.time <= new.time and self._forms.overtakes(new, known):
                records[new.value] = new  # as nearly always
                return 0
            known = [known]
        before = len(known)
        self._insert(known, new)
        records[new.value] = known if len(known) > 1 else known[0]
        return len(known) - before

    def _insert(self, group: list[Packed], new: Packed) -> None:
        age, overtakes = new.age, self._forms.overtakes
        for n in range(len(group) - 1, max(-1, len(group) - 1 - _CROWD), -1):
            known = group[n]
            if known.age <= age:
                if overtakes(new, known):
                    del group[n]
            elif overtakes(known, new):
                return
        insort(group, new, key=lambda packed: packed.age)
        size = len(group)
        if size >= _CROWD and size & (size - 1) == 0:
            live = essential([self._forms.contribution(each) for each in group])
            group[:] = [self._forms.packed(each) for each in live]


def _written(file: IO[bytes] | None) -> Iterator[Packed]:
    if file is None:
        return
    with file:
        file.seek(0)
        while length := int.from_bytes(file.read(_LENGTH)):
            yield from unpack_all(file.read(length))
