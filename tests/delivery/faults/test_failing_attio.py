"""Attio away, changed, locked or with another clock in the middle of a run: nothing is lost and the order is kept."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest

from attio_ctl.attio.breaker import OPEN_AFTER
from attio_ctl.delivery import dispatch
from attio_ctl.delivery.singly import CONCURRENCY
from attio_ctl.errors import Exit
from tests.delivery.conftest import Place
from tests.delivery.sending import SPEED, Network, QuickClock
from tests.delivery.test_any_way import Faulty
from tests.delivery.test_delivery import archive_legacy, identify, verdicts
from tests.delivery.test_drift import restore_legacy

from .scale import DRIFT_AT, REVOKED_AT
from .test_bad_events import PEOPLE, deliver

pytestmark = pytest.mark.anyio
OUTAGE = 300.0
USERS = {
    "action": "assert-record",
    "object": "users",
    "match": "user_id",
    "when": 'type = "identify"',
    "values": {"user_id": "$.userId", "primary_email_address": "$.traits.email", "plan": "$.traits.plan"},
}


def is_write(request: httpx.Request) -> bool:
    return request.method in ("PUT", "PATCH")


class Away(Network):
    """Answers 503 for five minutes from the nth write on, a hundred times as fast."""

    def __init__(self, nth: int) -> None:
        super().__init__(self._answer_503)
        self._nth = nth
        self._writes = 0
        self._until = 0.0
        self.asked: list[float] = []
        self.taken: list[tuple[str, str]] = []

    def _answer_503(self, request: httpx.Request) -> httpx.Response | None:
        now = time.monotonic() * SPEED
        if not is_write(request):
            return None
        self._writes += 1
        if self._writes == self._nth:
            self._until = now + OUTAGE
        if now < self._until:
            self.asked.append(now)
            return httpx.Response(503)
        self.taken.append((request.method, request.content.decode()))
        return None


async def test_five_minutes_without_attio_cost_time_and_few_requests_and_no_event(place: Place) -> None:
    """A request a second at most; what is added to a record comes after it was made, and nothing is written twice."""
    place.write([identify(n, f"u{n}", plan="Pro", tags=["red"], description=f"d{n}") for n in range(60)])
    network = Away(nth=50)

    outcome = await deliver(place, network=network)

    assert outcome.finished
    assert verdicts(outcome.account) == {"read": 60, "delivered": 60}
    assert len(network.asked) <= CONCURRENCY + OPEN_AFTER + OUTAGE
    people = await place.records("people", "email_addresses")
    assert {p["description"] for p in people.values()} == {f"d{n}" for n in range(60)}
    assert {p["tags"] for p in people.values()} == {frozenset(["red"])}
    asserted = Counter(body for method, body in network.taken if method == "PUT")
    assert max(asserted.values()) == 1


async def test_an_option_that_goes_away_midway_stops_one_mapping_and_comes_back_whole(place: Place) -> None:
    place.mappings = {"users": USERS, "people": {**PEOPLE, "when": 'type = "track"'}}
    users = [identify(n, f"u{n}", plan="Legacy") for n in range(DRIFT_AT + 100)]
    seen = [{**identify(9_000 + n, f"p{n}", at=n, description="x"), "type": "track"} for n in range(50)]
    place.write([*users, *seen])
    network = ArchivingAt(place, DRIFT_AT)

    first = await deliver(place, network=network)

    waiting = first.account.pending
    assert first.exit_code == Exit.PARTIAL
    assert network.refused <= 2 * CONCURRENCY
    assert first.account.dead_lettered == 0
    assert abs(waiting - 101) <= CONCURRENCY
    assert len(await place.records("people", "email_addresses")) == 50
    assert len(await place.records("users", "user_id")) == len(users) - waiting

    await restore_legacy(place)
    second = await deliver(place)

    assert verdicts(second.account) == {"read": len(users) + 50, "delivered": len(users) + 50}
    assert {u["plan"] for u in (await place.records("users", "user_id")).values()} == {"Legacy"}
    assert place.open_letters == ()


class ArchivingAt(Network):
    """Somebody archives the option at the nth write of a user; writes that come meanwhile find it archived."""

    def __init__(self, place: Place, nth: int) -> None:
        super().__init__()
        self._archiving = asyncio.Lock()
        self._place = place
        self._nth = nth
        self._writes = 0
        self.refused = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "PUT" and "/users/" in request.url.path:
            async with self._archiving:
                self._writes += 1
                if self._writes == self._nth:
                    await archive_legacy(self._place)
        answer = await super().handle_async_request(request)
        self.refused += is_write(request) and answer.status_code == 400
        return answer


@pytest.mark.parametrize("seed", range(3))
async def test_two_hundred_events_in_any_order_over_a_bad_network_end_as_sorted_ones_do(
    place: Place, seed: int
) -> None:
    draw = random.Random(seed)
    events = [identify(n, f"u{n % 20}", plan=draw.choice(["Free", "Pro"]), seats=n) for n in range(200)]
    arrived = draw.sample(events, len(events))
    script: Any = draw.choices([None, None, "429", "500", "lost", "cut off"], k=80)
    place.write(arrived)

    outcome = await deliver(place, network=Faulty(script))

    users = await place.records("users", "user_id")
    assert {u: (r["seats"], r["plan"]) for u, r in users.items()} == {
        event["userId"]: (event["traits"]["seats"], event["traits"]["plan"]) for event in events[-20:]
    }
    assert verdicts(outcome.account) == {"read": 200, "delivered": 20, "superseded": 180}


class Skewed(Network):
    """Answers with a clock of its own, and refuses every tenth write until the next second but two."""

    def __init__(self, skew: float) -> None:
        super().__init__(self._refuse_some)
        self._skew = timedelta(seconds=skew)
        self._writes = 0

    def _refuse_some(self, request: httpx.Request) -> httpx.Response | None:
        self._writes += is_write(request)
        if not is_write(request) or self._writes % 10:
            return None
        now = datetime.now(UTC) + self._skew
        dates = {"date": now, "retry-after": now + timedelta(seconds=2)}
        headers = {name: format_datetime(date, usegmt=True) for name, date in dates.items()}
        return httpx.Response(429, headers=headers)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await super().handle_async_request(request)
        answer.headers.setdefault("date", format_datetime(datetime.now(UTC) + self._skew, usegmt=True))
        return answer


@pytest.mark.parametrize("skew", [0.0, -600.0, 600.0])
async def test_a_clock_that_is_ten_minutes_off_changes_neither_waits_nor_records(place: Place, skew: float) -> None:
    place.write([identify(n, f"u{n % 15}", seats=n) for n in random.Random(1).sample(range(60), 60)])
    clock = QuickClock()

    outcome = await deliver(place, network=Skewed(skew), clock=clock)

    assert clock.longest < 10
    assert outcome.account.throttled > 0
    assert verdicts(outcome.account) == {"read": 60, "delivered": 15, "superseded": 45}
    users = await place.records("users", "user_id")
    assert {u["seats"] for u in users.values()} == set(range(45, 60))


async def test_a_token_revoked_midway_leaves_exactly_the_rest(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch, "GRACE", 60.0)  # what is on its way comes in, however slow the machine
    place.mappings = {"people": PEOPLE}
    place.write([identify(n, f"u{n}", description=f"d{n}") for n in range(4 * REVOKED_AT)])
    revoked, after = Revoked(REVOKED_AT), Network()

    first = await deliver(place, network=revoked)
    second = await deliver(place, network=after)

    assert first.exit_code == Exit.CREDENTIALS
    assert place.open_letters == ()
    assert revoked.after <= CONCURRENCY
    assert first.account.writes == REVOKED_AT - 1
    assert sum(after.counts.values()) == 3 * REVOKED_AT + 1
    assert verdicts(second.account) == {"read": 4 * REVOKED_AT, "delivered": 4 * REVOKED_AT}


class Revoked(Network):
    """Answers 401 from the nth write on."""

    def __init__(self, nth: int) -> None:
        super().__init__(self._refuse)
        self._left = nth - 1
        self.after = 0

    def _refuse(self, request: httpx.Request) -> httpx.Response | None:
        if not is_write(request):
            return None
        self._left -= 1
        if self._left >= 0:
            return None
        self.after += 1
        body = {"status_code": 401, "type": "auth_error", "code": "unauthorized", "message": "Revoked."}
        return httpx.Response(401, json=body)
