"""Events that are refused, few or many: they alone become dead letters, byte for byte, and all others are delivered."""

from __future__ import annotations

import asyncio
import json
import math
from typing import Any

import httpx
import pytest

from attio_ctl.attio.clock import Clock, SystemClock
from attio_ctl.delivery.batch import BatchOptions
from attio_ctl.delivery.outcome import Outcome
from attio_ctl.delivery.run import Engine
from attio_ctl.delivery.selection import Way, select_transport
from attio_ctl.errors import Exit
from tests.delivery.conftest import Place
from tests.delivery.sending import Network, QuickClock, kind_of, refuse
from tests.delivery.test_delivery import identify, verdicts

pytestmark = pytest.mark.anyio
PEOPLE = {
    "action": "assert-record",
    "object": "people",
    "match": "email_addresses",
    "values": {
        "email_addresses": "$.traits.email",
        "description": "$.traits.description",
        "tags": "$.traits.tags",
        "manager": "$.traits.manager",
    },
}
RETRY_FOR = 10_000.0
NOBODY = "nobody@example.com"
HUGE = json.dumps({**identify(8, "huge"), "traits": {"email": "no address" * 100_000}}).encode()
POISONS: dict[str, bytes] = {
    "no JSON": b'{"type": "identify", "userId"',
    "no UTF-8": b'{"type": "identify", "userId": "\xff\xfe"}',
    "no number of JSON": b'{"type": "identify", "userId": NaN}',
    "two events on a line": b'{"type": "identify"} {"type": "identify"}',
    "too deep": b"[" * 100_000,
    "no object": b'["identify", "u1"]',
    "text": b'"identify"',
    "no address": json.dumps(identify(7, "at") | {"traits": {"email": "at example.com"}}).encode(),
    "huge": HUGE,
    "unknown option": json.dumps(identify(9, "option", plan="Gold")).encode(),
    "wrong type": json.dumps(identify(10, "number", seats="many")).encode(),
    "unknown reference": json.dumps(identify(11, "reference", manager=NOBODY)).encode(),
}


async def deliver(
    place: Place,
    way: Way = "documented",
    network: httpx.AsyncBaseTransport | None = None,
    clock: Clock | None = None,
    **options: Any,
) -> Outcome:
    """A run over the events of the place, in which a hundred seconds pass in one; a batch needs the sandbox's time."""
    stop, ledger = asyncio.Event(), place.ledger()
    clock = clock or (SystemClock() if way == "batch" else QuickClock())
    async with place.writer(transport=network or Network(), clock=clock, retry_for=RETRY_FOR) as attio:
        transport = select_transport(
            way, BatchOptions(), attio=attio, schema=place.schema, stop=stop, notify=lambda _: None, clock=clock
        )
        engine = Engine(
            program=place.program,
            ledger=ledger,
            dead_letters=place.dead_letters,
            transport=transport,
            stop=stop,
            **options,
        )
        try:
            return await engine.deliver([place.folder / "events.ndjson"])
        finally:
            ledger.close()


def people(count: int, bad: frozenset[int]) -> list[dict[str, Any]]:
    """An event for each of some people; Attio alone knows that there is no such manager."""
    return [
        identify(n, f"p{n}", description=f"d{n}", **({"manager": NOBODY} if n in bad else {})) for n in range(count)
    ]


@pytest.mark.parametrize("bad", [1, 5, 50])
@pytest.mark.parametrize("is_whole", [False, True], ids=["dropped", "refused whole"])
async def test_of_a_batch_of_a_thousand_the_bad_ones_alone_are_refused_at_the_cost_of_a_logarithm(
    place: Place, bad: int, is_whole: bool
) -> None:
    """Attio drops them and takes the rest; a call that is refused whole is cut in halves."""
    culprits = frozenset(range(3, 1000, 1000 // bad)[:bad]) if bad > 1 else frozenset([500])
    place.mappings = {"people": PEOPLE}
    events = people(1000, culprits)
    place.write(events)
    network = Network(
        lambda request: (
            refuse(400, "validation_type", "Body payload validation error.")
            if is_whole and kind_of(request) == "batch" and NOBODY.encode() in request.content
            else None
        )
    )

    outcome = await deliver(place, "batch", network)

    assert outcome.finished
    assert verdicts(outcome.account) == {"read": 1000, "delivered": 1000 - bad, "dead_lettered": bad}
    assert {json.loads(letter.line.raw)["userId"] for letter in place.open_letters} == {f"p{n}" for n in culprits}
    assert sum(network.counts.values()) - 1 <= 2 * bad * math.ceil(math.log2(1000)) + 1
    assert len(await place.records("people", "email_addresses")) == 1000 - bad


async def test_each_of_twelve_poisons_is_a_dead_letter_with_its_very_bytes(place: Place) -> None:
    good = [identify(100 + n, f"g{n}", plan="Pro") for n in range(20)]
    lines: list[Any] = [*good]
    for n, raw in enumerate(POISONS.values()):
        lines.insert(2 * n, raw)
    place.write(lines)

    outcome = await deliver(place)

    assert verdicts(outcome.account) == {"read": 32, "delivered": 20, "dead_lettered": 12}
    assert sorted(letter.line.raw for letter in place.open_letters) == sorted(POISONS.values())
    assert {user for user in await place.records("users", "user_id") if user.startswith("g")} == {
        event["userId"] for event in good
    }


async def test_with_a_third_of_poison_the_run_stops(place: Place) -> None:
    place.write([b"poison %d" % n if n % 10 < 3 else identify(n, f"u{n}") for n in range(400)])

    outcome = await deliver(place, max_dead_ratio=0.2)

    assert outcome.exit_code == Exit.PARTIAL
    assert "more than 20%: invalid_json" in str(outcome.halted)
    assert outcome.account.writes == 0
    assert place.open_letters == ()


@pytest.mark.parametrize("way", ["documented", "batch"])
async def test_an_event_that_matches_two_records_is_a_dead_letter_that_names_both(place: Place, way: Way) -> None:
    place.mappings = {"people": PEOPLE}
    place.write([identify(1, "a", description="one"), identify(2, "b", description="two")])
    await deliver(place)
    twins = identify(3, "c", description="of both") | {"traits": {"email": ["a@example.com", "b@example.com"]}}
    place.write([twins, identify(4, "d")])

    outcome = await deliver(place, way)

    (letter,) = place.open_letters
    assert verdicts(outcome.account) == {"read": 2, "delivered": 1, "dead_lettered": 1}
    assert letter.code == "multiple_match_results"
    assert all(email in json.dumps(letter.request) for email in ("a@example.com", "b@example.com"))
    people_then = await place.records("people", "email_addresses")
    assert {key: person.get("description") for key, person in people_then.items()} == {
        "a@example.com": "one", "b@example.com": "two", "d@example.com": None,
    }  # fmt: skip


@pytest.mark.parametrize("named", [True, False], ids=["by message id", "by their bytes"])
async def test_a_file_three_times_over_costs_what_it_costs_once(place: Place, named: bool) -> None:
    events = [identify(n, f"u{n % 50}", plan="Pro", seats=n) for n in range(200)]
    for event in events:
        if not named:
            del event["messageId"]
    place.write(events * 3)
    once = Network()

    outcome = await deliver(place, network=once)
    again = await deliver(place)

    assert outcome.account.duplicate == 400
    assert outcome.account.read == 600
    assert outcome.account.writes == 100
    assert sum(once.counts.values()) == 100
    assert (again.account.duplicate, again.account.requests) == (600, 0)
