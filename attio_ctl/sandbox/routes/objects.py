"""GET, POST, PATCH and DELETE of objects."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from attio_ctl.attribute_types import STANDARD_OBJECTS
from attio_ctl.sandbox.call import Call, Route
from attio_ctl.sandbox.errors import RefusedError, slug_conflict, validation
from attio_ctl.sandbox.ids import iso
from attio_ctl.sandbox.model import Attribute, Collection, Json, Schema
from attio_ctl.sandbox.records.delete import delete_all
from attio_ctl.sandbox.routes.lookup import object_of
from attio_ctl.sandbox.shape import Maybe, Text, data
from attio_ctl.sandbox.store.store import Store

SLUG: Final = re.compile(r"[a-zA-Z0-9_-]+")
SLUG_TEXT: Final = Text(min_length=1, max_length=128, pattern=SLUG, said="Invalid api_slug")
_NOUN: Final = Text(min_length=1)
_CREATE: Final = data({"api_slug": SLUG_TEXT, "singular_noun": _NOUN, "plural_noun": _NOUN})
_UPDATE: Final = data({"api_slug": Maybe(SLUG_TEXT), "singular_noun": Maybe(_NOUN), "plural_noun": Maybe(_NOUN)})


def object_json(one: Collection, schema: Schema) -> dict[str, Json]:
    """An object as every answer shows it."""
    return {
        "id": {"workspace_id": schema.workspace_id, "object_id": one.id},
        "api_slug": one.slug,
        "singular_noun": one.details["singular_noun"],
        "plural_noun": one.details["plural_noun"],
        "created_at": iso(one.created_at),
    }


def add_system_attributes(store: Store, collection: Collection, key: str) -> None:
    """What every custom object and list begins with: its key, when it was made and by whom."""
    common = {"collection": collection.pk, "created_at": collection.created_at, "writable": False, "system": True}
    for slug, title, type_, more in (
        (key, key.replace("_", " ").capitalize().replace(" id", " ID"), "text", {"unique": True}),
        ("created_at", "Created at", "timestamp", {"default": {"dynamic": "PT0S"}}),
        ("created_by", "Created by", "actor-reference", {"default": {"dynamic": "current-user"}}),
    ):
        store.add_attribute(Attribute(pk=0, id="", slug=slug, title=title, type=type_, **common, **more))  # type: ignore[arg-type]


def _active(schema: Schema) -> list[Collection]:
    return [one for one in schema.collections.values() if one.kind == "object" and one.active]


def list_objects(call: Call) -> Json:
    """Only objects that are switched on. Source: three independent captures; see docs/sandbox.md."""
    schema = call.store.schema
    return {"data": [object_json(one, schema) for one in _active(schema)]}


def get_object(call: Call) -> Json:
    return {"data": object_json(object_of(call, call.params["object"]), call.store.schema)}


def _taken(schema: Schema, fields: Json, besides: Collection | None = None) -> bool:
    for one in schema.collections.values():
        if one.kind != "object" or one is besides:
            continue
        nouns = {one.details["singular_noun"].lower(), one.details["plural_noun"].lower()}
        wanted = {fields[name].lower() for name in ("singular_noun", "plural_noun") if name in fields}
        if fields.get("api_slug") == one.slug or nouns & wanted:
            return True
    return False


def create_object(call: Call) -> Json:
    """
    Raises:
        RefusedError: 409 for a slug or noun in use (also of a standard object that is off), 400 `quota_exceeded`
            beyond the plan.
    """
    fields = call.checked(_CREATE)["data"]
    store = call.store
    if _taken(store.schema, fields):
        raise slug_conflict("Failed to create object. Please ensure your api_slug and names are unique.")
    limit = store.options.max_objects
    if limit is not None and len(_active(store.schema)) >= limit:
        raise RefusedError(
            400, "quota_exceeded", f"Your plan allows {limit} objects. Upgrade your plan to create more."
        )
    details = {"singular_noun": fields["singular_noun"], "plural_noun": fields["plural_noun"]}
    made = store.add_collection("object", fields["api_slug"], details)
    add_system_attributes(store, made, "record_id")
    return {"data": object_json(made, store.schema)}


def update_object(call: Call) -> Json:
    """
    Raises:
        RefusedError: 400 for an empty payload, 409 for a slug or noun in use.
    """
    found = object_of(call, call.params["object"])
    fields = call.checked(_UPDATE)["data"]
    given = {name: fields[name] for name in ("api_slug", "singular_noun", "plural_noun") if name in fields}
    if not given:
        raise validation(
            "You passed an empty payload. Please ensure you are updating at least one property in your request."
        )
    if _taken(call.store.schema, given, besides=found):
        raise slug_conflict("Failed to update object. Please ensure api_slug is unique.")
    if found.standard and given.get("api_slug", found.slug) != found.slug:
        raise validation("The api_slug of a standard object cannot be changed.")
    nouns = {name: value for name, value in given.items() if name != "api_slug"}
    saved = call.store.save_collection(
        replace(found, slug=given.get("api_slug", found.slug), details={**found.details, **nouns})
    )
    return {"data": object_json(saved, call.store.schema)}


def delete_object(call: Call) -> Json:
    """
    Remove a custom object with all its records, the lists over it and the other sides of its relationships.

    Raises:
        RefusedError: 400 for a standard object.

    Source: docs.attio.com/rest-api/endpoint-reference/objects/delete-an-object; the wording of the refusal is inferred.
    """
    found = object_of(call, call.params["object"])
    if found.standard or found.slug in STANDARD_OBJECTS:
        raise validation("Standard objects cannot be deleted.")
    store = call.store
    for one in store.schema.lists.values():
        if one.details["parent"] == found.pk and one.pk in store.schema.collections:
            delete_all(store, one)
            store.remove_collection(one)
    delete_all(store, found)
    mirrors = [a.mirror for a in found.attributes if a.mirror is not None]
    store.remove_collection(found)
    for pk in mirrors:
        if (mirror := store.schema.attributes.get(pk)) is not None:
            store.remove_attribute(mirror)
    for attribute in list(store.schema.attributes.values()):
        if attribute.allowed is not None and found.pk in attribute.allowed:
            left = tuple(pk for pk in attribute.allowed if pk != found.pk)
            store.save_attribute(replace(attribute, allowed=left))
    return {}


ROUTES: Final = [
    Route("GET", "/v2/objects", list_objects, ("object_configuration:read",), of_schema=True),
    Route("POST", "/v2/objects", create_object, ("object_configuration:read-write",), "write"),
    Route("GET", "/v2/objects/{object}", get_object, ("object_configuration:read",), of_schema=True),
    Route("PATCH", "/v2/objects/{object}", update_object, ("object_configuration:read-write",), "write"),
    Route(
        "DELETE",
        "/v2/objects/{object}",
        delete_object,
        ("object_configuration:read-write", "record_permission:read-write"),
        "write",
    ),
]
