"""How a command that writes is stopped: one signal lets what is on its way come in, a second one ends it at once."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import signal
import time
from collections.abc import Awaitable, Callable
from typing import Final, NoReturn, TypeVar

from attio_ctl.errors import Exit

T = TypeVar("T")

STDERR: Final = 2


class Stop(asyncio.Event):
    """
    Set by the first SIGINT or SIGTERM after `arm`; `code` is then the exit code of the signal.

    A second signal ends the process at once: what was recorded is on disk already.
    """

    code = Exit.DONE
    _since = 0.0
    _going_on = ""

    @property
    def seconds_ago(self) -> float:
        """How long ago the signal came."""
        return time.monotonic() - self._since

    def arm(self, going_on: str) -> None:
        """
        From here on a signal lets what is in flight end; called before the first write, within the loop.

        Args:
            going_on: What a person is told whose second signal ends it: what is safe, and the next command.
        """
        self._running = asyncio.get_running_loop()
        self._going_on = going_on
        signal.signal(signal.SIGINT, self._on_signal)  # handlers of the loop would wait for their turn in it
        signal.signal(signal.SIGTERM, self._on_signal)

    def _on_signal(self, number: int, _: object) -> None:
        signalled = Exit.SIGINT if number == signal.SIGINT else Exit.SIGTERM
        if self.code is not Exit.DONE:
            _tell(f"Ended at once. {self._going_on}")
            os._exit(signalled)
        self.code, self._since = signalled, time.monotonic()
        _tell("Stopping: what is on its way to Attio comes in first, which takes seconds; once more ends it at once.")
        with contextlib.suppress(RuntimeError):  # the loop is closed: all is done already
            self._running.call_soon_threadsafe(self.set)


def _tell(text: str) -> None:
    """
    A line on standard error, from within a signal handler.

    What was interrupted may hold the lock of `sys.stderr`, so its buffer is gone round; and a pipe that nobody reads,
    or a terminal that is held, must not keep the process from ending.
    """
    wipe = "\r\033[K" if os.isatty(STDERR) else ""
    with contextlib.suppress(OSError, ValueError):
        if select.select((), (STDERR,), (), 0)[1]:
            os.write(STDERR, f"{wipe}{text}\n".encode())


def run_draining(main: Callable[[Stop], Awaitable[T]], is_finished: Callable[[T], bool]) -> tuple[T, Exit]:
    """
    Run the work of a command that writes. Until it arms the stop that it is given, a signal ends it at once, even while
    it waits for an answer at a prompt; after that it ends what is in flight and returns what it has done.

    Args:
        is_finished: Whether nothing was left to do, so that a signal came too late to stop anything.

    Returns:
        The result, and the exit code of the signal; DONE when there was none, or when it changed nothing.
    """

    async def guarded() -> tuple[T, Exit]:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # that of asyncio cannot end a prompt
        stop = Stop()
        done = await main(stop)
        return done, Exit.DONE if is_finished(done) else stop.code

    before = signal.getsignal(signal.SIGINT), signal.signal(signal.SIGTERM, _terminate)
    try:
        return asyncio.run(guarded())
    finally:
        signal.signal(signal.SIGINT, before[0])
        signal.signal(signal.SIGTERM, before[1])


def _terminate(*_: object) -> NoReturn:
    raise SystemExit(Exit.SIGTERM)
