"""Filters, sorts and paging of records and entries."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.anyio

PEOPLE: list[dict[str, Any]] = [
    {"name": "Lovelace, Ada", "email_addresses": ["ada@math.example.com"], "phone_numbers": ["+442071838750"]},
    {"name": "Hopper, Grace", "email_addresses": ["grace@navy.example.org"], "job_title": "Rear Admiral"},
    {"name": "Turing, Alan", "email_addresses": ["alan@math.example.com", "at@example.net"], "job_title": "Fellow"},
]


async def people(client: Any) -> None:
    await client.attribute("objects/people", "score", "number")
    await client.attribute("objects/people", "born", "date")
    await client.attribute("objects/people", "vip", "checkbox")
    await client.attribute("objects/people", "plan", "select", is_multiselect=True)
    for title in ("Free", "Pro"):
        await client.data("POST", "/objects/people/attributes/plan/options", {"data": {"title": title}})
    more = [
        {"score": 1, "born": "1815-12-10", "vip": True, "plan": ["Pro"]},
        {"score": 2.5, "born": "1906-12-09", "vip": False},
        {"born": "1912-06-23", "plan": ["Free", "Pro"]},
    ]
    for one, extra in zip(PEOPLE, more, strict=True):
        await client.create("people", **one, **extra)


def first_names(found: list[Any]) -> str:
    return " ".join(record["values"]["name"][0]["first_name"] for record in found)


FILTERS: list[tuple[Any, str]] = [
    ({}, "Ada Grace Alan"),
    ({"name": "Ada Lovelace"}, "Ada"),
    ({"name": {"first_name": {"$eq": "Ada"}}}, "Ada"),
    ({"name": {"first_name": "Ada", "last_name": "Hopper"}}, ""),
    ({"name": {"last_name": {"$contains": "o"}}}, "Ada Grace"),
    ({"name": {"full_name": {"$starts_with": "gr"}}}, "Grace"),
    ({"name": {"last_name": {"$ends_with": "ING"}}}, "Alan"),
    ({"email_addresses": "GRACE@navy.example.org"}, "Grace"),
    ({"email_addresses": {"$in": ["at@example.net", "ada@math.example.com"]}}, "Ada Alan"),
    ({"$not": {"email_addresses": "at@example.net"}}, "Ada Grace"),
    ({"$or": [{"email_addresses": "at@example.net"}, {"$not": {"job_title": {"$not_empty": True}}}]}, "Ada Alan"),
    ({"email_addresses": {"$eq": "ada@math.example.com", "$ends_with": ".org"}}, ""),
    ({"email_addresses": {"email_domain": "math.example.com"}}, "Ada Alan"),
    ({"email_addresses": {"email_root_domain": {"$eq": "example.com"}}}, "Ada Alan"),
    ({"email_addresses": {"email_local_specifier": {"$starts_with": "a"}}}, "Ada Alan"),
    ({"phone_numbers": {"phone_number": {"$eq": "442071838750"}}}, "Ada"),
    ({"phone_numbers": {"country_code": "GB"}}, "Ada"),
    ({"job_title": {"$not_empty": True}}, "Grace Alan"),
    ({"job_title": {"$not_empty": False}}, "Ada"),
    ({"score": 1}, "Ada"),
    ({"score": {"$gt": 1, "$lte": 2.5}}, "Grace"),
    ({"score": {"$in": [1.0, 7]}}, "Ada"),
    ({"born": {"$lt": "1910"}}, "Ada Grace"),
    ({"born": {"$gte": "1906-12-09T00:00:00Z"}}, "Grace Alan"),
    ({"vip": True}, "Ada"),
    ({"vip": {"$eq": False}}, "Grace"),
    ({"plan": "Pro"}, "Ada Alan"),
    ({"plan": {"option": {"$in": ["Free", "None"]}}}, "Alan"),
    ({"$not": {"plan": "Pro"}}, "Grace"),
    ({"$or": [{"score": 1}, {"job_title": "Fellow"}]}, "Ada Alan"),
    ({"$and": [{"plan": "Pro"}, {"$not": {"vip": True}}]}, "Alan"),
    ({"plan": "Pro", "vip": True}, "Ada"),
    ({"created_at": {"$lt": "2000-01-01"}}, ""),
    ({"created_by": {"referenced_actor_type": "api-token"}}, "Ada Grace Alan"),
]


@pytest.mark.parametrize(("filter_", "found"), FILTERS)
async def test_a_filter_finds(client: Any, filter_: Any, found: str) -> None:
    await people(client)
    assert first_names(await client.query("objects/people/records", filter_)) == found


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ({"filter": {"id": "x"}}, "unknown_filter_attribute_slug", "Unknown attribute slug: id"),
        ({"filter": {"score": {"$contains": 1}}}, "invalid_filter_operator", 'Invalid operator "$contains"'),
        ({"filter": {"name": {"first_name": {"$ne": "x"}}}}, "invalid_filter_operator", 'Invalid operator "$ne"'),
        ({"filter": {"name": {"$equals": "x"}}}, "invalid_filter_operator", 'Invalid operator "$equals"'),
        ({"filter": {"name": {"nick": "x"}}}, "invalid_filter_field", None),
        ({"filter": {"phone_numbers": {"original_phone_number": "x"}}}, "invalid_filter_field", None),
        ({"filter": {"score": "one"}}, "filter_error", "Error in filter."),
        ({"filter": {"$and": {}}}, "filter_error", None),
        ({"sorts": [{"attribute": "name", "direction": "asc"}]}, "missing_sort_field", None),
        ({"sorts": [{"attribute": "nope", "direction": "asc"}]}, "unknown_filter_attribute_slug", None),
        ({"limit": "five"}, "validation_type", "Body payload validation error."),
    ],
)
async def test_a_query_that_makes_no_sense_says_why(client: Any, body: Any, code: str, message: str | None) -> None:
    await people(client)
    said = await client.refusal("POST", "/objects/people/records/query", body)
    assert said[:2] == (400, code)
    assert message in (None, said[2])


@pytest.mark.parametrize(
    ("sorts", "found"),
    [
        ([{"attribute": "name", "field": "last_name", "direction": "asc"}], "Grace Ada Alan"),
        ([{"attribute": "score", "direction": "desc"}], "Grace Ada Alan"),
        ([{"attribute": "score", "direction": "asc"}], "Ada Grace Alan"),
        ([{"attribute": "born", "direction": "desc"}], "Alan Grace Ada"),
        ([{"attribute": "created_at", "direction": "desc"}], "Alan Grace Ada"),
        (
            [{"attribute": "plan", "direction": "asc"}, {"attribute": "born", "direction": "desc"}],
            "Alan Ada Grace",
        ),
    ],
)
async def test_a_sort_orders(client: Any, sorts: Any, found: str) -> None:
    await people(client)
    assert first_names(await client.query("objects/people/records", sorts=sorts)) == found


async def test_pages_cover_everything_once(client: Any) -> None:
    for index in range(7):
        await client.create("people", name=f"L, P{index}")
    pages = [await client.query("objects/people/records", limit=3.0, offset=offset) for offset in (0, 3, 6, 9)]
    assert [len(page) for page in pages] == [3, 3, 1, 0]
    assert " ".join(first_names(page) for page in pages[:3]) == " ".join(f"P{index}" for index in range(7))


@pytest.mark.parametrize("text", ['quote " and \\ back', "naïve – 日本 🎉", "line\nbreak", "Ada"])
async def test_any_text_is_found_again_by_what_it_equals(client: Any, text: str) -> None:
    await client.create("people", job_title="another", name="B, A")
    made = await client.create("people", job_title=text, name="L, Ada")
    assert [one["id"] for one in await client.query("objects/people/records", {"job_title": text})] == [made["id"]]
    since = {"job_title": {"value": text, "active_from": {"$eq": made["values"]["job_title"][0]["active_from"]}}}
    assert [one["id"] for one in await client.query("objects/people/records", since)] == [made["id"]]


async def test_a_record_is_found_by_its_id_and_by_what_it_points_at(client: Any) -> None:
    company = await client.create("companies", domains=["example.com"], name="Example")
    person = await client.create("people", name="L, Ada", company="example.com")
    await client.create("people", name="H, Grace")
    company_id, person_id = company["id"]["record_id"], person["id"]["record_id"]
    for filter_ in (
        {"record_id": person_id},
        {"company": {"target_record_id": {"$eq": company_id}}},
        {"company": {"target_object": "companies", "target_record_id": company_id}},
        {"company": {"target_record_id": {"$in": [company_id]}}},
        {"path": [["people", "company"], ["companies", "name"]], "constraints": {"value": {"$eq": "Example"}}},
        {"path": [["people", "company"], ["companies", "domains"]], "constraints": {"domain": "example.com"}},
    ):
        assert first_names(await client.query("objects/people/records", filter_)) == "Ada", filter_
    by_company = [{"path": [["people", "company"], ["companies", "name"]], "direction": "asc"}]
    assert first_names(await client.query("objects/people/records", sorts=by_company)) == "Ada Grace"


async def test_entries_are_found_by_their_own_values_and_their_parents(client: Any) -> None:
    await client.list("sales", "companies")
    await client.attribute("lists/sales", "stage", "status")
    for title in ("New", "Won"):
        await client.data("POST", "/lists/sales/attributes/stage/statuses", {"data": {"title": title}})
    for name, stage in (("One", "New"), ("Two", "Won")):
        company = await client.create("companies", name=name)
        fields = {"parent_record_id": company["id"]["record_id"], "parent_object": "companies"}
        await client.data("POST", "/lists/sales/entries", {"data": {**fields, "entry_values": {"stage": stage}}})
    won = await client.query("lists/sales/entries", {"stage": "Won"})
    path = {"path": [["sales", "parent_record"], ["companies", "name"]], "constraints": {"value": "Two"}}
    assert [one["id"] for one in await client.query("lists/sales/entries", path)] == [won[0]["id"]]
    sorts = [{"path": [["sales", "parent_record"], ["companies", "name"]], "direction": "desc"}]
    assert (await client.query("lists/sales/entries", sorts=sorts))[0]["id"] == won[0]["id"]
    for bad in ([["companies", "name"]], [["sales", "parent_record"], ["people", "name"]], []):
        body = {"filter": {"path": bad, "constraints": {"value": "x"}}}
        assert (await client.refusal("POST", "/lists/sales/entries/query", body))[1] == "filter_error"
