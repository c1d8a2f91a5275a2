"""Record references: how they may be written, and that both sides of a relationship agree."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attio_ctl.sandbox.model import Actor, Attribute
from attio_ctl.sandbox.options import NO_LIMITS, Options
from attio_ctl.sandbox.records.rows import by_pk
from attio_ctl.sandbox.records.write import Multiselect, Writer
from attio_ctl.sandbox.store.store import Store

pytestmark = pytest.mark.anyio


def targets(record: Any, slug: str) -> list[str]:
    return [value["target_record_id"] for value in record["values"][slug]]


async def read(client: Any, object_: str, record: Any) -> Any:
    return await client.data("GET", f"/objects/{object_}/records/{record['id']['record_id']}")


async def test_a_reference_shows_on_both_sides(client: Any) -> None:
    company = await client.create("companies", domains=["example.com"])
    person = await client.create("people", company="example.com")
    assert targets(person, "company") == [company["id"]["record_id"]]
    assert targets(await read(client, "companies", company), "team") == [person["id"]["record_id"]]


async def test_moving_the_single_side_leaves_the_old_team(client: Any) -> None:
    first = await client.create("companies", domains=["one.example.com"])
    second = await client.create("companies", domains=["two.example.com"])
    person = await client.create("people", email_addresses=["a@example.com"], company="one.example.com")
    await client.upsert("companies", "domains", domains=["two.example.com"], team=["a@example.com"])
    assert targets(await read(client, "companies", first), "team") == []
    assert targets(await read(client, "people", person), "company") == [second["id"]["record_id"]]


async def test_a_deleted_record_is_referenced_no_longer(client: Any) -> None:
    company = await client.create("companies", domains=["example.com"])
    person = await client.create("people", company="example.com")
    await client.ask("DELETE", f"/objects/companies/records/{company['id']['record_id']}")
    assert targets(await read(client, "people", person), "company") == []


@pytest.mark.parametrize("form", ["bare", "id", "attribute"])
async def test_a_reference_may_be_written_in_three_forms(client: Any, form: str) -> None:
    company = await client.create("companies", domains=["example.com"])
    forms: dict[str, Any] = {
        "bare": "example.com",
        "id": {"target_object": "companies", "target_record_id": company["id"]["record_id"]},
        "attribute": {"target_object": "companies", "domains": [{"domain": "example.com"}]},
    }
    person = await client.create("people", company=forms[form])
    assert person["values"]["company"][0]["target_object"] == "companies"


@pytest.mark.parametrize(
    ("written", "code", "message"),
    [
        (
            {"target_object": "company", "target_record_id": "x"},
            "value_not_found",
            'Cannot find object with slug/ID "company" in record reference values.',
        ),
        (
            {"target_object": "people", "target_record_id": "00000000-0000-4000-8000-000000000000"},
            "validation_type",
            'Records of object "people" are not allowed in attribute with slug "company".',
        ),
        (
            {"target_object": "companies", "name": [{"value": "x"}]},
            "matching_attribute_definition_not_unique",
            "The matching attribute specified is not a unique attribute.",
        ),
        ("nowhere.example.com", "value_not_found", None),
    ],
)
async def test_a_reference_to_nothing_is_refused(client: Any, written: Any, code: str, message: str | None) -> None:
    said = await client.refusal("POST", "/objects/people/records", {"data": {"values": {"company": written}}})
    assert said[1] == code
    assert message in (None, said[2])


async def test_a_relationship_between_custom_objects_is_made_on_both(client: Any) -> None:
    await client.object("ships")
    await client.object("ports")
    relationship = {"object": "ports", "title": "Ships", "api_slug": "ships", "is_multiselect": False}
    made = await client.attribute("objects/ships", "port", "record-reference", relationship=relationship)
    other = await client.data("GET", "/objects/ports/attributes/ships")
    assert made["relationship"]["api_slug"] == "ships"
    assert other["relationship"]["api_slug"] == "port"
    assert other["relationship"]["id"]["attribute_id"] == made["id"]["attribute_id"]


@settings(max_examples=60)
@given(
    many=st.tuples(st.booleans(), st.booleans()),
    moves=st.lists(
        st.tuples(
            st.sampled_from(["left", "right"]),
            st.integers(0, 2),
            st.lists(st.integers(0, 2), max_size=3),
            st.sampled_from(list(Multiselect)),
        ),
        max_size=12,
    ),
)
def test_both_sides_agree_whatever_is_written(
    many: tuple[bool, bool], moves: list[tuple[str, int, list[int], Multiselect]]
) -> None:
    """For all four cardinalities: a points at b exactly when b points at a, and a single side holds one at most."""
    store = Store(":memory:", Options(limits=NO_LIMITS))
    with store.transaction():
        sides = relate(store, many)
        writer = Writer(store, Actor("api-token", "t"))
        rows = {side: [writer.create(store.schema.objects[side], {}).pk for _ in range(3)] for side in sides}
        for side, index, chosen, how in moves:
            other = "right" if side == "left" else "left"
            attribute = store.schema.attributes[sides[side]]
            wanted = list(dict.fromkeys(rows[other][one] for one in chosen))
            wanted = wanted if attribute.multiselect else wanted[:1]
            writer.update(by_pk(store.db, rows[side][index]), {attribute: wanted}, how)
    left, right = (
        set(store.db.rows("SELECT record, target FROM links WHERE attribute = ?", (sides[s],))) for s in sides
    )
    assert left == {(b, a) for a, b in right}
    for side, pairs, is_many in zip(sides, (left, right), many, strict=True):
        assert is_many or len(pairs) == len({record for record, _ in pairs}), side
    store.close()


def relate(store: Store, many: tuple[bool, bool]) -> dict[str, int]:
    """Two objects with a relationship; the pk of the attribute on each side."""
    nouns = {"singular_noun": "x", "plural_noun": "y"}
    left, right = (store.add_collection("object", slug, nouns) for slug in ("left", "right"))
    common: dict[str, Any] = {
        "pk": 0,
        "id": "",
        "slug": "it",
        "type": "record-reference",
        "title": "It",
        "created_at": 0,
    }
    a = store.add_attribute(Attribute(**common, collection=left.pk, multiselect=many[0], allowed=(right.pk,)))
    b = store.add_attribute(
        Attribute(**common, collection=right.pk, multiselect=many[1], allowed=(left.pk,), mirror=a.pk)
    )
    store.save_attribute(replace(a, mirror=b.pk))
    return {"left": a.pk, "right": b.pk}
