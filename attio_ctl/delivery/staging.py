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
from attio_ctl.delivery.packing import Form, Forms, Packed, pack, unpack_all
from attio_ctl.errors import StorageError
from attio_ctl.mapping.writes import RecordKey

Records: TypeAlias = dict[str, Packed | list[Packed]]
"""What is said about records, by the value of the matching attribute; mostly one thing, so that needs no list."""

Groups: TypeAlias = Mapping[RecordKey, Sequence[Contribution]]
"""Contributions by record, those to one record from the oldest to the newest."""

HELD: Final = 80_000
"""Contributions that are held in memory; one of six attributes takes half a kilobyte."""

PARTITIONS: Final = 32
"""A million records on the disk are 30,000 in memory at a time."""

_PORTION: Final = 100
"""Contributions of a partition that are written together."""

_LENGTH: Final = 8
"""Bytes before each portion on the disk that say how long it is."""

_CROWD: Final = 16
"""
How many contributions to one record a new one is compared with, the newest first; a group that grows beyond is looked
at as a whole each time that it has doubled, so that a record with a million additions does not cost their square.
"""


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
        self._held: dict[tuple[str, str], Records] = {}
        self._room = held
        self._beyond = 0
        self._scratch = scratch
        self._overflow: dict[tuple[int, int], list[Packed]] = {}
        self._files: dict[tuple[int, int], IO[bytes]] = {}

    def add(self, contribution: Contribution) -> None:
        """
        Take in a contribution.

        Raises:
            StorageError: it does not fit in memory, nor on the disk.
        """
        self._add(self._records(contribution.write.key), self._forms.packed(contribution))

    def take(self, said: Said, first: int, repeated: Set[int]) -> None:
        """
        Take in what a block says.

        Args:
            first: The number of its first event.
            repeated: Events of the block that do not count.

        Raises:
            StorageError: as `add`.
        """
        numbers = [self._forms.number(form) for form in said.forms]
        places = [self._records(form) for form in said.forms]
        columns = zip(said.events, said.times, said.form_numbers, said.values, said.added, said.assigned, strict=True)
        for event, time, form, value, added, assigned in columns:
            if event in repeated:
                continue
            new = Packed(first + event, time, numbers[form], value, added, assigned)
            records = places[form]
            known = records.get(value)
            if known.__class__ is Packed and known.time <= time and known.form == new.form and known.added == added:
                records[value] = new  # as nearly always: see `packing`
            else:
                self._add(records, new)

    def _records(self, named: RecordKey | Form) -> Records:
        return self._held.setdefault((named.object, named.attribute), {})

    def _add(self, records: Records, new: Packed) -> None:
        known = records.get(new.value)
        if known is None:
            if self._room > 0 and not self._overflow:  # a record is held or put off, never both
                records[new.value] = new
                self._room -= 1
            else:
                self._put_off(new)
            return
        self._room -= self._join(records, known, new)

    @property
    def records(self) -> int:
        """How many there are; of those on the disk, as many at most as there are contributions to them."""
        return self._beyond + sum(map(len, self._held.values()))

    @property
    def is_spilled(self) -> bool:
        """Whether part of it is on the disk: then a rank comes in portions, which do not know of each other."""
        return bool(self._overflow)

    def groups(self, rank: int) -> Iterator[tuple[RecordKey, Sequence[Contribution]]]:
        """
        The records of a rank with their contributions, given away: they are not held any longer.

        Raises:
            StorageError: the scratch space cannot be read.
        """
        for (obj, attribute), records in self._held.items():
            if self._ranks[obj] == rank:
                yield from self._given_away(obj, attribute, records)
        for partition in range(PARTITIONS):
            for (obj, attribute), records in self._load(rank, partition).items():
                yield from self._given_away(obj, attribute, records)

    def _given_away(
        self, obj: str, attribute: str, records: Records
    ) -> Iterator[tuple[RecordKey, Sequence[Contribution]]]:
        unpacked = self._forms.contribution
        while records:
            value, known = records.popitem()
            group = known if isinstance(known, list) else (known,)
            yield RecordKey(obj, attribute, value), [unpacked(each) for each in group]

    def close(self) -> None:
        """Free the disk."""
        for file in self._files.values():
            file.close()

    def _put_off(self, new: Packed) -> None:
        place = self._ranks[self._forms[new.form].object], hash(new.value) % PARTITIONS
        waiting = self._overflow.setdefault(place, [])
        waiting.append(new)
        self._beyond += 1
        if len(waiting) >= _PORTION:
            packed = pack(waiting)
            try:
                self._file(place).write(len(packed).to_bytes(_LENGTH) + packed)
            except OSError as error:
                raise self._full(error) from error
            waiting.clear()

    def _load(self, rank: int, partition: int) -> dict[tuple[str, str], Records]:
        found: dict[tuple[str, str], Records] = {}
        place = rank, partition
        try:
            for new in chain(self._written(place), self._overflow.pop(place, ())):
                form = self._forms[new.form]
                records = found.setdefault((form.object, form.attribute), {})
                known = records.get(new.value)
                if known is None:
                    records[new.value] = new
                else:
                    self._join(records, known, new)
        except OSError as error:
            raise self._full(error) from error
        return found

    def _written(self, place: tuple[int, int]) -> Iterator[Packed]:
        file = self._files.pop(place, None)
        if file is None:
            return
        with file:
            file.seek(0)
            while length := int.from_bytes(file.read(_LENGTH)):
                yield from unpack_all(file.read(length))

    def _file(self, place: tuple[int, int]) -> IO[bytes]:
        file = self._files.get(place)
        if file is None:
            if self._scratch is not None:
                self._scratch.mkdir(parents=True, exist_ok=True)
            file = self._files[place] = tempfile.TemporaryFile(dir=self._scratch)  # noqa: SIM115  see `close`
        return file

    def _full(self, error: OSError) -> StorageError:
        return StorageError(
            f"what the events say cannot be kept until it is sent: {error.strerror or error}",
            where=str(self._scratch or tempfile.gettempdir()),
            hint="free the disk, then run the same command again; nothing was lost",
        )

    def _join(self, records: Records, known: Packed | list[Packed], new: Packed) -> int:
        """
        Put a contribution among those to the same record, without those that are overtaken thereby.

        Returns:
            How many more there are now than before.
        """
        group = known if isinstance(known, list) else [known]
        before = len(group)
        self._insert(group, new)
        records[new.value] = group if len(group) > 1 else group[0]
        return len(group) - before

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
