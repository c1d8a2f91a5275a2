"""The whole client against a server that counts requests by the clock second, as Attio does."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from attio_ctl.attio.limiter import Limits
from attio_ctl.attio.types import Assertion
from attio_ctl.attio.writer import AttioWriter
from attio_ctl.sandbox.app import create_app
from attio_ctl.sandbox.options import NO_LIMITS, Options
from attio_ctl.sandbox.options import Limits as Allowance
from attio_ctl.sandbox.server import embedded
from attio_ctl.sandbox.store.store import Store

pytestmark = pytest.mark.anyio

SECONDS = 10.0
TRAVEL = (0.02, 0.05)
"""Seconds that a request or an answer is on its way; what it squeezes together is what the margin leaves room for."""


class Network(httpx.AsyncBaseTransport):
    """The way to a server on which everything takes its time, on the clock of the test."""

    def __init__(self, server: httpx.AsyncBaseTransport, clock: Any) -> None:
        self._server = server
        self._clock = clock
        self._draw = random.Random(1)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await self._clock.sleep(self._draw.uniform(*TRAVEL))
        answer = await self._server.handle_async_request(request)
        await self._clock.sleep(self._draw.uniform(*TRAVEL))
        return answer


@asynccontextmanager
async def connected(clock: Any, token: str, limits: Allowance) -> AsyncIterator[AttioWriter]:
    """A client of a sandbox that has the same clock."""
    options = Options(tokens={token: None}, limits=limits, clock=clock.wall)
    store = Store(":memory:", options)
    app = create_app(store, options)
    network = Network(httpx.ASGITransport(app), clock)
    async with AttioWriter.connect(base_url="http://127.0.0.1", token=token, transport=network, clock=clock) as attio:
        yield attio
    await app.api.close()  # its log is written a moment later, by real time
    store.close()


async def flood(call: Callable[[], Awaitable[object]], clock: Any, workers: int, seconds: float) -> int:
    """Call from many workers until the time is up; how many calls came back."""
    until = clock.now + seconds
    done = 0

    async def work() -> None:
        nonlocal done
        while clock.now < until:
            await call()
            done += 1

    await asyncio.gather(*(work() for _ in range(workers)))
    return done


@pytest.mark.parametrize("phase", [0.0, 0.35, 0.7])
@pytest.mark.parametrize(("kind", "allowed"), [("write", 25), ("read", 100)])
async def test_nearly_all_of_the_allowance_is_used_and_nearly_nothing_is_refused(
    clock: Any, token: str, kind: str, allowed: int, phase: float
) -> None:
    """At least 95 % of the documented limit, and at most 1 % of the requests answered with 429."""
    clock.now += phase
    async with connected(clock, token, Allowance()) as attio:
        company = await attio.assert_record("companies", matching_attribute="domains", values={"domains": ["x.com"]})
        record_id = company["id"]["record_id"]

        async def call() -> object:
            if kind == "read":
                return await attio.query_records("companies", limit=1)
            return await attio.update_record("companies", record_id, values={"name": "X"})

        begin = clock.now
        done = await flood(call, clock, 16, SECONDS)

    assert done / (clock.now - begin) >= 0.95 * allowed
    assert attio.usage.throttled <= 0.01 * (done + attio.usage.throttled)


async def test_a_limit_that_is_lower_than_documented_is_survived(clock: Any, token: str) -> None:
    """Attio lowers limits in incidents: fewer requests get through, and none is lost."""
    async with connected(clock, token, Allowance(reads=20, writes=5)) as attio:
        found = await asyncio.gather(*(attio.objects() for _ in range(50)))

    assert len(found) == 50
    assert attio.usage.throttled >= 1
    assert attio.usage.reads == 50 + attio.usage.throttled == 50 + attio.usage.retries


@pytest.fixture
async def free(token: str) -> AsyncIterator[AttioWriter]:
    """A writer without limits on either side."""
    with embedded(":memory:", token=token, options=Options(limits=NO_LIMITS)) as url:
        async with AttioWriter.connect(base_url=url, token=token, limits=Limits(10_000, 10_000)) as attio:
            yield attio


async def test_a_simple_assert_appends_and_answers_with_the_record(free: AttioWriter) -> None:
    by = {"matching_attribute": "email_addresses"}
    first = await free.assert_simple(
        "people", **by, values={"email_addresses": "a@example.com", "name": "Lovelace, Ada"}
    )
    second = await free.assert_simple(
        "people", **by, values={"email_addresses": "a@example.com", "job_title": "Countess"}
    )

    assert first["id"] == second["id"]
    assert second["values"]["name"][0]["full_name"] == "Ada Lovelace"


async def test_a_batch_is_done_after_it_was_taken(free: AttioWriter) -> None:
    batch: list[Assertion] = [
        {
            "object": "people",
            "mode": "create-or-update",
            "matching_attribute": "email_addresses",
            "multiselect_values": "append",
            "values": {"email_addresses": f"p{n}@example.com"},
            "received_at": "2026-01-01T00:00:00.000Z",
        }
        for n in range(200)
    ]
    await free.assert_batch(batch)

    while True:
        if await free.count_records("people", at_most=1000) == 200:
            break
        await asyncio.sleep(0.05)
    assert free.usage.writes == 1
