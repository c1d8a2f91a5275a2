"""
Events for webhooks: what happened, to whom it is told, and the bytes in which it is told.

Bodies hold ids and no values, one event each; a change of n attributes is n events.
Source: docs.attio.com/rest-api/guides/webhooks; the fields of `id` beyond the documented ones are inferred by analogy.
"""

from __future__ import annotations

from typing import Any

import orjson

from attio_ctl.sandbox.ids import new_id
from attio_ctl.sandbox.model import Actor, Collection, Json
from attio_ctl.sandbox.records.rows import Row
from attio_ctl.sandbox.store.store import Store


def announce(store: Store, actor: Actor, event_type: str, ids: dict[str, str], **more: Json) -> None:
    """Put an event on its way to every webhook that wants it, inside the transaction of what happened."""
    hooks = store.schema.hooks
    if not hooks:
        return
    event = {
        "event_type": event_type,
        "id": {"workspace_id": store.schema.workspace_id, **ids},
        **more,
        "actor": actor.as_json(),
    }
    for hook in hooks:
        if any(one["event_type"] == event_type and passes(one["filter"], event) for one in hook.subscriptions):
            body = orjson.dumps({"webhook_id": hook.id, "events": [event]})
            now = store.now()
            store.db.write(
                "INSERT INTO deliveries (id, webhook, event_type, body, next_try_at, created_at) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (new_id(), hook.pk, event_type, body, now, now),
            )
            store.has_deliveries = True


def passes(filter_: Json, event: dict[str, Any]) -> bool:
    """Whether an event meets a subscription's filter: null, or one level of `$and` or `$or` over its fields."""
    if filter_ is None:
        return True
    if "$and" in filter_:
        return all(_holds(term, event) for term in filter_["$and"])
    return any(_holds(term, event) for term in filter_["$or"])


def _holds(term: dict[str, str], event: dict[str, Any]) -> bool:
    found: Any = event
    for part in term["field"].split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return (found == term["value"]) is (term["operator"] == "equals")


def announce_row(store: Store, actor: Actor, what: str, row: Row, **more: str) -> None:
    """An event about a record or entry: `what` is `created`, `updated` or `deleted`; `more` goes into its `id`."""
    if not store.schema.hooks:
        return
    collection = store.schema.collections[row.collection]
    if collection.kind == "object":
        announce(store, actor, f"record.{what}", {"object_id": collection.id, "record_id": row.id, **more})
        return
    parent_object = store.schema.collections[collection.details["parent"]]
    (parent_id,) = store.db.row("SELECT id FROM records WHERE pk = ?", (row.parent,))
    announce(
        store,
        actor,
        f"list-entry.{what}",
        {"list_id": collection.id, "entry_id": row.id, **more},
        parent_object_id=parent_object.id,
        parent_record_id=parent_id,
    )


def announce_attribute(store: Store, actor: Actor, what: str, collection: Collection, attribute_id: str) -> None:
    """An event about an attribute: `created` or `updated`."""
    owner = {"object_id": collection.id} if collection.kind == "object" else {"list_id": collection.id}
    announce(store, actor, f"{collection.kind}-attribute.{what}", {**owner, "attribute_id": attribute_id})
