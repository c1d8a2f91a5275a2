"""One call through 429s, outages and lost answers, on a clock that only moves by sleeping."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import httpx
import pytest

from attio_ctl.attio.errors import (
    LostAnswerError,
    NoAnswerError,
    NotFoundError,
    RateLimitedError,
    ServerError,
    UnauthorizedError,
)
from attio_ctl.attio.limiter import Limits
from attio_ctl.attio.messages import Exchange, Usage

pytestmark = pytest.mark.anyio

OPTION = {
    "id": {"workspace_id": "w", "object_id": "o", "attribute_id": "a", "option_id": "x"},
    "title": "Gold",
    "is_archived": False,
}
LOST = httpx.ReadTimeout("")
REFUSED = httpx.ConnectError("connection refused")


def dates(seconds: int) -> dict[str, str]:
    """`Retry-After` as Attio sends it, `seconds` after the answer's own `Date`."""
    made = datetime(2001, 1, 1, tzinfo=UTC)
    until = datetime.fromtimestamp(made.timestamp() + seconds, UTC)
    return {"date": format_datetime(made, usegmt=True), "retry_after": format_datetime(until, usegmt=True)}


def throttled(answers: Any, seconds: int = 1) -> httpx.Response:
    body = {
        "status_code": 429,
        "type": "rate_limit_error",
        "code": "rate_limit_exceeded",
        "message": "Rate limit exceeded, please try again later",
    }
    return answers.ok(429, body, **dates(seconds))


async def create(t: Any) -> Any:
    return await t.attio.create_option("objects", "companies", "tier", title="Gold")


async def test_a_429_is_waited_out_whatever_the_method(talk: Any, answers: Any) -> None:
    """It was not processed, so even a create is sent again; the answer's own `Date`, 25 years off, is what counts."""
    t = talk(throttled(answers, 2), answers.ok(200, {"data": OPTION}))

    assert await create(t) == OPTION
    assert t.script.times[1] - t.script.times[0] == pytest.approx(2.0)
    assert t.attio.usage == Usage(reads=0, writes=2, retries=1, throttled=1)


async def test_a_429_holds_back_all_calls_of_its_kind_and_no_others(talk: Any, answers: Any) -> None:
    t = talk(throttled(answers, 5), answers.ok(200, {"data": OPTION}))
    reads = talk(answers.rows([]))
    reads.attio._session._limiter = t.attio._session._limiter

    await asyncio.gather(create(t), create(t), create(t))
    begin = t.clock.now
    await reads.attio.objects()

    assert [round(time - t.script.times[0]) for time in t.script.times[3:]] == [5] * (len(t.script.times) - 3)
    assert t.clock.now == begin


async def test_a_429_that_outlasts_the_budget_is_an_error_at_once(talk: Any, answers: Any) -> None:
    t = talk(throttled(answers, 3600), retry_for=60)

    with pytest.raises(RateLimitedError, match="rate_limit_exceeded") as caught:
        await t.attio.objects()

    assert len(t.script.seen) == 1
    assert not caught.value.maybe_done


async def test_a_minute_of_nothing_but_429_is_probed_once_a_second_and_loses_nothing(talk: Any, answers: Any) -> None:
    t = talk(*[throttled(answers) for _ in range(60)], answers.ok(200, {"data": OPTION}))

    found = await asyncio.gather(*(create(t) for _ in range(40)))

    assert len(found) == 40
    probes = Counter(int(time - t.script.times[0]) for time in t.script.times[:60])
    assert len(probes) >= 40
    assert sum(probes.values()) <= 60
    after = t.script.times[60:]
    assert after[-1] - after[0] <= 5 + 40 / 25


@pytest.mark.parametrize("failure", [LOST, 500, 502, 503, 504, 408, "cut off"], ids=str)
async def test_what_can_be_repeated_is_repeated(talk: Any, answers: Any, failure: Any) -> None:
    t = talk(broken(answers, failure), broken(answers, failure), answers.ok(200, {"data": OPTION}))

    found = await t.attio.update_option("objects", "companies", "tier", "x", title="Gold")

    assert found == OPTION
    no_answer = failure in (LOST, "cut off")
    causes = {"unanswered": 2} if no_answer else {"failed": 2}
    assert t.attio.usage == Usage(writes=3, retries=2, **causes)


@pytest.mark.parametrize("failure", [LOST, 500, 502, 503, 504, 408, "cut off"], ids=str)
async def test_a_create_whose_answer_is_lost_is_sent_once(talk: Any, answers: Any, failure: Any) -> None:
    t = talk(broken(answers, failure), answers.ok(200, {"data": OPTION}))

    with pytest.raises(LostAnswerError) as caught:
        await create(t)

    assert len(t.script.seen) == 1
    assert caught.value.maybe_done
    assert "look it up" in str(caught.value.hint)


async def test_a_create_that_never_left_is_sent_again(talk: Any, answers: Any) -> None:
    t = talk(REFUSED, REFUSED, answers.ok(200, {"data": OPTION}))

    assert await create(t) == OPTION


async def test_a_create_that_never_left_is_no_lost_answer(talk: Any) -> None:
    t = talk(REFUSED, retry_for=3)

    with pytest.raises(NoAnswerError, match=r"connection refused \(tried \d+ times\)") as caught:
        await create(t)

    assert not caught.value.maybe_done


async def test_a_read_that_fails_for_too_long_is_an_error(talk: Any, answers: Any) -> None:
    t = talk(answers.ok(502, None), retry_for=20)
    begin = t.clock.now

    with pytest.raises(ServerError, match=r"Attio answered 502 \(tried \d+ times\)"):
        await t.attio.objects()

    assert 0 < t.clock.now - begin < 60


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 422])
async def test_a_refusal_is_final(talk: Any, answers: Any, status: int) -> None:
    t = talk(answers.refused(status, "whatever", "No."))

    with pytest.raises(Exception, match=str(status)):
        await create(t)

    assert len(t.script.seen) == 1


async def test_a_delete_whose_first_answer_was_lost_is_done_when_nothing_is_there(talk: Any, answers: Any) -> None:
    t = talk(LOST, answers.refused(404, "not_found", "Webhook not found"))

    await t.attio.delete_webhook("w1")

    assert len(t.script.seen) == 2


async def test_a_delete_of_nothing_is_an_error(talk: Any, answers: Any) -> None:
    """A 429 or a refused connection in between is no reason to believe that it was done."""
    t = talk(throttled(answers), REFUSED, answers.refused(404, "not_found", "Webhook not found"))

    with pytest.raises(NotFoundError):
        await t.attio.delete_webhook("w1")


async def test_a_rename_whose_first_answer_was_lost_asks_for_a_look(talk: Any, answers: Any) -> None:
    """The path names the old slug, which is gone if the first attempt was carried out."""
    t = talk(LOST, answers.refused(404, "not_found", "Object not found"))

    with pytest.raises(LostAnswerError, match="whose answer was lost"):
        await t.attio.update_object("cars", api_slug="vehicles")


async def test_an_outage_is_probed_once_a_second(talk: Any, answers: Any) -> None:
    """Five minutes of 503 under sixteen busy workers: hardly more requests than seconds, and all calls succeed."""
    t = talk(*[answers.ok(503, None) for _ in range(300)], answers.ok(200, {"data": OPTION}), retry_for=3600)

    async def worker(n: int) -> Any:
        return await t.attio.update_option("objects", "companies", "tier", str(n), title="Gold")

    assert len(await asyncio.gather(*(worker(n) for n in range(16)))) == 16
    outage = t.script.times[20:300]
    assert all(later - earlier >= 0.99 for earlier, later in itertools.pairwise(outage))


async def test_full_speed_is_back_within_five_seconds_of_an_outage(talk: Any, answers: Any) -> None:
    limits = Limits(reads_per_second=50)
    t = talk(*[answers.ok(503, None) for _ in range(30)], answers.rows([]), retry_for=3600, limits=limits)
    await t.attio.objects()
    recovered = t.clock.now + 5

    for _ in range(300):
        await t.attio.objects()

    late = [time for time in t.script.times if time >= recovered]
    assert 1 / (late[1] - late[0]) == pytest.approx(50, rel=0.05)


async def test_an_allowance_that_is_used_up_is_not_overdrawn(talk: Any, answers: Any) -> None:
    """Attio sends no `X-RateLimit-*` today; when it does, or a gateway before it does, it is heeded."""
    t = talk(answers.ok(200, {"data": []}, x_ratelimit_remaining="0", x_ratelimit_reset="3"))

    await t.attio.objects()
    await t.attio.objects()

    assert t.script.times[1] - t.script.times[0] == pytest.approx(3.0)


async def test_no_more_calls_are_in_flight_than_there_are_connections(talk: Any, answers: Any) -> None:
    t = talk(answers.rows([]), limits=Limits(reads_per_second=100_000))
    flying = most = 0
    send = t.attio._session._http.send

    async def watched(request: Any) -> Any:
        nonlocal flying, most
        flying += 1
        most = max(most, flying)
        await t.clock.sleep(1.0)
        answer = await send(request)
        flying -= 1
        return answer

    t.attio._session._http.send = watched
    await asyncio.gather(*(t.attio.objects() for _ in range(200)))

    assert most == 16


async def test_every_attempt_is_counted_and_told(talk: Any, answers: Any) -> None:
    told: list[Exchange] = []
    found = answers.ok(200, {"data": []}, x_attio_execution_id="e1")
    t = talk(throttled(answers), REFUSED, found, on_request=told.append)

    await t.attio.objects()

    assert [(e.request, e.kind, e.attempt, e.status, e.execution_id) for e in told] == [
        ("GET /v2/objects", "read", 1, 429, None),
        ("GET /v2/objects", "read", 2, None, None),
        ("GET /v2/objects", "read", 3, 200, "e1"),
    ]
    assert t.attio.usage == Usage(reads=3, retries=2, throttled=1, unanswered=1)


async def test_a_dead_token_stops_at_the_first_answer(talk: Any, answers: Any) -> None:
    t = talk(answers.refused(401, "unauthorized", "The API Key provided was invalid."))

    with pytest.raises(UnauthorizedError) as caught:
        await t.attio.objects()

    assert caught.value.exit_code == 13
    assert len(t.script.seen) == 1


async def test_a_cancelled_call_gives_its_place_back(talk: Any, answers: Any) -> None:
    t = talk(answers.rows([]))
    tasks = [asyncio.create_task(t.attio.objects()) for _ in range(50)]
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

    assert await t.attio.objects() == []


def broken(answers: Any, failure: Any) -> Any:
    """A failure that leaves open whether the request was carried out."""
    if failure == "cut off":
        return httpx.Response(200, content=b'{"data": {"id": {"works')
    return answers.ok(failure, None) if isinstance(failure, int) else failure
