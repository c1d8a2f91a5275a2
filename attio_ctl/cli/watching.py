"""How a delivery goes, on standard error: one line that is drawn over on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Final

from attio_ctl.attio.limiter import Limits
from attio_ctl.attio.messages import Usage
from attio_ctl.cli import console
from attio_ctl.delivery.account import NOTHING
from attio_ctl.delivery.outcome import Observe, Progress
from attio_ctl.render.progress import Moment, progress_bar, progress_line

DRAWN_EVERY: Final = 0.2
"""Seconds between two pictures on a terminal."""

RATES_OVER: Final = 10.0
"""Seconds that the rates look back on."""


@contextlib.asynccontextmanager
async def watching(*, every: float, limits: Limits, usage: Callable[[], Usage]) -> AsyncIterator[Observe]:
    """
    Tell a person how a run goes, for as long as the body runs.

    Args:
        every: Seconds between two lines where nobody draws; 0 tells nothing, on a terminal too.
        limits: What the token is allowed.
        usage: Gives the requests so far, at any time: while all of them fail, nothing else is heard.
    """
    if not every:
        yield _unwatched
        return
    watch = Watch(limits, usage)
    telling = asyncio.create_task(_draw(watch) if sys.stderr.isatty() else _tell(watch, every))
    try:
        yield watch.note
    finally:
        telling.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await telling
        console.progress("")


def _unwatched(_: Progress) -> None:
    """Tell nothing."""


class Watch:
    """
    The latest that was heard, and what it was a few seconds ago.

    The pace of reading says nothing of that of sending, which begins with the first write that Attio takes: what is
    found done before it was done by an earlier run.
    """

    def __init__(self, limits: Limits, usage: Callable[[], Usage], clock: Callable[[], float] = time.monotonic) -> None:
        """
        Args:
            clock: Gives seconds.
        """
        self._limits = limits
        self._usage = usage
        self._clock = clock
        self._began = clock()
        self._heard = Progress(NOTHING)
        self._past: list[tuple[float, Progress]] = []

    def note(self, progress: Progress) -> None:
        """The engine came this far."""
        if progress.records and not self._heard.records:
            self._past.clear()
        if not self._past:
            if not progress.records:
                self._past.append((self._began, Progress(progress.settled, usage=self._usage())))
            elif progress.writes:
                self._past.append((self._clock(), replace(progress, usage=self._usage())))
        self._heard = progress

    def moment(self) -> Moment:
        """What to show now."""
        now, heard = self._clock(), replace(self._heard, usage=self._usage())
        if not self._past:
            return Moment(heard, heard, 0.0, self._limits)
        self._past.append((now, heard))
        while len(self._past) > 2 and now - self._past[1][0] >= RATES_OVER:
            del self._past[0]
        then, before = self._past[0]
        return Moment(heard, before, now - then, self._limits)


async def _draw(watch: Watch) -> None:
    style = console.style_for(sys.stderr)
    while True:
        console.progress(progress_bar(watch.moment(), style))
        await asyncio.sleep(DRAWN_EVERY)


async def _tell(watch: Watch, every: float) -> None:
    told = ""
    while True:
        await asyncio.sleep(every)
        line = progress_line(watch.moment())
        if line != told:  # while files are followed, nothing may come for hours
            console.note(line)
            told = line
