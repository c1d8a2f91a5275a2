"""How a delivery goes, on standard error: one line that is drawn over on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator
from typing import Final

from attio_ctl.attio.limiter import Limits
from attio_ctl.cli import console
from attio_ctl.delivery.account import NOTHING
from attio_ctl.delivery.outcome import Observe, Progress
from attio_ctl.render.progress import Moment, progress_bar, progress_line

DRAWN_EVERY: Final = 0.2
"""Seconds between two pictures on a terminal."""

RATES_OVER: Final = 10.0
"""Seconds that the rates look back on."""


@contextlib.asynccontextmanager
async def watching(*, every: float, limits: Limits) -> AsyncIterator[Observe]:
    """
    Tell a person how a run goes, for as long as the body runs.

    Args:
        every: Seconds between two lines where nobody draws; 0 tells nothing, on a terminal too.
        limits: What the token is allowed.
    """
    if not every:
        yield _unwatched
        return
    watch = _Watch(limits)
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


class _Watch:
    """The latest that was heard, and what it was a few seconds ago."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._heard = Progress(NOTHING)
        self._began = time.monotonic()
        self._past: list[tuple[float, Progress]] = []

    def note(self, progress: Progress) -> None:
        if not self._past:
            self._past.append((self._began, Progress(progress.settled)))  # what earlier runs did is no pace
        self._heard = progress

    def moment(self) -> Moment:
        """What to show now."""
        now = time.monotonic()
        self._past.append((now, self._heard))
        while len(self._past) > 2 and now - self._past[1][0] >= RATES_OVER:
            del self._past[0]
        then, before = self._past[0]
        return Moment(self._heard, before, now - then, self._limits)


async def _draw(watch: _Watch) -> None:
    style = console.style_for(sys.stderr)
    while True:
        console.progress(progress_bar(watch.moment(), style))
        await asyncio.sleep(DRAWN_EVERY)


async def _tell(watch: _Watch, every: float) -> None:
    told = ""
    while True:
        await asyncio.sleep(every)
        line = progress_line(watch.moment())
        if line != told:  # while files are followed, nothing may come for hours
            console.note(line)
            told = line
