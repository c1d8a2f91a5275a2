"""What a transport says of writes that need what the workspace has lost, and that it looks but once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from attio_ctl.attio.writer import AttioWriter
from attio_ctl.delivery.batch import BatchOptions
from attio_ctl.delivery.fold import Due
from attio_ctl.delivery.selection import Way, select_transport
from attio_ctl.delivery.singly import CONCURRENCY
from attio_ctl.delivery.transport import Drift, Paused, Refused, Transport, Written
from attio_ctl.mapping.writes import RecordKey

from .conftest import Place
from .sending import Network, add_attribute, due, person, sent, user

pytestmark = pytest.mark.anyio

WAYS: list[Way] = ["documented", "simple", "batch"]


@asynccontextmanager
async def transport(place: Place, way: Way, network: Network) -> AsyncIterator[tuple[Transport, AttioWriter]]:
    async with place.writer(transport=network) as attio:
        stop = asyncio.Event()
        yield (
            select_transport(way, BatchOptions(), attio=attio, schema=place.schema, stop=stop, notify=print),
            attio,
        )


def users(names: Sequence[str], **values: Any) -> list[Due]:
    return [user(name, **values) for name in names]


@pytest.mark.parametrize("way", WAYS)
async def test_an_attribute_that_is_archived_stops_what_writes_it_and_nothing_else(place: Place, way: Way) -> None:
    network = Network()
    async with transport(place, way, network) as (to, attio):
        await sent(to, users(["a", "b"], plan="Pro", seats=1))
        await attio.update_attribute("objects", "users", "seats", is_archived=True)
        network.seen.clear()
        found = await sent(to, [*users([f"u{n}" for n in range(40)], seats=2), *users(["a", "b"], plan="Free")])
        asked = len(network.seen)
        again = await sent(to, users(["c", "d"], seats=3))

    lost = Paused(Drift("users", "seats", None, "`users.seats` is archived"))
    assert {who: verdict for who, verdict in found.items() if verdict != lost} == {"a": Written(), "b": Written()}
    assert again == {"c": lost, "d": lost}
    assert len(network.seen) == asked
    assert network.counts.pop("other") == 1
    assert sum(network.counts.values()) <= CONCURRENCY + 3
    assert {who: record["plan"] for who, record in (await place.records("users", "user_id")).items()} == {
        "a": "Free", "b": "Free",
    }  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("change", [{"is_archived": True}, {"title": "Professional"}])
async def test_an_option_that_is_archived_or_renamed_stops_what_writes_it_and_nothing_else(
    place: Place, way: Way, change: Any
) -> None:
    async with transport(place, way, Network()) as (to, attio):
        await attio.update_option("objects", "users", "plan", "Pro", **change)
        found = await sent(to, [*users(["a", "b", "c"], plan="Pro"), *users(["x", "y"], plan="Free")])

    lost = Paused(Drift("users", "plan", "Pro", "the option `Pro` of `users.plan` is archived or renamed"))
    assert found == {"a": lost, "b": lost, "c": lost, "x": Written(), "y": Written()}


@pytest.mark.parametrize("way", WAYS)
async def test_an_object_that_is_gone_stops_all_that_is_written_to_it(place: Place, way: Way) -> None:
    async with place.writer() as attio:
        await attio.create_object(api_slug="things", singular_noun="Thing", plural_noun="Things")
    await add_attribute(place, "things", "code", "text", unique=True)
    async with transport(place, way, Network()) as (to, attio):
        await attio.delete_object("things")
        things = [due(RecordKey("things", "code", code)) for code in "xyz"]
        found = await sent(to, [*things, person("ada")])

    lost = Paused(Drift("things", None, None, "there is no object `things` any more"))
    assert found == {"x": lost, "y": lost, "z": lost, "ada@example.com": Written()}


@pytest.mark.parametrize(
    ("slug", "change", "what"),
    [
        ("seats", {"api_slug": "licences"}, "there is no `users.seats` any more: it was renamed, or removed"),
        ("plan", {"is_required": True}, "`users.plan` is required now"),
    ],
)
async def test_other_changes_are_told_apart_from_bad_data_too(place: Place, slug: str, change: Any, what: str) -> None:
    async with transport(place, "documented", Network()) as (to, attio):
        await attio.update_attribute("objects", "users", slug, **change)
        found = await sent(to, users(["a"], seats=1))

    assert isinstance(found["a"], Paused)
    assert found["a"].drift.what == what


async def test_a_reference_to_nobody_is_bad_data_and_costs_no_look_at_the_workspace(place: Place) -> None:
    """Even where what Attio says names a slug that is written, the workspace decides."""
    network = Network()
    nobody = RecordKey("people", "email_addresses", "nobody@example.com")
    async with transport(place, "documented", network) as (to, _):
        found = await sent(to, [user("a", person=nobody, plan="Pro")])

    assert isinstance(found["a"], Refused)
    assert network.count("other") == 0


@pytest.mark.parametrize(
    ("drift", "concerned"),
    [
        (Drift("users", None, None, ""), [True, True, True, False]),
        (Drift("users", "plan", None, ""), [True, True, False, False]),
        (Drift("users", "plan", "Pro", ""), [True, True, False, False]),
        (Drift("users", "plan", "Free", ""), [False, True, False, False]),
    ],
)
def test_a_drift_concerns_what_needs_the_lost_part(drift: Drift, concerned: list[bool]) -> None:
    writes = [
        ("users", {"plan": "Pro"}),
        ("users", {"plan": ["Free", "Pro"]}),
        ("users", {"seats": 1}),
        ("people", {"plan": "Pro"}),
    ]

    assert [drift.concerns(obj, values) for obj, values in writes] == concerned
