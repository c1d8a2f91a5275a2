"""Tasks, their assignees and the records they are linked to."""

from __future__ import annotations

from typing import Any, Final

import orjson

from attio_ctl.sandbox.call import Call, Route
from attio_ctl.sandbox.errors import invalid_body, invalid_query, not_found, value_not_found
from attio_ctl.sandbox.events import announce
from attio_ctl.sandbox.ids import iso, new_id
from attio_ctl.sandbox.model import Json
from attio_ctl.sandbox.records.parse import ValueReader
from attio_ctl.sandbox.routes.lookup import object_of
from attio_ctl.sandbox.shape import (
    UUID_TEXT,
    AnyOf,
    Exactly,
    Fields,
    Flag,
    ListOf,
    Maybe,
    OneOf,
    Record,
    Text,
    data,
    invalid,
)
from attio_ctl.sandbox.values.codec import InvalidValueError
from attio_ctl.sandbox.values.times import read_moment

_ASSIGNEES: Final = ListOf(
    AnyOf(
        (
            Fields({"referenced_actor_type": Exactly("workspace-member"), "referenced_actor_id": UUID_TEXT}),
            Fields({"workspace_member_email_address": Text()}, closed=True),
        )
    )
)
_DEADLINE: Final = Text(nullable=True)
_CREATE: Final = data(
    {
        "content": Text(max_length=2000),
        "format": OneOf(("plaintext",)),
        "deadline_at": _DEADLINE,
        "is_completed": Flag(),
        "linked_records": ListOf(Record()),
        "assignees": _ASSIGNEES,
    }
)
_UPDATE: Final = data(
    {
        "deadline_at": Maybe(_DEADLINE),
        "is_completed": Maybe(Flag()),
        "linked_records": Maybe(ListOf(Record())),
        "assignees": Maybe(_ASSIGNEES),
    },
    closed=True,
)
_LINKED: Final = """
    SELECT r.collection, r.id FROM task_records t JOIN records r ON r.pk = t.record WHERE t.task = ? ORDER BY r.pk
"""


def _json(call: Call, row: Any) -> dict[str, Json]:
    """`completed_at` is newer than the OpenAPI document: from SDKs generated in 2026-08 and 2026-10."""
    pk, id_, created_at, actor, details = row
    schema = call.store.schema
    kept = orjson.loads(details)
    return {
        "id": {"workspace_id": schema.workspace_id, "task_id": id_},
        "content_plaintext": kept["content"],
        "deadline_at": kept["deadline_at"],
        "is_completed": kept["is_completed"],
        "completed_at": kept["completed_at"],
        "linked_records": [
            {"target_object_id": schema.collections[collection].slug, "target_record_id": record_id}
            for collection, record_id in call.store.db.rows(_LINKED, (pk,))
        ],
        "assignees": [
            {"referenced_actor_type": "workspace-member", "referenced_actor_id": member} for member in kept["assignees"]
        ],
        "created_by_actor": call.store.actor(actor).as_json(),
        "created_at": iso(created_at),
    }


def _links(call: Call, given: list[dict[str, Json]]) -> list[int]:
    """
    The pks of linked records, named by id or by a unique attribute.

    Raises:
        RefusedError: 404 for an unknown object, 400 for the rest.
    """
    reader = ValueReader(call.store)
    found: dict[int, None] = {}
    for index, one in enumerate(given):
        path: list[str | int] = ["data", "linked_records", index]
        named = one.get("target_object")
        if not isinstance(named, str):
            raise invalid_body([invalid(path)])
        collection = object_of(call, named)
        keys = [key for key in one if key != "target_object"]
        try:
            match keys:
                case ["target_record_id"] if isinstance(one["target_record_id"], str):
                    found[reader.record_pk(collection, one["target_record_id"])] = None
                case [name] if name != "target_record_id":
                    found[reader.by_attribute(collection, name, one[name])] = None
                case _:
                    raise invalid_body([invalid(path)])
        except InvalidValueError as wrong:
            raise invalid_body([{**fault, "path": [*path, *fault["path"]]} for fault in wrong.faults]) from None
    return list(found)


def _assignees(call: Call, given: list[dict[str, str]]) -> list[str]:
    found: dict[str, None] = {}
    for one in given:
        named = one.get("workspace_member_email_address") or one.get("referenced_actor_id") or ""
        member = call.store.schema.member(named)
        if member is None:
            raise value_not_found(
                f'Workspace member with {"email address" if "@" in named else "ID"} "{named}" not found.'
            )
        found[member.id] = None
    return list(found)


def _deadline(given: str | None) -> str | None:
    if given is None:
        return None
    moment = read_moment(given)
    if moment is None:
        raise invalid_body([invalid(["data", "deadline_at"], "Invalid date")])
    return moment[0].strftime("%Y-%m-%dT%H:%M:%S") + f".{moment[1]}Z"


def _link(call: Call, pk: int, records: list[int]) -> None:
    call.store.db.write("DELETE FROM task_records WHERE task = ?", (pk,))
    for record in records:
        call.store.db.write("INSERT INTO task_records (task, record) VALUES (?, ?)", (pk, record))


def _row(call: Call, pk: int) -> Any:
    return call.store.db.row("SELECT pk, id, created_at, actor, details FROM tasks WHERE pk = ?", (pk,))


def create_task(call: Call) -> Json:
    """
    Raises:
        RefusedError: 404 for an unknown object, 400 for unknown records and members.
    """
    fields = call.checked(_CREATE)["data"]
    records = _links(call, fields["linked_records"])
    details = {
        "content": fields["content"],
        "deadline_at": _deadline(fields["deadline_at"]),
        "is_completed": fields["is_completed"],
        "completed_at": iso(call.store.now()) if fields["is_completed"] else None,
        "assignees": _assignees(call, fields["assignees"]),
    }
    pk = call.store.db.write(
        "INSERT INTO tasks (id, created_at, actor, details) VALUES (?, ?, ?, ?)",
        (new_id(), call.store.now(), call.store.actor_pk(call.token.actor), orjson.dumps(details).decode()),
    )
    _link(call, pk, records)
    return _told(call, "task.created", _row(call, pk))


def _told(call: Call, event_type: str, row: Any) -> Json:
    announce(call.store, call.token.actor, event_type, {"task_id": row[1]})
    return {"data": _json(call, row)}


def _found(call: Call, said: str = 'Could not find Task with ID "{}".') -> Any:
    id_ = call.params["task_id"]
    row = call.store.db.row("SELECT pk, id, created_at, actor, details FROM tasks WHERE id = ?", (id_,))
    if row is None:
        raise not_found(said.format(id_))
    return row


def get_task(call: Call) -> Json:
    return {"data": _json(call, _found(call))}


def update_task(call: Call) -> Json:
    """
    Raises:
        RefusedError: as for creating one; the content cannot be changed.
    """
    pk, _, _, _, details = _found(call)
    fields = call.checked(_UPDATE)["data"]
    kept = orjson.loads(details)
    if "deadline_at" in fields:
        kept["deadline_at"] = _deadline(fields["deadline_at"])
    if fields.get("is_completed", kept["is_completed"]) != kept["is_completed"]:
        kept["is_completed"] = fields["is_completed"]
        kept["completed_at"] = iso(call.store.now()) if fields["is_completed"] else None
    if "assignees" in fields:
        kept["assignees"] = _assignees(call, fields["assignees"])
    if "linked_records" in fields:
        _link(call, pk, _links(call, fields["linked_records"]))
    call.store.db.write("UPDATE tasks SET details = ? WHERE pk = ?", (orjson.dumps(kept).decode(), pk))
    return _told(call, "task.updated", _row(call, pk))


def delete_task(call: Call) -> Json:
    row = _found(call)
    pk = row[0]
    announce(call.store, call.token.actor, "task.deleted", {"task_id": row[1]})
    call.store.db.write("DELETE FROM task_records WHERE task = ?", (pk,))
    call.store.db.write("DELETE FROM tasks WHERE pk = ?", (pk,))
    return {}


def list_tasks(call: Call) -> Json:
    """Filtered by linked record, assignee (`null` or nothing: none) and completion; the oldest first unless sorted."""
    sort = call.query.get("sort", "created_at:asc")
    if sort not in ("created_at:asc", "created_at:desc"):
        raise invalid_query([invalid(["sort"], "Invalid enum value. Expected 'created_at:asc' | 'created_at:desc'")])
    limit, offset = call.count("limit", 500) or 0, call.count("offset", 0) or 0
    shown = [
        _json(call, row)
        for row in call.store.db.rows("SELECT pk, id, created_at, actor, details FROM tasks ORDER BY pk")
    ]
    if "linked_object" in call.query:
        slug = object_of(call, call.query["linked_object"]).slug
        shown = [one for one in shown if any(link["target_object_id"] == slug for link in one["linked_records"])]
    if "linked_record_id" in call.query:
        wanted = call.query["linked_record_id"]
        shown = [one for one in shown if any(link["target_record_id"] == wanted for link in one["linked_records"])]
    if "assignee" in call.query:
        shown = [one for one in shown if _is_assigned(call, one, call.query["assignee"])]
    if "is_completed" in call.query:
        completed = call.flag("is_completed")
        shown = [one for one in shown if one["is_completed"] is completed]
    shown.sort(key=lambda one: one["created_at"], reverse=sort.endswith("desc"))
    return {"data": shown[offset : offset + limit]}


def _is_assigned(call: Call, task: dict[str, Any], named: str) -> bool:
    if named in ("", "null"):
        return not task["assignees"]
    member = call.store.schema.member(named)
    return any(member is not None and one["referenced_actor_id"] == member.id for one in task["assignees"])


_REST: Final = ("object_configuration:read", "record_permission:read", "user_management:read")
ROUTES: Final = [
    Route("GET", "/v2/tasks", list_tasks, ("task:read", *_REST)),
    Route("POST", "/v2/tasks", create_task, ("task:read-write", *_REST), "write"),
    Route("GET", "/v2/tasks/{task_id}", get_task, ("task:read", *_REST)),
    Route("PATCH", "/v2/tasks/{task_id}", update_task, ("task:read-write", *_REST), "write"),
    Route("DELETE", "/v2/tasks/{task_id}", delete_task, ("task:read-write",), "write"),
]
