"""
A sink: answers as the API does, keeps no records, counts what it is sent.

For measuring clients, which must not be bound by the server. Schema calls stay real; writes of records are checked for
their shape only and answered with the matching value; a query finds every record that it asks for by a value.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from attio_ctl.sandbox.batches import MAX_ASSERTIONS
from attio_ctl.sandbox.call import Answer, Call, Route
from attio_ctl.sandbox.errors import invalid_body
from attio_ctl.sandbox.ids import derived_id, iso, new_id
from attio_ctl.sandbox.model import Attribute, Collection, Json
from attio_ctl.sandbox.routes.lookup import object_of
from attio_ctl.sandbox.routes.records import QUERY, VALUES
from attio_ctl.sandbox.shape import invalid


class Sink:
    """The routes that replace the real ones, and the counts: requests and assertions by kind."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def routes(self) -> list[Route]:
        """They count against the limits as the real ones do, and none of them writes to the file."""
        base = "/v2/objects/{object}/records"
        return [
            Route("PUT", "/v2/batch/records", self.batch, limit="write"),
            Route("PUT", base, self.write, limit="write"),
            Route("PUT", f"{base}/simple", self.write, limit="write"),
            Route("POST", base, self.write, limit="write"),
            Route("PATCH", f"{base}/{{record_id}}", self.write, limit="write"),
            Route("PUT", f"{base}/{{record_id}}", self.write, limit="write"),
            Route("POST", f"{base}/query", self.query),
        ]

    def batch(self, call: Call) -> Json | Answer:
        """
        202, after every assertion was seen to have an object, a matching attribute and values.

        Raises:
            RefusedError: 400 for one that has not.
        """
        assertions = call.body.get("assertions") if isinstance(call.body, dict) else None
        if not isinstance(assertions, list) or len(assertions) > MAX_ASSERTIONS:
            raise invalid_body([invalid(["assertions"])])
        for index, one in enumerate(assertions):
            if type(one) is not dict or not one.get("matching_attribute") or type(one.get("values")) is not dict:
                raise invalid_body([invalid(["assertions", index])])
        self.counts["batches"] += 1
        self.counts["assertions"] += len(assertions)
        return Answer(202)

    def write(self, call: Call) -> Json:
        """A record that has the matching value and always the same id for it."""
        collection = object_of(call, call.params["object"])
        values = call.checked(VALUES)["data"]["values"]
        self.counts["writes"] += 1
        matching = collection.known.get(call.query.get("matching_attribute", ""))
        return {"data": _record(call, collection, matching, values.get(matching.slug) if matching else None)}

    def query(self, call: Call) -> Json:
        """One record for each value that the filter compares a unique attribute with."""
        collection = object_of(call, call.params["object"])
        self.counts["queries"] += 1
        found = _compared(collection, call.checked(QUERY).get("filter"))
        return {"data": [_record(call, collection, attribute, value) for attribute, value in found]}


def _compared(collection: Collection, filter_: Json) -> list[tuple[Attribute, Json]]:
    found: list[tuple[Attribute, Json]] = []
    for name, raw in filter_.items() if isinstance(filter_, dict) else ():
        if name in ("$or", "$and"):
            found.extend(pair for inner in _listed(raw) for pair in _compared(collection, inner))
            continue
        attribute = collection.known.get(name)
        if attribute is not None and attribute.unique:
            found.extend((attribute, value) for value in _operands(raw))
    return found


def _listed(raw: Json) -> list[Json]:
    return raw if isinstance(raw, list) else []


def _operands(raw: Json) -> list[Json]:
    if not isinstance(raw, dict):
        return [raw]
    found: list[Json] = []
    for name, value in raw.items():
        if name == "$in":
            found.extend(_listed(value))
        elif name == "$eq":
            found.append(value)
        elif not name.startswith("$"):
            found.extend(_operands(value))
    return found


def _record(call: Call, collection: Collection, matching: Attribute | None, value: Any) -> dict[str, Json]:
    schema = call.store.schema
    first = value[0] if isinstance(value, list) and value else value
    if isinstance(first, dict):
        first = next(iter(first.values()), None)
    id_ = call.params.get("record_id") or (derived_id(collection.id, str(first)) if first is not None else new_id())
    values: dict[str, Json] = {}
    if matching is not None:
        field = {"email-address": "email_address", "domain": "domain", "phone-number": "phone_number"}
        values[matching.slug] = [{field.get(matching.type, "value"): first, "attribute_type": matching.type}]
    return {
        "id": {"workspace_id": schema.workspace_id, "object_id": collection.id, "record_id": id_},
        "created_at": iso(schema.created_at),
        "web_url": f"https://app.attio.com/{schema.workspace_slug}/{collection.slug}/{id_}",
        "values": values,
    }
