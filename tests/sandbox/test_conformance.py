"""Every operation is driven, and every answer held against Attio's OpenAPI document."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

SPEC = Path(__file__).parents[3] / "shared" / "reference" / "attio-openapi.json"
MISSING = "Attio's OpenAPI document is not part of this repository"
# Not driven: what the sandbox does not claim to be.
BEYOND = re.compile(r"/(scim|v2/(meetings|threads|comments))")

pytestmark = [pytest.mark.anyio, pytest.mark.skipif(not SPEC.exists(), reason=MISSING)]


def loosened(node: Any) -> Any:
    """The document with `nullable` of OpenAPI 3.0 as 3.1 says it, and null in the enums that may be null."""
    if isinstance(node, list):
        return [loosened(item) for item in node]
    if not isinstance(node, dict):
        return node
    made = {key: loosened(value) for key, value in node.items() if key not in ("example", "examples")}
    if made.pop("nullable", False):
        made["type"] = [made["type"], "null"] if isinstance(made.get("type"), str) else made.get("type")
    if "enum" in made and isinstance(made.get("type"), list) and "null" in made["type"]:
        made["enum"] = [*made["enum"], None]
    return made


class Spec:
    """Operations by method and path template, each able to judge an answer."""

    def __init__(self) -> None:
        document = loosened(json.loads(SPEC.read_text()))
        registry = Registry().with_resource("urn:attio", Resource(document, DRAFT202012))
        self.operations: dict[tuple[str, str], dict[str, Draft202012Validator]] = {}
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                if method not in ("get", "post", "put", "patch", "delete") or BEYOND.match(path):
                    continue
                self.operations[method.upper(), path] = {
                    status: Draft202012Validator(
                        {"$ref": f"urn:attio#/paths/{pointer(path)}/{method}/responses/{status}/content"
                         "/application~1json/schema"},
                        registry=registry,
                    )
                    for status, response in operation["responses"].items()
                    if "content" in response
                }  # fmt: skip
        self.driven: set[tuple[str, str]] = set()

    def find(self, method: str, path: str) -> tuple[str, str]:
        """The operation behind a concrete path; the one with the fewest parameters wins."""
        fitting = [
            key
            for key in self.operations
            if key[0] == method and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", key[1]), path)
        ]
        return min(fitting, key=lambda key: key[1].count("{"))

    def judge(self, method: str, path: str, answer: Any) -> None:
        """Fail when an answer is not what the document says."""
        key = self.find(method, path)
        self.driven.add(key)
        assert answer.headers["content-type"].startswith("application/json"), (method, path)
        assert answer.headers["x-attio-execution-id"]
        assert answer.headers["date"].endswith("GMT")
        said = answer.json()
        if answer.status_code == 200:
            errors = [f"{list(error.absolute_path)}: {error.message[:300]}" for error in
                      self.operations[key]["200"].iter_errors(said)]  # fmt: skip
            assert not errors, f"{method} {path}: {errors}"
        else:
            assert said.keys() - {"validation_errors"} == {"status_code", "type", "code", "message"}
            assert said["status_code"] == answer.status_code


def pointer(path: str) -> str:
    return path.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D")


NEVER = "00000000-0000-4000-8000-000000000000"
EVERY_TYPE: dict[str, Any] = {
    "text": "words",
    "number": 4.5,
    "checkbox": True,
    "currency": 99.5,
    "date": "2024-02",
    "timestamp": "2024-02-03T04:05:06+02:00",
    "rating": 3,
    "status": "Open",
    "select": ["Red", "Green"],
    "record-reference": [{"target_object": "people", "email_addresses": [{"email_address": "ada@example.com"}]}],
    "actor-reference": "ada@example.com",
    "location": "1 Main Street, Springfield, US",
    "domain": ["www.example.com"],
    "email-address": ["Ada@Example.com"],
    "phone-number": ["+442071838750"],
}


async def drive_schema(client: Any) -> None:
    await client.object("vehicles")
    await client.data("GET", "/objects")
    await client.data("GET", "/objects/vehicles")
    await client.data("PATCH", "/objects/vehicles", {"data": {"plural_noun": "Cars"}})
    for type_ in EVERY_TYPE:
        more: dict[str, Any] = {"is_multiselect": type_ in ("select", "record-reference", "domain", "email-address")}
        more["is_multiselect"] |= type_ == "phone-number"
        if type_ == "currency":
            more["config"] = {"currency": {"default_currency_code": "EUR", "display_type": "symbol"}}
        await client.attribute("objects/vehicles", type_.replace("-", "_"), type_, **more)
    await client.attribute("objects/vehicles", "vin", "text", is_unique=True)
    await client.attribute("objects/vehicles", "due", "date", default_value={"type": "dynamic", "template": "P1M"})
    await client.attribute(
        "objects/vehicles", "stars", "rating", default_value={"type": "static", "template": [{"value": 3}]}
    )
    relationship = {"object": "people", "title": "Vehicles", "api_slug": "vehicles", "is_multiselect": True}
    await client.attribute("objects/vehicles", "owner", "record-reference", relationship=relationship)
    base = "/objects/vehicles/attributes"
    await client.data("GET", base)
    await client.data("GET", f"{base}/owner")
    await client.data("PATCH", f"{base}/vin", {"data": {"title": "VIN", "is_archived": False}})
    for title in ("Red", "Green", "Bleu"):
        await client.data("POST", f"{base}/select/options", {"data": {"title": title}})
    await client.data("PATCH", f"{base}/select/options/Bleu", {"data": {"title": "Blue", "is_archived": True}})
    await client.data("GET", f"{base}/select/options", show_archived="true")
    await client.data("POST", f"{base}/status/statuses", {"data": {"title": "Open", "target_time_in_status": "P1D"}})
    await client.data("PATCH", f"{base}/status/statuses/Open", {"data": {"celebration_enabled": True}})
    await client.data("GET", f"{base}/status/statuses")


async def drive_records(client: Any) -> str:
    ada = await client.create("people", email_addresses=["ada@example.com"], name="Lovelace, Ada")
    vehicle = await client.upsert(
        "vehicles",
        "vin",
        vin="1FTFW1ET5DFC10312",
        owner=[{"target_object": "people", "target_record_id": ada["id"]["record_id"]}],
        **{type_.replace("-", "_"): value for type_, value in EVERY_TYPE.items()},
    )
    record = f"/objects/vehicles/records/{vehicle['id']['record_id']}"
    await client.data("GET", record)
    await client.data("GET", f"/objects/people/records/{ada['id']['record_id']}")
    await client.data("PATCH", record, {"data": {"values": {"select": ["Green"], "number": 5}}})
    await client.data("PUT", record, {"data": {"values": {"select": ["Green"]}}})
    await client.data("GET", f"{record}/attributes/select/values", show_historic="true")
    await client.data("GET", f"{record}/attributes/owner/values")
    await client.query("objects/vehicles/records", {"vin": "1FTFW1ET5DFC10312"}, limit=5.0)
    search = {"query": "ada", "objects": ["people", "vehicles"], "request_as": {"type": "workspace"}}
    await client.data("POST", "/objects/records/search", search)
    return str(ada["id"]["record_id"])


async def drive_list(client: Any, record_id: str) -> None:
    await client.list("renewals", "people")
    await client.data("GET", "/lists")
    await client.data("GET", "/lists/renewals")
    await client.data("PATCH", "/lists/renewals", {"data": {"name": "Renewals of the year"}})
    base = "/lists/renewals/attributes"
    await client.attribute("lists/renewals", "stage", "status")
    await client.attribute("lists/renewals", "tags", "select", is_multiselect=True)
    await client.data("GET", base)
    await client.data("GET", f"{base}/stage")
    await client.data("PATCH", f"{base}/stage", {"data": {"description": "Where it stands"}})
    await client.data("POST", f"{base}/stage/statuses", {"data": {"title": "New"}})
    await client.data("GET", f"{base}/stage/statuses")
    await client.data("PATCH", f"{base}/stage/statuses/New", {"data": {"title": "Fresh"}})
    await client.data("POST", f"{base}/tags/options", {"data": {"title": "A"}})
    await client.data("GET", f"{base}/tags/options")
    await client.data("PATCH", f"{base}/tags/options/A", {"data": {"title": "B"}})
    body = {"data": {"parent_record_id": record_id, "parent_object": "people", "entry_values": {"stage": "Fresh"}}}
    entry = await client.data("POST", "/lists/renewals/entries", body)
    await client.data("PUT", "/lists/renewals/entries", body)
    path = f"/lists/renewals/entries/{entry['id']['entry_id']}"
    await client.data("GET", path)
    await client.data("PATCH", path, {"data": {"entry_values": {"tags": ["B"]}}})
    await client.data("PUT", path, {"data": {"entry_values": {"tags": ["B"]}}})
    await client.data("GET", f"{path}/attributes/tags/values")
    await client.query("lists/renewals/entries", {"stage": "Fresh"})
    await client.data("GET", f"/objects/people/records/{record_id}/entries")
    await client.data("DELETE", path)


async def drive_rest(client: Any, record_id: str) -> None:
    members = await client.data("GET", "/workspace_members")
    await client.data("GET", f"/workspace_members/{members[0]['id']['workspace_member_id']}")
    await client.ask("GET", "/self")
    hook = {
        "target_url": "https://hooks.example.com/attio",
        "subscriptions": [{"event_type": "record.created", "filter": None}],
    }
    made = await client.data("POST", "/webhooks", {"data": hook})
    path = f"/webhooks/{made['id']['webhook_id']}"
    await client.data("GET", "/webhooks")
    await client.data("GET", path)
    await client.data("PATCH", path, {"data": {"target_url": "https://hooks.example.com/other"}})
    await client.data("DELETE", path)
    note = {
        "parent_object": "people",
        "parent_record_id": record_id,
        "title": "Call",
        "format": "markdown",
        "content": "# Hello\n\nshe **agreed**",
    }
    note_id = (await client.data("POST", "/notes", {"data": note}))["id"]["note_id"]
    await client.data("GET", "/notes")
    await client.data("GET", f"/notes/{note_id}")
    await client.data("DELETE", f"/notes/{note_id}")
    task = {
        "content": "Call back",
        "format": "plaintext",
        "deadline_at": None,
        "is_completed": False,
        "linked_records": [{"target_object": "people", "target_record_id": record_id}],
        "assignees": [{"workspace_member_email_address": "ada@example.com"}],
    }
    task_id = (await client.data("POST", "/tasks", {"data": task}))["id"]["task_id"]
    await client.data("GET", "/tasks")
    await client.data("GET", f"/tasks/{task_id}")
    await client.data("PATCH", f"/tasks/{task_id}", {"data": {"is_completed": True}})
    await client.data("DELETE", f"/tasks/{task_id}")
    await client.data("DELETE", f"/objects/people/records/{record_id}")


async def drive_refusals(client: Any) -> None:
    for path in (
        "/objects/none",
        f"/objects/people/records/{NEVER}",
        "/lists/none",
        f"/webhooks/{NEVER}",
        f"/notes/{NEVER}",
        f"/tasks/{NEVER}",
        f"/workspace_members/{NEVER}",
        "/objects/people/attributes/none",
    ):
        assert (await client.refusal("GET", path))[:2] == (404, "not_found")
    await client.refusal("POST", "/objects", {"data": {}})
    await client.refusal("POST", "/objects/people/records", {"data": {"values": {"none": 1}}})
    await client.refusal("POST", "/objects/people/records/query", {"filter": {"id": "x"}})


async def test_every_operation_answers_in_the_shape_of_the_document(client: Any) -> None:
    spec = Spec()
    await drive_schema(client)
    record_id = await drive_records(client)
    await drive_list(client, record_id)
    await drive_rest(client, record_id)
    await drive_refusals(client)

    for method, path, answer in client.answers:
        spec.judge(method, f"/v2{path}", answer)
    assert sorted(spec.operations.keys() - spec.driven) == []
