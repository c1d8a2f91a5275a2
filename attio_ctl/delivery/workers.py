"""
Blocks mapped by processes of their own, so that reading takes as many cores as there are.

    this process     reads blocks, hands them out, takes what they say in their order
    each worker      maps one block after the other; forked, so that it has the compiled program already

A block is handed over in memory that both see and what it says comes back through a pipe, so that neither waits for
the other to read. Workers hold nothing that anybody misses: one that is gone, however it went, leaves its blocks to
this process, and all of them end with it.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from mmap import mmap
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Final, Generic, NoReturn, TypeVar

from attio_ctl.delivery.source import BLOCK

T = TypeVar("T")

SLOT: Final = 4 * BLOCK
"""Bytes of the longest block that is handed over; one with an event beyond that is left to this process."""

PATIENCE: Final = 10.0
"""Seconds after which a worker that gives nothing back is taken for gone; a block takes it a fiftieth of a second."""

_AHEAD: Final = 2
"""Blocks that a worker has at a time: one that it maps, and the next."""

FORKS: Final = sys.platform == "linux"
"""Elsewhere forking is absent (Windows), or unsafe once the system's libraries have started threads (macOS)."""

Work = Callable[[bytes], bytes]


class Workers(Generic[T]):
    """Some processes that do the same work on many blocks, until they are closed."""

    def __init__(self, work: Work, count: int) -> None:
        """
        Args:
            work: Depends on nothing but its block, and touches nothing but memory.
            count: How many processes; none where forking is not safe.
        """
        self._idle: deque[_Slot] = deque()
        self._workers: list[_Worker] = []
        with suppress(OSError):  # the system has no more processes to give: those there are will do
            for _ in range(count if FORKS else 0):
                self._workers.append(_Worker(work, [each.results for each in self._workers]))
        self._most = max(1, _AHEAD * len(self._workers))
        for number in range(_AHEAD):
            self._idle.extend(_Slot(worker, number) for worker in self._workers)

    def map(self, blocks: Iterable[tuple[T, bytes]]) -> Iterator[tuple[T, bytes | None]]:
        """What the work makes of each block, in the order of the blocks; None where no worker could do it."""
        under_way: deque[tuple[T, _Slot | None]] = deque()
        for name, block in blocks:
            while under_way and (not self._idle or len(under_way) >= self._most):
                yield self._taken(*under_way.popleft())
            slot = self._idle.popleft() if self._idle and len(block) <= SLOT else None
            under_way.append((name, slot if slot is not None and slot.hand_over(block) else None))
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

    def __init__(self, work: Work, others: Iterable[Connection]) -> None:
        self.memory = mmap(-1, SLOT * _AHEAD)
        self.results, far = Pipe()
        masked = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        try:
            with warnings.catch_warnings():  # of threads, of which the fork has none and whose locks it never asks for
                warnings.simplefilter("ignore", DeprecationWarning)
                self.pid = os.fork()
            if self.pid == 0:
                _serve(work, self.memory, far, (self.results, *others))
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, masked)
        far.close()

    def end(self) -> None:
        """Whatever state it is in."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def close(self) -> None:
        self.results.close()
        self.end()
        with suppress(ChildProcessError):
            os.waitpid(self.pid, 0)
        self.memory.close()


class _Slot:
    """Room for one block of one worker."""

    def __init__(self, worker: _Worker, number: int) -> None:
        self._worker = worker
        self._number = number

    def hand_over(self, block: bytes) -> bool:
        """Whether the worker is still there to take it."""
        start = self._number * SLOT
        self._worker.memory[start : start + len(block)] = block
        try:
            self._worker.results.send_bytes(b"%d %d" % (start, len(block)))
        except OSError:
            return False
        return True

    def take(self) -> bytes | None:
        """What it made of the block; None when it is not there any longer."""
        results = self._worker.results
        try:
            if results.poll(PATIENCE):
                return results.recv_bytes()
        except (EOFError, OSError):
            return None
        self._worker.end()
        return None


def _serve(work: Work, memory: mmap, results: Connection, near: Iterable[Connection]) -> NoReturn:
    """
    What a worker does until its parent is gone. It never comes back.

    The parent decides when to stop: what a terminal sends to the whole group of processes is not for its workers.
    """
    try:
        for end in near:  # held open here, it would keep a sibling from seeing the parent's end
            end.close()
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, signal.valid_signals())
        gc.freeze()  # what is shared with the parent stays shared, unless it is touched
        while True:
            start, length = map(int, results.recv_bytes().split())
            results.send_bytes(work(memory[start : start + length]))
    finally:  # what there is to raise is raised by the parent, which does the work itself
        os._exit(1)
