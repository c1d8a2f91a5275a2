"""Notes on records."""

from __future__ import annotations

import re
from typing import Any, Final

import orjson

from attio_ctl.sandbox.call import Call, Route
from attio_ctl.sandbox.errors import RefusedError, invalid_body, not_found, validation
from attio_ctl.sandbox.events import announce
from attio_ctl.sandbox.ids import iso, new_id
from attio_ctl.sandbox.model import Json
from attio_ctl.sandbox.records import rows
from attio_ctl.sandbox.routes.lookup import object_of
from attio_ctl.sandbox.shape import UUID_TEXT, Maybe, OneOf, Text, data, invalid, required
from attio_ctl.sandbox.values.times import read_microseconds

# The size from which Attio answers 413 is not public.
MAX_CONTENT_BYTES: Final = 1_000_000

_FORMAT: Final = OneOf(("plaintext", "markdown"))
_CREATE: Final = data(
    {
        "parent_object": Text(),
        "parent_record_id": UUID_TEXT,
        "title": Text(),
        "format": _FORMAT,
        "content": Text(),
        "created_at": Maybe(Text()),
        "meeting_id": Maybe(Text(pattern=UUID_TEXT.pattern, said="Invalid uuid", nullable=True)),
    }
)
_UPDATE: Final = data({"title": Maybe(Text()), "format": Maybe(_FORMAT), "content": Maybe(Text())})
_MARKS: Final = re.compile(r"(\*\*|__|~~|==|\*|_)(?=\S)(.+?)(?<=\S)\1")
_LINK: Final = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_LINE: Final = re.compile(r"^\s*(?:#{1,3}\s+|[-*+]\s+|\d+\.\s+)", re.MULTILINE)
_SELECT: Final = """
    SELECT n.pk, n.id, n.created_at, n.actor, n.details, r.id, r.collection
    FROM notes n JOIN records r ON r.pk = n.parent
"""


def plaintext(markdown: str) -> str:
    """The text of a note without its marks, for the subset of Markdown that notes know."""
    text = _LINE.sub("", _LINK.sub(r"\1", markdown))
    before = None
    while text != before:
        before, text = text, _MARKS.sub(r"\2", text)
    return text


def _json(call: Call, row: Any) -> dict[str, Json]:
    _, id_, created_at, actor, details, record_id, collection = row
    schema = call.store.schema
    kept = orjson.loads(details)
    return {
        "id": {"workspace_id": schema.workspace_id, "note_id": id_},
        "parent_object": schema.collections[collection].slug,
        "parent_record_id": record_id,
        "title": kept["title"],
        "meeting_id": None,
        "content_plaintext": kept["plaintext"],
        "content_markdown": kept["markdown"],
        "tags": [],
        "created_by_actor": call.store.actor(actor).as_json(),
        "created_at": iso(created_at),
    }


def list_notes(call: Call) -> Json:
    """The newest first, of one record where both parameters name it."""
    limit, offset = call.count("limit", 10, maximum=50), call.count("offset", 0)
    where: str = ""
    parameters: tuple[Json, ...] = ()
    if "parent_object" in call.query:
        parent = object_of(call, call.query["parent_object"])
        where, parameters = "WHERE r.collection = ?", (parent.pk,)
        if "parent_record_id" in call.query:
            where, parameters = "WHERE r.collection = ? AND r.id = ?", (parent.pk, call.query["parent_record_id"])
    elif "parent_record_id" in call.query:
        where, parameters = "WHERE r.id = ?", (call.query["parent_record_id"],)
    found = call.store.db.rows(f"{_SELECT} {where} ORDER BY n.pk DESC LIMIT ? OFFSET ?", (*parameters, limit, offset))
    return {"data": [_json(call, row) for row in found]}


def _found(call: Call) -> Any:
    id_ = call.params["note_id"]
    row = call.store.db.row(f"{_SELECT} WHERE n.id = ?", (id_,))
    if row is None:
        raise not_found(f'Note with ID "{id_}" was not found.')
    return row


def get_note(call: Call) -> Json:
    return {"data": _json(call, _found(call))}


def create_note(call: Call) -> Json:
    """
    Raises:
        RefusedError: 404 for an unknown object or record, 413 for content beyond a megabyte.
    """
    fields = call.checked(_CREATE)["data"]
    collection = object_of(call, fields["parent_object"])
    parent = rows.by_id(call.store.db, collection.pk, fields["parent_record_id"])
    if parent is None:
        raise not_found(f'Record with ID "{fields["parent_record_id"]}" not found.')
    if fields.get("meeting_id") is not None:
        raise not_found(f'Meeting with ID "{fields["meeting_id"]}" not found.')
    details = {"title": fields["title"], **_content(fields["content"], fields["format"])}
    pk = call.store.db.write(
        "INSERT INTO notes (id, parent, created_at, actor, details) VALUES (?, ?, ?, ?, ?)",
        (
            new_id(),
            parent.pk,
            _created_at(call, fields.get("created_at")),
            call.store.actor_pk(call.token.actor),
            orjson.dumps(details).decode(),
        ),
    )
    row = call.store.db.row(f"{_SELECT} WHERE n.pk = ?", (pk,))
    _announce(call, "note.created", row)
    return {"data": _json(call, row)}


def _content(content: str, format_: str) -> dict[str, str]:
    if len(content.encode()) > MAX_CONTENT_BYTES:
        raise RefusedError(413, "validation_type", "The note content is too large.")
    return {"markdown": content, "plaintext": plaintext(content) if format_ == "markdown" else content}


def update_note(call: Call) -> Json:
    """
    Change the title, the content, or both; content comes with its format.

    Raises:
        RefusedError: 400 for neither, or for content without format (both inferred), 413 for too much of it.

    Source: docs.attio.com/rest-api/endpoint-reference/notes/update-a-note (beta of 2026-08).
    """
    row = _found(call)
    fields = call.checked(_UPDATE)["data"]
    if ("content" in fields) is not ("format" in fields):
        missing = "format" if "content" in fields else "content"
        raise invalid_body([required("string", ["data", missing])])
    if not fields.keys() & {"title", "content"}:
        raise validation("You passed an empty payload. Please update at least one property in your request.")
    details = orjson.loads(row[4])
    if "content" in fields:
        details |= _content(fields["content"], fields["format"])
        _announce(call, "note-content.updated", row)
    if "title" in fields:
        details["title"] = fields["title"]
        _announce(call, "note.updated", row)
    call.store.db.write("UPDATE notes SET details = ? WHERE pk = ?", (orjson.dumps(details).decode(), row[0]))
    return {"data": _json(call, _found(call))}


def _announce(call: Call, event_type: str, row: Any) -> None:
    _, id_, _, _, _, record_id, collection = row
    parent = call.store.schema.collections[collection].id
    ids = {"note_id": id_}
    announce(call.store, call.token.actor, event_type, ids, parent_object_id=parent, parent_record_id=record_id)


def _created_at(call: Call, given: str | None) -> int:
    now = call.store.now()
    if given is None:
        return now
    microseconds = read_microseconds(given)
    if microseconds is None:
        raise invalid_body([invalid(["data", "created_at"], "Invalid date")])
    if not 0 <= microseconds <= now:
        raise validation("created_at cannot be before 1970 or in the future.")
    return microseconds


def delete_note(call: Call) -> Json:
    row = _found(call)
    _announce(call, "note.deleted", row)
    call.store.db.write("DELETE FROM notes WHERE pk = ?", (row[0],))
    return {}


_REST: Final = ("object_configuration:read", "record_permission:read")
ROUTES: Final = [
    Route("GET", "/v2/notes", list_notes, ("note:read", *_REST)),
    Route("POST", "/v2/notes", create_note, ("note:read-write", *_REST), "write"),
    Route("GET", "/v2/notes/{note_id}", get_note, ("note:read", *_REST)),
    Route("PATCH", "/v2/notes/{note_id}", update_note, ("note:read-write", *_REST), "write"),
    Route("DELETE", "/v2/notes/{note_id}", delete_note, ("note:read-write",), "write"),
]
