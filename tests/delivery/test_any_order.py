"""
In whatever order, parts and repetitions events arrive, whichever way they go and whatever the network does: the records
are those that the events say, references in circles included.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attio_ctl.delivery.batch import BatchOptions
from attio_ctl.delivery.dead_letters import MemoryDeadLetters
from attio_ctl.delivery.ledger import MemoryLedger
from attio_ctl.delivery.run import Engine
from attio_ctl.delivery.selection import Way, select_transport
from attio_ctl.sandbox.options import NO_LIMITS, Options
from attio_ctl.sandbox.server import embedded
from attio_ctl.state.live import read_live
from attio_ctl.state.schema import build_schema

from .conftest import TOKEN, Place, prepare_workspace
from .sending import QuickClock
from .test_any_way import Fault, Faulty

NAMES = ("ada", "bob", "eve", "kim")
_prefixes = itertools.count()

traits = st.fixed_dictionaries(
    {},
    optional={
        "description": st.sampled_from(["d", "e"]),
        "tags": st.none() | st.lists(st.sampled_from(["red", "green", "blue"]), max_size=2, unique=True),
        "manager": st.sampled_from(NAMES),
        "plan": st.sampled_from(["Free", "Pro"]),
        "seats": st.integers(1, 3),
    },
)
traits_of_records = {"description", "tags", "manager", "plan", "seats"}
faults = st.lists(st.none() | st.sampled_from(get_args(Fault)), max_size=12)
ways: st.SearchStrategy[Way] = st.sampled_from(["documented", "simple", "batch"])


@pytest.fixture(scope="module")
def shared() -> Iterator[Place]:
    with embedded(":memory:", token=TOKEN, options=Options(limits=NO_LIMITS, activate=("users",))) as url:
        place = Place(Path(), url)

        async def prepare() -> None:
            async with place.writer() as attio:
                await prepare_workspace(attio)
                place.schema = build_schema(await read_live(attio, await attio.whoami()))

        asyncio.run(prepare())
        yield place


def identify(n: int, who: str, prefix: str, said: dict[str, Any]) -> dict[str, Any]:
    named = {**said, "manager": f"{prefix}{said['manager']}@x.io"} if "manager" in said else said
    return {
        "type": "identify",
        "messageId": f"{prefix}{n}",
        "userId": f"{prefix}{who}",
        "timestamp": f"2026-10-01T00:{n:02}:00Z",
        "traits": {"email": f"{prefix}{who}@x.io", **named},
    }


def expected(history: Sequence[tuple[str, dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    """What each event says, one after the other; multiselects gain unless they are emptied."""
    found: dict[str, dict[str, Any]] = {who: {} for who in NAMES}
    for who, said in history:
        record = found[who]
        record.update({slug: value for slug, value in said.items() if slug != "tags"})
        if "tags" in said:
            record["tags"] = set() if said["tags"] is None else record.get("tags", set()) | {*said["tags"]}
    return {who: {slug: value for slug, value in record.items() if value != set()} for who, record in found.items()}


async def standing(place: Place, prefix: str) -> dict[str, dict[str, Any]]:
    """People with their users, of a prefix, by name and in the words of the events."""
    people = await place.records("people", "email_addresses")
    users = await place.records("users", "user_id")
    async with place.reader() as attio:
        each_person = [each async for each in attio.each_record("people")]
    emails = {each["id"]["record_id"]: each["values"]["email_addresses"][0]["email_address"] for each in each_person}

    def name(email: str) -> str:
        return email.removeprefix(prefix).removesuffix("@x.io")

    found: dict[str, dict[str, Any]] = {}
    for email, person in people.items():
        if email.startswith(prefix):
            record = person | users[email.removesuffix("@x.io")]
            assert emails[record["person"]] == email
            found[name(email)] = {slug: record[slug] for slug in traits_of_records & record.keys()}
            if "manager" in record:
                found[name(email)]["manager"] = name(emails[record["manager"]])
    return found


@settings(max_examples=30)
@given(data=st.data())
def test_records_are_those_of_the_events_whatever_the_order_the_parts_the_ways_and_the_faults(
    shared: Place, data: st.DataObject
) -> None:
    """Everybody is known from the first part on, since a reference to nobody is refused, not remembered."""
    history = data.draw(st.lists(st.tuples(st.sampled_from(NAMES), traits), max_size=8), label="history")
    prefix = f"o{next(_prefixes)}-"
    events = [identify(n, who, prefix, said) for n, (who, said) in enumerate(history, len(NAMES))]
    everybody = [identify(n, who, prefix, {}) for n, who in enumerate(NAMES)]
    again = data.draw(st.lists(st.sampled_from(events), max_size=3)) if events else []
    arrived = data.draw(st.permutations(events + again), label="arrived")
    cuts = sorted(data.draw(st.lists(st.integers(0, len(arrived)), max_size=2), label="cuts"))
    parts = [arrived[begin:end] for begin, end in itertools.pairwise([0, *cuts, len(arrived)])]
    parts[0] = data.draw(st.permutations(everybody + parts[0]), label="first part")
    journeys = data.draw(st.lists(st.tuples(ways, faults), min_size=len(parts), max_size=len(parts)), label="journeys")
    ledger, letters = MemoryLedger(), MemoryDeadLetters()

    async def deliver(part: Sequence[dict[str, Any]], folder: Path, way: Way, script: list[Fault | None]) -> None:
        clock, stop, network = QuickClock(), asyncio.Event(), Faulty(script)
        file = folder / "events.ndjson"
        file.write_text("".join(json.dumps(event) + "\n" for event in part))
        async with shared.writer(transport=network, clock=clock, retry_for=10_000) as attio:
            transport = select_transport(
                way,
                BatchOptions(size=3),
                attio=attio,
                schema=shared.schema,
                stop=stop,
                notify=lambda _: None,
            )
            engine = Engine(program=shared.program, ledger=ledger, dead_letters=letters, transport=transport, stop=stop)
            outcome = await engine.deliver([file])
        assert outcome.finished, outcome

    async def run() -> dict[str, dict[str, Any]]:
        with TemporaryDirectory() as folder:
            for part, journey in zip(parts, journeys, strict=True):
                await deliver(part, Path(folder), *journey)
        return await standing(shared, prefix)

    found = asyncio.run(run())

    assert letters.letters == {}
    assert found == expected(history)
