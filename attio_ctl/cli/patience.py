"""What a person is told while Attio does not answer."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from attio_ctl.attio.messages import Exchange
from attio_ctl.cli import console

FIRST_PAUSE: Final = 15.0
"""Seconds between the first line and the second; each further pause is twice as long."""

QUIET: Final = 60.0
"""Seconds without a failure after which the next one is the begin of another outage."""


class Patience:
    """Told about every attempt; says so when attempts go on failing, less and less often, for all calls at once."""

    def __init__(self, retry_for: float, clock: Callable[[], float] = time.monotonic) -> None:
        """
        Args:
            retry_for: Seconds for which a call is tried again.
            clock: Gives seconds.
        """
        self._retry_for = retry_for
        self._clock = clock
        self._failures = 0
        self._began_at = self._failed_at = self._told_at = -QUIET
        self._pause = 0.0

    def __call__(self, exchange: Exchange) -> None:
        if exchange.status is not None and exchange.status < 500:
            return
        now = self._clock()
        if now - self._failed_at >= QUIET:
            self._failures, self._began_at, self._pause = 0, now, 0.0
        self._failures += 1
        self._failed_at = now
        if exchange.attempt > 1 and now - self._told_at >= self._pause:
            console.interject(self._line(exchange, now))
            self._told_at = now
            self._pause = self._pause * 2 or FIRST_PAUSE

    def _line(self, exchange: Exchange, now: float) -> str:
        how = "no answer" if exchange.status is None else f"{exchange.status}"
        times = f" ({self._failures} attempts in {now - self._began_at:.0f} s)" if self._pause else ""
        return f"{how} to {exchange.request}{times}, trying again for up to {self._retry_for:.0f} s …"
