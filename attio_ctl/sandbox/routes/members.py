"""GET of workspace members; the API has no call that writes them."""

from __future__ import annotations

from typing import Final

from attio_ctl.sandbox.call import Call, Route
from attio_ctl.sandbox.errors import not_found
from attio_ctl.sandbox.ids import iso
from attio_ctl.sandbox.model import Json, Member, Schema


def _json(member: Member, schema: Schema) -> dict[str, Json]:
    return {
        "id": {"workspace_id": schema.workspace_id, "workspace_member_id": member.id},
        "first_name": member.first_name,
        "last_name": member.last_name,
        "avatar_url": member.avatar_url,
        "email_address": member.email_address,
        "access_level": member.access_level,
        "created_at": iso(member.created_at),
    }


def list_members(call: Call) -> Json:
    schema = call.store.schema
    return {"data": [_json(member, schema) for member in schema.members]}


def get_member(call: Call) -> Json:
    schema = call.store.schema
    wanted = call.params["workspace_member_id"]
    for member in schema.members:
        if member.id == wanted:
            return {"data": _json(member, schema)}
    raise not_found(f'Workspace member with ID "{wanted}" not found.')


_READ: Final = ("user_management:read",)
ROUTES: Final = [
    Route("GET", "/v2/workspace_members", list_members, _READ, of_schema=True),
    Route("GET", "/v2/workspace_members/{workspace_member_id}", get_member, _READ, of_schema=True),
]
