"""
What the events of a window have to say, by record, until it is sent.

A contribution that a newer one overtakes is dropped at once, so what is held grows with records and not with events.
Once the room is full, records that are held go on taking in what is said about them; what is said about others goes to
the disk, partitioned by record, and each partition is small enough to be folded in memory later. The disk is scratch
space, gone with the process however it ends; nothing was sent from it yet.
"""

from __future__ import annotations

import tempfile
from bisect import insort
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import IO, Final, TypeAlias

from attio_ctl.delivery.fold import Contribution, essential, overtakes
from attio_ctl.delivery.packing import pack, unpack
from attio_ctl.errors import StorageError
from attio_ctl.mapping.writes import RecordKey

Groups: TypeAlias = Mapping[RecordKey, Sequence[Contribution]]
"""Contributions by record, those to one record from the oldest to the newest."""

HELD: Final = 40_000
"""Contributions that are held in memory; one of six attributes takes nearly a kilobyte."""

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
    """Contributions by rank (`order.ranks`) and record."""

    def __init__(self, *, ranks: int, scratch: Path | None = None, held: int = HELD) -> None:
        """
        Args:
            scratch: The folder for what does not fit; the system's own by default.
            held: See `HELD`.
        """
        self._held: list[dict[RecordKey, list[Contribution]]] = [{} for _ in range(ranks)]
        self._room = held
        self._beyond = 0
        self._scratch = scratch
        self._overflow: dict[tuple[int, int], list[Contribution]] = {}
        self._files: dict[tuple[int, int], IO[bytes]] = {}

    def add(self, rank: int, contribution: Contribution) -> None:
        """
        Take in a contribution.

        Raises:
            StorageError: it does not fit in memory, nor on the disk.
        """
        held = self._held[rank]
        key = contribution.write.key
        group = held.get(key)
        if group is None:
            if self._room > 0 and not self._overflow:  # a record is held or put off, never both
                held[key] = [contribution]
                self._room -= 1
            else:
                self._put_off(rank, contribution)
        elif len(group) == 1 and group[0].time <= contribution.time and overtakes(contribution, group[0]):
            group[0] = contribution  # as nearly always
        else:
            before = len(group)
            _join(group, contribution)
            self._room -= len(group) - before

    @property
    def records(self) -> int:
        """How many there are; of those on the disk, as many at most as there are contributions to them."""
        return self._beyond + sum(map(len, self._held))

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
        held, self._held[rank] = self._held[rank], {}
        while held:
            yield held.popitem()
        for partition in range(PARTITIONS):
            yield from self._load(rank, partition).items()

    def close(self) -> None:
        """Free the disk."""
        for file in self._files.values():
            file.close()

    def _put_off(self, rank: int, contribution: Contribution) -> None:
        place = rank, hash(contribution.write.key) % PARTITIONS
        waiting = self._overflow.setdefault(place, [])
        waiting.append(contribution)
        self._beyond += 1
        if len(waiting) >= _PORTION:
            packed = pack(waiting)
            try:
                self._file(place).write(len(packed).to_bytes(_LENGTH) + packed)
            except OSError as error:
                raise self._full(error) from error
            waiting.clear()

    def _load(self, rank: int, partition: int) -> dict[RecordKey, list[Contribution]]:
        found: dict[RecordKey, list[Contribution]] = {}
        place = rank, partition
        try:
            for contribution in chain(self._written(place), self._overflow.pop(place, ())):
                _join(found.setdefault(contribution.write.key, []), contribution)
        except OSError as error:
            raise self._full(error) from error
        return found

    def _written(self, place: tuple[int, int]) -> Iterator[Contribution]:
        file = self._files.pop(place, None)
        if file is None:
            return
        with file:
            file.seek(0)
            while length := int.from_bytes(file.read(_LENGTH)):
                yield from unpack(file.read(length))

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


def _join(group: list[Contribution], new: Contribution) -> None:
    """Put a contribution among those to the same record, without those that are overtaken thereby."""
    age = new.age
    for n in range(len(group) - 1, max(-1, len(group) - 1 - _CROWD), -1):
        known = group[n]
        if known.age <= age:
            if overtakes(new, known):
                del group[n]
        elif overtakes(known, new):
            return
    insort(group, new, key=lambda c: c.age)
    size = len(group)
    if size >= _CROWD and size & (size - 1) == 0:
        group[:] = essential(group)
