"""
One name that is followed, and the files that have it or had it.

    the newest   has the name now
    those left   had it before, the oldest first: each is read on until it is quiet and the next ones have something,
                 and looked at ever after, since a slow writer may still add to it
    cut          does not begin any more with what was read of it: it goes on in its copy, and begins anew itself
    unseen       came and went while nobody looked, as between two runs: `rotated` finds them

The ledger knows one place in one of these files, the one that was read last. After a restart the others are read from
their start where they may hold anything since; what was sent of them is recognised.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Set
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Final

from attio_ctl.attio.clock import Clock
from attio_ctl.delivery.ledger import Input
from attio_ctl.delivery.rotated import Found, Identity, find_file, find_since, identity_of, is_file_of
from attio_ctl.delivery.streams import Proof, holds, is_packed, proof_of, reading

LEFT_FOR: Final = 2.0
"""
Seconds without anything new after which a file that was left is read to its very end, a last line without an end
included; counted from when it was left at the earliest. A program that is told to open its log anew writes to the old
one until it has.
"""

AHEAD_FOR: Final = 60.0
"""Seconds for which a file that was left, and is still written to, holds back the next one; then they take turns."""

REMOVED_FOR: Final = 600.0
"""Seconds without anything new after which a removed file is let go, so that the disk gets its room back."""

HELD: Final = 16
"""Files that are held open for one name, besides those that are not read to their end."""


@dataclass(slots=True, eq=False)
class HeldFile:
    """
    A file that is held open, whatever its name is by now.

    Attributes:
        at: How far it was read.
        size: In bytes when it was last looked at, and `written_at` in nanoseconds since the epoch.
        grown_at: When it was last found to have grown, in seconds of the clock, as the other times.
        left_at: When its name was found to belong to another file; infinite until then.
        read_at: When it was last read, and `read_size` what its size was.
        is_whole: Whether it was read to its very end then.
        unread_since: Nanoseconds since the epoch: what was last written before that is read, in whatever file it is.
    """

    stream: BinaryIO
    at: Input
    size: int
    written_at: int
    grown_at: float
    left_at: float
    read_at: float = -math.inf
    read_size: int = -1
    is_whole: bool = False
    unread_since: int = 0

    @classmethod
    def of(cls, stream: BinaryIO, at: Input, now: float, left_at: float = math.inf) -> HeldFile:
        stat = os.fstat(stream.fileno())
        return cls(stream, at, stat.st_size, stat.st_mtime_ns, min(now, left_at), left_at)

    @property
    def is_done(self) -> bool:
        """Whether it was read to its very end, and has not grown since."""
        return self.is_whole and self.size == self.read_size

    def look(self, now: float) -> None:
        stat = os.fstat(self.stream.fileno())
        if stat.st_size != self.size:
            self.size, self.grown_at = stat.st_size, now
        self.written_at = stat.st_mtime_ns

    def has_name(self, path: Path) -> bool:
        try:
            return os.path.samestat(os.fstat(self.stream.fileno()), path.stat())
        except FileNotFoundError:
            return True  # nothing has taken its place yet

    def has_news(self, now: float) -> bool:
        return self.size != self.read_size or (not self.is_whole and self.quiet_for(now) >= LEFT_FOR)

    def quiet_for(self, now: float) -> float:
        """Seconds; below 0 while it has its name."""
        return now - max(self.grown_at, self.left_at)

    def is_in_vain(self, now: float) -> bool:
        """Whether it is removed, and nobody has written to it for long."""
        return self.quiet_for(now) >= REMOVED_FOR and os.fstat(self.stream.fileno()).st_nlink == 0


class FollowedName:
    """
    A name that is followed; close it when done.

    Attributes:
        missed: What cannot be known, in plain words.
    """

    def __init__(
        self, path: Path, clock: Clock, notify: Callable[[str], None], *, others: Set[Path] = frozenset()
    ) -> None:
        """
        Args:
            notify: Told what cannot be known, and which files are read besides.
            others: Followed under a name of their own.
        """
        self._path = path
        self._clock = clock
        self._notify = notify
        self._others = others
        self._files: list[HeldFile] = []
        self._read: HeldFile | None = None
        self.missed: list[str] = []

    def close(self) -> None:
        """Let go of the files."""
        while self._files:
            self._files.pop().stream.close()

    def notice(self) -> None:
        """See whether another file has the name now."""
        with reading(self._path), suppress(FileNotFoundError):
            now, newest = self._clock.monotonic(), self._files[-1] if self._files else None
            if newest is not None and newest.has_name(self._path):
                newest.look(now)
                return
            with ExitStack() as stack:
                taken_by = stack.enter_context(self._path.open("rb", buffering=0))  # what was cut is in no buffer
                if newest is not None:
                    newest.left_at = now
                    self._insert_since(len(self._files), newest.written_at, identity_of(taken_by))
                self._files.append(HeldFile.of(taken_by, self._start(taken_by), now))
                stack.pop_all()

    def turn(self, settled: Input) -> tuple[Input, HeldFile | None]:
        """
        The file that is to be read now, and how far it was; None while there is none.

        Args:
            settled: The place up to which the file of the last turn was read, or a file of the last run.

        Raises:
            StorageError: a file cannot be read.
        """
        self.notice()
        now = self._clock.monotonic()
        with reading(self._path):
            if self._read is not None:
                self._read.at = settled
            elif not self._take_up(settled):
                return settled, None
            file = self._next(now)
            while self._hold_earlier(file):
                file = self._next(now)
            self._let_go(file, now)
        self._read = file
        file.unread_since = min(each.written_at for each in self._files if each is file or not each.is_done)
        file.read_at, file.read_size, file.is_whole = now, file.size, file.quiet_for(now) >= LEFT_FOR
        return replace(file.at, account=settled.account), file

    def _take_up(self, settled: Input) -> bool:
        """Find the file that the last run has read, and what came after it; False while there is none at all."""
        newest = self._files[-1] if self._files else None
        if settled.proof:
            proof = Proof.parse(settled.proof)
            is_there = newest is not None and is_file_of(newest.stream, self._path, proof)
            found = find_file(self._path, proof, self._held(), copies=not is_there)
            if newest is None and found is None:
                return False
            if newest is not None and is_there and found is None:
                newest.at = settled
            self._insert_before(0, settled, found, is_there=is_there)
        elif newest is not None:
            newest.at = settled
        return bool(self._files)

    def _hold_earlier(self, file: HeldFile) -> bool:
        """Hold what is to be read before a file that was cut, or was empty at the last look; whether anything is."""
        if not file.at.proof:
            return False
        proof, at, count = Proof.parse(file.at.proof), self._files.index(file), len(self._files)
        if holds(file.stream, self._path, proof):
            if not proof.length and file.written_at != proof.unread_since:
                self._insert_since(at, proof.unread_since)
            return len(self._files) > count
        place, file.at, file.read_size, file.is_whole = file.at, self._start(file.stream), -1, False
        for copy in [each for each in self._files[at + 1 :] if each.read_size < 0]:
            if holds(copy.stream, self._path, proof):
                copy.at = place
                self._files.remove(copy)
                self._files.insert(at, copy)
                return True
        self._insert_before(at, place, find_file(self._path, proof, self._held()))
        return len(self._files) > count

    def _insert_before(self, index: int, at: Input, found: Found | None, *, is_there: bool = False) -> None:
        """
        Hold what is to be read before the file at an index, since something was read of another one.

        Args:
            found: That one, where it lies beside the newest one; `is_there` when it is the newest one.
        """
        proof = Proof.parse(at.proof)
        moment = proof.unread_since
        if found is not None:
            self._files.insert(index, self._left(found, at))
            self._insert_since(index + 1, moment or found.beside.written_at)
            return
        since = self._insert_since(index, moment) if moment else []
        may_be_packed = not proof.length and any(is_packed(file.stream) for file in since)
        if not (is_there or may_be_packed):
            self._miss(
                f"{self._path} is not the file any more that was read up to byte {at.offset}; what was added to that "
                "one later, if anything, is not known: give it to `deliver --events` if it is still somewhere"
            )

    def _insert_since(self, index: int, moment: int, *apart_from: Identity) -> list[HeldFile]:
        """
        Hold the generations that were written then (nanoseconds) or later, before the file at an index.

        Raises:
            StorageError: one of them cannot be read.
        """
        first = index
        for each in find_since(self._path, moment, self._held() | {*apart_from}):
            if each.path in self._others:
                continue
            if not each.is_readable:
                self._miss(
                    f"{each.path} may hold events that came to {self._path} and were not read, but cannot be read as "
                    "it is packed: unpack it, and give it to `deliver --events`"
                )
                continue
            with reading(each.path), suppress(FileNotFoundError):
                found = Found.open(each)
                if self._is_packed_copy(found):
                    found.stream.close()
                    continue
                self._files.insert(index, self._left(found, Input(str(self._path))))
                self._notify(f"{self._path}: {each.path.name}, which had this name meanwhile, is read too")
                index += 1
        return self._files[first:index]

    def _is_packed_copy(self, found: Found) -> bool:
        """Of a file that is held, and so is read as it was."""
        sizes = (
            (file.stream, os.fstat(file.stream.fileno()).st_size) for file in self._files if found.beside.is_packed
        )
        proofs = (Proof.parse(proof_of(stream, size)) for stream, size in sizes if size)
        return any(holds(found.stream, found.beside.path, proof) for proof in proofs)

    def _start(self, stream: BinaryIO) -> Input:
        """Before its turn comes a file may be copied and cut, which then shows by when it was written."""
        return Input(str(self._path), proof=proof_of(stream, 0))

    def _left(self, found: Found, at: Input) -> HeldFile:
        """A file that has another name by now; nobody adds to a packed one."""
        now = self._clock.monotonic()
        return HeldFile.of(found.stream, at, now, now - LEFT_FOR if found.beside.is_packed else now)

    def _next(self, now: float) -> HeldFile:
        """Of the files that are not held back by an older one, that with news which was read the longest ago."""
        turns: list[HeldFile] = []
        for file in self._files:
            file.look(now)
        for n, file in enumerate(self._files):
            turns.append(file)
            goes_on = file.is_done or now - file.left_at >= AHEAD_FOR
            if not goes_on or not any(newer.size for newer in self._files[n + 1 :]):
                break
        return min((file for file in turns if file.has_news(now)), key=lambda file: file.read_at, default=turns[-1])

    def _let_go(self, current: HeldFile, now: float) -> None:
        """Of files that are read to their end: what was removed long ago, and the oldest of too many."""
        for file in self._files[:-1]:
            is_old = file in self._files[:-HELD] or file.is_in_vain(now)
            if is_old and file.is_done and file is not current:
                self._files.remove(file)
                file.stream.close()

    def _held(self) -> set[Identity]:
        return {identity_of(file.stream) for file in self._files}

    def _miss(self, text: str) -> None:
        if text not in self.missed:
            self.missed.append(text)
            self._notify(text)
