"""
What Attio answers to the client, from cassettes.

Every test makes what it needs and removes what can be removed, so it can be recorded against any workspace again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from attio_ctl.attio.errors import ConflictError, NotFoundError, RejectedError, UnauthorizedError
from attio_ctl.attio.types import Object
from attio_ctl.attio.writer import AttioWriter

pytestmark = [pytest.mark.anyio, pytest.mark.vcr]

PLAIN: dict[str, Any] = {
    "description": None,
    "is_required": False,
    "is_unique": False,
    "is_multiselect": False,
    "config": {},
}


@pytest.fixture
async def attio(attio_endpoint: tuple[str, str]) -> AsyncIterator[AttioWriter]:
    base_url, token = attio_endpoint
    async with AttioWriter.connect(base_url=base_url, token=token) as client:
        yield client


@asynccontextmanager
async def custom_object(attio: AttioWriter, slug: str) -> AsyncIterator[Object]:
    noun = slug.replace("_", " ").title()
    made = await attio.create_object(api_slug=slug, singular_noun=noun, plural_noun=f"{noun}s")
    try:
        yield made
    finally:
        await attio.delete_object(slug)


async def test_a_token_knows_its_workspace_and_scopes(attio: AttioWriter) -> None:
    me = await attio.whoami()

    assert me.workspace_id
    assert me.workspace_slug
    assert me.workspace_name
    assert "object_configuration:read-write" in me.scopes


async def test_a_workspace_always_has_people_and_companies(attio: AttioWriter) -> None:
    assert {"people", "companies"} <= {found["api_slug"] for found in await attio.objects()}


async def test_attributes_come_with_their_slug_and_type(attio: AttioWriter) -> None:
    attributes = {found["api_slug"]: found for found in await attio.attributes("objects", "companies")}

    assert attributes["domains"]["type"] == "domain"
    assert attributes["domains"]["is_unique"]
    assert attributes["domains"]["is_multiselect"]
    assert attributes["domains"]["is_system_attribute"]


async def test_an_object_is_made_renamed_and_deleted(attio: AttioWriter) -> None:
    async with custom_object(attio, "ctl_vehicles") as made:
        renamed = await attio.update_object(made["id"]["object_id"], plural_noun="Ctl Cars")
        with pytest.raises(ConflictError) as caught:
            await attio.create_object(api_slug="ctl_vehicles", singular_noun="Other", plural_noun="Others")

    assert renamed["plural_noun"] == "Ctl Cars"
    assert renamed["api_slug"] == "ctl_vehicles"
    assert (caught.value.status, caught.value.code) == (409, "slug_conflict")
    with pytest.raises(NotFoundError):
        await attio.object("ctl_vehicles")


async def test_an_archived_attribute_is_still_listed_and_keeps_its_slug(attio: AttioWriter) -> None:
    async with custom_object(attio, "ctl_archive") as made:
        slug = "ctl_archive"
        await attio.create_attribute("objects", slug, title="Vin", api_slug="vin", type="text", **PLAIN)
        archived = await attio.update_attribute("objects", slug, "vin", is_archived=True)
        listed = {found["api_slug"]: found for found in await attio.attributes("objects", slug)}
        with pytest.raises(ConflictError):
            await attio.create_attribute("objects", slug, title="Vin 2", api_slug="vin", type="text", **PLAIN)
        restored = await attio.update_attribute("objects", slug, "vin", is_archived=False)

    assert archived["is_archived"]
    assert listed["vin"]["is_archived"]
    assert listed["vin"]["id"]["object_id"] == made["id"]["object_id"]
    assert not restored["is_archived"]


async def test_options_keep_their_id_when_renamed_and_are_listed_when_archived(attio: AttioWriter) -> None:
    async with custom_object(attio, "ctl_options"):
        path: tuple[Any, str, str] = ("objects", "ctl_options", "tier")
        await attio.create_attribute(*path[:2], title="Tier", api_slug="tier", type="select", **PLAIN)
        gold = await attio.create_option(*path, title="Gold / Ä?")
        await attio.create_option(*path, title="Silver")
        with pytest.raises(ConflictError):
            await attio.create_option(*path, title="Silver")
        renamed = await attio.update_option(*path, gold["id"]["option_id"], title="Platinum")
        await attio.update_option(*path, "Silver", is_archived=True)
        listed = {option["title"]: option["is_archived"] for option in await attio.options(*path)}

    assert renamed["id"] == gold["id"]
    assert listed == {"Platinum": False, "Silver": True}


async def test_a_status_has_a_target_time_and_a_celebration(attio: AttioWriter) -> None:
    async with custom_object(attio, "ctl_statuses"):
        path: tuple[Any, str, str] = ("objects", "ctl_statuses", "stage")
        await attio.create_attribute(*path[:2], title="Stage", api_slug="stage", type="status", **PLAIN)
        won = await attio.create_status(*path, title="Won", celebration_enabled=True, target_time_in_status="P14D")
        await attio.update_status(*path, won["id"]["status_id"], target_time_in_status=None)
        (listed,) = [status for status in await attio.statuses(*path) if status["title"] == "Won"]

    assert (won["celebration_enabled"], won["target_time_in_status"]) == (True, "P14D")
    assert listed["target_time_in_status"] is None


async def test_a_relationship_makes_the_other_end_too(attio: AttioWriter) -> None:
    async with custom_object(attio, "ctl_owners"), custom_object(attio, "ctl_cars"):
        made = await attio.create_attribute(
            "objects",
            "ctl_cars",
            **{**PLAIN, "config": {"record_reference": {"allowed_objects": ["ctl_owners"]}}},
            title="Owner",
            api_slug="owner",
            type="record-reference",
            relationship={"object": "ctl_owners", "title": "Cars", "api_slug": "cars", "is_multiselect": True},
        )
        other = await attio.attribute("objects", "ctl_owners", "cars")

    assert made["relationship"]
    assert made["relationship"]["id"] == other["id"]
    assert other["is_multiselect"]
    assert other["relationship"]
    assert other["relationship"]["id"] == made["id"]


async def test_a_list_reads_its_parent_as_an_array(attio: AttioWriter) -> None:
    """Lists cannot be deleted by API, so a second recording finds the one that the first has made."""
    try:
        made = await attio.create_list(
            name="Ctl renewals",
            api_slug="ctl_renewals",
            parent_object="companies",
            workspace_access="full-access",
            workspace_member_access=[],
        )
    except ConflictError:
        (made,) = [found for found in await attio.lists() if found["api_slug"] == "ctl_renewals"]
    renamed = await attio.update_list(made["id"]["list_id"], name="Ctl renewals 2027")

    assert made["parent_object"] == ["companies"]
    assert renamed["name"] == "Ctl renewals 2027"
    assert "ctl_renewals" in {found["api_slug"] for found in await attio.lists()}


async def test_the_secret_of_a_webhook_is_given_once(attio: AttioWriter) -> None:
    url = "https://hooks.example.com/attio-ctl"
    created = await attio.create_webhook(
        target_url=url, subscriptions=[{"event_type": "record.created", "filter": None}]
    )
    webhook_id = created["id"]["webhook_id"]
    updated = await attio.update_webhook(webhook_id, target_url=f"{url}-2")
    (listed,) = [hook for hook in await attio.webhooks() if hook["id"]["webhook_id"] == webhook_id]
    await attio.delete_webhook(webhook_id)

    assert len(created["secret"]) == 64
    assert "secret" not in listed
    assert listed["target_url"] == updated["target_url"] == f"{url}-2"
    with pytest.raises(NotFoundError):
        await attio.delete_webhook(webhook_id)


async def test_members_have_an_address_and_a_level(attio: AttioWriter) -> None:
    members = await attio.members()

    assert members
    assert {"admin"} <= {member["access_level"] for member in members} <= {"admin", "member", "suspended"}
    assert all("@" in member["email_address"] for member in members)


async def test_an_assert_creates_once_and_then_updates(attio: AttioWriter) -> None:
    async with custom_object(attio, "ctl_asserts"):
        slug = "ctl_asserts"
        unique = {**PLAIN, "is_unique": True}
        await attio.create_attribute("objects", slug, title="Vin", api_slug="vin", type="text", **unique)
        await attio.create_attribute("objects", slug, title="Seats", api_slug="seats", type="number", **PLAIN)
        first = await attio.assert_record(slug, matching_attribute="vin", values={"vin": "A1", "seats": 4})
        second = await attio.assert_record(slug, matching_attribute="vin", values={"vin": "A1", "seats": 5})
        with pytest.raises(ConflictError) as caught:
            await attio.create_record(slug, values={"vin": "A1"})
        found = [record async for record in attio.each_record(slug, filter={"vin": "A1"})]

    assert first["id"] == second["id"]
    assert [record["values"]["seats"][0]["value"] for record in found] == [5]
    assert (caught.value.status, caught.value.code) == (400, "uniqueness_conflict")


async def test_a_patch_adds_to_a_multiselect_and_a_put_replaces_it(attio: AttioWriter) -> None:
    async with custom_object(attio, "ctl_tags"):
        path: tuple[Any, str] = ("objects", "ctl_tags")
        several = {**PLAIN, "is_multiselect": True}
        await attio.create_attribute(*path, title="Tags", api_slug="tags", type="select", **several)
        for title in ("a", "b", "c"):
            await attio.create_option(*path, "tags", title=title)
        record_id = (await attio.create_record("ctl_tags", values={"tags": ["a"]}))["id"]["record_id"]

        def tags(record: Any) -> set[str]:
            return {value["option"]["title"] for value in record["values"]["tags"]}

        patched = tags(await attio.update_record("ctl_tags", record_id, values={"tags": ["b"]}))
        replaced = tags(await attio.replace_record("ctl_tags", record_id, values={"tags": ["c"]}))
        await attio.delete_record("ctl_tags", record_id)
        with pytest.raises(NotFoundError):
            await attio.record("ctl_tags", record_id)

    assert (patched, replaced) == ({"a", "b"}, {"c"})


async def test_records_are_read_page_by_page_in_the_order_of_their_making(attio: AttioWriter) -> None:
    async with custom_object(attio, "ctl_pages"):
        made = [(await attio.create_record("ctl_pages", values={}))["id"]["record_id"] for _ in range(5)]
        read = [record["id"]["record_id"] async for record in attio.each_record("ctl_pages", limit=2)]

        assert read == made
        assert await attio.count_records("ctl_pages", at_most=100) == 5


async def test_an_unknown_object_is_not_found(attio: AttioWriter) -> None:
    with pytest.raises(NotFoundError) as caught:
        await attio.object("ctl_nothing")

    assert caught.value.code == "not_found"
    assert "ctl_nothing" in caught.value.message


async def test_an_unknown_attribute_in_a_value_is_rejected(attio: AttioWriter) -> None:
    with pytest.raises(RejectedError) as caught:
        await attio.create_record("companies", values={"ctl_nothing": 1})

    assert (caught.value.status, caught.value.code) == (400, "value_not_found")


async def test_every_fault_of_a_body_is_reported(attio: AttioWriter) -> None:
    with pytest.raises(RejectedError) as caught:
        await attio.create_object(api_slug="ctl_faults", singular_noun=1, plural_noun=2)  # type: ignore[arg-type]

    assert {fault.path for fault in caught.value.validation_errors} == {
        ("data", "singular_noun"),
        ("data", "plural_noun"),
    }


async def test_a_token_of_the_wrong_length_is_unauthorized(attio_endpoint: tuple[str, str]) -> None:
    async with AttioWriter.connect(base_url=attio_endpoint[0], token="too-short") as attio:
        with pytest.raises(UnauthorizedError) as caught:
            await attio.objects()
        with pytest.raises(UnauthorizedError, match="not active"):
            await attio.whoami()

    assert (caught.value.status, caught.value.code) == (401, "unauthorized")
