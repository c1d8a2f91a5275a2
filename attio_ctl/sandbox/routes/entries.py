"""List entries: create, assert by parent, query, read, update, delete."""

from __future__ import annotations

from typing import Any, Final

from attio_ctl.sandbox.call import Call, Route
from attio_ctl.sandbox.errors import RefusedError, not_found, value_not_found
from attio_ctl.sandbox.model import Collection, Json
from attio_ctl.sandbox.records import rows
from attio_ctl.sandbox.records.delete import delete_row
from attio_ctl.sandbox.records.parse import ValueReader
from attio_ctl.sandbox.records.query import Query
from attio_ctl.sandbox.records.rows import Row
from attio_ctl.sandbox.records.view import Viewer
from attio_ctl.sandbox.records.write import Multiselect, Writer
from attio_ctl.sandbox.routes.lookup import list_of
from attio_ctl.sandbox.routes.records import DEFAULT_LIMIT, QUERY
from attio_ctl.sandbox.shape import UUID, UUID_TEXT, Maybe, Record, Text, data

_CREATE: Final = data({"parent_record_id": UUID_TEXT, "parent_object": Text(), "entry_values": Record()})
_UPDATE: Final = data(
    {"entry_values": Record(), "parent_record_id": Maybe(UUID_TEXT), "parent_object": Maybe(Text())}, closed=True
)


def find_entry(call: Call, collection: Collection) -> Row:
    """
    The entry that the path names.

    Raises:
        RefusedError: 404.
    """
    id_ = call.params["entry_id"]
    found = rows.by_id(call.store.db, collection.pk, id_) if UUID.fullmatch(id_) else None
    if found is None:
        raise not_found(f'List entry with ID "{id_}" not found.')
    return found


def _shown(call: Call, collection: Collection, row: Row) -> Json:
    return {"data": Viewer(call.store, collection).entries([row])[0]}


def _parent(call: Call, collection: Collection, fields: dict[str, Any]) -> int:
    schema = call.store.schema
    named = schema.objects.get(fields["parent_object"])
    if named is None:
        raise value_not_found(f'Object with slug/ID "{fields["parent_object"]}" not found.')
    if named.pk != collection.details["parent"]:
        raise RefusedError(
            400,
            "validation_type",
            f'Records of object "{named.slug}" cannot be added to list with slug "{collection.slug}".',
        )
    record_id = fields["parent_record_id"]
    found = rows.by_id(call.store.db, named.pk, record_id)
    if found is None:
        raise value_not_found(f'Parent record with slug/ID "{record_id}" not found.')
    return found.pk


def create_entry(call: Call) -> Json:
    """Several entries of one record are allowed."""
    collection = list_of(call, call.params["list"], 'Could not find list with slug/ID "{}".')
    fields = call.checked(_CREATE)["data"]
    parent = _parent(call, collection, fields)
    parsed = ValueReader(call.store).read(collection, fields["entry_values"])
    return _shown(call, collection, Writer(call.store, call.token.actor).create(collection, parsed, parent))


def assert_entry(call: Call) -> Json:
    """
    Update the one entry of a record, or make it.

    Raises:
        RefusedError: 400 `multiple_match_results` when the record has several.
    """
    collection = list_of(call, call.params["list"], 'List with slug/ID "{}" was not found.')
    fields = call.checked(_CREATE)["data"]
    parent = _parent(call, collection, fields)
    parsed = ValueReader(call.store).read(collection, fields["entry_values"])
    found = call.store.db.rows("SELECT pk FROM records WHERE parent = ? AND collection = ?", (parent, collection.pk))
    if len(found) > 1:
        raise RefusedError(
            400,
            "multiple_match_results",
            "Multiple entries were founds for the given parent record. Please update entries individually by their ID.",
        )
    writer = Writer(call.store, call.token.actor)
    if not found:
        return _shown(call, collection, writer.create(collection, parsed, parent))
    row = rows.by_pk(call.store.db, found[0][0])
    writer.update(row, parsed, Multiselect.REPLACE)
    return _shown(call, collection, row)


def query_entries(call: Call) -> Json:
    collection = list_of(call, call.params["list"])
    body = call.checked(QUERY)
    limit, offset = int(body.get("limit", DEFAULT_LIMIT)), int(body.get("offset", 0))
    query = Query(call.store, collection, body)
    return {"data": query.viewer.entries(query.page(limit, offset))}


def get_entry(call: Call) -> Json:
    collection = list_of(call, call.params["list"])
    return _shown(call, collection, find_entry(call, collection))


def _update(call: Call, multiselect: Multiselect) -> Json:
    collection = list_of(call, call.params["list"])
    row = find_entry(call, collection)
    fields = call.checked(_UPDATE)["data"]
    if "parent_record_id" in fields or "parent_object" in fields:
        raise RefusedError(400, "immutable_value", "The parent record for a list entry cannot be updated once created.")
    parsed = ValueReader(call.store).read(collection, fields["entry_values"])
    Writer(call.store, call.token.actor).update(row, parsed, multiselect)
    return _shown(call, collection, row)


def patch_entry(call: Call) -> Json:
    return _update(call, Multiselect.PREPEND)


def put_entry(call: Call) -> Json:
    return _update(call, Multiselect.REPLACE)


def delete_entry(call: Call) -> Json:
    row = find_entry(call, list_of(call, call.params["list"]))
    delete_row(call.store, call.token.actor, row.pk)
    return {}


_READ: Final = ("list_entry:read", "list_configuration:read")
_WRITE: Final = ("list_entry:read-write", "list_configuration:read")
_BASE: Final = "/v2/lists/{list}/entries"
ROUTES: Final = [
    Route("POST", _BASE, create_entry, _WRITE, "write"),
    Route("PUT", _BASE, assert_entry, _WRITE, "write"),
    Route("POST", f"{_BASE}/query", query_entries, _READ, is_query=True),
    Route("GET", f"{_BASE}/{{entry_id}}", get_entry, _READ),
    Route("PATCH", f"{_BASE}/{{entry_id}}", patch_entry, _WRITE, "write"),
    Route("PUT", f"{_BASE}/{{entry_id}}", put_entry, _WRITE, "write"),
    Route("DELETE", f"{_BASE}/{{entry_id}}", delete_entry, _WRITE, "write"),
]
