"""
How fast to send: one GCRA bucket for reads and one for writes.

GCRA (the leaky bucket of ATM networks) answers "when" instead of "whether", so a waiter sleeps once and nobody polls.
`Bucket` and the functions on it are pure and take the time, so that a limiter shared by several processes can keep the
same rows in a database. `MemoryLimiter` keeps them in the process.

A 429 halves the rate and holds everything of its kind until the time that Attio named; the rate then climbs back in a
straight line (AIMD). Attio answers a whole salvo of requests with 429 at once, so those that were sent before the hold
count as one event.

Source: 100 reads and 25 writes a second per token, 429 beyond, and Attio may lower both during incidents:
docs.attio.com/rest-api/guides/rate-limiting (as of 2026-10). That `POST …/query` counts as a read follows from the
page's words, a read is a request that changes nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final, Literal, Protocol

from attio_ctl.attio.clock import Clock

Kind = Literal["read", "write"]

MARGIN: Final = 0.97
"""
The share of a limit that is used. Attio counts by the second: at 97 % a second holds one request too many only when the
network squeezes a second's requests by more than 31 ms.
"""

FORGIVEN: Final = 1 - MARGIN
"""Seconds by which a request may leave too late, since the margin leaves room for what they squeeze together."""

FLOOR: Final = 1.0
"""Requests per second below which halving stops, so that a storm of 429s is probed once a second."""

RECOVERY: Final = 4.0
"""Seconds from nothing back to the full rate."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Requests per second that the token is allowed, as Attio states them; the margin is taken off by the limiter."""

    reads_per_second: float = 100.0
    writes_per_second: float = 25.0

    def __post_init__(self) -> None:
        for figure in (self.reads_per_second, self.writes_per_second):
            if not (math.isfinite(figure) and figure > 0):
                raise ValueError(f"a limit must be above 0 requests per second, got {figure}")


@dataclass(frozen=True, slots=True)
class Bucket:
    """
    The state of one bucket; times are seconds of one monotonic clock, rates requests per second.

    Attributes:
        full_rate: The rate when nothing is wrong.
        next_at: When the next request may leave.
        rate: The rate at `rate_since`, climbing to `full_rate` from there on.
        held_until: The end of the latest hold; nothing leaves before it.
        epoch: Counts holds. A reservation of an earlier epoch is void and must be made again.
    """

    full_rate: float
    next_at: float = -math.inf
    rate: float = math.inf
    rate_since: float = -math.inf
    held_until: float = -math.inf
    epoch: int = 0


def rate_at(bucket: Bucket, when: float) -> float:
    """Requests per second at a time, the climb after a 429 included."""
    if bucket.rate >= bucket.full_rate:
        return bucket.full_rate
    climbed = max(0.0, when - bucket.rate_since) / RECOVERY * bucket.full_rate
    return min(bucket.full_rate, bucket.rate + climbed)


def reserve(bucket: Bucket, now: float) -> tuple[Bucket, float]:
    """
    Take the next free slot.

    Returns:
        The bucket with the slot taken, and the seconds to wait before sending, 0.0 when the slot is now.
    """
    slot = max(now, bucket.next_at)
    return replace(bucket, next_at=slot + 1.0 / rate_at(bucket, slot)), slot - now


def depart(bucket: Bucket, slot: float, now: float) -> Bucket:
    """
    Let a request leave in the slot that was reserved for it.

    What a busy machine sends late falls into the time of later slots, perhaps into the next second, and Attio counts it
    there. So it takes another slot, and what was missed is not made up for.
    """
    return reserve(bucket, now)[0] if now - slot > FORGIVEN else bucket


def hold(bucket: Bucket, now: float, seconds: float) -> Bucket:
    """Let nothing leave for `seconds` from now; reservations made before are void, a longer hold stays as it is."""
    until = max(bucket.held_until, now + seconds)
    return replace(bucket, next_at=until, held_until=until, epoch=bucket.epoch + 1)


def penalise(bucket: Bucket, now: float, seconds: float) -> Bucket:
    """Hold, then go on at half the rate; the rate is halved once per hold, however many answers of a salvo arrive."""
    held = hold(bucket, now, seconds)
    if now < bucket.held_until:
        return replace(held, rate_since=held.held_until)
    floor = min(FLOOR, bucket.full_rate)
    return replace(held, rate=max(floor, rate_at(bucket, now) / 2), rate_since=held.held_until)


class Limiter(Protocol):
    """Says when a request may leave; shared by everything that uses the same token."""

    async def acquire(self, kind: Kind) -> None:
        """Return when a request of this kind may be sent."""

    async def hold(self, kind: Kind, seconds: float) -> None:
        """Let no request of this kind leave for `seconds`, waiting ones included."""

    async def penalise(self, kind: Kind, seconds: float) -> None:
        """Hold this kind for `seconds` after a 429, and go on slower."""


class MemoryLimiter:
    """A `Limiter` for one process."""

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self._clock = clock
        self._buckets: dict[Kind, Bucket] = {
            "read": Bucket(limits.reads_per_second * MARGIN),
            "write": Bucket(limits.writes_per_second * MARGIN),
        }

    async def acquire(self, kind: Kind) -> None:
        while True:
            now = self._clock.monotonic()
            reserved, wait = reserve(self._buckets[kind], now)
            self._buckets[kind] = reserved
            if wait > 0:
                await self._clock.sleep(wait)
            bucket = self._buckets[kind]
            if bucket.epoch == reserved.epoch:
                self._buckets[kind] = depart(bucket, now + wait, self._clock.monotonic())
                return

    async def hold(self, kind: Kind, seconds: float) -> None:
        self._buckets[kind] = hold(self._buckets[kind], self._clock.monotonic(), seconds)

    async def penalise(self, kind: Kind, seconds: float) -> None:
        self._buckets[kind] = penalise(self._buckets[kind], self._clock.monotonic(), seconds)
