"""Several processes on one token stay within its rate together."""

from __future__ import annotations

import asyncio
import bisect
import heapq
import json
import subprocess
import sys
import tempfile
import types
from collections.abc import Generator
from functools import partial
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attio_ctl.attio.limiter import MARGIN, Limits
from attio_ctl.attio.token import Token
from attio_ctl.attio.writer import AttioWriter
from attio_ctl.delivery.shared_limiter import SharedLimiter
from attio_ctl.errors import StorageError
from attio_ctl.sandbox.app import create_app
from attio_ctl.sandbox.options import NO_LIMITS, Options
from attio_ctl.sandbox.server import embedded
from attio_ctl.sandbox.store.store import Store
from tests.attio.conftest import ManualClock
from tests.attio.test_pace import Network, flood

PROGRAM = Path(__file__).with_name("writing_process.py")
TOKEN = Token("de11" * 16)


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
    return tmp_path / "state" / "pace.sqlite"


def close(*limiters: SharedLimiter) -> None:
    for each in limiters:
        each.__exit__()


def limiters(path: Path, clock: FakeClock, count: int, limits: Limits, token: Token = TOKEN) -> list[SharedLimiter]:
    return [SharedLimiter(path=path, token=token, limits=limits, clock=clock) for _ in range(count)]


@settings(max_examples=25)
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

    close(*sharing)
    assert seconds == pytest.approx(60 / (per_second * MARGIN), rel=0.01)
    clock.now += 60


class SteppedClock(FakeClock):
    """Gives whoever sleeps back to the test, with the time to wake it."""

    @types.coroutine
    def sleep(self, seconds: float) -> Generator[float, None, None]:
        yield self.now + seconds


@settings(max_examples=25)
@given(begin=st.floats(0, 1), length=st.floats(0, 1))
def test_a_machine_that_stands_still_sends_no_more_in_the_second_after(begin: float, length: float) -> None:
    """What two processes have reserved meanwhile leaves at once, so the slots that follow come later."""
    clock = SteppedClock()
    still, end = clock.now + begin, clock.now + begin + length
    folder = tempfile.TemporaryDirectory()
    sharing = limiters(Path(folder.name) / "pace.sqlite", clock, 2, Limits(100, 25))
    sent: list[float] = []
    waiting = [(clock.now, n, sharing[n % 2].acquire("write")) for n in range(8)]
    while len(sent) < 150:
        due, n, request = heapq.heappop(waiting)
        clock.now = max(clock.now, end if still <= due < end else due)
        try:
            heapq.heappush(waiting, (request.send(None), n, request))
        except StopIteration:
            sent.append(clock.now)
            heapq.heappush(waiting, (clock.now, n, sharing[n % 2].acquire("write")))
    for _, _, request in waiting:
        request.close()
    close(*sharing)
    folder.cleanup()

    assert max(bisect.bisect_left(sent, one + 1.0) - index for index, one in enumerate(sent)) <= 25


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
    close(one, other)


def test_reads_and_writes_have_buckets_of_their_own(path: Path) -> None:
    clock = FakeClock()
    (one,) = limiters(path, clock, 1, Limits(100, 25))

    async def both() -> float:
        began = clock.now
        await one.hold("write", 60.0)
        await one.acquire("read")
        return clock.now - began

    assert asyncio.run(both()) == 0.0
    close(one)


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
    close(one)


def test_each_token_has_a_rate_of_its_own_and_none_is_in_the_file(path: Path) -> None:
    clock = FakeClock()
    (one,) = limiters(path, clock, 1, Limits(100, 25))
    (other,) = limiters(path, clock, 1, Limits(100, 25), Token("0ther" * 12))

    async def both() -> float:
        began = clock.now
        await one.hold("write", 60.0)
        await other.acquire("write")
        return clock.now - began

    assert asyncio.run(both()) == 0.0
    close(one, other)
    assert all(TOKEN.plain.encode() not in file.read_bytes() for file in path.parent.iterdir())


def test_a_file_that_cannot_be_used_is_named(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"no database, and too long to be the beginning of one" * 20)

    with pytest.raises(StorageError, match="cannot be kept"):
        limiters(path, FakeClock(), 1, Limits())


@pytest.mark.anyio
async def test_two_on_one_token_are_hardly_ever_refused_and_use_nearly_all_of_it(path: Path) -> None:
    """Against a server that counts by the second, at most 1 % of 429s, and at least 95 % of the allowance used."""
    clock, seconds, token = ManualClock(), 10.0, TOKEN.plain
    options = Options(tokens={token: None}, clock=clock.wall)
    store = Store(":memory:", options)
    app = create_app(store, options)
    network = Network(httpx.ASGITransport(app), clock)
    sharing = limiters(path, clock, 2, Limits())
    one, other = (
        AttioWriter.connect(base_url="http://127.0.0.1", token=token, limiter=each, clock=clock, transport=network)
        for each in sharing
    )

    async def write(attio: AttioWriter) -> object:
        return await attio.assert_record("companies", matching_attribute="domains", values={"domains": ["example.com"]})

    began = clock.now
    async with one, other:
        done = await asyncio.gather(*(flood(partial(write, attio), clock, 8, seconds) for attio in (one, other)))
    taken = clock.now - began
    await app.api.close()  # its log is written a moment later, by real time
    store.close()
    close(*sharing)

    assert min(done) > 0
    assert sum(done) / taken >= 0.95 * 25
    assert one.usage.throttled + other.usage.throttled <= 0.01 * sum(done)


@pytest.mark.slow
def test_two_processes_on_one_token_take_the_rate_once(path: Path) -> None:
    """Each alone would be done in half of the time; that a busy machine takes longer proves nothing."""
    writes = 30
    with embedded(":memory:", token=TOKEN.plain, options=Options(limits=NO_LIMITS)) as url:
        command = [sys.executable, str(PROGRAM), url, TOKEN.plain, str(path), str(writes)]
        pipe = subprocess.PIPE
        running = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) for _ in range(2)]
        for process in running:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in running:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        found = [json.loads(process.communicate()[0]) for process in running]

    assert [each["writes"] for each in found] == [writes, writes]
    seconds = max(each["ended"] for each in found) - min(each["began"] for each in found)
    assert seconds >= (2 * writes - 1) / (25 * MARGIN)
