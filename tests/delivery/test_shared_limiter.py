"""Several processes on one token stay within its rate together."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attio_ctl.attio.limiter import MARGIN, Limits
from attio_ctl.delivery.shared_limiter import SharedLimiter
from attio_ctl.delivery.sqlite_ledger import open_ledger


class FakeClock:
    """Time passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def monotonic(self) -> float:
        return self.now

    def wall(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.sqlite"
    open_ledger(path=path, workspace_id="w1").close()
    return path


def limiters(path: Path, clock: FakeClock, count: int, limits: Limits) -> list[SharedLimiter]:
    return [SharedLimiter(path=path, limits=limits, clock=clock) for _ in range(count)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25)
@given(st.integers(1, 4), st.integers(5, 100))
def test_together_they_take_the_rate_once(path: Path, processes: int, per_second: int) -> None:
    clock = FakeClock()
    sharing = limiters(path, clock, processes, Limits(100, per_second))

    async def take() -> float:
        await sharing[0].acquire("write")
        began = clock.now
        for n in range(60):
            await sharing[n % processes].acquire("write")
        return clock.now - began

    seconds = asyncio.run(take())

    for each in sharing:
        each.close()
    assert seconds == pytest.approx(60 / (per_second * MARGIN), rel=0.01)
    clock.now += 60


def test_a_429_seen_by_one_holds_the_others_back(path: Path) -> None:
    clock = FakeClock()
    one, other = limiters(path, clock, 2, Limits(100, 25))

    async def storm() -> float:
        await one.acquire("write")
        await one.penalise("write", 3.0)
        began = clock.now
        await other.acquire("write")
        return clock.now - began

    assert asyncio.run(storm()) == pytest.approx(3.0)
    one.close()
    other.close()


def test_reads_and_writes_have_buckets_of_their_own(path: Path) -> None:
    clock = FakeClock()
    (one,) = limiters(path, clock, 1, Limits(100, 25))

    async def both() -> float:
        began = clock.now
        await one.hold("write", 60.0)
        await one.acquire("read")
        return clock.now - began

    assert asyncio.run(both()) == 0.0
    one.close()


def test_a_clock_that_was_set_back_holds_nobody(path: Path) -> None:
    clock = FakeClock()
    (one,) = limiters(path, clock, 1, Limits(100, 25))

    async def step_back() -> float:
        await one.acquire("write")
        clock.now -= 10 * 3600
        began = clock.now
        await one.acquire("write")
        return clock.now - began

    assert asyncio.run(step_back()) < 1
    one.close()
