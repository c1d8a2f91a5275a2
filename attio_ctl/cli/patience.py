"""What a person is told while Attio does not answer."""

from __future__ import annotations

import time
from typing import Final

from attio_ctl.attio.messages import Exchange
from attio_ctl.cli import console

TOLD_EVERY: Final = 15.0
"""Seconds between two lines."""


class Patience:
    """Told about every attempt; says so when attempts go on failing, now and then, for all calls at once."""

    def __init__(self, retry_for: float) -> None:
        self._retry_for = retry_for
        self._told_at = -TOLD_EVERY

    def __call__(self, exchange: Exchange) -> None:
        failed = exchange.status is None or exchange.status >= 500
        now = time.monotonic()
        if failed and exchange.attempt > 1 and now - self._told_at >= TOLD_EVERY:
            self._told_at = now
            how = "no answer" if exchange.status is None else f"{exchange.status}"
            console.note(f"{how} to {exchange.request}, trying again for up to {self._retry_for:.0f} s …")
