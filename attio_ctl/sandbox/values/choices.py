"""Values that point at something of the workspace: select options, statuses, members and records."""

from __future__ import annotations

from typing import Final

from attio_ctl.sandbox.errors import value_not_found
from attio_ctl.sandbox.model import Attribute, Json, Option, Payload, Schema
from attio_ctl.sandbox.shape import UUID, required, unrecognized
from attio_ctl.sandbox.values.codec import Codec, Finder, InvalidValueError, bad, key_of, must, text_of, unwrap


def option_json(option: Option, attribute: Attribute, schema: Schema) -> dict[str, Json]:
    """A select option as every answer shows it."""
    return {
        "id": {**_attribute_id(attribute, schema), "option_id": option.id},
        "title": option.title,
        "is_archived": option.archived,
    }


def status_json(option: Option, attribute: Attribute, schema: Schema) -> dict[str, Json]:
    """A status as every answer shows it."""
    return {
        "id": {**_attribute_id(attribute, schema), "status_id": option.id},
        "title": option.title,
        "is_archived": option.archived,
        "celebration_enabled": option.celebration,
        "target_time_in_status": option.target_time,
    }


def _attribute_id(attribute: Attribute, schema: Schema) -> dict[str, Json]:
    return {
        "workspace_id": schema.workspace_id,
        "object_id": schema.collections[attribute.collection].id,
        "attribute_id": attribute.id,
    }


def parse_select(raw: Json, attribute: Attribute, _finder: Finder) -> Payload:
    """The pk of an option, by exact title or id; an unknown one is an error, never created."""
    title = text_of(unwrap(raw, "option", "string"), ["option"] if isinstance(raw, dict) else [])
    found = attribute.titled.get(title)
    if found is None or found.archived:
        raise value_not_found(f'Cannot find select option with title "{title}".')
    return found.pk


def parse_status(raw: Json, attribute: Attribute, _finder: Finder) -> Payload:
    """The pk of a status, by exact title or id under the key `status`."""
    title = text_of(unwrap(raw, "status", "string"), ["status"] if isinstance(raw, dict) else [])
    found = attribute.titled.get(title)
    if found is None or found.archived:
        raise value_not_found(f'Cannot find Status with title "{title}"')
    return found.pk


def _read_select(payload: Payload, attribute: Attribute, schema: Schema) -> dict[str, Json]:
    return {"option": option_json(attribute.options[payload], attribute, schema)}


def _read_status(payload: Payload, attribute: Attribute, schema: Schema) -> dict[str, Json]:
    return {"status": status_json(attribute.options[payload], attribute, schema)}


def parse_actor(raw: Json, _attribute: Attribute, finder: Finder) -> Payload:
    """`[type, id]` of a workspace member, the only actor that can be written: by id or e-mail address, also bare."""
    if isinstance(raw, str):
        member, named = finder.find_member(raw), raw
    elif not isinstance(raw, dict):
        raise must("object", raw)
    elif "workspace_member_email_address" in raw:
        named = text_of(unwrap(raw, "workspace_member_email_address", "string"), ["workspace_member_email_address"])
        member = finder.find_member(named)
    else:
        if missing := [key for key in ("referenced_actor_type", "referenced_actor_id") if key not in raw]:
            raise InvalidValueError([required("string", [key]) for key in missing])
        if extra := [key for key in raw if key not in ("referenced_actor_type", "referenced_actor_id")]:
            raise InvalidValueError([unrecognized(extra, [])])
        if raw["referenced_actor_type"] != "workspace-member":
            raise bad('Invalid literal value, expected "workspace-member"', ["referenced_actor_type"])
        named = text_of(raw["referenced_actor_id"], ["referenced_actor_id"])
        if UUID.fullmatch(named) is None:
            raise bad("Invalid uuid", ["referenced_actor_id"])
        member = finder.find_member(named)
    if member is None:
        how = "email address" if "@" in named else "ID"
        raise value_not_found(f'Workspace member with {how} "{named}" not found.')
    return ["workspace-member", member.id]


def _read_actor(payload: Payload, _attribute: Attribute, _schema: Schema) -> dict[str, Json]:
    return {"referenced_actor_type": payload[0], "referenced_actor_id": payload[1]}


def _actor_key(payload: Payload) -> str:
    return f"{payload[0]}:{payload[1]}"


def _parse_reference(raw: Json, attribute: Attribute, finder: Finder) -> Payload:
    return finder.find_target(attribute, raw)


def _read_reference(payload: Payload, _attribute: Attribute, schema: Schema) -> dict[str, Json]:
    collection, record_id = payload
    return {"target_object": schema.collections[collection].slug, "target_record_id": record_id}


SELECT: Final = Codec(parse_select, _read_select, key_of)
STATUS: Final = Codec(parse_status, _read_status, key_of)
ACTOR: Final = Codec(parse_actor, _read_actor, _actor_key)
REFERENCE: Final = Codec(_parse_reference, _read_reference, key_of)
