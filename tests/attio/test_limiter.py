"""The pace: how many requests may leave in any second, and what a 429 does to it."""

from __future__ import annotations

import asyncio
import bisect
import heapq
import itertools
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attio_ctl.attio.limiter import (
    FLOOR,
    MARGIN,
    RECOVERY,
    Bucket,
    Limits,
    MemoryLimiter,
    depart,
    hold,
    penalise,
    rate_at,
    reserve,
)

gaps = st.lists(st.floats(0, 2), min_size=1, max_size=200)
seconds = st.floats(0, 120)


def departures(bucket: Bucket, arrivals: list[float]) -> list[float]:
    times = []
    for now in arrivals:
        bucket, wait = reserve(bucket, now)
        times.append(now + wait)
    return times


@given(rate=st.sampled_from([1.0, 5.0, 24.25, 97.0]), gaps=gaps)
def test_no_second_holds_more_than_the_rate(rate: float, gaps: list[float]) -> None:
    times = departures(Bucket(rate), list(itertools.accumulate(gaps)))

    assert times == sorted(times)
    assert all(later - earlier >= 1 / rate - 1e-9 for earlier, later in itertools.pairwise(times))


@given(begin=st.floats(0, 1), length=st.floats(0, 1))
def test_a_machine_that_stands_still_sends_no_more_in_the_second_after(begin: float, length: float) -> None:
    """What 16 connections have reserved meanwhile leaves at once, so the slots that follow come later."""
    bucket, sent = Bucket(100 * MARGIN), []
    slots = []
    for _ in range(16):
        bucket, wait = reserve(bucket, 0.0)
        slots.append(wait)
    for _ in range(400):
        slot = heapq.heappop(slots)
        now = begin + length if begin <= slot < begin + length else slot
        bucket = depart(bucket, slot, now)
        sent.append(now)
        bucket, wait = reserve(bucket, now)
        heapq.heappush(slots, now + wait)

    assert max(bisect.bisect_left(sent, one + 1.0) - index for index, one in enumerate(sent)) <= 100


@given(gaps=gaps)
def test_a_request_leaves_at_once_when_the_bucket_is_idle(gaps: list[float]) -> None:
    bucket = Bucket(25)
    now = 0.0
    for gap in gaps:
        idle = bucket.next_at <= now
        bucket, wait = reserve(bucket, now)
        assert (wait == 0) or not idle
        assert wait >= 0
        now += gap


@given(first=seconds, second=seconds, between=st.floats(0, 200))
def test_nothing_leaves_during_a_hold_and_the_longer_hold_wins(first: float, second: float, between: float) -> None:
    bucket = hold(hold(Bucket(25), 0.0, first), between, second)
    _, wait = reserve(bucket, between)

    assert between + wait >= max(first, between + second) - 1e-9


@given(penalties=st.lists(st.tuples(st.floats(0, 10), st.floats(0, 5)), min_size=1, max_size=50))
def test_the_rate_stays_between_the_floor_and_the_full_rate(penalties: list[tuple[float, float]]) -> None:
    bucket, now = Bucket(25), 0.0
    for gap, wait in penalties:
        now += gap
        bucket = penalise(bucket, now, wait)
        assert FLOOR <= rate_at(bucket, now) <= 25
    assert rate_at(bucket, bucket.held_until + RECOVERY) == 25


def test_a_salvo_of_429s_halves_the_rate_once() -> None:
    bucket = Bucket(24)
    for answer in range(16):
        bucket = penalise(bucket, 100 + answer / 1000, 1.0)

    assert rate_at(bucket, 101.015) == 12
    assert reserve(bucket, 100.5)[1] == pytest.approx(0.515)


def test_the_next_429_after_a_hold_halves_again_until_one_a_second() -> None:
    bucket, rates = Bucket(24), []
    for second in range(7):
        bucket = penalise(bucket, float(second), 1.0)
        rates.append(rate_at(bucket, second + 1.0))

    assert rates == [12, 6, 3, 1.5, 1, 1, 1]


def test_a_slow_allowance_is_never_raised_to_the_floor() -> None:
    assert rate_at(penalise(Bucket(0.5), 0.0, 1.0), 1.0) == 0.5


@pytest.mark.parametrize("figure", [0, -1, float("nan"), float("inf")])
def test_limits_must_be_positive(figure: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        Limits(reads_per_second=figure)


async def departures_of(limiter: MemoryLimiter, clock: Any, kind: Any, count: int) -> list[float]:
    times: list[float] = []

    async def one() -> None:
        await limiter.acquire(kind)
        times.append(clock.monotonic())

    await asyncio.gather(*(one() for _ in range(count)))
    return times


@pytest.mark.anyio
async def test_reads_do_not_wait_for_writes(clock: Any) -> None:
    limiter = MemoryLimiter(Limits(reads_per_second=1000, writes_per_second=1), clock)
    await limiter.acquire("write")
    begin = clock.now

    times = await departures_of(limiter, clock, "read", 50)

    assert times[-1] - begin == pytest.approx(49 / (1000 * MARGIN))


@pytest.mark.anyio
async def test_those_already_waiting_are_held_too(clock: Any) -> None:
    """A 429 must stop the requests that have a slot and sleep towards it, not only the ones that come later."""
    limiter = MemoryLimiter(Limits(writes_per_second=200), clock)
    waiting = asyncio.create_task(departures_of(limiter, clock, "write", 20))
    await clock.sleep(0.02)
    held_from = clock.now
    await limiter.penalise("write", 0.2)

    times = await waiting

    assert not [t for t in times if held_from < t < held_from + 0.2]
    assert len([t for t in times if t <= held_from]) == 4
    assert len([t for t in times if t >= held_from + 0.2]) == 16


@pytest.mark.anyio
async def test_a_busy_limiter_uses_its_allowance(clock: Any) -> None:
    limiter = MemoryLimiter(Limits(reads_per_second=200), clock)

    times = await departures_of(limiter, clock, "read", 100)

    assert 99 / (times[-1] - times[0]) >= 0.95 * 200
    assert MARGIN >= 0.95
    assert max(Counter(int(t * 10) for t in times).values()) <= 21
