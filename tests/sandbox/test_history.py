"""The history of one attribute can be replaced whole, as a migration does; notes can be changed."""

from __future__ import annotations

from typing import Any

import pytest

from attio_ctl.sandbox.store.store import Store

pytestmark = pytest.mark.anyio

OLD = {"value": "Trainee", "active_from": "2020-01-01T00:00:00Z", "active_until": "2021-06-15T09:30:00Z"}
NEW = {"value": "Engineer", "active_from": "2021-06-15T09:30:00Z", "active_until": None}


async def replace(client: Any, path: str, values: list[Any], **more: Any) -> Any:
    return await client.ask("PUT", path, {"data": {"values": values, "replace_history": True, **more}})


async def title_path(client: Any) -> str:
    made = await client.create("people", job_title="Guess")
    return f"/objects/people/records/{made['id']['record_id']}/attributes/job_title/values"


async def test_the_written_values_are_the_whole_history(client: Any) -> None:
    path = await title_path(client)
    answer = await replace(client, path, [NEW, OLD])
    assert answer.status_code == 200
    shown = await client.data("GET", path, show_historic="true")
    assert answer.json()["data"] == shown
    assert [(one["value"], one["active_from"], one["active_until"]) for one in shown] == [
        ("Trainee", "2020-01-01T00:00:00.000000000Z", "2021-06-15T09:30:00.000000000Z"),
        ("Engineer", "2021-06-15T09:30:00.000000000Z", None),
    ]
    assert [one["value"] for one in await client.data("GET", path)] == ["Engineer"]


async def test_an_entry_has_a_history_too(client: Any) -> None:
    await client.list("hires", "people")
    await client.attribute("lists/hires", "role", "text")
    person = (await client.create("people"))["id"]["record_id"]
    body = {"parent_record_id": person, "parent_object": "people", "entry_values": {}}
    entry = (await client.data("POST", "/lists/hires/entries", {"data": body}))["id"]["entry_id"]
    answer = await replace(client, f"/lists/hires/entries/{entry}/attributes/role/values", [OLD, NEW])
    assert [one["value"] for one in answer.json()["data"]] == ["Trainee", "Engineer"]


async def test_unique_values_move_with_the_history(client: Any) -> None:
    await client.object("cars")
    await client.attribute("objects/cars", "vin", "text", is_unique=True)
    first = (await client.create("cars", vin="A"))["id"]["record_id"]
    second = (await client.create("cars", vin="B"))["id"]["record_id"]
    path = f"/objects/cars/records/{first}/attributes/vin/values"
    taken = await replace(client, path, [{**NEW, "value": "B"}])
    assert taken.json()["code"] == "uniqueness_conflict"
    assert (await replace(client, path, [{**NEW, "value": "C"}])).status_code == 200
    assert (await client.upsert("cars", "vin", vin="C"))["id"]["record_id"] == first
    assert (await client.upsert("cars", "vin", vin="B"))["id"]["record_id"] == second
    assert (await client.upsert("cars", "vin", vin="A"))["id"]["record_id"] not in (first, second)


async def test_a_reference_without_another_side_has_a_history(client: Any) -> None:
    config = {"record_reference": {"allowed_objects": ["people"]}}
    await client.attribute("objects/companies", "contact", "record-reference", config=config)
    ada = (await client.create("people", job_title="Ada"))["id"]["record_id"]
    bob = (await client.create("people", job_title="Bob"))["id"]["record_id"]
    company = (await client.create("companies", name="X"))["id"]["record_id"]
    path = f"/objects/companies/records/{company}/attributes/contact/values"
    to = [{"target_object": "people", "target_record_id": one} for one in (ada, bob)]
    values = [{**to[0], **{k: v for k, v in OLD.items() if k != "value"}}, {**to[1], "active_from": "2022-01-01"}]
    answer = await replace(client, path, values)
    assert [one["target_record_id"] for one in answer.json()["data"]] == [ada, bob]
    assert [one["target_record_id"] for one in await client.data("GET", path)] == [bob]


@pytest.mark.parametrize(
    ("values", "more", "said"),
    [
        ([], {}, "Body payload validation error."),
        ([OLD], {"replace_history": False}, "Body payload validation error."),
        ([{"value": "x"}], {}, "Body payload validation error."),
        ([{**NEW, "active_from": "soon"}], {}, "Body payload validation error."),
        ([{**OLD, "active_until": "2019-01-01"}], {}, "active_until must be after active_from."),
        ([NEW, {**NEW, "active_from": "2023-01-01"}], {}, 'attribute with slug "job_title" must not overlap'),
        ([{**NEW, "value": 7}], {}, 'An invalid value was passed to attribute with slug "job_title".'),
    ],
)
async def test_a_history_that_cannot_be_is_refused(client: Any, values: Any, more: Any, said: str) -> None:
    path = await title_path(client)
    answer = await replace(client, path, values, **more)
    assert (answer.status_code, answer.json()["code"]) == (400, "validation_type")
    assert said in answer.json()["message"]
    assert [one["value"] for one in await client.data("GET", path)] == ["Guess"]


async def test_relationships_and_what_attio_fills_have_no_history_to_write(client: Any) -> None:
    made = (await client.create("people"))["id"]["record_id"]
    for slug in ("company", "created_at"):
        path = f"/objects/people/records/{made}/attributes/{slug}/values"
        answer = await replace(client, path, [NEW])
        assert "cannot be written" in answer.json()["message"], slug


async def test_replacing_a_history_tells_no_webhook(client: Any, store: Store) -> None:
    hook = {
        "target_url": "https://hooks.example.com",
        "subscriptions": [{"event_type": "record.updated", "filter": None}],
    }
    await client.data("POST", "/webhooks", {"data": hook})
    path = await title_path(client)
    await replace(client, path, [NEW])
    assert store.db.row("SELECT COUNT(*) FROM deliveries") == (0,)


async def test_a_note_is_changed_in_parts(client: Any) -> None:
    person = (await client.create("people"))["id"]["record_id"]
    fields = {
        "parent_object": "people",
        "parent_record_id": person,
        "title": "A",
        "format": "plaintext",
        "content": "a",
    }
    note = (await client.data("POST", "/notes", {"data": fields}))["id"]["note_id"]
    changed = await client.data("PATCH", f"/notes/{note}", {"data": {"title": "B"}})
    assert (changed["title"], changed["content_plaintext"]) == ("B", "a")
    content = {"format": "markdown", "content": "# **Hello**"}
    changed = await client.data("PATCH", f"/notes/{note}", {"data": content})
    assert (changed["title"], changed["content_plaintext"], changed["content_markdown"]) == (
        "B",
        "Hello",
        "# **Hello**",
    )
    assert changed == await client.data("GET", f"/notes/{note}")
    for body in ({}, {"content": "x"}, {"format": "markdown"}):
        assert (await client.refusal("PATCH", f"/notes/{note}", {"data": body}))[0] == 400
