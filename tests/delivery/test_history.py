"""The record of a run over time: bounded, thinned without losing a sum, and only of this run."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attio_ctl.attio.limiter import Limits
from attio_ctl.attio.messages import Exchange
from attio_ctl.delivery.account import Account
from attio_ctl.delivery.history import Recorder, answered, rates
from attio_ctl.delivery.outcome import Progress

SETTLED = Account(read=100, delivered=100, writes=40)


class Hands:
    """A clock that is turned by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def wall(self) -> float:
        return 1e9 + self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


def exchange(status: int | None = 200, *, attempt: int = 1) -> Exchange:
    return Exchange("PUT /v2/objects/people/records", "write", attempt, 0.1, status)


def begun(capacity: int = 300) -> tuple[Recorder, Hands]:
    clock = Hands()
    recorder = Recorder(clock, capacity=capacity)
    recorder.begin(Limits())
    return recorder, clock


@given(st.lists(st.tuples(st.floats(0.01, 30), st.integers(0, 500)), min_size=1, max_size=400))
def test_however_long_it_takes_there_are_few_samples_and_their_rates_add_up(steps):
    recorder, clock = begun(capacity=20)
    recorder.observe(Progress(SETTLED))
    read = 0
    for seconds, events in steps:
        clock.now += seconds
        read += events
        recorder.observe(Progress(SETTLED, waiting=read))

    history = recorder.history()
    assert len(history.samples) <= 21
    assert abs(sum(each.read * (each.end - each.begin) for each in rates(history.samples)) - read) < 1e-3
    assert history.samples[-1].read == 100 + read


def test_samples_are_a_second_apart_at_least():
    recorder, clock = begun()
    for _ in range(1000):
        clock.now += 0.1
        recorder.observe(Progress(SETTLED))

    times = [sample.seconds for sample in recorder.history().samples[:-1]]
    assert all(after - before >= 0.99 for before, after in pairwise(times))
    assert len(times) in range(85, 102)


def test_what_was_sent_before_the_run_is_not_of_the_run():
    clock = Hands()
    recorder = Recorder(clock)
    recorder.on_request(exchange())
    recorder.begin(Limits())
    recorder.on_request(exchange(429))
    recorder.on_request(exchange(attempt=2))
    last = recorder.history().samples[-1]

    assert (last.requests, last.sent, last.retries, last.answers["throttled"]) == (2, 2, 1, 1)


def test_what_was_done_before_a_resume_is_the_base():
    recorder, _ = begun()
    recorder.observe(Progress(SETTLED, waiting=10))
    history = recorder.history()

    assert (history.base, history.account.read) == (SETTLED, 110)
    assert history.samples[0].read == 100


def test_a_storm_without_any_progress_is_seen_by_its_answers():
    recorder, clock = begun()
    recorder.observe(Progress(SETTLED))
    for _ in range(60):
        clock.now += 1.0
        recorder.on_request(exchange(429))

    assert [round(each.answers["throttled"]) for each in rates(recorder.history().samples)] == [1] * 60


def test_the_use_of_the_limit_is_that_of_the_last_seconds():
    recorder, clock = begun()
    recorder.observe(Progress(SETTLED))
    for tenth in range(1000):
        clock.now += 0.1
        for _ in range(0 if tenth < 900 else 2):
            recorder.on_request(exchange())
        recorder.observe(Progress(SETTLED))

    assert recorder.history().limit_use == pytest.approx(20 / 25, rel=0.05)


def test_every_status_has_its_class():
    found = [answered(status) for status in (200, 204, 302, 400, 404, 429, 500, 503, None)]

    assert found == ["success"] * 3 + ["refused"] * 2 + ["throttled", "failed", "failed", "unanswered"]
