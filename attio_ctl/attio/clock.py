"""The clock that pacing and retries go by, so that a test can run an hour's outage without waiting."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """Two times and one way to wait."""

    def monotonic(self) -> float:
        """Seconds that never go backwards, for waits and budgets."""

    def wall(self) -> float:
        """Seconds since 1970, only for an answer that carries no `Date` of its own."""

    async def sleep(self, seconds: float) -> None:
        """Wait without holding up the event loop."""


class SystemClock:
    """The machine's clock."""

    def monotonic(self) -> float:
        return time.monotonic()

    def wall(self) -> float:
        return time.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
