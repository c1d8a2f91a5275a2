"""
What the events of a window have to say, by record, until it is sent.

It is kept packed (`packing`) as it comes, in partitions: each holds all that is said about some of the records that one
attribute of one object names, and is small enough to be put in order in memory, once it is to be sent. What is
overtaken by then is never unpacked. Once there is too much for the memory, partitions go to the disk, and those that
grow large there are rid of what is overtaken, so that they grow with records and not with events. The disk is scratch
space, gone with the process however it ends; nothing was sent from it yet.
"""

from __future__ import annotations

import tempfile
from array import array
from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Final, TypeAlias

from attio_ctl.delivery.block_mapper import Said
from attio_ctl.delivery.fold import Contribution, essential
from attio_ctl.delivery.packing import PARTITIONS, Forms, Packed, pack, partition_of, unpack_all
from attio_ctl.delivery.scratch import Heap, Scratch
from attio_ctl.errors import StorageError
from attio_ctl.mapping.writes import RecordKey

Groups: TypeAlias = Mapping[RecordKey, Sequence[Contribution]]
"""Contributions by record, those to one record from the oldest to the newest."""

HELD: Final = 4 * 1024 * 1024
"""Bytes that are held in memory; a contribution to six attributes takes two hundred."""

LARGE: Final = 4 * 1024 * 1024
"""Bytes of a partition on the disk from which on it is looked through for what is overtaken."""

_HEAD: Final = 8
"""Bytes of each of two numbers before a portion on the disk: the number of the first event of its block, its length."""

WHOLE: Final = 20_000
"""Contributions to records that need each other which may be held at once, unpacked."""

_NOBODY: Final = array("q")

_TOGETHER: Final = 64
"""Contributions that are written together once a partition was looked through."""

_CROWD: Final = 16
"""
How many contributions to one record a new one is compared with, the newest first; a group that grows beyond is looked
at as a whole each time that it has doubled, so that a record with a million additions does not cost their square.
"""

Records: TypeAlias = dict[str, Packed | list[Packed]]
"""What is left to say, by what a record is named by; mostly one thing, so that needs no list."""

_Portion: TypeAlias = tuple[int, bytes]
"""Packed contributions of one block, whose events are numbered from 0, after the number of the first of them."""


@dataclass(slots=True)
class _Partition:
    """
    All that is said about some records.

    Attributes:
        portions: Those in memory, the last ones; `size` in bytes.
        heap: Those before; beyond `bound` bytes it is looked through.
    """

    portions: list[_Portion] = field(default_factory=list)
    size: int = 0
    heap: Heap = field(default_factory=Heap)
    bound: int = field(default_factory=lambda: LARGE)


class Staging:
    """Contributions by rank (`order.Ranks`) and record; a shelf is what goes to one attribute of one object."""

    def __init__(
        self, ranks: Mapping[str, int], *, forms: Forms | None = None, scratch: Path | None = None, held: int = HELD
    ) -> None:
        """
        Args:
            ranks: Of each object that is written.
            forms: With which what is taken in was packed.
            scratch: The folder for what does not fit; the system's own by default.
            held: See `HELD`.
        """
        self._ranks = ranks
        self._forms = Forms() if forms is None else forms
        self._shelves: dict[int, list[_Partition]] = {}
        self._held = held
        self._size = 0
        self._staged = 0
        self._loaded = 0
        self._found = 0
        self._scratch = Scratch(scratch)
        self._place = str(scratch or tempfile.gettempdir())

    def add(self, contribution: Contribution) -> None:
        """
        Take in a contribution.

        Raises:
            StorageError: it does not fit in memory, nor on the disk.
        """
        shelf = self._forms.form_of(contribution.mapping, contribution.write).shelf
        packed = pack((self._forms.packed(contribution),))
        self._staged += 1
        self._add(shelf, partition_of(contribution.write.key.value), (0, packed))

    def take(self, said: Said, first: int) -> None:
        """
        Take in what a block says; `first` is the number of its first event.

        Raises:
            StorageError: as `add`.
        """
        self._staged += sum(said.counts.values())
        for portion in said.portions:
            self._add(portion.shelf, portion.partition, (first, portion.packed))

    def _add(self, shelf: int, partition: int, portion: _Portion) -> None:
        parts = self._shelves.get(shelf)
        if parts is None:
            parts = self._shelves[shelf] = [_Partition() for _ in range(PARTITIONS)]
        part, size = parts[partition], len(portion[1])
        part.portions.append(portion)
        part.size += size
        self._size += size
        if self._size > self._held and part.size > self._held // (PARTITIONS * len(self._shelves)):
            self._put_off(part)
            if part.heap.size > part.bound:
                self._tidy(part)

    @property
    def records(self) -> int:
        """
        How many there are, given away ones included: an estimate as long as they are not counted.

        Partitions are alike, so what was loaded tells of the rest; before that, each contribution may be to another.
        """
        rest = self._staged - self._loaded
        return self._found + (rest * self._found // self._loaded if self._loaded else rest)

    @property
    def is_counted(self) -> bool:
        """Whether everything was loaded, so that it is known how many records there are."""
        return self._loaded >= self._staged

    @property
    def is_spilled(self) -> bool:
        """Whether it is too much for the memory."""
        return self._size > self._held

    def groups(self, rank: int) -> Iterator[tuple[RecordKey, Sequence[Contribution]]]:
        """
        The records of a rank with their contributions, given away: they are not held any longer.

        Raises:
            StorageError: the scratch space cannot be read.
        """
        unpacked = self._forms.contribution
        for shelf, partition in self.partitions(rank):
            key_of, (count, records) = self.key_of(shelf), self.load(shelf, partition)
            self.note_loaded(shelf, partition, count, len(records))
            while records:
                value, known = records.popitem()
                yield key_of(value), [unpacked(each) for each in (known if isinstance(known, list) else (known,))]

    def census(self, rank: int) -> Callable[[RecordKey], bool] | None:
        """
        Whether a record is among those of a rank; None where there are so few that all of them can be held.

        Raises:
            StorageError: the scratch space cannot be read.
        """
        hashes: dict[tuple[str, str, int], array[int]] = {}
        left = 0
        for shelf, partition in self.partitions(rank):
            origin = self._forms.origin(shelf)
            _, records = self._joined(self._shelves[shelf][partition])
            left += sum(len(said) if isinstance(said, list) else 1 for said in records.values())
            hashes[origin.object, origin.attribute, partition] = array("q", sorted(map(hash, records)))
        if left <= WHOLE:
            return None

        def is_staged(key: RecordKey) -> bool:
            some = hashes.get((key.object, key.attribute, partition_of(key.value)), _NOBODY)
            at = bisect_left(some, hash(key.value))
            return at < len(some) and some[at] == hash(key.value)

        return is_staged

    def partitions(self, rank: int) -> list[tuple[int, int]]:
        """Shelf and number of those partitions of a rank in which there is anything."""
        return [
            (shelf, partition)
            for shelf, parts in self._shelves.items()
            if self._ranks[self._forms.origin(shelf).object] == rank
            for partition, part in enumerate(parts)
            if part.portions or part.heap.size
        ]

    def key_of(self, shelf: int) -> Callable[[str], RecordKey]:
        """Makes the keys of the records of a shelf."""
        origin = self._forms.origin(shelf)
        return partial(RecordKey, origin.object, origin.attribute)

    def load(self, shelf: int, partition: int) -> tuple[int, Records]:
        """
        How many contributions there were to the records of a partition, and these, given away.

        Raises:
            StorageError: the scratch space cannot be read.
        """
        part = self._shelves[shelf][partition]
        loaded = self._joined(part)
        self._clear(shelf, partition)
        return loaded

    def note_loaded(self, shelf: int, partition: int, contributions: int, records: int) -> None:
        """Count what was loaded, in whichever process that was."""
        self._clear(shelf, partition)
        self._loaded += contributions
        self._found += records

    def _clear(self, shelf: int, partition: int) -> None:
        self._scratch.free(self._shelves[shelf][partition].heap)
        self._shelves[shelf][partition] = _Partition()

    def close(self) -> None:
        """Free the disk."""
        self._scratch.close()

    def _put_off(self, part: _Partition) -> None:
        """Write what is in memory to the disk."""
        try:
            self._scratch.append(part.heap, b"".join([_headed(*portion) for portion in part.portions]))
        except OSError as error:
            raise self._full(error) from error
        part.portions, part.size = [], 0

    def _tidy(self, part: _Partition) -> None:
        """Take what is overtaken off a partition; it is looked through again when it is four times as large as then."""
        count, records = self._joined(part)
        self._staged -= count
        self._scratch.free(part.heap)
        part.portions, part.size = [], 0
        left = chain.from_iterable(each if isinstance(each, list) else (each,) for each in records.values())
        while some := list(islice(left, _TOGETHER)):
            part.portions.append((0, pack(some)))
            self._staged += len(some)
        self._put_off(part)
        part.bound = max(LARGE, 4 * part.heap.size)

    def _joined(self, part: _Partition) -> tuple[int, Records]:
        """How many contributions there are in it, and what is left to say of them."""
        records: Records = {}
        count = 0
        try:
            for first, portion in chain(_portions(self._scratch.read(part.heap)), part.portions):
                some = unpack_all(portion)
                count += len(some)
                for new in some:
                    new.event += first
                    known = records.get(new.value)
                    if known is None:
                        records[new.value] = new
                    else:
                        self._join(records, known, new)
        except OSError as error:
            raise self._full(error) from error
        return count, records

    def _full(self, error: OSError) -> StorageError:
        return StorageError(
            f"what the events say cannot be kept until it is sent: {error.strerror or error}",
            where=self._place,
            hint="free the disk, then run the same command again; nothing was lost",
        )

    def _join(self, records: Records, known: Packed | list[Packed], new: Packed) -> None:
        """Put a contribution among those to the same record, without those that are overtaken thereby."""
        if not isinstance(known, list):
            if (
                known.time < new.time or (known.time == new.time and known.event <= new.event)
            ) and self._forms.overtakes(new, known):
                records[new.value] = new  # as nearly always
                return
            known = [known]
        self._insert(known, new)
        records[new.value] = known if len(known) > 1 else known[0]

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


def _headed(first: int, portion: bytes) -> bytes:
    return first.to_bytes(_HEAD) + len(portion).to_bytes(_HEAD) + portion


def _portions(pages: Iterable[bytes]) -> Iterator[_Portion]:
    """What was written of a partition, one portion in memory at a time."""
    rest = b""
    for page in pages:
        rest += page
        at = 0
        while len(rest) - at >= 2 * _HEAD:
            first, length = int.from_bytes(rest[at : at + _HEAD]), int.from_bytes(rest[at + _HEAD : at + 2 * _HEAD])
            begin = at + 2 * _HEAD
            if len(rest) - begin < length:
                break
            yield first, rest[begin : begin + length]
            at = begin + length
        rest = rest[at:]
