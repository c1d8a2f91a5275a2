"""Records: create, assert, query, read, update, delete, and the flat form that Segment uses."""

from __future__ import annotations

from typing import Final

from attio_ctl.sandbox.call import Call, Route
from attio_ctl.sandbox.errors import invalid_query, not_found
from attio_ctl.sandbox.model import Attribute, Collection, Json
from attio_ctl.sandbox.records import rows
from attio_ctl.sandbox.records.asserting import assert_row, matching_attribute
from attio_ctl.sandbox.records.delete import delete_row
from attio_ctl.sandbox.records.parse import SimpleReader, ValueReader
from attio_ctl.sandbox.records.query import Query
from attio_ctl.sandbox.records.rows import Row
from attio_ctl.sandbox.records.view import Viewer
from attio_ctl.sandbox.records.write import Multiselect, Writer
from attio_ctl.sandbox.routes.lookup import object_of
from attio_ctl.sandbox.shape import (
    UUID,
    AnyOf,
    Count,
    Fields,
    ListOf,
    Maybe,
    OneOf,
    Record,
    Shape,
    Text,
    data,
    required,
)

VALUES: Final = data({"values": Record()})
_DIRECTION: Final = OneOf(("asc", "desc"))
QUERY: Final[Shape] = Fields(
    {
        "filter": Maybe(Fields({}, nullable=True)),
        "sorts": Maybe(
            ListOf(
                AnyOf(
                    (
                        Fields({"direction": _DIRECTION, "attribute": Text(), "field": Maybe(Text())}),
                        Fields({"direction": _DIRECTION, "path": ListOf(ListOf(Text())), "field": Maybe(Text())}),
                    )
                )
            )
        ),
        "limit": Maybe(Count()),
        "offset": Maybe(Count()),
    }
)
DEFAULT_LIMIT: Final = 500


def find_record(call: Call, collection: Collection) -> Row:
    """
    The record that the path names.

    Raises:
        RefusedError: 404.
    """
    id_ = call.params["record_id"]
    found = rows.by_id(call.store.db, collection.pk, id_) if UUID.fullmatch(id_) else None
    if found is None:
        raise not_found(f'Record with ID "{id_}" not found.')
    return found


def _shown(call: Call, collection: Collection, row: Row) -> Json:
    return {"data": Viewer(call.store, collection).records([row])[0]}


def create_record(call: Call) -> Json:
    collection = object_of(call, call.params["object"])
    values = call.checked(VALUES)["data"]["values"]
    parsed = ValueReader(call.store).read(collection, values)
    return _shown(call, collection, Writer(call.store, call.token.actor).create(collection, parsed))


def assert_record(call: Call) -> Json:
    collection = object_of(call, call.params["object"])
    matching = _matching_parameter(call, collection)
    values = call.checked(VALUES)["data"]["values"]
    parsed = ValueReader(call.store).read(collection, values)
    row = assert_row(
        Writer(call.store, call.token.actor),
        collection,
        parsed,
        matching=matching,
        multiselect=Multiselect.REPLACE,
    )
    return _shown(call, collection, row)


def _matching_parameter(call: Call, collection: Collection) -> Attribute:
    named = call.query.get("matching_attribute")
    if not named:
        raise invalid_query([required("string", ["matching_attribute"])])
    return matching_attribute(collection, named)


def assert_simple(call: Call) -> Json:
    """Flat values and an answer without `web_url`. Source: Segment's destination; the errors are those of an assert."""
    collection = object_of(call, call.params["object"])
    matching = _matching_parameter(call, collection)
    values = call.checked(VALUES)["data"]["values"]
    parsed = SimpleReader(call.store).read(collection, values)
    how = Multiselect.APPEND if call.flag("append_to_existing_values") else Multiselect.REPLACE
    writer = Writer(call.store, call.token.actor)
    row = assert_row(writer, collection, parsed, matching=matching, multiselect=how)
    shown = Viewer(call.store, collection).records([row])[0]
    del shown["web_url"]
    return {"data": shown}


def query_records(call: Call) -> Json:
    collection = object_of(call, call.params["object"])
    body = call.checked(QUERY)
    limit, offset = int(body.get("limit", DEFAULT_LIMIT)), int(body.get("offset", 0))
    query = Query(call.store, collection, body)
    return {"data": query.viewer.records(query.page(limit, offset))}


def get_record(call: Call) -> Json:
    collection = object_of(call, call.params["object"])
    return _shown(call, collection, find_record(call, collection))


def _update(call: Call, multiselect: Multiselect) -> Json:
    collection = object_of(call, call.params["object"])
    row = find_record(call, collection)
    values = call.checked(VALUES)["data"]["values"]
    parsed = ValueReader(call.store).read(collection, values)
    Writer(call.store, call.token.actor).update(row, parsed, multiselect)
    return _shown(call, collection, row)


def patch_record(call: Call) -> Json:
    return _update(call, Multiselect.PREPEND)


def put_record(call: Call) -> Json:
    return _update(call, Multiselect.REPLACE)


def delete_record(call: Call) -> Json:
    row = find_record(call, object_of(call, call.params["object"]))
    delete_row(call.store, call.token.actor, row.pk)
    return {}


_READ: Final = ("record_permission:read", "object_configuration:read")
_WRITE: Final = ("record_permission:read-write", "object_configuration:read")
_BASE: Final = "/v2/objects/{object}/records"
ROUTES: Final = [
    Route("POST", _BASE, create_record, _WRITE, "write"),
    Route("PUT", _BASE, assert_record, _WRITE, "write"),
    Route("PUT", f"{_BASE}/simple", assert_simple, _WRITE, "write"),
    Route("POST", f"{_BASE}/query", query_records, _READ, is_query=True),
    Route("GET", f"{_BASE}/{{record_id}}", get_record, _READ),
    Route("PATCH", f"{_BASE}/{{record_id}}", patch_record, _WRITE, "write"),
    Route("PUT", f"{_BASE}/{{record_id}}", put_record, _WRITE, "write"),
    Route("DELETE", f"{_BASE}/{{record_id}}", delete_record, _WRITE, "write"),
]
