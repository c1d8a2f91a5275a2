"""The values of one attribute of a record or entry, with their history, and the entries of a record."""

from __future__ import annotations

from typing import Any, Final

import orjson

from attio_ctl.sandbox.call import Call, Route
from attio_ctl.sandbox.errors import validation
from attio_ctl.sandbox.ids import iso
from attio_ctl.sandbox.model import Attribute, Collection, Json
from attio_ctl.sandbox.records.rows import Row
from attio_ctl.sandbox.records.view import Viewer
from attio_ctl.sandbox.routes.entries import find_entry
from attio_ctl.sandbox.routes.lookup import attribute_of, list_of, object_of
from attio_ctl.sandbox.routes.records import find_record

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
    viewer = Viewer(call.store, collection)
    viewer.load([row])
    shown: list[dict[str, Any]] = viewer.value(row, attribute)
    if historic:
        for payload, active_from, active_until, actor in call.store.db.rows(
            "SELECT payload, active_from, active_until, actor FROM history WHERE record = ? AND attribute = ?",
            (row.pk, attribute.pk),
        ):
            shown.append(viewer.one(attribute, active_from, active_until, actor, orjson.loads(payload)))
        shown.sort(key=lambda value: (value["active_from"], value["active_until"] or "~"))
    end = None if limit is None else offset + limit
    return {"data": shown[offset:end]}


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
_READ: Final = ("record_permission:read", "object_configuration:read")
ROUTES: Final = [
    Route("GET", f"{_RECORD}/attributes/{{attribute}}/values", record_values, _READ),
    Route("GET", f"{_RECORD}/entries", record_entries, (*_READ, "list_entry:read")),
    Route(
        "GET",
        "/v2/lists/{list}/entries/{entry_id}/attributes/{attribute}/values",
        entry_values,
        ("list_entry:read", "list_configuration:read"),
    ),
]
