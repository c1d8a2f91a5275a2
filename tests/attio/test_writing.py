"""What each write of the writer puts on the wire."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from attio_ctl.attio.errors import ApiError
from attio_ctl.attio.reader import AttioReader
from attio_ctl.attio.writer import AttioWriter

pytestmark = pytest.mark.anyio

TIER = {
    "title": "Tier",
    "description": None,
    "api_slug": "tier",
    "type": "select",
    "is_required": False,
    "is_unique": False,
    "is_multiselect": False,
    "config": {},
}
ON = [{"event_type": "record.updated", "filter": None}]
ACCESS = {"workspace_access": "full-access", "workspace_member_access": []}

# method, positional arguments, keyword arguments, request line, body under `data`
CALLS: list[tuple[str, tuple[Any, ...], dict[str, Any], str, Any]] = [
    ("create_object", (), {"api_slug": "cars", "singular_noun": "Car", "plural_noun": "Cars"}, "POST objects", ...),
    ("update_object", ("cars",), {"plural_noun": "Vehicles"}, "PATCH objects/cars", ...),
    ("create_attribute", ("objects", "cars"), TIER, "POST objects/cars/attributes", ...),
    ("update_attribute", ("lists", "r", "tier"), {"is_archived": True}, "PATCH lists/r/attributes/tier", ...),
    ("update_attribute", ("lists", "r", "tier"), {"description": None}, "PATCH lists/r/attributes/tier", ...),
    ("create_option", ("objects", "c", "tier"), {"title": "Gold"}, "POST objects/c/attributes/tier/options", ...),
    (
        "update_option",
        ("objects", "c", "tier", "id1"),
        {"title": "Au"},
        "PATCH objects/c/attributes/tier/options/id1",
        ...,
    ),
    (
        "create_status",
        ("objects", "c", "stage"),
        {"title": "Won", "celebration_enabled": True, "target_time_in_status": "P14D"},
        "POST objects/c/attributes/stage/statuses",
        ...,
    ),
    (
        "create_status",
        ("objects", "c", "stage"),
        {"title": "New"},
        "POST objects/c/attributes/stage/statuses",
        {"title": "New", "celebration_enabled": False, "target_time_in_status": None},
    ),
    (
        "update_status",
        ("lists", "r", "stage", "id1"),
        {"target_time_in_status": None},
        "PATCH lists/r/attributes/stage/statuses/id1",
        ...,
    ),
    ("create_list", (), {"name": "R", "api_slug": "r", "parent_object": "companies", **ACCESS}, "POST lists", ...),
    ("update_list", ("r",), {"name": "Renewals"}, "PATCH lists/r", ...),
    ("create_webhook", (), {"target_url": "https://h.example.com", "subscriptions": ON}, "POST webhooks", ...),
    ("update_webhook", ("w1",), {"subscriptions": ON}, "PATCH webhooks/w1", ...),
    ("create_record", ("cars",), {"values": {"vin": "1"}}, "POST objects/cars/records", ...),
    (
        "assert_record",
        ("cars",),
        {"matching_attribute": "vin", "values": {"vin": "1"}},
        "PUT objects/cars/records?matching_attribute=vin",
        {"values": {"vin": "1"}},
    ),
    ("update_record", ("cars", "id1"), {"values": {"vin": "1"}}, "PATCH objects/cars/records/id1", ...),
    ("replace_record", ("cars", "id1"), {"values": {"tags": []}}, "PUT objects/cars/records/id1", ...),
    (
        "assert_simple",
        ("people",),
        {"matching_attribute": "email_addresses", "values": {"name": "Lovelace, Ada"}},
        "PUT objects/people/records/simple?matching_attribute=email_addresses&append_to_existing_values=true",
        {"values": {"name": "Lovelace, Ada"}},
    ),
    (
        "assert_simple",
        ("people",),
        {"matching_attribute": "email_addresses", "values": {}, "append_to_existing_values": False},
        "PUT objects/people/records/simple?matching_attribute=email_addresses",
        {"values": {}},
    ),
]
DELETES = [
    ("delete_object", ("cars",), "DELETE objects/cars"),
    ("delete_webhook", ("w1",), "DELETE webhooks/w1"),
    ("delete_record", ("cars", "id1"), "DELETE objects/cars/records/id1"),
]


@pytest.mark.parametrize(("method", "arguments", "fields", "line", "data"), CALLS)
async def test_a_write_is_the_documented_request(
    talk: Any, answers: Any, method: str, arguments: tuple[Any, ...], fields: dict[str, Any], line: str, data: Any
) -> None:
    t = talk(answers.refused(400, "validation_type", "No."))

    with pytest.raises(ApiError):
        await getattr(t.attio, method)(*arguments, **fields)

    assert t.script.lines == [line.replace(" ", " /v2/", 1)]
    assert t.script.body() == {"data": fields if data is ... else data}
    assert t.script.seen[0].headers["content-type"] == "application/json"


@pytest.mark.parametrize(("method", "arguments", "line"), DELETES)
async def test_a_delete_has_no_body_and_no_answer(
    talk: Any, answers: Any, method: str, arguments: tuple[Any, ...], line: str
) -> None:
    t = talk(answers.ok(200, {}))

    await getattr(t.attio, method)(*arguments)

    assert t.script.lines == [line.replace(" ", " /v2/", 1)]
    assert t.script.seen[0].content == b""


async def test_a_batch_is_taken_without_an_answer(talk: Any) -> None:
    t = talk(httpx.Response(202))
    assertion = {"object": "people", "mode": "create-or-update", "matching_attribute": "email_addresses"}

    await t.attio.assert_batch([{**assertion, "multiselect_values": "append", "values": {}, "received_at": "2026"}])

    assert t.script.lines == ["PUT /v2/batch/records"]
    assert t.script.body()["assertions"][0]["object"] == "people"


def test_every_write_is_tested_here() -> None:
    writes = {name for name in dir(AttioWriter) if not name.startswith("_")} - set(dir(AttioReader))

    assert writes == {name for name, *_ in CALLS} | {name for name, *_ in DELETES} | {"assert_batch"}
