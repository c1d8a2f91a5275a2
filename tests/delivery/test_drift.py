"""A workspace that changes under a run: what needs the lost part waits, everything else is delivered."""

from __future__ import annotations

import asyncio

import pytest

from attio_ctl.delivery.batch import BatchOptions
from attio_ctl.delivery.outcome import Outcome
from attio_ctl.delivery.run import Engine
from attio_ctl.delivery.selection import select_transport
from attio_ctl.errors import Exit, PartialError

from .conftest import IDENTIFY, Place
from .test_delivery import archive_legacy, identify, verdicts

pytestmark = pytest.mark.anyio
PEOPLE = {
    "action": "assert-record", "object": "people", "match": "email_addresses", "when": 'type = "identify"',
    "values": {"email_addresses": "$.traits.email", "description": "$.traits.description"},
}  # fmt: skip


async def deliver(place: Place) -> Outcome:
    """As the command does, by whatever way the mappings ask for."""
    stop, ledger = asyncio.Event(), place.ledger()
    async with place.writer() as attio:
        transport = select_transport(
            "auto", BatchOptions(), attio=attio, schema=place.schema, stop=stop, notify=lambda _: None
        )
        engine = Engine(
            program=place.program, ledger=ledger, dead_letters=place.dead_letters, transport=transport, stop=stop
        )
        try:
            return await engine.deliver([place.folder / "events.ndjson"])
        finally:
            ledger.close()


async def restore_legacy(place: Place) -> None:
    async with place.writer() as attio:
        await attio.update_option("objects", "users", "plan", "Legacy", is_archived=False)


async def test_what_needs_an_option_that_went_away_waits_and_all_else_is_sent(place: Place) -> None:
    place.mappings = {"identify": {**IDENTIFY, "person": {}}, "people": PEOPLE}
    place.write(
        [identify(n, f"u{n}", plan="Legacy" if n % 4 == 0 else "Pro", description="x") for n in range(20)]
        + [identify(20, "u0", seats=7)]
    )
    await archive_legacy(place)

    outcome = await deliver(place)

    assert outcome.exit_code == Exit.PARTIAL
    assert isinstance(outcome.halted, PartialError)
    assert "`mapping.identify` waits, since the option `Legacy` of `users.plan` is archived" in str(outcome.halted)
    assert verdicts(outcome.account) == {"read": 21, "delivered": 16, "pending": 5}
    assert place.open_letters == ()
    assert {p["description"] for p in (await place.records("people", "email_addresses")).values()} == {"x"}
    users = await place.records("users", "user_id")
    assert len(users) == 16
    assert users["u0"]["seats"] == 7

    await restore_legacy(place)
    again = await deliver(place)

    assert verdicts(again.account) == {"read": 21, "delivered": 21}
    users = await place.records("users", "user_id")
    assert (users["u0"]["plan"], users["u0"]["seats"]) == ("Legacy", 7)
    assert len(users) == 20


async def test_what_was_set_before_the_lost_part_was_met_is_not_taken_for_what_was_there_before(place: Place) -> None:
    """An assert is taken and the tags that are added after it are not: the next run sets the description again."""
    tagged = {**PEOPLE["values"], "tags": "$.traits.tags"}
    place.mappings = {"people": {**PEOPLE, "values": tagged}}
    place.write([identify(1, "u1", description="A")])
    await deliver(place)
    async with place.writer() as attio:
        await attio.update_option("objects", "people", "tags", "red", is_archived=True)
    refused = identify(2, "u1", description="B", tags=["red"])
    place.write([refused])
    waiting = await deliver(place)
    assert verdicts(waiting.account) == {"read": 1, "pending": 1}

    place.mappings = {"people": PEOPLE}
    place.write([refused, identify(3, "u1", description="A")])
    await deliver(place)

    (person,) = (await place.records("people", "email_addresses")).values()
    assert person["description"] == "A"


async def test_one_that_stays_lost_is_asked_about_once_however_many_records_need_it(place: Place) -> None:
    place.mappings = {"identify": {**IDENTIFY, "person": {}}}
    place.write([identify(n, f"u{n}", plan="Legacy") for n in range(50)])
    await archive_legacy(place)

    outcome = await deliver(place)

    assert verdicts(outcome.account) == {"read": 50, "pending": 50}
    assert outcome.account.requests <= 50 + 8 + 3  # people, the users that were under way, and the look
