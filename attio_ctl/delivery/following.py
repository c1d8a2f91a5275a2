"""
Files that are followed while others write, cut and rotate them.

A file is held open from the moment it is seen, so that what was added to it before it was renamed or removed can still
be read. While a window is sent, `watch` goes on looking, or a file that came and went in between would be missed. What
becomes of the files of one name is told in `followed`.

What nobody can know is what was added to a file after it was last copied and before it was cut, and to a file that is
nowhere to be found any more; that is told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from attio_ctl.attio.clock import Clock
from attio_ctl.delivery.followed import FollowedName, HeldFile
from attio_ctl.delivery.inputs import blocks_again
from attio_ctl.delivery.ledger import Input
from attio_ctl.delivery.source import Block, blocks_of
from attio_ctl.delivery.streams import is_proven, proof_of, reading
from attio_ctl.errors import StorageError

LOOK_EVERY: Final = 0.5
"""Seconds between two looks at the files."""


class Following:
    """The followed files of one delivery; close it when done."""

    def __init__(self, paths: Sequence[Path], clock: Clock, notify: Callable[[str], None]) -> None:
        """
        Args:
            notify: Told what cannot be known and which files are read besides, in plain words.
        """
        self._names = tuple(FollowedName(path, clock, notify, others=frozenset(paths) - {path}) for path in paths)

    @property
    def missed(self) -> tuple[str, ...]:
        """What cannot be known, as far as `notify` was told of it."""
        return tuple(text for name in self._names for text in name.missed)

    def close(self) -> None:
        """Let go of the files."""
        for name in self._names:
            name.close()

    async def watch(self) -> None:
        """Notice files that take the place of others, until it is cancelled."""
        while True:
            for name in self._names:
                with suppress(StorageError):  # which the next look meets too
                    name.notice()
            await asyncio.sleep(LOOK_EVERY)

    def look(self, inputs: Sequence[Input]) -> tuple[tuple[Input, ...], Look]:
        """
        What there is to read now.

        Args:
            inputs: As they were settled last.

        Returns:
            The inputs, each over the file of its name that is to be read now; and what is new in them.

        Raises:
            StorageError: a file cannot be read.
        """
        turns = [name.turn(each) for name, each in zip(self._names, inputs, strict=True)]
        given = tuple(replace(each, followed=True) for each, _ in turns)
        return given, Look(given, {n: file for n, (_, file) in enumerate(turns) if file is not None})


class Look:
    """What was new in followed files when they were looked at; a `Source`."""

    def __init__(self, inputs: Sequence[Input], files: Mapping[int, HeldFile]) -> None:
        self._inputs = tuple(inputs)
        self._files = files
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
        for n, file in self._files.items():
            given = end = self._inputs[n]
            path, stream = Path(given.path), file.stream
            for block in blocks_of(stream, path, offset=given.offset, number=given.line, whole=file.is_whole):
                end = replace(end, offset=block.end, line=block.number)
                yield n, block
            with reading(path):
                # A file that was only touched is nothing new; one that was empty is known by when it was written.
                is_as_before = end is given and end.offset > 0 and end.proof and is_proven(stream, end.proof)
                self._ends[n] = (
                    end if is_as_before else replace(end, proof=proof_of(stream, end.offset, file.unread_since))
                )

    def _again(self) -> Iterator[tuple[int, Block]]:
        for n, end in self._ends.items():
            for block in blocks_again(self._files[n].stream, self._inputs[n], end):
                yield n, block
