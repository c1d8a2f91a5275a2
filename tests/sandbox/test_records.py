"""Records: what each call does to what is there already."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.anyio


async def plans(client: Any) -> None:
    await client.attribute("objects/people", "plans", "select", is_multiselect=True)
    for title in "ABCD":
        await client.data("POST", "/objects/people/attributes/plans/options", {"data": {"title": title}})


def titles(record: Any) -> str:
    return "".join(value["option"]["title"] for value in record["values"]["plans"])


@pytest.mark.parametrize(
    ("method", "given", "left"),
    [
        ("PATCH", ["C", "A"], "CAB"),
        ("PATCH", [], "AB"),
        ("PUT", ["C", "A"], "CA"),
        ("PUT", [], ""),
        ("PUT", None, ""),
    ],
)
async def test_patch_prepends_and_put_replaces(client: Any, method: str, given: Any, left: str) -> None:
    await plans(client)
    record = await client.create("people", plans=["A", "B"])
    path = f"/objects/people/records/{record['id']['record_id']}"
    assert titles(await client.data(method, path, {"data": {"values": {"plans": given}}})) == left


async def test_an_assert_adds_to_the_matching_attribute_and_replaces_other_multiselects(client: Any) -> None:
    await plans(client)
    first = await client.upsert("people", "email_addresses", email_addresses=["a@example.com"], plans=["A", "B"])
    second = await client.upsert(
        "people", "email_addresses", email_addresses=["b@example.com", "A@example.com"], plans=["C"]
    )
    assert second["id"] == first["id"]
    emails = [value["email_address"] for value in second["values"]["email_addresses"]]
    assert emails == ["a@example.com", "b@example.com"]
    assert titles(second) == "C"


@pytest.mark.parametrize(("params", "left"), [({}, "C"), ({"append_to_existing_values": "true"}, "ABC")])
async def test_the_simple_form_takes_bare_values_and_appends_when_asked(
    client: Any, params: dict[str, str], left: str
) -> None:
    await plans(client)
    path, email = "/objects/people/records/simple", "a@example.com"
    await client.upsert("people", "email_addresses", email_addresses=[email], plans=["A", "B"])
    body = {"data": {"values": {"email_addresses": email, "plans": "C", "job_title": None}}}
    shown = await client.data("PUT", path, body, matching_attribute="email_addresses", **params)
    assert titles(shown) == left
    assert "web_url" not in shown


async def test_an_unknown_key_fails_the_whole_write(client: Any) -> None:
    body = {"data": {"values": {"job_title": "x", "nothing": 1}}}
    said = await client.refusal("POST", "/objects/people/records", body)
    assert said == (400, "value_not_found", 'Cannot find attribute with slug/ID "nothing".')
    assert await client.query("objects/people/records") == []


async def test_a_unique_value_belongs_to_one_record(client: Any) -> None:
    await client.create("companies", domains=["example.com"])
    body = {"data": {"values": {"domains": ["https://EXAMPLE.com/"]}}}
    status, code, message = await client.refusal("POST", "/objects/companies/records", body)
    assert (status, code) == (400, "uniqueness_conflict")
    assert 'attribute with slug "domains" conflicts with one already in the system' in message


async def test_a_released_unique_value_can_be_taken_again(client: Any) -> None:
    first = await client.create("companies", domains=["example.com"])
    await client.data(
        "PUT", f"/objects/companies/records/{first['id']['record_id']}", {"data": {"values": {"domains": []}}}
    )
    second = await client.create("companies", domains=["example.com"])
    await client.ask("DELETE", f"/objects/companies/records/{second['id']['record_id']}")
    await client.create("companies", domains=["example.com"])


@pytest.mark.parametrize(
    ("matching", "code"),
    [("name", "matching_attribute_definition_not_unique"), ("nothing", "value_not_found")],
)
async def test_an_assert_needs_a_unique_attribute(client: Any, matching: str, code: str) -> None:
    body = {"data": {"values": {"name": "x"}}}
    said = await client.refusal("PUT", "/objects/companies/records", body, matching_attribute=matching)
    assert said[:2] == (400, code)


async def test_an_assert_that_finds_two_records_touches_neither(client: Any) -> None:
    for email in ("a@example.com", "b@example.com"):
        await client.create("people", email_addresses=[email])
    body = {"data": {"values": {"email_addresses": ["a@example.com", "b@example.com"]}}}
    said = await client.refusal("PUT", "/objects/people/records", body, matching_attribute="email_addresses")
    assert said[1] == "multiple_match_results"


async def test_a_deal_needs_its_stage_and_owner(client: Any) -> None:
    attributes = {
        one["api_slug"]: one["id"]["attribute_id"] for one in await client.data("GET", "/objects/deals/attributes")
    }
    said = await client.refusal(
        "POST", "/objects/deals/records", {"data": {"values": {"name": "Big", "stage": "Lead"}}}
    )
    message = f'Required value for attribute with ID "{attributes["owner"]}" was not provided.'
    assert said == (400, "missing_value", message)


async def test_a_required_value_cannot_be_unset(client: Any) -> None:
    deal = await client.create("deals", name="Big", stage="Lead", owner="ada@example.com")
    path = f"/objects/deals/records/{deal['id']['record_id']}"
    said = await client.refusal("PATCH", path, {"data": {"values": {"name": None}}})
    assert said[1] == "missing_value"


async def test_defaults_fill_new_records_only_where_nothing_was_given(make_client: Callable[..., Any]) -> None:
    client = make_client(clock=lambda: 1_700_000_000.0)
    await client.object("jobs")
    dynamic = {"type": "dynamic", "template": "P1M"}
    await client.attribute("objects/jobs", "due", "date", default_value=dynamic)
    await client.attribute(
        "objects/jobs", "by", "actor-reference", default_value={"type": "dynamic", "template": "current-user"}
    )
    await client.attribute(
        "objects/jobs", "stars", "rating", default_value={"type": "static", "template": [{"value": 3}]}
    )
    filled = (await client.create("jobs"))["values"]
    assert filled["due"][0]["value"] == "2023-12-14"
    assert filled["by"][0]["referenced_actor_type"] == "api-token"
    assert filled["stars"][0]["value"] == 3
    assert (await client.create("jobs", stars=5))["values"]["stars"][0]["value"] == 5
    assert (await client.create("jobs", stars=None))["values"]["stars"] == []


async def test_history_keeps_what_was_with_its_dates(make_client: Callable[..., Any]) -> None:
    moments = iter(range(1_700_000_000, 1_800_000_000))
    client = make_client(clock=lambda: float(next(moments)))
    record = await client.create("people", job_title="One")
    path = f"/objects/people/records/{record['id']['record_id']}"
    for title in ("Two", "Two", "Three"):
        await client.data("PATCH", path, {"data": {"values": {"job_title": title}}})
    shown = await client.data("GET", f"{path}/attributes/job_title/values", show_historic="true")
    assert [value["value"] for value in shown] == ["One", "Two", "Three"]
    assert [value["active_until"] for value in shown[:2]] == [value["active_from"] for value in shown[1:]]
    assert shown[2]["active_until"] is None
    assert [one["value"] for one in await client.data("GET", f"{path}/attributes/job_title/values")] == ["Three"]


async def test_enriched_attributes_show_no_history(client: Any) -> None:
    record = await client.create("people")
    path = f"/objects/people/records/{record['id']['record_id']}/attributes/first_interaction/values"
    assert (await client.refusal("GET", path, show_historic="true"))[:2] == (400, "validation_type")
    assert await client.data("GET", path) == []


async def test_system_values_cannot_be_written(client: Any) -> None:
    body = {"data": {"values": {"created_at": "2020-01-01"}}}
    assert (await client.refusal("POST", "/objects/people/records", body))[1] == "system_edit_unauthorized"
