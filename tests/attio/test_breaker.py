"""An outage is found out about by one request at a time, and is over for everybody at once."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attio_ctl.attio.breaker import CLOSED, FIRST_INTERVAL, LONGEST_INTERVAL, OPEN_AFTER, Circuit, fail
from attio_ctl.attio.errors import ServerError
from attio_ctl.attio.limiter import Limits
from attio_ctl.attio.writer import AttioWriter

OPTION = {
    "id": {"workspace_id": "w", "object_id": "o", "attribute_id": "a", "option_id": "x"},
    "title": "Gold",
    "is_archived": False,
}


class Outage(httpx.AsyncBaseTransport):
    """A server that answers 503 until a time, every answer after some seconds; keeps when it was asked."""

    def __init__(self, clock: Any, until: float, seconds: float = 0.05) -> None:
        self._clock = clock
        self._until = until
        self._seconds = seconds
        self.times: list[float] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.times.append(self._clock.now)
        is_down = self._clock.now < self._until
        await self._clock.sleep(self._seconds)
        return httpx.Response(503) if is_down else httpx.Response(200, json={"data": OPTION})


def failing(times: int) -> Circuit:
    circuit = CLOSED
    for n in range(times):
        circuit = fail(circuit, float(n), wait=0.0, is_probe=circuit.is_open)
    return circuit


def test_some_failures_in_a_row_open_the_circuit_and_probes_come_less_and_less_often() -> None:
    assert [failing(n).is_open for n in (0, OPEN_AFTER - 1, OPEN_AFTER)] == [False, False, True]
    assert [failing(OPEN_AFTER + n).interval for n in range(5)] == [1.0, 2.0, 4.0, 5.0, 5.0]
    assert failing(OPEN_AFTER + 3).opened_at == 0.0


def test_what_was_under_way_when_it_opened_does_not_count_against_the_probes() -> None:
    opened = failing(OPEN_AFTER)

    later = fail(opened, 5.0, wait=0.0, is_probe=False)

    assert (later.interval, later.probe_at) == (opened.interval, opened.probe_at)


def test_an_answer_that_asks_for_a_wait_gets_it() -> None:
    assert fail(failing(OPEN_AFTER), 10.0, wait=30.0, is_probe=True).probe_at == 40.0
    assert fail(failing(OPEN_AFTER), 10.0, wait=30.0, is_probe=False).probe_at == 40.0


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 20), st.booleans()), max_size=40))
def test_an_open_circuit_always_has_a_probe_ahead(history: list[tuple[float, float, bool]]) -> None:
    circuit, now = CLOSED, 0.0
    for passed, wait, is_probe in history:
        now += passed
        circuit = fail(circuit, now, wait=wait, is_probe=is_probe and circuit.is_open)
    assert circuit.is_open == (len(history) >= OPEN_AFTER)
    assert not circuit.is_open or FIRST_INTERVAL <= circuit.interval <= LONGEST_INTERVAL
    assert circuit.since <= now


def connected(clock: Any, token: str, outage: Outage, retry_for: float) -> AttioWriter:
    limits = Limits(1_000, 1_000)
    return AttioWriter.connect(
        base_url="https://api.attio.com",
        token=token,
        transport=outage,
        clock=clock,
        retry_for=retry_for,
        limits=limits,
    )


async def worker(attio: AttioWriter, calls: int = 1) -> None:
    for n in range(calls):
        await attio.update_option("objects", "companies", "tier", str(n), title="Gold")


@pytest.mark.anyio
async def test_five_minutes_without_attio_cost_less_than_a_request_a_second_and_no_call(clock: Any, token: str) -> None:
    outage = Outage(clock, clock.now + 300)

    async with connected(clock, token, outage, retry_for=600) as attio:
        await asyncio.gather(*(worker(attio) for _ in range(16)))

    down = [time for time in outage.times if time < 1300]
    assert len(down) <= 16 + OPEN_AFTER + 300 / LONGEST_INTERVAL + 5
    probes = down[16 + OPEN_AFTER :]
    assert all(later - earlier >= LONGEST_INTERVAL for earlier, later in itertools.pairwise(probes))


@pytest.mark.anyio
async def test_the_end_of_an_outage_is_noticed_at_once_and_by_everybody(clock: Any, token: str) -> None:
    outage = Outage(clock, clock.now + 60)

    async with connected(clock, token, outage, retry_for=600) as attio:
        await asyncio.gather(*(worker(attio, 10) for _ in range(16)))

    assert clock.now - 1060 <= LONGEST_INTERVAL + 2


@pytest.mark.anyio
async def test_the_time_for_retries_begins_with_the_outage_for_all_calls_together(clock: Any, token: str) -> None:
    """Sixteen calls that take turns would otherwise make sixteen times of it."""
    outage = Outage(clock, clock.now + 10_000)

    async with connected(clock, token, outage, retry_for=120) as attio:
        ended = await asyncio.gather(*(worker(attio) for _ in range(16)), return_exceptions=True)

    assert all(isinstance(error, ServerError) for error in ended)
    assert outage.times[-1] - 1000 <= 120 + 17 * LONGEST_INTERVAL


@pytest.mark.anyio
async def test_a_429_in_an_outage_is_an_answer(talk: Any, answers: Any) -> None:
    down = [answers.ok(503, None) for _ in range(8)]
    t = talk(*down, answers.ok(429, None, retry_after="1"), answers.ok(200, {"data": OPTION}), retry_for=600)

    await worker(t.attio, 3)

    assert t.script.times[-1] - t.script.times[8] <= 3
