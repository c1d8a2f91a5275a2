"""GET, POST, PATCH and DELETE of webhooks; the secret is in the answer to POST and nowhere else."""

from __future__ import annotations

import re
import secrets
from typing import Any, Final

import orjson

from attio_ctl.sandbox.call import Call, Route
from attio_ctl.sandbox.errors import RefusedError, not_found, validation
from attio_ctl.sandbox.ids import iso, new_id
from attio_ctl.sandbox.model import Json
from attio_ctl.sandbox.shape import AnyOf, Fields, ListOf, Maybe, OneOf, Text, data, fits

EVENT_TYPES: Final = (
    "call-recording.created",
    "comment.created",
    "comment.resolved",
    "comment.unresolved",
    "comment.deleted",
    "list.created",
    "list.updated",
    "list.deleted",
    "list-attribute.created",
    "list-attribute.updated",
    "list-entry.created",
    "list-entry.updated",
    "list-entry.deleted",
    "object-attribute.created",
    "object-attribute.updated",
    "note.created",
    "note-content.updated",
    "note.updated",
    "note.deleted",
    "record.created",
    "record.merged",
    "record.updated",
    "record.deleted",
    "task.created",
    "task.updated",
    "task.deleted",
    "workspace-member.created",
)
_TERM: Final = Fields({"field": Text(), "operator": OneOf(("equals", "not_equals")), "value": Text()})
_OR: Final = Fields({"$or": ListOf(_TERM)}, nullable=True)
_AND: Final = Fields({"$and": ListOf(_TERM)}, nullable=True)
_FILTER: Final = AnyOf((_OR, _AND))
_SUBSCRIPTIONS: Final = ListOf(Fields({"event_type": OneOf(EVENT_TYPES), "filter": _FILTER}))
_URL: Final = Text(pattern=re.compile(r"https://[^\s/?#]+\S*"), said="Invalid")
_CREATE: Final = data({"target_url": _URL, "subscriptions": _SUBSCRIPTIONS})
_UPDATE: Final = data({"target_url": Maybe(_URL), "subscriptions": Maybe(_SUBSCRIPTIONS)})
_COLUMNS: Final = "pk, id, target_url, subscribed, status, created_at"


def _json(call: Call, row: Any) -> dict[str, Json]:
    _, id_, target_url, subscribed, status, created_at = row
    return {
        "id": {"workspace_id": call.store.schema.workspace_id, "webhook_id": id_},
        "target_url": target_url,
        "subscriptions": orjson.loads(subscribed),
        "status": status,
        "created_at": iso(created_at),
    }


def _found(call: Call, said: str = 'Webhook with ID "{}" was not found.') -> Any:
    id_ = call.params["webhook_id"]
    row = call.store.db.row(f"SELECT {_COLUMNS} FROM webhooks WHERE id = ?", (id_,))  # noqa: S608 (fixed columns)
    if row is None:
        raise not_found(said.format(id_))
    return row


def _subscriptions(call: Call, given: list[dict[str, Json]]) -> str:
    """The subscriptions without unknown keys; a filter on a list must name one that exists."""
    kept = [{"event_type": one["event_type"], "filter": _filter(one["filter"])} for one in given]
    for one in kept:
        for term in next(iter((one["filter"] or {}).values()), []):
            if term["field"] == "id.list_id" and term["value"] not in call.store.schema.lists:
                raise validation("Related list not found")
    return orjson.dumps(kept).decode()


def _filter(given: Json) -> dict[str, list[dict[str, str]]] | None:
    if given is None:
        return None
    name = "$or" if fits(_OR, given) else "$and"
    return {name: [{key: term[key] for key in ("field", "operator", "value")} for term in given[name]]}


def _refuse_twin(call: Call, target_url: str, subscribed: str, besides: int) -> None:
    """409 of the same webhook again, as seen in 2026-10; its wording is inferred."""
    twin = call.store.db.row(
        "SELECT 1 FROM webhooks WHERE target_url = ? AND subscribed = ? AND pk <> ?", (target_url, subscribed, besides)
    )
    if twin is not None:
        raise RefusedError(
            409, "uniqueness_conflict", "A webhook with this target URL and these subscriptions already exists."
        )


def list_webhooks(call: Call) -> Json:
    limit = call.count("limit", 10, minimum=10, maximum=100)
    offset = call.count("offset", 0)
    rows = call.store.db.rows(
        f"SELECT {_COLUMNS} FROM webhooks ORDER BY pk LIMIT ? OFFSET ?",  # noqa: S608 (fixed columns)
        (limit, offset),
    )
    return {"data": [_json(call, row) for row in rows]}


def get_webhook(call: Call) -> Json:
    return {"data": _json(call, _found(call))}


def create_webhook(call: Call) -> Json:
    """
    Raises:
        RefusedError: 409 for the same URL with the same subscriptions, 400 for a filter on an unknown list.
    """
    fields = call.checked(_CREATE)["data"]
    subscribed = _subscriptions(call, fields["subscriptions"])
    _refuse_twin(call, fields["target_url"], subscribed, 0)
    secret = secrets.token_hex(32)
    pk = call.store.db.write(
        "INSERT INTO webhooks (id, target_url, subscribed, secret, created_at) VALUES (?, ?, ?, ?, ?)",
        (new_id(), fields["target_url"], subscribed, secret, call.store.now()),
    )
    call.store.touch()
    row = call.store.db.row(f"SELECT {_COLUMNS} FROM webhooks WHERE pk = ?", (pk,))  # noqa: S608 (fixed columns)
    return {"data": {**_json(call, row), "secret": secret}}


def update_webhook(call: Call) -> Json:
    """
    Raises:
        RefusedError: as for creating one.
    """
    pk, id_, target_url, subscribed, status, created_at = _found(call)
    fields = call.checked(_UPDATE)["data"]
    target_url = fields.get("target_url", target_url)
    if "subscriptions" in fields:
        subscribed = _subscriptions(call, fields["subscriptions"])
    _refuse_twin(call, target_url, subscribed, pk)
    call.store.db.write("UPDATE webhooks SET target_url = ?, subscribed = ? WHERE pk = ?", (target_url, subscribed, pk))
    call.store.touch()
    return {"data": _json(call, (pk, id_, target_url, subscribed, status, created_at))}


def delete_webhook(call: Call) -> Json:
    pk = _found(call, "Webhook not found")[0]
    call.store.db.write("DELETE FROM deliveries WHERE webhook = ?", (pk,))
    call.store.db.write("DELETE FROM webhooks WHERE pk = ?", (pk,))
    call.store.touch()
    return {}


_READ: Final = ("webhook:read",)
_WRITE: Final = ("webhook:read-write",)
ROUTES: Final = [
    Route("GET", "/v2/webhooks", list_webhooks, _READ),
    Route("POST", "/v2/webhooks", create_webhook, _WRITE, "write"),
    Route("GET", "/v2/webhooks/{webhook_id}", get_webhook, _READ),
    Route("PATCH", "/v2/webhooks/{webhook_id}", update_webhook, _WRITE, "write"),
    Route("DELETE", "/v2/webhooks/{webhook_id}", delete_webhook, _WRITE, "write"),
]
