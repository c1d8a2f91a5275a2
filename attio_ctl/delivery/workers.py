"""
Work that is shared by processes, so that it takes as many cores as there are.

    this process     hands out pieces of work, takes what comes of them in their order
    each worker      does one after the other; forked, so that it has all that it needs already

A piece is handed over in memory that both see, and what comes of it takes its place there, so that a worker goes on
while nobody has taken it yet; what is too long for that comes through a socket. Workers hold nothing that anybody
misses: one that is gone, or hangs, leaves its work to this process, and all of them end with it.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from mmap import mmap
from typing import Final, Generic, NoReturn, TypeVar

from attio_ctl.delivery.source import BLOCK

T = TypeVar("T")

SLOT: Final = 4 * BLOCK
"""Bytes of the longest piece that is handed over; a longer one is left to this process."""

WAITING: Final = BLOCK
"""Bytes of the longest result that waits in memory: many that are longer would be too much of it."""

PATIENCE: Final = 60.0
"""Seconds without a byte after which a worker that owes something is given up; a piece takes it much less than one."""

_NUMBER: Final = 8
"""Bytes of a number on its way."""

FORKS: Final = sys.platform == "linux"
"""Elsewhere forking is absent (Windows), or unsafe once the system's libraries have started threads (macOS)."""

Work = Callable[[bytes], bytes]


class Workers(Generic[T]):
    """Some processes that do the same work on many pieces, until they are closed."""

    def __init__(self, work: Work, count: int, ahead: int = 2) -> None:
        """
        Args:
            work: Depends on its piece and on what was there before the fork, and changes nothing that anybody sees.
            count: How many processes; none where forking is not safe.
            ahead: Pieces that a worker has at a time, those among them that it is done with and nobody has taken.
        """
        self._idle: deque[_Slot] = deque()
        self._workers: list[_Worker] = []
        with suppress(OSError):  # the system has no more processes to give: those there are will do
            for _ in range(count if FORKS else 0):
                self._workers.append(_Worker(work, ahead, [each.near for each in self._workers]))
        self._most = max(1, ahead * len(self._workers))
        for number in range(ahead):
            self._idle.extend(_Slot(worker, number) for worker in self._workers)

    def map(self, pieces: Iterable[tuple[T, bytes]]) -> Iterator[tuple[T, bytes | None]]:
        """What comes of each piece, in the order of the pieces; None where no worker could do it."""
        under_way: deque[tuple[T, _Slot | None]] = deque()
        for name, piece in pieces:
            while under_way and (not self._idle or len(under_way) >= self._most):
                yield self._taken(*under_way.popleft())
            slot = self._idle.popleft() if self._idle and len(piece) <= SLOT else None
            under_way.append((name, slot if slot is not None and slot.hand_over(piece) else None))
        while under_way:
            yield self._taken(*under_way.popleft())

    def _taken(self, name: T, slot: _Slot | None) -> tuple[T, bytes | None]:
        made = slot.take() if slot is not None else None
        if slot is not None and made is not None:
            self._idle.append(slot)
        return name, made

    @property
    def pids(self) -> tuple[int, ...]:
        """Of the processes."""
        return tuple(worker.pid for worker in self._workers)

    def close(self) -> None:
        """End them."""
        for worker in self._workers:
            worker.close()


class _Worker:
    """The near end of one process."""

    def __init__(self, work: Work, ahead: int, others: Iterable[socket.socket]) -> None:
        self.memory = mmap(-1, SLOT * ahead)
        self.near, far = socket.socketpair()
        masked = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        try:
            self.pid = -1
            with warnings.catch_warnings():  # of threads, of which the fork has none and whose locks it never asks for
                warnings.simplefilter("ignore", DeprecationWarning)
                self.pid = os.fork()
            if self.pid == 0:
                _serve(work, self.memory, far, (self.near, *others))
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, masked)
            far.close()
            if self.pid < 0:
                self.near.close()
        self.near.settimeout(PATIENCE)
        self._is_given_up = False

    def ask(self, start: int, length: int) -> bool:
        """Whether it is still there to be asked."""
        if not self._is_given_up:
            try:
                self.near.sendall(_numbers(start, length))
            except OSError:
                self._give_up()
        return not self._is_given_up

    def answer(self, start: int) -> bytes | None:
        """
        What comes of the piece that it was asked for first and has not given back, which was handed over from `start`
        on; None when it is gone or hangs.

        Once it owes an answer that never came, nothing that still comes from it is the answer to anything.
        """
        if not self._is_given_up:
            try:
                length = int.from_bytes(_received(self.near, _NUMBER))
                return self.memory[start : start + length] if length <= WAITING else _received(self.near, length)
            except (EOFError, OSError):
                self._give_up()
        return None

    def _give_up(self) -> None:
        self._is_given_up = True
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def close(self) -> None:
        self.near.close()
        self._give_up()
        with suppress(ChildProcessError):
            os.waitpid(self.pid, 0)
        self.memory.close()


class _Slot:
    """Room for one piece of one worker."""

    def __init__(self, worker: _Worker, number: int) -> None:
        self._worker = worker
        self._start = number * SLOT

    def hand_over(self, piece: bytes) -> bool:
        """Whether the worker is still there to take it."""
        self._worker.memory[self._start : self._start + len(piece)] = piece
        return self._worker.ask(self._start, len(piece))

    def take(self) -> bytes | None:
        """What came of the piece; None when the worker is not there any longer."""
        return self._worker.answer(self._start)


def _numbers(*numbers: int) -> bytes:
    return b"".join(number.to_bytes(_NUMBER) for number in numbers)


def _received(end: socket.socket, length: int) -> bytes:
    """
    The next bytes from the other end.

    Raises:
        EOFError: the other end is gone.
        TimeoutError: nothing came for as long as the socket waits.
    """
    received = bytearray(length)
    rest = memoryview(received)
    while rest:
        count = end.recv_into(rest)
        if not count:
            raise EOFError
        rest = rest[count:]
    return bytes(received)


def _serve(work: Work, memory: mmap, end: socket.socket, near: Iterable[socket.socket]) -> NoReturn:
    """
    What a worker does until its parent is gone. It never comes back.

    The parent decides when to stop: what a terminal sends to the whole group of processes is not for its workers.
    """
    try:
        for each in near:  # held open here, it would keep a sibling from seeing the parent's end
            each.close()
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, signal.valid_signals())
        gc.freeze()  # what is shared with the parent stays shared, unless it is touched
        while True:
            start, length = (int.from_bytes(_received(end, _NUMBER)) for _ in range(2))
            made = work(memory[start : start + length])
            if len(made) <= WAITING:
                memory[start : start + len(made)] = made
                end.sendall(_numbers(len(made)))
            else:
                end.sendall(_numbers(len(made)) + made)
    finally:  # what there is to raise is raised by the parent, which does the work itself
        os._exit(1)
