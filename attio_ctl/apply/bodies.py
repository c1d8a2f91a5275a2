"""A change as the body that Attio takes. Pure; the paths are the client's business."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attio_ctl.address import Address
from attio_ctl.plan.changes import Create, Restore, Update
from attio_ctl.state.resource import Json
from attio_ctl.state.values import default_body

Ids = Callable[[Address], Mapping[str, str]]
"""Attio's ids of a resource, also of one that this run has just made."""
MemberId = Callable[[str], str]
"""A member's id by e-mail address."""


def attribute_create(change: Create) -> dict[str, Any]:
    """All fields that the create call wants, `config` and `description` too, which it may insist on (seen 2025-07)."""
    after = change.after
    body: dict[str, Any] = {
        "title": after["title"],
        "description": after["description"] or "",
        "api_slug": change.address.name,
        "type": after["type"],
        "is_required": after["is_required"],
        "is_unique": after["is_unique"],
        "is_multiselect": after["is_multiselect"],
        "config": _config(after),
    }
    if after.get("default_value") is not None:
        body["default_value"] = default_body(after["type"], after["default_value"])
    if after.get("relationship"):
        body["relationship"] = dict(after["relationship"])
    return body


def attribute_update(change: Update | Restore, attribute_type: str) -> dict[str, Any]:
    """The changed fields only; a restore clears the archived mark in the same call."""
    names = ("api_slug", "title", "is_required", "is_unique")
    body: dict[str, Any] = {name: change.after[name] for name in names if name in change.after}
    if "description" in change.after:
        body["description"] = change.after["description"] or ""
    if "default_value" in change.after:
        body["default_value"] = default_body(attribute_type, change.after["default_value"])
    config = _config(change.after)
    if config:
        body["config"] = config
    if isinstance(change, Restore):
        body["is_archived"] = False
    return body


def _config(fields: Mapping[str, Json]) -> dict[str, Any]:
    config: dict[str, Any] = {}
    if fields.get("currency"):
        currency = fields["currency"]
        config["currency"] = {"default_currency_code": currency["code"], "display_type": currency["display"]}
    if fields.get("allowed_objects"):
        config["record_reference"] = {"allowed_objects": list(fields["allowed_objects"])}
    return config


def list_body(fields: Mapping[str, Json], member_id: MemberId) -> dict[str, Any]:
    """The fields of a list under the names of its body, members by id."""
    names = ("api_slug", "name", "parent_object", "workspace_access")
    body: dict[str, Any] = {name: fields[name] for name in names if name in fields}
    if "workspace_member_access" in fields:
        body["workspace_member_access"] = [
            {"workspace_member_id": member_id(grant["member"]), "level": grant["level"]}
            for grant in fields["workspace_member_access"]
        ]
    return body


def webhook_body(fields: Mapping[str, Json], ids: Ids) -> dict[str, Any]:
    """Target and subscriptions; filters name objects, lists and attributes by id, never by slug."""
    body: dict[str, Any] = {}
    if "target_url" in fields:
        body["target_url"] = fields["target_url"]
    if "subscriptions" in fields:
        body["subscriptions"] = [
            {"event_type": subscription["event_type"], "filter": _filter(subscription, ids)}
            for subscription in fields["subscriptions"]
        ]
    return body


def _filter(subscription: Mapping[str, Any], ids: Ids) -> Json:
    if "filter" in subscription:
        return subscription["filter"]
    conditions: list[dict[str, str]] = []
    target: Address | None = None
    for kind, id_name in (("object", "object_id"), ("list", "list_id")):
        if kind in subscription:
            target = Address.root(kind, subscription[kind])
            conditions.append(_equals(f"id.{id_name}", ids(target)[id_name]))
    if "attribute" in subscription and target is not None:
        attribute = target.child("attribute", subscription["attribute"])
        conditions.append(_equals("id.attribute_id", ids(attribute)["attribute_id"]))
    return {"$and": conditions} if conditions else None


def _equals(field: str, value: str) -> dict[str, str]:
    return {"field": field, "operator": "equals", "value": value}
