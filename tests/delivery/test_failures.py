"""When the fault is not in the data: nothing is dead-lettered, the rest stays pending, the next run completes it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from attio_ctl.attio.errors import ServerError
from attio_ctl.delivery import dispatch, sending, sqlite_ledger
from attio_ctl.delivery.outcome import Progress
from attio_ctl.delivery.singly import CONCURRENCY
from attio_ctl.errors import CredentialsError, Exit, LeaseHeldError

from .conftest import Place
from .sending import QuickClock
from .test_delivery import identify, verdicts

pytestmark = pytest.mark.anyio

Answer = Callable[[int], httpx.Response | float | None]
NEVER = 3600.0
"""Seconds that no test lives to see the end of."""

REVOKED = {"status_code": 401, "type": "auth_error", "code": "unauthorized", "message": "The API key was revoked."}


class Scripted(httpx.AsyncBaseTransport):
    """The network to the sandbox, but for writes that a script answers (or delays), by their number from 1."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._network = httpx.AsyncHTTPTransport()
        self.writes = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method in ("PUT", "PATCH"):
            self.writes += 1
            match self._answer(self.writes):
                case httpx.Response() as response:
                    return response
                case float(seconds):
                    await asyncio.sleep(seconds)
        return await self._network.handle_async_request(request)

    async def aclose(self) -> None:
        await self._network.aclose()


def people(count: int) -> list[dict[str, Any]]:
    return [identify(n, f"u{n}", plan="Pro") for n in range(count)]


@pytest.mark.parametrize("status", [401, 403])
async def test_a_revoked_token_stops_the_run_and_a_new_one_completes_exactly_the_rest(
    place: Place, status: int
) -> None:
    network = Scripted(lambda n: httpx.Response(status, json={**REVOKED, "status_code": status}) if n > 100 else None)
    file = place.write(people(100))

    first = await place.deliver(file, client={"transport": network})

    assert isinstance(first.halted, CredentialsError)
    assert first.exit_code == Exit.CREDENTIALS
    assert not first.finished
    assert network.writes <= 100 + CONCURRENCY
    assert verdicts(first.account) == {"read": 100, "pending": 100}
    assert place.open_letters == ()

    rest = Scripted(lambda _: None)
    second = await place.deliver(file, client={"transport": rest})

    assert verdicts(second.account) == {"read": 100, "delivered": 100}
    assert rest.writes == 100
    assert (second.account.writes, second.account.requests) == (200, 100 + network.writes)


async def test_passing_errors_of_the_server_cost_retries_and_no_event(place: Place) -> None:
    network = Scripted(lambda n: httpx.Response(502) if n % 10 == 0 else None)

    outcome = await place.deliver(place.write(people(20)), client={"transport": network})

    assert verdicts(outcome.account) == {"read": 20, "delivered": 20}
    assert outcome.account.retries >= 4


async def test_what_requests_failed_of_stands_in_the_account(place: Place) -> None:
    answers = {3: httpx.Response(429), 5: httpx.Response(502)}
    network = Scripted(answers.get)

    account = (await place.deliver(place.write(people(20)), client={"transport": network})).account

    assert (account.throttled, account.failed, account.unanswered, account.retries) == (1, 1, 0, 2)


async def test_that_it_sends_is_told_before_anything_is_taken(place: Place) -> None:
    """While the first writes are refused for now, there is no other word."""
    told: list[Progress] = []
    network = Scripted(lambda n: httpx.Response(503))

    await place.deliver(place.write(people(20)), client={"transport": network, "retry_for": 0.0}, observe=told.append)

    assert told[-1].records >= 20
    assert (told[-1].writes, told[-1].done, told[-1].is_estimate) == (0, 0, True)


async def test_a_server_that_stays_away_ends_the_run_with_the_rest_pending(place: Place) -> None:
    network = Scripted(lambda n: httpx.Response(503) if n > 10 else None)
    file = place.write(people(20))

    first = await place.deliver(file, client={"transport": network, "retry_for": 0.0})

    assert isinstance(first.halted, ServerError)
    assert first.exit_code == Exit.PARTIAL
    assert first.account.pending == first.account.read == 20
    assert place.open_letters == ()
    assert verdicts((await place.deliver(file)).account) == {"read": 20, "delivered": 20}


async def test_a_run_that_is_stopped_waits_for_a_slow_answer_only_so_long(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "GRACE", 0.2)
    stop = asyncio.Event()

    def stop_while_it_waits(n: int) -> float | None:
        if n <= 10:
            return None
        stop.set()
        return NEVER

    outcome = await place.deliver(
        place.write(people(20)), stop=stop, client={"transport": Scripted(stop_while_it_waits)}
    )

    assert outcome.halted is None
    assert outcome.account.pending == 20


async def test_a_fault_of_ours_is_raised_and_not_taken_for_a_stop(place: Place) -> None:
    def broken(_: int) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await place.deliver(place.write(people(3)), client={"transport": Scripted(broken)})


class Poisoned(httpx.AsyncBaseTransport):
    """The network to the sandbox, on which Attio fails for every write that speaks of some records."""

    def __init__(self, fail: Callable[[], httpx.Response], *poison: str) -> None:
        self._fail = fail
        self._poison = [name.encode() for name in poison]
        self._network = httpx.AsyncHTTPTransport()
        self.failed = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method in ("PUT", "PATCH") and any(name in request.content for name in self._poison):
            self.failed += 1
            return self._fail()
        return await self._network.handle_async_request(request)

    async def aclose(self) -> None:
        await self._network.aclose()


def no_answer() -> httpx.Response:
    raise httpx.ReadTimeout("too slow")


SOON = {"retry_for": 30.0, "clock": QuickClock()}  # which is a third of a second


@pytest.mark.parametrize(
    ("fail", "code"),
    [(lambda: httpx.Response(500), "http_500"), (lambda: httpx.Response(503), "http_503"), (no_answer, "timeout")],
    ids=["500", "503", "no answer"],
)
async def test_a_record_for_which_attio_always_fails_is_dead_lettered_and_the_others_go_on(
    place: Place, fail: Callable[[], httpx.Response], code: str
) -> None:
    """Every event about it, since nobody can tell which of them it is; another run has nothing left to do."""
    network = Poisoned(fail, '"u7"')
    file = place.write([*people(20), identify(20, "u7", plan="Free")])

    first = await place.deliver(file, client={"transport": network, **SOON})
    again = await place.deliver(file, client={"transport": network, **SOON})

    assert first.finished
    assert first.halted is None
    assert verdicts(first.account) == {"read": 21, "delivered": 19, "dead_lettered": 2}
    assert {letter.code for letter in place.open_letters} == {code}
    assert "while Attio took other records" in place.open_letters[0].reason
    assert [letter.line.number for letter in place.open_letters] == [8, 21]
    assert verdicts(again.account) == {"read": 21, "duplicate": 21}


async def test_more_such_records_than_can_be_under_way_do_not_look_like_an_outage(place: Place) -> None:
    poison = [f'"u{n}"' for n in range(10, 10 + CONCURRENCY + 2)]
    network = Poisoned(lambda: httpx.Response(500), *poison)

    outcome = await place.deliver(place.write(people(40)), client={"transport": network, **SOON})

    assert verdicts(outcome.account) == {"read": 40, "delivered": 30, "dead_lettered": 10}


async def test_where_attio_has_taken_nothing_at_all_it_is_an_outage(place: Place) -> None:
    network = Poisoned(lambda: httpx.Response(500), "example.com")

    outcome = await place.deliver(place.write(people(3)), client={"transport": network, **SOON})

    assert isinstance(outcome.halted, ServerError)
    assert verdicts(outcome.account) == {"read": 3, "pending": 3}
    assert place.open_letters == ()


async def test_an_outage_that_begins_while_a_record_fails_leaves_that_record_pending_too(place: Place) -> None:
    network = Poisoned(lambda: httpx.Response(500), '"u7"')
    down = Scripted(lambda _: httpx.Response(500) if network.failed else None)
    network._network = down  # type: ignore[assignment]  # what is not poison meets the outage
    file = place.write(people(20))

    outcome = await place.deliver(file, client={"transport": network, **SOON})

    assert isinstance(outcome.halted, ServerError)
    assert outcome.account.pending > 0
    assert outcome.account.dead_lettered == 0
    assert place.open_letters == ()
    assert verdicts((await place.deliver(file)).account) == {"read": 20, "delivered": 20}


async def test_what_a_failing_write_may_have_set_is_written_again_by_the_next_event(place: Place) -> None:
    """Attio may have carried it out: the ledger must not take the value of before for what stands there."""
    await place.deliver(place.write([identify(0, "u1", plan="Free")]))
    carried_out = Poisoned(lambda: httpx.Response(500), '"Pro"')
    others = [identify(n, f"u{n}", plan="Free") for n in (2, 3)]
    second = await place.deliver(
        place.write([*others, identify(4, "u1", plan="Pro")], "second.ndjson"),
        client={"transport": carried_out, **SOON},
    )

    third = await place.deliver(place.write([identify(5, "u1", plan="Free")], "third.ndjson"))

    assert verdicts(second.account) == {"read": 3, "delivered": 2, "dead_lettered": 1}
    assert third.account.writes == 1


async def test_a_batch_for_which_attio_always_fails_goes_singly(place: Place) -> None:
    """So one record that it cannot write holds up no others."""
    network = Poisoned(lambda: httpx.Response(500), '"u7"')
    told: list[str] = []
    file = place.write(people(20))
    place.way, place.notify = "batch", told.append

    outcome = await place.deliver(file, client={"transport": network, **SOON})

    assert verdicts(outcome.account) == {"read": 20, "delivered": 19, "dead_lettered": 1}
    assert told[0].startswith("fell back from batch to simple")


async def test_another_program_that_holds_the_ledger_ends_the_run_and_costs_no_write(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is on its way comes in; it is noted if the program lets go by then, and nothing is sent again."""
    monkeypatch.setattr(sqlite_ledger, "BUSY_TIMEOUT", 0.3)
    monkeypatch.setattr(dispatch, "GRACE", NEVER)
    monkeypatch.setattr(sending, "NOTE_EVERY", 0.0)
    monkeypatch.setattr(sending, "TELL_EVERY", 0.0)
    holder = sqlite3.connect(place.folder / "ledger.sqlite", isolation_level=None)
    network, stop = Scripted(lambda _: 0.05), asyncio.Event()

    def hold(progress: Progress) -> None:
        if progress.writes == 5:
            holder.execute("begin immediate")

    async def let_go() -> None:
        await stop.wait()  # set when a note was given up
        holder.rollback()

    file = place.write(people(20))
    letting_go = asyncio.create_task(let_go())
    first = await place.deliver(file, stop=stop, observe=hold, client={"transport": network})
    await letting_go
    sent = network.writes
    second = await place.deliver(file, client={"transport": network})
    holder.close()

    assert isinstance(first.halted, LeaseHeldError)
    assert first.exit_code == Exit.LEASE_HELD
    assert "the ledger is locked by" in first.halted.what
    assert first.account.pending == 20
    assert sent < 40
    assert verdicts(second.account) == {"read": 20, "delivered": 20}
    assert network.writes == 40
