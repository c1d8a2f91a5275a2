"""The three transports against the sandbox: whatever way a write goes, the record comes out the same."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from attio_ctl.attio.clock import Clock
from attio_ctl.attio.errors import ForbiddenError
from attio_ctl.delivery.batch import SAMPLE, BatchOptions
from attio_ctl.delivery.rehearsal import Rehearsal
from attio_ctl.delivery.selection import Way, select_transport
from attio_ctl.delivery.transport import Paused, Refused, Transport, Unsent, Written
from attio_ctl.errors import PartialError
from attio_ctl.mapping.writes import RecordKey
from attio_ctl.sandbox.faults import Effects, Rule
from attio_ctl.sandbox.options import NO_LIMITS, Options
from attio_ctl.sandbox.server import embedded
from attio_ctl.state.live import read_live
from attio_ctl.state.schema import build_schema

from .conftest import TOKEN, Place, prepare_workspace
from .sending import Network, add_attribute, due, kind_of, name_of, person, refuse, sent, user

pytestmark = pytest.mark.anyio

WAYS: list[Way] = ["documented", "simple", "batch"]
unknown = RecordKey("people", "email_addresses", "nobody@example.com")


async def prepare(place: Place) -> None:
    async with place.writer() as attio:
        await prepare_workspace(attio)
        place.schema = build_schema(await read_live(attio, await attio.whoami()))


@asynccontextmanager
async def transport(
    place: Place,
    way: Way,
    network: Network | None = None,
    notes: list[str] | None = None,
    clock: Clock | None = None,
    **options: Any,
) -> AsyncIterator[Transport]:
    async with place.writer(transport=network or Network(), retry_for=5.0) as attio:
        yield select_transport(
            way,
            BatchOptions(**options),
            attio=attio,
            schema=place.schema,
            stop=asyncio.Event(),
            notify=(notes if notes is not None else []).append,
            clock=clock,
        )


@pytest.mark.parametrize("way", WAYS)
async def test_values_of_every_kind_come_out_the_same(place: Place, way: Way) -> None:
    ada = RecordKey("people", "email_addresses", "ada@example.com")
    async with transport(place, way) as to:
        people = [
            person("ada", name=name_of("Ada", "Lovelace"), description="x, y", tags=["red"]),
            person("bob", description=None, job_title="Dr"),
            person("eve"),
        ]
        first = await sent(to, people)
        second = await sent(to, [user("u1", person=ada, plan="Pro", seats=3), user("u2", plan=None, seats=1.5)])
        third = await sent(to, [person("ada", tags=["green"], description="z"), person("bob", manager=ada)])

    assert {*first.values(), *second.values(), *third.values()} == {Written()}
    people_now = await place.records("people", "email_addresses")
    users_now = await place.records("users", "user_id")
    assert people_now["ada@example.com"]["tags"] == {"red", "green"}
    assert people_now["ada@example.com"]["description"] == "z"
    assert "manager" in people_now["bob@example.com"]
    assert set(people_now) == {"ada@example.com", "bob@example.com", "eve@example.com"}
    assert (users_now["u1"]["plan"], users_now["u1"]["seats"]) == ("Pro", 3)
    assert users_now["u1"]["person"] == people_now["bob@example.com"]["manager"]
    assert ("plan" in users_now["u2"], users_now["u2"]["seats"]) == (False, 1.5)


@pytest.mark.parametrize("way", WAYS)
async def test_a_multiselect_is_added_to_replaced_or_emptied_as_the_write_says(place: Place, way: Way) -> None:
    async with transport(place, way) as to:
        await sent(to, [person(who, tags=["red"]) for who in "abcd"])
        replacing = person("b", append=[], tags=["green"])
        await sent(to, [person("a", tags=["green"]), replacing, person("c", tags=None), person("d", description="x")])

    now = await place.records("people", "email_addresses")
    assert {who[0]: record.get("tags") for who, record in now.items()} == {
        "a": {"red", "green"}, "b": {"green"}, "c": None, "d": {"red"},
    }  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
async def test_a_write_that_replaces_one_multiselect_and_adds_to_another_does_both(place: Place, way: Way) -> None:
    await add_attribute(place, "people", "labels", "select", several=True, options=["x", "y"])
    async with transport(place, way) as to:
        await sent(to, [person("a", append=["tags", "labels"], tags=["red"], labels=["x"]), person("b")])
        both = person("a", append=["labels"], tags=["green"], labels=["y"])
        await sent(to, [both, person("b", description="n")])
        async with place.reader() as attio:
            (record,) = await attio.query_records("people", filter={"email_addresses": "a@example.com"})

    assert [value["option"]["title"] for value in record["values"]["tags"]] == ["green"]
    assert {value["option"]["title"] for value in record["values"]["labels"]} == {"x", "y"}


@pytest.mark.parametrize("way", WAYS)
async def test_what_attio_refuses_comes_back_with_its_words_and_harms_nothing_else(place: Place, way: Way) -> None:
    """Attio drops it from a batch without a word; the words are those of a second, single try."""
    async with transport(place, way) as to:
        found = await sent(
            to, [user(f"u{n}", plan="Gone" if n == 3 else "Pro", person=unknown if n == 5 else None) for n in range(9)]
        )

    assert {who for who, verdict in found.items() if verdict == Written()} == {f"u{n}" for n in (0, 1, 2, 4, 6, 7, 8)}
    gone, missing = found["u3"], found["u5"]
    assert isinstance(gone, Refused)
    assert isinstance(missing, Refused)
    assert (gone.code, 'title "Gone"' in gone.reason) == ("value_not_found", True)
    assert "nobody@example.com" in missing.reason
    assert gone.answer["status"] == 400
    assert gone.request["body"]["data"]["values"]["plan"] in ("Gone", [{"option": "Gone"}])
    assert set(await place.records("users", "user_id")) == {f"u{n}" for n in (0, 1, 2, 4, 6, 7, 8)}


async def test_the_record_that_was_there_before_shows_a_dropped_update_too(place: Place) -> None:
    async with transport(place, "batch") as to:
        await sent(to, [user(f"u{n}", plan="Pro") for n in range(5)])
        found = await sent(to, [user(f"u{n}", plan="Gone" if n == 2 else "Free") for n in range(5)])

    assert isinstance(found.pop("u2"), Refused)
    assert set(found.values()) == {Written()}
    plans = {who: record["plan"] for who, record in (await place.records("users", "user_id")).items()}
    assert plans == {"u0": "Free", "u1": "Free", "u2": "Pro", "u3": "Free", "u4": "Free"}


async def test_each_way_takes_the_requests_that_it_promises(place: Place) -> None:
    """Records with something added and without: 2 and 1 documented, 1 each simple, and batches by their size."""
    counts = {}
    for way in WAYS:
        network = Network()
        writes = [person(f"{way}{n}", **({"tags": ["red"]} if n % 2 else {})) for n in range(40)]
        async with transport(place, way, network, size=10) as to:
            await sent(to, writes)
        counts[way] = network.counts
        rehearsal = Rehearsal(way, BatchOptions(10), place.schema)
        assert set((await sent(rehearsal, writes)).values()) == {Written()}
        assert {kind: n for kind, n in rehearsal.requests.items() if kind != "query"} == network.counts

    assert counts == {
        "documented": {"assert": 40, "patch": 20},
        "simple": {"simple": 40},
        "batch": {"batch": 4},
    }


async def test_a_batch_is_read_back_in_few_queries(place: Place) -> None:
    network = Network()
    async with transport(place, "batch", network) as to:
        await sent(to, [person(f"p{n}") for n in range(1000)])

    assert network.counts == {"batch": 1}
    assert network.count("query") <= 3 + 8


@pytest.mark.parametrize(("status", "code"), [(403, "unauthorized"), (404, "not_found"), (405, "not_found")])
async def test_an_endpoint_that_is_not_there_is_left_alone_and_the_next_one_taken(
    place: Place, status: int, code: str
) -> None:
    notes: list[str] = []
    network = Network(
        lambda request: refuse(status, code, "Not for you.") if kind_of(request) in ("batch", "simple") else None
    )
    async with transport(place, "batch", network, notes, size=20) as to:
        first = await sent(to, [person(f"a{n}") for n in range(50)])
        second = await sent(to, [person(f"b{n}") for n in range(50)])

    assert {*first.values(), *second.values()} == {Written()}
    assert network.counts["batch"] == 1
    assert network.counts["simple"] <= 8
    assert network.counts["assert"] == 100
    assert [note.split(":")[0] for note in notes] == [
        "fell back from simple to documented",
        "fell back from batch to simple",
    ]
    assert "Not for you" in notes[0]


async def test_an_object_that_is_not_there_is_no_missing_endpoint(place: Place) -> None:
    notes: list[str] = []
    async with place.writer() as attio:
        await attio.create_object(api_slug="things", singular_noun="Thing", plural_noun="Things")
    await add_attribute(place, "things", "code", "text", unique=True)
    async with place.writer() as attio:
        await attio.delete_object("things")
    thing = due(RecordKey("things", "code", "x"))
    async with transport(place, "simple", notes=notes) as to:
        found = await sent(to, [thing])

    (verdict,) = found.values()
    assert isinstance(verdict, Paused)
    assert notes == []


@pytest.mark.parametrize("way", WAYS)
async def test_a_token_that_may_not_write_stops_the_run_and_refuses_nothing(place: Place, way: Way) -> None:
    network = Network(lambda request: refuse(403, "unauthorized", "No.") if request.method == "PUT" else None)
    notes: list[str] = []
    async with transport(place, way, network, notes) as to:
        found = await sent(to, [person(f"a{n}") for n in range(30)])

    assert all(isinstance(verdict, Unsent) and isinstance(verdict.cause, ForbiddenError) for verdict in found.values())
    assert notes == []
    assert sum(network.counts.values()) <= 18


@pytest.mark.parametrize("poisons", [1, 3, 16])
async def test_a_call_that_is_refused_whole_costs_a_logarithm_of_requests_for_each_poison(
    place: Place, poisons: int
) -> None:
    count = 256
    bad = {f"u{n}" for n in range(7, count, count // poisons)}
    network = Network(
        lambda request: (
            refuse(400, "validation_type", "Body payload validation error.")
            if kind_of(request) == "batch" and b'"Gone"' in request.content
            else None
        )
    )
    async with transport(place, "batch", network) as to:
        found = await sent(to, [user(f"u{n}", plan="Gone" if f"u{n}" in bad else "Pro") for n in range(count)])

    assert {who for who, verdict in found.items() if isinstance(verdict, Refused)} == bad
    assert sum(network.counts.values()) - 1 <= 2 * len(bad) * math.log2(count) + 1


async def test_without_verification_nothing_is_read(place: Place) -> None:
    network = Network()
    async with transport(place, "batch", network, verify=False) as to:
        found = await sent(to, [user(f"u{n}", plan="Gone") for n in range(5)])

    assert set(found.values()) == {Written()}
    assert network.count("query") == 0


async def test_a_batch_for_some_objects_leaves_the_others_to_the_documented_way(place: Place) -> None:
    network = Network()
    async with transport(place, "auto", network, objects=frozenset({"users"})) as to:
        people, users = [person(f"p{n}", tags=["red"]) for n in range(5)], [user(f"u{n}") for n in range(5)]
        await sent(to, people)
        await sent(to, users)

    assert network.counts == {"assert": 5, "patch": 5, "batch": 1}
    rehearsal = Rehearsal("auto", BatchOptions(objects=frozenset({"users"})), place.schema)
    await sent(rehearsal, people)
    await sent(rehearsal, users)
    assert {kind: n for kind, n in rehearsal.requests.items() if kind != "query"} == network.counts


class JumpingClock:
    """Time passes while somebody sleeps, and only then; `meanwhile` is what really happens in such a sleep."""

    def __init__(self, meanwhile: Callable[[], Awaitable[object]]) -> None:
        self._now = 1_800_000_000.0
        self._meanwhile = meanwhile

    def monotonic(self) -> float:
        return self._now

    def wall(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        self._now += seconds
        await self._meanwhile()


async def until_there_are(place: Place, people: int) -> None:
    """Return once so many people stand in the workspace."""
    while True:
        if len(await place.records("people", "email_addresses")) >= people:
            return
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("every", [1, 3])
async def test_what_is_dropped_for_no_reason_is_written_singly(tmp_path: Path, every: int) -> None:
    """In the end also a small batch of which nothing at all comes into effect."""
    rule = Rule(Effects(drop_every=every), path="/v2/batch/records", every=1)
    options = Options(limits=NO_LIMITS, activate=("users",), faults=(rule,))
    with embedded(":memory:", token=TOKEN, options=options) as url:
        place = Place(tmp_path, url)
        await prepare(place)
        network, clock = Network(), JumpingClock(lambda: until_there_are(place, 9 - 9 // every))
        async with transport(place, "batch", network, clock=clock) as to:
            found = await sent(to, [person(f"p{n}", tags=["red"]) for n in range(9)])
        people = await place.records("people", "email_addresses")

    assert set(found.values()) == {Written()}
    assert len(people) == 9
    assert network.counts == {"batch": 1, "assert": 9 // every, "patch": 9 // every}


@pytest.mark.parametrize(("comes", "verdicts"), [(True, {Written}), (False, {Written, Unsent})])
async def test_a_batch_that_is_late_is_waited_for_and_never_overtaken(
    tmp_path: Path, comes: bool, verdicts: set[type]
) -> None:
    """
    A few single writes tell that it is late and not dropped. One that does not come ends the run: were it sent again
    singly, and newer values after it, it could still come and bring the old ones back.
    """
    came = asyncio.Event()
    rule = Rule(Effects(batch_delay_ms=100), path="/v2/batch/records")
    options = Options(limits=NO_LIMITS, activate=("users",), faults=(rule,), clock=lambda: 1e9 + came.is_set())
    with embedded(":memory:", token=TOKEN, options=options) as url:
        place = Place(tmp_path, url)
        await prepare(place)
        network = Network()

        async def come_after_the_sample() -> None:
            if comes and network.count("assert") == SAMPLE:
                came.set()
                await until_there_are(place, 30)

        async with transport(place, "batch", network, clock=JumpingClock(come_after_the_sample)) as to:
            found = await sent(to, [person(f"p{n}") for n in range(30)])

    assert {type(verdict) for verdict in found.values()} == verdicts
    assert network.counts == {"batch": 1, "assert": SAMPLE}
    causes = {type(verdict.cause) for verdict in found.values() if isinstance(verdict, Unsent)}
    assert causes <= {PartialError}
