"""Whether to send again and when, without a clock or a socket."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attio_ctl.attio.messages import Method, Request
from attio_ctl.attio.retry import (
    BACKOFF_CAP,
    Failure,
    GiveUp,
    NoAnswer,
    Retry,
    ServerFault,
    Throttled,
    decide,
    exhausted,
    maybe_done,
    wait_of,
)

waits = st.floats(0, 3600)
failures = st.one_of(
    st.builds(Throttled, waits),
    st.builds(ServerFault, st.sampled_from([408, 500, 502, 503, 504]), waits),
    st.builds(NoAnswer, st.just("reset"), st.booleans()),
)
LONG = 10_000.0
LOST = NoAnswer("read timeout", reached=True)
NEVER_SENT = NoAnswer("connection refused", reached=False)


def decided(failure: Failure, *, repeatable: bool = True, attempt: int = 1, draw: float = 0.5) -> Retry | GiveUp:
    return decide(failure, repeatable=repeatable, attempt=attempt, elapsed=0.0, budget=LONG, draw=draw)


@pytest.mark.parametrize(
    ("failure", "repeatable", "outcome"),
    [
        (Throttled(3.0), False, Retry(3.0)),
        (Throttled(3.0), True, Retry(3.0)),
        (NEVER_SENT, False, Retry(0.25)),
        (LOST, True, Retry(0.25)),
        (LOST, False, GiveUp("unsure")),
        (ServerFault(502), True, Retry(0.25)),
        (ServerFault(503, 7.0), True, Retry(7.0)),
        (ServerFault(500), False, GiveUp("unsure")),
    ],
)
def test_what_a_failure_means_depends_on_what_may_have_been_done(
    failure: Failure, repeatable: bool, outcome: Retry | GiveUp
) -> None:
    assert decided(failure, repeatable=repeatable) == outcome


@given(
    failure=failures, attempt=st.integers(1, 1000), elapsed=st.floats(0, LONG), draw=st.floats(0, 1, exclude_max=True)
)
def test_what_may_have_been_done_and_cannot_be_repeated_is_never_sent_again(
    failure: Failure, attempt: int, elapsed: float, draw: float
) -> None:
    verdict = decide(failure, repeatable=False, attempt=attempt, elapsed=elapsed, budget=LONG, draw=draw)

    assert isinstance(verdict, GiveUp) or not maybe_done(failure)


@given(
    failure=failures, attempt=st.integers(1, 1000), elapsed=st.floats(0, 600), draw=st.floats(0, 1, exclude_max=True)
)
def test_a_retry_is_within_the_budget_and_never_sooner_than_asked(
    failure: Failure, attempt: int, elapsed: float, draw: float
) -> None:
    verdict = decide(failure, repeatable=True, attempt=attempt, elapsed=elapsed, budget=300, draw=draw)
    asked = failure.wait if isinstance(failure, Throttled | ServerFault) else 0.0

    if isinstance(verdict, Retry):
        assert elapsed + verdict.after <= 300
        assert asked <= verdict.after <= max(asked, BACKOFF_CAP)
    else:
        assert verdict == GiveUp("budget")
        assert elapsed + max(asked, BACKOFF_CAP) > 300


def test_the_jitter_is_full_and_its_range_doubles() -> None:
    spans = [decided(LOST, attempt=n, draw=0.999999) for n in (1, 2, 3, 4, 99)]

    assert [round(s.after, 1) for s in spans if isinstance(s, Retry)] == [0.5, 1.0, 2.0, 4.0, 30.0]
    assert decided(LOST, attempt=9, draw=0.0) == Retry(0.0)


MOMENT = datetime(2026, 11, 22, 10, 0, 0, tzinfo=UTC)
IMF, RFC850, ASCTIME = "%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y"


@pytest.mark.parametrize("form", [IMF, RFC850, ASCTIME])
@pytest.mark.parametrize("skew", [-600, -1, 0, 1, 600, 86_400])
def test_a_date_to_wait_for_is_measured_against_the_date_of_the_answer(form: str, skew: int) -> None:
    """A local clock that is ten minutes off, either way, changes nothing."""
    headers = {
        "date": format_datetime(MOMENT, usegmt=True),
        "retry-after": (MOMENT + timedelta(seconds=2)).strftime(form),
    }

    assert wait_of(headers, MOMENT.timestamp() + skew) == 2.0


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, None),
        ({"retry-after": "5"}, 5.0),
        ({"retry-after": " 0 "}, 0.0),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "²"}, None),
        ({"retry-after": "Sun, 22 Nov 2026 10:00:03 GMT"}, 3.0),
        ({"retry-after": "Sun, 22 Nov 2026 11:00:03 +0100"}, 3.0),
        ({"retry-after": "Sun, 22 Nov 2026 09:59:00 GMT"}, 0.0),
        ({"retry-after": "Sun, 99 Nov 2026 09:59:00 GMT"}, None),
        ({"retry-after": "5", "x-ratelimit-reset": "9"}, 5.0),
        ({"x-ratelimit-reset": "9"}, 9.0),
        ({"x-ratelimit-reset": str(MOMENT.timestamp() + 4)}, 4.0),
        ({"x-ratelimit-reset": str(MOMENT.timestamp() - 4)}, 0.0),
        ({"x-ratelimit-reset": "nan"}, None),
        ({"x-ratelimit-reset": "inf"}, None),
        ({"x-ratelimit-reset": "-1"}, None),
    ],
)
def test_what_an_answer_asks_for(headers: dict[str, str], wait: float | None) -> None:
    assert wait_of(headers, MOMENT.timestamp()) == wait


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_no_header_can_break_the_reading_of_it(retry_after: str, date: str, reset: str) -> None:
    wait = wait_of({"retry-after": retry_after, "date": date, "x-ratelimit-reset": reset}, MOMENT.timestamp())

    assert wait is None or wait >= 0


def test_a_used_up_allowance_is_seen_before_it_is_overdrawn() -> None:
    assert exhausted({"x-ratelimit-remaining": "0"})
    assert not exhausted({"x-ratelimit-remaining": "1"})
    assert not exhausted({})


@pytest.mark.parametrize(
    ("method", "path", "kind", "repeatable"),
    [
        ("GET", "/v2/objects", "read", True),
        ("POST", "/v2/objects/users/records/query", "read", True),
        ("POST", "/v2/objects/records/search", "read", True),
        ("POST", "/v2/objects", "write", False),
        ("POST", "/v2/objects/users/records", "write", False),
        ("POST", "/v2/objects/deals/attributes/stage/statuses", "write", False),
        ("PUT", "/v2/objects/users/records", "write", True),
        ("PUT", "/v2/batch/records", "write", True),
        ("PATCH", "/v2/objects/users", "write", True),
        ("DELETE", "/v2/webhooks/w1", "write", True),
    ],
)
def test_which_requests_are_reads_and_which_may_be_repeated(
    method: Method, path: str, kind: str, repeatable: bool
) -> None:
    request = Request(method, path)

    assert (request.kind, request.repeatable) == (kind, repeatable)
