"""
Everything that events say about refused records, on the disk: where the culprits among them are looked for.

One record may be made of a million events. In memory there are three numbers for each; what they say, and the bytes of
their lines, lie in an unnamed file that is gone with the process, and come back one by one or a stretch at a time.
"""

from __future__ import annotations

import tempfile
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, overload

import msgspec

from attio_ctl.delivery.fold import Contribution, essential
from attio_ctl.delivery.packing import Forms, pack, unpack_all
from attio_ctl.delivery.source import Line
from attio_ctl.errors import StorageError
from attio_ctl.mapping.writes import RecordKey

IN_MEMORY: Final = 4 * 1024 * 1024
"""Bytes that need no file."""

STRETCH: Final = 500
"""Contributions that are folded at a time."""

_LENGTH: Final = 4
"""Bytes before each entry that say how long it is."""

_decode: Final = msgspec.msgpack.Decoder(tuple[str, int, int, int, bytes]).decode


class Evidence:
    """Contributions to some records with their lines; close it when done."""

    def __init__(self, scratch: Path | None) -> None:
        """
        Args:
            scratch: The folder for what does not fit in memory, the system's own where None.
        """
        self._file = tempfile.SpooledTemporaryFile(IN_MEMORY, dir=None if scratch is None else str(scratch))  # noqa: SIM115  see `close`
        self._scratch = scratch
        self._forms = Forms()
        self._size = 0
        self._events = array("q")
        self._lines = array("q")
        self._said: dict[RecordKey, tuple[array[int], array[int], array[int]]] = {}

    def add(self, line: Line, contribution: Contribution) -> None:
        """
        Take in what one event says about one record; events come in the order of the input.

        Raises:
            StorageError: there is no room for it.
        """
        event = contribution.event
        if not self._events or self._events[-1] != event:
            self._events.append(event)
            self._lines.append(self._write(pack((line.file, line.offset, line.end, line.number, line.raw))))
        said = self._said.get(contribution.write.key)
        if said is None:
            said = self._said[contribution.write.key] = array("q"), array("q"), array("q")
        times, events, offsets = said
        times.append(contribution.time)
        events.append(event)
        offsets.append(self._write(pack([self._forms.packed(contribution)])))

    def told(self) -> dict[RecordKey, Told]:
        """Everything about each record, the oldest first."""
        found = {}
        for key, (times, events, offsets) in self._said.items():
            order = sorted(range(len(times)), key=lambda n: (times[n], events[n]))
            found[key] = Told(self, array("q", (offsets[n] for n in order)))
        return found

    def line(self, event: int) -> Line:
        """The line of an event that was taken in."""
        return Line(*_decode(self._read(self._lines[bisect_left(self._events, event)])))

    def contribution(self, offset: int) -> Contribution:
        """What was written there."""
        return self._forms.contribution(unpack_all(self._read(offset))[0])

    def close(self) -> None:
        """Free the disk."""
        self._file.close()

    def _write(self, entry: bytes) -> int:
        offset = self._size
        try:
            self._file.seek(offset)
            self._file.write(len(entry).to_bytes(_LENGTH) + entry)
        except OSError as error:
            raise self._full(error) from error
        self._size += _LENGTH + len(entry)
        return offset

    def _read(self, offset: int) -> bytes:
        try:
            self._file.seek(offset)
            return self._file.read(int.from_bytes(self._file.read(_LENGTH)))
        except OSError as error:
            raise self._full(error) from error

    def _full(self, error: OSError) -> StorageError:
        return StorageError(
            f"what the events of refused records say cannot be kept: {error.strerror or error}",
            where=str(self._scratch or tempfile.gettempdir()),
            hint="free the disk, then run the same command again; nothing was lost",
        )


class Told(Sequence[Contribution]):
    """Contributions to one record in the order of their age, each read when it is asked for."""

    def __init__(self, evidence: Evidence, offsets: array[int]) -> None:
        self._evidence = evidence
        self._offsets = offsets

    def __len__(self) -> int:
        return len(self._offsets)

    @overload
    def __getitem__(self, at: int) -> Contribution: ...
    @overload
    def __getitem__(self, at: slice) -> Told: ...
    def __getitem__(self, at: int | slice) -> Contribution | Told:
        if isinstance(at, slice):
            return Told(self._evidence, self._offsets[at])
        return self._evidence.contribution(self._offsets[at])

    def __iter__(self) -> Iterator[Contribution]:
        return map(self._evidence.contribution, self._offsets)


def lean(items: Sequence[Contribution]) -> Sequence[Contribution]:
    """What leaves something of many contributions, found a stretch at a time; few are given as they are."""
    if len(items) <= STRETCH:
        return list(items)
    kept: list[Contribution] = []
    for start in range(0, len(items), STRETCH):
        kept = essential([*kept, *items[start : start + STRETCH]])
    return kept
