"""
Who may try while Attio is down: one at a time, less and less often, instead of everybody.

A few failures in a row, across all calls of a kind, open the circuit. Then the next attempt waits its turn as a probe,
and the others wait behind it; a probe that fails makes the next one wait longer, one that is answered closes the
circuit and lets everybody go on at the pace of the limiter. An answer of 429 is an answer. `Circuit` and `fail` are
pure and take the time.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Final

from attio_ctl.attio.clock import Clock

OPEN_AFTER: Final = 5
"""So many failures in a row are an outage."""

FIRST_INTERVAL: Final = 1.0
LONGEST_INTERVAL: Final = 5.0
"""Seconds between probes: the first, and what they double up to, which is what the end of an outage is noticed by."""


@dataclass(frozen=True, slots=True)
class Circuit:
    """
    What the latest attempts have shown; times are seconds of one monotonic clock.

    Attributes:
        failures: In a row.
        since: When the first of them was known.
        interval: Seconds between probes, 0.0 while the circuit is closed.
        probe_at: When the next probe may leave.
    """

    failures: int = 0
    since: float = 0.0
    interval: float = 0.0
    probe_at: float = 0.0

    @property
    def is_open(self) -> bool:
        return self.interval > 0

    @property
    def opened_at(self) -> float:
        """When the outage began, which is when the time for retries began for all calls; infinite without one."""
        return self.since if self.is_open else math.inf


CLOSED: Final = Circuit()


def fail(circuit: Circuit, now: float, *, wait: float, is_probe: bool) -> Circuit:
    """
    After a failed attempt.

    Args:
        wait: Seconds that the answer asked for, 0.0 if it did not.
        is_probe: Whether the attempt had waited its turn; what was under way when the circuit opened teaches nothing.
    """
    failures = circuit.failures + 1
    since = circuit.since if circuit.failures else now
    if circuit.is_open and not is_probe:
        return replace(circuit, failures=failures, probe_at=max(circuit.probe_at, now + wait))
    if failures < OPEN_AFTER:
        return Circuit(failures, since)
    interval = min(LONGEST_INTERVAL, 2 * circuit.interval or FIRST_INTERVAL)
    return Circuit(failures, since, interval, now + max(interval, wait))


class Breaker:
    """The circuit of one kind of request."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._probing = asyncio.Lock()
        self.circuit = CLOSED

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[bool]:
        """
        Around one attempt, which begins at once while the circuit is closed and as a probe while it is open.

        Yields:
            Whether it is a probe. What it came to has to be noted before the end of the block.
        """
        if self.circuit.is_open:
            async with self._probing:  # first come, first served; once a probe was answered they all get through
                if self.circuit.is_open:
                    await self._clock.sleep(max(0.0, self.circuit.probe_at - self._clock.monotonic()))
                    yield True
                    return
        yield False

    def note_answer(self) -> None:
        """Attio is there."""
        self.circuit = CLOSED

    def note_failure(self, *, wait: float, is_probe: bool) -> None:
        """See `fail`."""
        self.circuit = fail(self.circuit, self._clock.monotonic(), wait=wait, is_probe=is_probe)
