"""
What the events of a window have to say, by record, until it is sent.

A contribution that a newer one overtakes is dropped at once, so what is held grows with records and not with events.
What is too much for memory goes to the disk, partitioned by record: each partition is small enough to be folded in
memory later. The disk is scratch space, gone with the process however it ends; nothing was sent from it yet.
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

HELD: Final = 150_000
"""Contributions that are held in memory; one of six attributes takes about half a kilobyte."""

PARTITIONS: Final = 32
"""A million records on the disk are 30,000 in memory at a time."""

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
        self._hot: list[dict[RecordKey, list[Contribution]]] = [{} for _ in range(ranks)]
        self._count = 0
        self._spilled = 0
        self._held = held
        self._scratch = scratch
        self._files: dict[tuple[int, int], IO[bytes]] = {}

    def add(self, rank: int, contribution: Contribution) -> None:
        """
        Take in a contribution.

        Raises:
            StorageError: it does not fit in memory, nor on the disk.
        """
        hot = self._hot[rank]
        key = contribution.write.key
        group = hot.get(key)
        if group is None:
            hot[key] = [contribution]
            self._count += 1
            if self._count > self._held:
                self._spill()
        elif len(group) == 1 and group[0].time <= contribution.time and overtakes(contribution.write, group[0].write):
            group[0] = contribution  # as nearly always
        else:
            before = len(group)
            _join(group, contribution)
            self._count += len(group) - before

    @property
    def records(self) -> int:
        """How many there are; one that was written to the disk several times counts as often."""
        return self._spilled + sum(map(len, self._hot))

    @property
    def is_spilled(self) -> bool:
        """Whether part of it is on the disk: then a rank comes in partitions, which do not know of each other."""
        return bool(self._files)

    def groups(self, rank: int) -> Iterator[tuple[RecordKey, Sequence[Contribution]]]:
        """
        The records of a rank with their contributions, given away: they are not held any longer.

        Raises:
            StorageError: the scratch space cannot be read.
        """
        if self._files:
            self._spill()
            for partition in range(PARTITIONS):
                yield from self._load(rank, partition).items()
        else:
            hot, self._hot[rank] = self._hot[rank], {}
            yield from hot.items()

    def close(self) -> None:
        """Free the disk."""
        for file in self._files.values():
            file.close()

    def _spill(self) -> None:
        self._spilled = self.records
        try:
            for rank, hot in enumerate(self._hot):
                parts: list[list[list[Contribution]]] = [[] for _ in range(PARTITIONS)]
                for key, group in hot.items():
                    parts[hash(key) % PARTITIONS].append(group)
                for partition, part in enumerate(parts):
                    if part:
                        packed = pack(chain.from_iterable(part))
                        self._file(rank, partition).write(len(packed).to_bytes(_LENGTH) + packed)
                hot.clear()
        except OSError as error:
            raise self._full(error) from error
        self._count = 0

    def _load(self, rank: int, partition: int) -> dict[RecordKey, list[Contribution]]:
        found: dict[RecordKey, list[Contribution]] = {}
        file = self._files.pop((rank, partition), None)
        if file is None:
            return found
        try:
            with file:
                file.seek(0)
                while length := int.from_bytes(file.read(_LENGTH)):
                    for contribution in unpack(file.read(length)):
                        _join(found.setdefault(contribution.write.key, []), contribution)
        except OSError as error:
            raise self._full(error) from error
        return found

    def _file(self, rank: int, partition: int) -> IO[bytes]:
        file = self._files.get((rank, partition))
        if file is None:
            if self._scratch is not None:
                self._scratch.mkdir(parents=True, exist_ok=True)
            file = self._files[rank, partition] = tempfile.TemporaryFile(dir=self._scratch)  # noqa: SIM115  see `close`
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
            if overtakes(new.write, known.write):
                del group[n]
        elif overtakes(known.write, new.write):
            return
    insort(group, new, key=lambda c: c.age)
    size = len(group)
    if size >= _CROWD and size & (size - 1) == 0:
        group[:] = essential(group)
