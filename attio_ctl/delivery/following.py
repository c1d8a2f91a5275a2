"""
Files that are followed while others write, cut and rotate them.

A file is held open from the moment it is seen, so that what was added to it before it was renamed or removed can still
be read. While a window is sent, `watch` goes on looking, or a file that came and went in between would be missed.

    seen      the file that has the name now, behind those that had it before: each is read to its end in turn
    left      the name belongs to another file; whoever wrote to this one is given `LEFT_FOR` to notice
    cut       the file does not begin any more with what was read of it (it was cut, or written anew in place)
    moved     a copy of it, or the file itself under another name, is looked for beside it, as after a restart

What nobody can know is what was added to a file after it was last copied and before it was cut, and to a file that is
nowhere to be found any more; that is told.
"""

from __future__ import annotations

import asyncio
import glob
import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Final

from attio_ctl.attio.clock import Clock
from attio_ctl.delivery.inputs import blocks_again
from attio_ctl.delivery.ledger import Input
from attio_ctl.delivery.source import Block, blocks_of
from attio_ctl.delivery.streams import is_proven, proof_of, reading

LOOK_EVERY: Final = 0.5
"""Seconds between two looks at the files."""

LEFT_FOR: Final = 2.0
"""
Seconds without anything new after which a file whose name belongs to another one is taken for finished, counted from
when that was noticed at the earliest. A program that is told to open its log anew writes to the old one until it has.
"""


@dataclass(slots=True)
class _Seen:
    """
    A file that is held open, whatever its name is by now.

    Attributes:
        grown_at: When it was last found to have grown.
        left_at: When its name was found to belong to another file; until then, when it was opened.
    """

    stream: BinaryIO
    size: int
    grown_at: float
    left_at: float
    is_finished: bool = False

    def is_at(self, path: Path) -> bool:
        try:
            return os.path.samestat(os.fstat(self.stream.fileno()), path.stat())
        except FileNotFoundError:
            return True  # nothing has taken its place yet

    def look(self, now: float) -> None:
        size = os.fstat(self.stream.fileno()).st_size
        if size != self.size:
            self.size, self.grown_at = size, now


class Following:
    """The followed files of one delivery; close it when done."""

    def __init__(self, paths: Sequence[Path], clock: Clock, notify: Callable[[str], None]) -> None:
        """
        Args:
            notify: Told what cannot be known, in plain words.
        """
        self._paths = tuple(paths)
        self._clock = clock
        self._notify = notify
        self._seen: tuple[deque[_Seen], ...] = tuple(deque() for _ in paths)

    def close(self) -> None:
        """Let go of the files."""
        for files in self._seen:
            while files:
                files.popleft().stream.close()

    async def watch(self) -> None:
        """Notice files that take the place of others, until it is cancelled."""
        while True:
            self._notice()
            await asyncio.sleep(LOOK_EVERY)

    def look(self, inputs: Sequence[Input]) -> tuple[tuple[Input, ...], Look]:
        """
        What there is to read now.

        Args:
            inputs: As they were settled last.

        Returns:
            The inputs, those from the start that begin with another file; and what is new in them.

        Raises:
            StorageError: a file cannot be read.
        """
        self._notice()
        given = tuple(self._current(n, each) for n, each in enumerate(inputs))
        return given, Look(given, {n: files[0] for n, files in enumerate(self._seen) if files})

    def _current(self, n: int, given: Input) -> Input:
        """The input over the file that is to be read on, which is the first one seen."""
        files = self._seen[n]
        if files and files[0].is_finished:
            files.popleft().stream.close()
            given = _from_start(given)
        if given.proof and not (files and self._holds(files[0], given)):
            moved = self._moved(given)
            if moved is not None:
                files.appendleft(moved)
            elif files:
                self._notify(
                    f"{given.path} is not the file any more that was read up to byte {given.offset}; what was added to "
                    "that one later, if anything, is not known: give it to `deliver --events` if it is still somewhere"
                )
                given = _from_start(given)
        if len(files) > 1:
            now = self._clock.monotonic()
            files[0].look(now)
            files[0].is_finished = now - max(files[0].grown_at, files[0].left_at) >= LEFT_FOR
        return given

    def _holds(self, file: _Seen, given: Input) -> bool:
        with reading(Path(given.path)):
            return is_proven(file.stream, given.proof)

    def _notice(self) -> None:
        for path, files in zip(self._paths, self._seen, strict=True):
            with reading(path), suppress(FileNotFoundError):
                if not (files and files[-1].is_at(path)):
                    taken_by = self._open(path)
                    if files:
                        files[-1].left_at = taken_by.grown_at
                    files.append(taken_by)

    def _open(self, path: Path) -> _Seen:
        stream = path.open("rb", buffering=0)  # what was cut must not come out of a buffer
        now = self._clock.monotonic()
        return _Seen(stream, os.fstat(stream.fileno()).st_size, grown_at=now, left_at=now)

    def _moved(self, given: Input) -> _Seen | None:
        """The file of which something was read, under another name that begins the same."""
        path = Path(given.path)
        for beside in sorted(path.parent.glob(f"{glob.escape(path.stem)}*")) if given.offset else ():
            if beside != path and beside.is_file():
                with suppress(OSError):
                    found = self._open(beside)
                    if is_proven(found.stream, given.proof):
                        return found
                    found.stream.close()
        return None


class Look:
    """What was new in followed files when they were looked at; a `Source`."""

    def __init__(self, inputs: Sequence[Input], seen: Mapping[int, _Seen]) -> None:
        self._inputs = tuple(inputs)
        self._seen = seen
        self._ends: dict[int, Input] = {}

    def blocks(self) -> Iterator[tuple[int, Block]]:
        """
        Raises:
            EventsError: a file was cut while its events were on their way, or its compression is broken.
            StorageError: a file cannot be read.
        """
        return self._again() if self._ends else self._first()

    def read(self) -> tuple[Input, ...]:
        return tuple(self._ends.get(n, given) for n, given in enumerate(self._inputs))

    def _first(self) -> Iterator[tuple[int, Block]]:
        for n, file in self._seen.items():
            given = end = self._inputs[n]
            path, stream = Path(given.path), file.stream
            for block in blocks_of(stream, path, offset=given.offset, number=given.line, whole=file.is_finished):
                end = replace(end, offset=block.end, line=block.number)
                yield n, block
            with reading(path):
                self._ends[n] = replace(end, proof=proof_of(stream, end.offset))

    def _again(self) -> Iterator[tuple[int, Block]]:
        for n, end in self._ends.items():
            for block in blocks_again(self._seen[n].stream, self._inputs[n], end):
                yield n, block


def _from_start(given: Input) -> Input:
    return Input(given.path, account=given.account)
