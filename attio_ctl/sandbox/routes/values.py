"""The values of one attribute of a record or entry with their history, read and replaced; the entries of a record."""

from __future__ import annotations

from typing import Any, Final

import orjson

from attio_ctl.sandbox.call import Call, Route
from attio_ctl.sandbox.errors import invalid_body, validation
from attio_ctl.sandbox.ids import iso
from attio_ctl.sandbox.model import Attribute, Collection, Json
from attio_ctl.sandbox.records.history import Dated, check_dates, replace_history
from attio_ctl.sandbox.records.parse import ValueReader
from attio_ctl.sandbox.records.rows import Row
from attio_ctl.sandbox.records.view import Viewer
from attio_ctl.sandbox.records.write import Writer
from attio_ctl.sandbox.routes.entries import find_entry
from attio_ctl.sandbox.routes.lookup import attribute_of, list_of, object_of
from attio_ctl.sandbox.routes.records import find_record
from attio_ctl.sandbox.shape import Exactly, Fields, ListOf, Maybe, Text, data, invalid
from attio_ctl.sandbox.values.times import read_microseconds

_TIMES: Final = ("active_from", "active_until")
_REPLACE: Final = data(
    {
        "values": ListOf(Fields({"active_from": Text(), "active_until": Maybe(Text(nullable=True))}), min_length=1),
        "replace_history": Exactly(value=True, expected="boolean"),
    }
)

# Attributes that Attio fills from mail and calendars, or enriches; they have no history to show.
_ENRICHED_PREFIXES: Final = ("strongest_connection", "twitter_follower_count", "estimated_arr", "funding_raised")
_ENRICHED: Final = frozenset({"avatar_url", "logo_url", "foundation_date", "employee_range"})


def _without_history(attribute: Attribute) -> bool:
    enriched = attribute.slug in _ENRICHED or attribute.slug.startswith(_ENRICHED_PREFIXES)
    return attribute.type == "interaction" or (attribute.system and not attribute.writable and enriched)


def _values(call: Call, collection: Collection, row: Row) -> Json:
    attribute = attribute_of(collection, call.params["attribute"])
    historic = call.flag("show_historic")
    limit, offset = call.count("limit", None), call.count("offset", 0) or 0
    if historic and _without_history(attribute):
        raise validation("Cannot set show_historic param to true when querying a COMINT attribute.")
    shown = _shown(call, collection, row, attribute, historic=historic)
    end = None if limit is None else offset + limit
    return {"data": shown[offset:end]}


def _shown(
    call: Call, collection: Collection, row: Row, attribute: Attribute, *, historic: bool
) -> list[dict[str, Any]]:
    viewer = Viewer(call.store, collection)
    viewer.load([row])
    shown = viewer.value(row, attribute)
    if historic:
        for payload, active_from, active_until, actor in call.store.db.rows(
            "SELECT payload, active_from, active_until, actor FROM history WHERE record = ? AND attribute = ?",
            (row.pk, attribute.pk),
        ):
            shown.append(viewer.one(attribute, active_from, active_until, actor, orjson.loads(payload)))
        shown.sort(key=lambda value: (value["active_from"], value["active_until"] or "~"))
    return shown


def _replace(call: Call, collection: Collection, row: Row) -> Json:
    """
    Write values with the times in which they held in place of all that an attribute has and had; answers with them.

    Raises:
        RefusedError: 400 for a relationship, an attribute that Attio fills itself, or times that cannot be.

    Source: docs.attio.com/rest-api/endpoint-reference/records/write-record-attribute-values (beta of 2026-08), which
    shows the body; that `replace_history` must be true, the answer and the wording of refusals are inferred.
    """
    attribute = attribute_of(collection, call.params["attribute"])
    if attribute.mirror is not None or not attribute.writable or attribute.archived:
        raise validation(f'The value history of attribute with slug "{attribute.slug}" cannot be written.')
    values = call.checked(_REPLACE)["data"]["values"]
    reader = ValueReader(call.store)
    dated = [_dated(reader, attribute, index, one) for index, one in enumerate(values)]
    check_dates(attribute, dated)
    replace_history(Writer(call.store, call.token.actor), row, attribute, dated)
    return {"data": _shown(call, collection, row, attribute, historic=True)}


def _dated(reader: ValueReader, attribute: Attribute, index: int, raw: dict[str, Json]) -> Dated:
    (payload,) = reader.payloads(attribute, [{name: one for name, one in raw.items() if name not in _TIMES}])
    times = {name: raw.get(name) for name in _TIMES}
    read = {name: None if text is None else read_microseconds(text) for name, text in times.items()}
    for name, text in times.items():
        if text is not None and read[name] is None:
            raise invalid_body([invalid(["data", "values", index, name], "Invalid date")])
    return Dated(payload, read["active_from"] or 0, read["active_until"])


def record_values(call: Call) -> Json:
    """
    Active values, or with `show_historic` those before them too, the oldest first.

    Raises:
        RefusedError: 400 for the history of an attribute that Attio fills itself.
    """
    collection = object_of(call, call.params["object"])
    return _values(call, collection, find_record(call, collection))


def entry_values(call: Call) -> Json:
    """As for records."""
    collection = list_of(call, call.params["list"])
    return _values(call, collection, find_entry(call, collection))


def write_record_values(call: Call) -> Json:
    collection = object_of(call, call.params["object"])
    return _replace(call, collection, find_record(call, collection))


def write_entry_values(call: Call) -> Json:
    collection = list_of(call, call.params["list"])
    return _replace(call, collection, find_entry(call, collection))


def record_entries(call: Call) -> Json:
    """The entries of a record in all lists, the oldest first."""
    row = find_record(call, object_of(call, call.params["object"]))
    limit = call.count("limit", 100, maximum=1000)
    offset = call.count("offset", 0)
    lists = call.store.schema.collections
    found = call.store.db.rows(
        "SELECT collection, id, created_at FROM records WHERE parent = ? ORDER BY pk LIMIT ? OFFSET ?",
        (row.pk, limit, offset),
    )
    return {
        "data": [
            {
                "list_id": lists[pk].id,
                "list_api_slug": lists[pk].slug,
                "entry_id": id_,
                "created_at": iso(created_at),
            }
            for pk, id_, created_at in found
        ]
    }


_RECORD: Final = "/v2/objects/{object}/records/{record_id}"
_RECORD_VALUES: Final = f"{_RECORD}/attributes/{{attribute}}/values"
_ENTRY_VALUES: Final = "/v2/lists/{list}/entries/{entry_id}/attributes/{attribute}/values"
_READ: Final = ("record_permission:read", "object_configuration:read")
_WRITE: Final = ("record_permission:read-write", "object_configuration:read")
ROUTES: Final = [
    Route("GET", _RECORD_VALUES, record_values, _READ),
    Route("PUT", _RECORD_VALUES, write_record_values, _WRITE, "write"),
    Route("GET", f"{_RECORD}/entries", record_entries, (*_READ, "list_entry:read")),
    Route("GET", _ENTRY_VALUES, entry_values, ("list_entry:read", "list_configuration:read")),
    Route("PUT", _ENTRY_VALUES, write_entry_values, ("list_entry:read-write", "list_configuration:read"), "write"),
]
