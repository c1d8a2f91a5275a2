"""Objects, attributes, options, statuses, lists and webhooks: what may be made, changed and not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.anyio

OBJECT = {"api_slug": "vehicles", "singular_noun": "Vehicle", "plural_noun": "Vehicles"}


async def test_only_people_and_companies_are_there_before_anything_is_switched_on(
    make_client: Callable[..., Any],
) -> None:
    client = make_client()
    assert [one["api_slug"] for one in await client.data("GET", "/objects")] == ["people", "companies"]
    status, code, message = await client.refusal("POST", "/objects/deals/records/query", {})
    assert (status, code) == (400, "standard_object_disabled")
    assert '"deals"' not in message
    slugs = {one["api_slug"] for one in await client.data("GET", "/objects/people/attributes")}
    assert not {"associated_deals", "associated_users"} & slugs


@pytest.mark.parametrize(
    "clash",
    [{}, {"singular_noun": "Other", "plural_noun": "Others"}, {"api_slug": "others", "plural_noun": "Others"}],
)
async def test_slug_and_nouns_of_an_object_are_taken_once(client: Any, clash: dict[str, str]) -> None:
    await client.data("POST", "/objects", {"data": OBJECT})
    said = await client.refusal("POST", "/objects", {"data": OBJECT | clash})
    message = "Failed to create object. Please ensure your api_slug and names are unique."
    assert said == (409, "slug_conflict", message)


async def test_a_standard_slug_is_reserved_even_when_switched_off(make_client: Callable[..., Any]) -> None:
    client = make_client()
    body = {"data": {"api_slug": "deals", "singular_noun": "X", "plural_noun": "Xs"}}
    assert (await client.refusal("POST", "/objects", body))[:2] == (409, "slug_conflict")


async def test_the_plan_limits_the_objects(make_client: Callable[..., Any]) -> None:
    client = make_client(max_objects=3)
    await client.data("POST", "/objects", {"data": OBJECT})
    body = {"data": {"api_slug": "b", "singular_noun": "B", "plural_noun": "Bs"}}
    assert (await client.refusal("POST", "/objects", body))[:2] == (400, "quota_exceeded")


async def test_all_faults_of_a_body_come_together_in_the_order_of_its_fields(client: Any) -> None:
    answer = await client.ask("POST", "/objects", {"data": {"plural_noun": 5}})
    said = answer.json()
    assert said["message"] == "Body payload validation error."
    assert [(fault["path"], fault["message"]) for fault in said["validation_errors"]] == [
        (["data", "api_slug"], "Required"),
        (["data", "singular_noun"], "Required"),
        (["data", "plural_noun"], "Expected string, received number"),
    ]


async def test_an_empty_change_of_an_object_is_refused(client: Any) -> None:
    await client.data("POST", "/objects", {"data": OBJECT})
    said = await client.refusal("PATCH", "/objects/vehicles", {"data": {}})
    assert said[1:] == (
        "validation_type",
        "You passed an empty payload. Please ensure you are updating at least one property in your request.",
    )


async def test_deleting_an_object_takes_its_records_lists_and_mirrors(client: Any) -> None:
    await client.data("POST", "/objects", {"data": OBJECT})
    relationship = {"object": "people", "title": "Vehicles", "api_slug": "vehicles", "is_multiselect": True}
    await client.attribute("objects/vehicles", "owner", "record-reference", relationship=relationship)
    await client.list("fleet", "vehicles")
    await client.create("vehicles")
    await client.ask("DELETE", "/objects/vehicles")
    assert (await client.refusal("GET", "/objects/vehicles"))[0] == 404
    assert (await client.refusal("GET", "/lists/fleet"))[0] == 404
    assert (await client.refusal("GET", "/objects/people/attributes/vehicles"))[0] == 404
    await client.create("people", name="L, Ada")
    assert (await client.refusal("DELETE", "/objects/people"))[0] == 400


async def test_an_archived_attribute_is_hidden_and_keeps_its_slug(client: Any) -> None:
    await client.attribute("objects/people", "plan", "text")
    await client.data("PATCH", "/objects/people/attributes/plan", {"data": {"is_archived": True}})
    shown = await client.data("GET", "/objects/people/attributes")
    assert "plan" not in {one["api_slug"] for one in shown}
    every = await client.data("GET", "/objects/people/attributes", show_archived="true")
    assert "plan" in {one["api_slug"] for one in every}
    assert (await client.data("GET", "/objects/people/attributes/plan"))["is_archived"] is True
    with pytest.raises(AssertionError, match="slug_conflict"):
        await client.attribute("objects/people", "plan", "text")
    await client.data("PATCH", "/objects/people/attributes/plan", {"data": {"is_archived": False}})
    await client.create("people", plan="x")


@pytest.mark.parametrize(
    ("target", "fields", "message"),
    [
        ("objects/people", {"is_unique": True}, "Cannot set attribute as unique."),
        (
            "objects/people",
            {"default_value": {"type": "static", "template": [{"value": "x"}]}},
            "Default values are not supported on people or company objects.",
        ),
        ("objects/deals", {"is_multiselect": True}, 'Attributes of type "text" cannot be multiselect.'),
        (
            "objects/deals",
            {"default_value": {"type": "dynamic", "template": "P1M"}},
            '"P1M" is not a valid dynamic default value for type "text".',
        ),
    ],
)
async def test_what_an_attribute_cannot_be(client: Any, target: str, fields: Any, message: str) -> None:
    with pytest.raises(AssertionError) as raised:
        await client.attribute(target, "plan", "text", **fields)
    assert message.replace('"', '\\"') in str(raised.value)


async def test_an_unknown_type_is_refused_with_the_types_there_are(client: Any) -> None:
    answer = await client.ask(
        "POST", "/objects/people/attributes", {"data": {"type": "emoji", "title": "x", "api_slug": "x"}}
    )
    fault = next(one for one in answer.json()["validation_errors"] if one["path"] == ["data", "type"])
    assert fault["code"] == "invalid_option"
    assert fault["message"].startswith("Invalid enum value. Expected 'text' | 'number' | ")
    assert "text" in fault["options"]


async def test_system_attributes_refuse_edits_and_their_statuses_take_them(client: Any) -> None:
    said = await client.refusal("PATCH", "/objects/deals/attributes/stage", {"data": {"title": "Phase"}})
    assert said == (400, "system_edit_unauthorized", "Cannot update a System attribute.")
    base = "/objects/deals/attributes/stage/statuses"
    await client.data("POST", base, {"data": {"title": "Negotiation"}})
    await client.data("PATCH", f"{base}/Lead", {"data": {"title": "Prospect"}})
    await client.data("PATCH", f"{base}/Lost", {"data": {"is_archived": True}})
    titles = [one["title"] for one in await client.data("GET", base)]
    assert titles == ["Prospect", "In Progress", "Won 🎉", "Negotiation"]


async def test_an_option_title_is_taken_once_and_may_hold_a_slash(client: Any) -> None:
    await client.attribute("objects/people", "plan", "select")
    base = "/objects/people/attributes/plan/options"
    await client.data("POST", base, {"data": {"title": "A/B test"}})
    said = await client.refusal("POST", base, {"data": {"title": "A/B test"}})
    assert said == (409, "slug_conflict", 'There is already another select option with the title "A/B test".')
    assert (await client.data("PATCH", f"{base}/A%2FB%20test", {"data": {"title": "AB"}}))["title"] == "AB"
    assert await client.data("GET", "/objects/people/attributes/plan/statuses") == []
    said = await client.refusal("POST", "/objects/people/attributes/name/options", {"data": {"title": "x"}})
    assert said == (400, "validation_type", "This attribute is not a select attribute.")


async def test_a_list_needs_somebody_with_full_access(client: Any) -> None:
    fields = {"name": "X", "api_slug": "x", "parent_object": "people", "workspace_access": "read-only"}
    said = await client.refusal("POST", "/lists", {"data": {**fields, "workspace_member_access": []}})
    assert said[:2] == (400, "validation_type")
    made = await client.list("y", "people")
    assert made["parent_object"] == ["people"]


async def test_a_webhook_shows_its_secret_once(client: Any) -> None:
    hook = {
        "target_url": "https://hooks.example.com/x",
        "subscriptions": [{"event_type": "task.created", "filter": None}],
    }
    made = await client.data("POST", "/webhooks", {"data": hook})
    assert len(made["secret"]) == 64
    assert "secret" not in await client.data("GET", f"/webhooks/{made['id']['webhook_id']}")
    assert (await client.refusal("POST", "/webhooks", {"data": hook}))[:2] == (409, "uniqueness_conflict")
    term = {"field": "id.list_id", "operator": "equals", "value": "none", "more": 1}
    strange = {
        "target_url": hook["target_url"],
        "subscriptions": [{"event_type": "list-entry.created", "filter": {"x": ["y"], "$or": 5, "$and": [term]}}],
    }
    said = await client.refusal("POST", "/webhooks", {"data": strange})
    assert said == (400, "validation_type", "Related list not found")
    insecure = hook | {"target_url": "http://hooks.example.com/x"}
    assert (await client.refusal("POST", "/webhooks", {"data": insecure}))[:2] == (400, "validation_type")
