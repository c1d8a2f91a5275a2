"""GET, POST and PATCH of lists."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from attio_ctl.sandbox.call import Call, Route
from attio_ctl.sandbox.errors import disabled_object, not_found, slug_conflict, validation, value_not_found
from attio_ctl.sandbox.events import announce
from attio_ctl.sandbox.ids import iso
from attio_ctl.sandbox.model import Collection, Json, Schema
from attio_ctl.sandbox.routes.lookup import list_of
from attio_ctl.sandbox.routes.objects import SLUG_TEXT, add_system_attributes
from attio_ctl.sandbox.shape import UUID_TEXT, Fields, ListOf, Maybe, OneOf, Text, data

_LEVELS: Final = ("full-access", "read-and-write", "read-only")
_ACCESS: Final = OneOf(_LEVELS, nullable=True)
_GRANTS: Final = ListOf(Fields({"workspace_member_id": UUID_TEXT, "level": OneOf(_LEVELS)}))
_CREATE: Final = data(
    {
        "name": Text(min_length=1),
        "api_slug": SLUG_TEXT,
        "parent_object": Text(),
        "workspace_access": _ACCESS,
        "workspace_member_access": _GRANTS,
    }
)
_UPDATE: Final = data(
    {
        "name": Maybe(Text(min_length=1)),
        "api_slug": Maybe(SLUG_TEXT),
        "workspace_access": Maybe(_ACCESS),
        "workspace_member_access": Maybe(_GRANTS),
    }
)


def list_json(one: Collection, schema: Schema) -> dict[str, Json]:
    """A list as every answer shows it: the parent object is an array of one slug."""
    return {
        "id": {"workspace_id": schema.workspace_id, "list_id": one.id},
        "api_slug": one.slug,
        "name": one.details["name"],
        "parent_object": [schema.collections[one.details["parent"]].slug],
        "workspace_access": one.details["workspace_access"],
        "workspace_member_access": one.details["workspace_member_access"],
        "created_by_actor": one.details["created_by"],
        "created_at": iso(one.created_at),
    }


def list_lists(call: Call) -> Json:
    schema = call.store.schema
    return {"data": [list_json(one, schema) for one in schema.collections.values() if one.kind == "list"]}


def get_list(call: Call) -> Json:
    return {"data": list_json(list_of(call, call.params["list"]), call.store.schema)}


def _check_access(schema: Schema, workspace: str | None, grants: list[dict[str, str]]) -> None:
    for grant in grants:
        if not any(member.id == grant["workspace_member_id"] for member in schema.members):
            raise value_not_found(f'Workspace member with ID "{grant["workspace_member_id"]}" not found.')
    if workspace != "full-access" and not any(grant["level"] == "full-access" for grant in grants):
        raise validation("At least one workspace member, or the workspace, must have full access to the list.")


def create_list(call: Call) -> Json:
    """
    Raises:
        RefusedError: 404 for an unknown parent object, 409 for a slug in use, 400 when nobody would have full access.
    """
    fields = call.checked(_CREATE)["data"]
    store = call.store
    parent = store.schema.objects.get(fields["parent_object"])
    if parent is None:
        raise not_found(f'Parent object with slug/ID "{fields["parent_object"]}" not found.')
    if not parent.active:
        raise disabled_object(parent.id)
    _check_access(store.schema, fields["workspace_access"], fields["workspace_member_access"])
    if fields["api_slug"] in store.schema.lists:
        raise slug_conflict(f'A list with api_slug "{fields["api_slug"]}" already exists.')
    details = {
        "name": fields["name"],
        "parent": parent.pk,
        "workspace_access": fields["workspace_access"],
        "workspace_member_access": _grants(fields["workspace_member_access"]),
        "created_by": call.token.actor.as_json(),
    }
    made = store.add_collection("list", fields["api_slug"], details)
    add_system_attributes(store, made, "entry_id")
    announce(store, call.token.actor, "list.created", {"list_id": made.id})
    return {"data": list_json(made, store.schema)}


def _grants(given: list[dict[str, str]]) -> list[dict[str, str]]:
    return [{"workspace_member_id": one["workspace_member_id"], "level": one["level"]} for one in given]


def update_list(call: Call) -> Json:
    """
    Raises:
        RefusedError: 400 when nobody would have full access, 409 for a slug in use.
    """
    found = list_of(call, call.params["list"])
    fields = call.checked(_UPDATE)["data"]
    details = dict(found.details)
    for name in ("name", "workspace_access"):
        if name in fields:
            details[name] = fields[name]
    if "workspace_member_access" in fields:
        details["workspace_member_access"] = _grants(fields["workspace_member_access"])
    _check_access(call.store.schema, details["workspace_access"], details["workspace_member_access"])
    slug = fields.get("api_slug", found.slug)
    if call.store.schema.lists.get(slug, found).pk != found.pk:
        raise slug_conflict(f'A list with api_slug "{slug}" already exists.')
    saved = call.store.save_collection(replace(found, slug=slug, details=details))
    announce(call.store, call.token.actor, "list.updated", {"list_id": saved.id})
    return {"data": list_json(saved, call.store.schema)}


ROUTES: Final = [
    Route("GET", "/v2/lists", list_lists, ("list_configuration:read",), of_schema=True),
    Route("POST", "/v2/lists", create_list, ("list_configuration:read-write",), "write"),
    Route("GET", "/v2/lists/{list}", get_list, ("list_configuration:read",), of_schema=True),
    Route("PATCH", "/v2/lists/{list}", update_list, ("list_configuration:read-write",), "write"),
]
