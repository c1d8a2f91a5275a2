"""A sink answers as the API does, counts what it is sent, and keeps nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.anyio

PEOPLE = "/objects/people/records"
ONE = {"object": "people", "matching_attribute": "email_addresses", "values": {"email_addresses": "a@example.com"}}


async def test_batches_and_writes_are_counted_and_not_kept(make_client: Callable[..., Any]) -> None:
    client = make_client(sink=True)
    assert (await client.ask("PUT", "/batch/records", {"assertions": [ONE] * 3})).status_code == 202
    first = await client.upsert("people", "email_addresses", email_addresses=["a@example.com"])
    again = await client.upsert("people", "email_addresses", email_addresses=["a@example.com"])
    assert first["id"] == again["id"]
    assert dict(client.app.api.sink.counts) == {"batches": 1, "assertions": 3, "writes": 2}
    for table in ("records", "batches", "unique_values"):
        assert client.app.api.store.db.row(f"SELECT COUNT(*) FROM {table}") == (0,)


async def test_a_query_finds_every_record_that_it_asks_for_by_a_unique_value(make_client: Callable[..., Any]) -> None:
    client = make_client(sink=True)
    wanted = [f"p{n}@example.com" for n in range(3)]
    found = await client.query(
        f"{PEOPLE[1:]}", {"$or": [{"email_addresses": {"$in": wanted[:2]}}, {"email_addresses": wanted[2]}]}
    )
    assert [one["values"]["email_addresses"][0]["email_address"] for one in found] == wanted
    made = await client.upsert("people", "email_addresses", email_addresses=wanted[:1])
    assert found[0]["id"] == made["id"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/batch/records", {"assertions": [ONE, {**ONE, "values": None}]}),
        ("PUT", "/batch/records", {"assertions": [ONE, 7]}),
        ("PUT", "/batch/records", []),
        ("POST", PEOPLE, []),
        ("POST", PEOPLE, {"data": None}),
        ("POST", PEOPLE, {"data": {"values": []}}),
        ("POST", f"{PEOPLE}/query", {"filter": []}),
    ],
)
async def test_a_body_of_another_shape_is_refused(
    make_client: Callable[..., Any], method: str, path: str, body: Any
) -> None:
    assert (await make_client(sink=True).refusal(method, path, body))[:2] == (400, "validation_type")


@pytest.mark.parametrize("filter_", [{"$or": None}, {"$and": 7}, {"email_addresses": {"$in": 7}}, {"none": 1}])
async def test_a_filter_that_makes_no_sense_finds_nothing(make_client: Callable[..., Any], filter_: Any) -> None:
    assert await make_client(sink=True).query(PEOPLE[1:], filter_) == []
