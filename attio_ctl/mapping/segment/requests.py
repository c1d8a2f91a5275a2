"""
The requests that Segment's destination sends for a payload: nothing is coerced for a schema here.

Source: `@segment/action-destinations` 3.497 (Attio). Slugs are percent-encoded, where Segment pastes them as they are.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

from attio_ctl.mapping.expressions.javascript import is_falsy, text
from attio_ctl.mapping.presets import Action
from attio_ctl.state.resource import Json

HOST: Final = "https://api.attio.com"
BATCH_URL: Final = f"{HOST}/v2/batch/records"
ASSUMED_RECORD_ID: Final = "11111111-2222-4333-8444-555555555555"
"""Stands for the id that an earlier answer would give."""


def single_requests(action: Action, payload: dict[str, Any]) -> tuple[tuple[str, Json], ...]:
    """The calls for one event, as (url, body), one after the other."""
    match action:
        case "identify-user":
            email = payload["email_address"]
            person = {"email_addresses": email, **payload.get("person_attributes", {})}
            user = {
                "primary_email_address": email,
                "person": email,
                "user_id": payload["user_id"],
                **payload.get("user_attributes", {}),
            }
            return (_assert("people", "email_addresses", person), _assert("users", "user_id", user))
        case "group-workspace":
            company = {"domains": payload["domain"], **payload.get("company_attributes", {})}
            workspace = {
                "workspace_id": payload["workspace_id"],
                "company": ASSUMED_RECORD_ID,
                **_users(payload),
                **payload.get("workspace_attributes", {}),
            }
            return (_assert("companies", "domains", company), _assert("workspaces", "workspace_id", workspace))
        case "assert-record":
            return (_assert(payload["object"], payload["matching_attribute"], payload.get("attributes", {})),)


def batch_assertion(action: Action, payload: dict[str, Any], now: str) -> Json:
    """The assertion of one event in the one call of a batch; `now` (ISO 8601) is when nothing says when it came."""
    received_at = text(payload["received_at"]) if "received_at" in payload else now
    match action:
        case "identify-user":
            email = payload["email_address"]
            person = {"email_addresses": email, **payload.get("person_attributes", {})}
            user = {
                "primary_email_address": email,
                "user_id": payload["user_id"],
                **payload.get("user_attributes", {}),
                "person": _assertion("people", "email_addresses", person, received_at),
            }
            return _assertion("users", "user_id", user, received_at)
        case "group-workspace":
            company = {"domains": payload["domain"], **payload.get("company_attributes", {})}
            workspace = {
                "workspace_id": payload["workspace_id"],
                **_users(payload),
                **payload.get("workspace_attributes", {}),
                "company": _assertion("companies", "domains", company, received_at),
            }
            return _assertion("workspaces", "workspace_id", workspace, received_at)
        case "assert-record":
            values = payload.get("attributes", {})
            return _assertion(payload["object"], payload["matching_attribute"], values, received_at)


def _users(payload: dict[str, Any]) -> dict[str, Json]:
    user = payload.get("user_id")
    return {} if is_falsy(user) else {"users": [user]}


def _assert(object_slug: str, match: str, values: Json) -> tuple[str, Json]:
    path = quote(object_slug, safe="!$&'()*+,;=:@", errors="replace")
    query = quote(match, safe="!$'()*+,;=:@/?", errors="replace")
    url = f"{HOST}/v2/objects/{path}/records/simple?matching_attribute={query}&append_to_existing_values=true"
    return url, {"data": {"values": values}}


def _assertion(object_slug: str, match: str, values: Json, received_at: str) -> Json:
    return {
        "object": object_slug,
        "mode": "create-or-update",
        "matching_attribute": match,
        "multiselect_values": "append",
        "values": values,
        "received_at": received_at,
    }
