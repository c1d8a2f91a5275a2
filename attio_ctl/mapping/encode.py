"""
Neutral values to what goes over the wire, in the three forms that Attio takes.

| form       | call                                            | a value                                            |
|------------|-------------------------------------------------|----------------------------------------------------|
| documented | PUT or PATCH `/v2/objects/{object}/records`     | always a list of objects: `[{"option": "Pro"}]`    |
| simple     | PUT `/v2/objects/{object}/records/simple`       | bare: `"Pro"`, `["a", "b"]`, a reference as a text |
| batch      | PUT `/v2/batch/records`                         | bare, or an assertion in place of a reference      |

Source: the OpenAPI document for the first; Segment's published destination for the other two, which Attio does not
document.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from types import MappingProxyType
from typing import Any, Final

import msgspec
import orjson
from msgspec import Struct

from attio_ctl.attribute_types import ATTRIBUTE_TYPES
from attio_ctl.mapping.values.choices import UUID
from attio_ctl.mapping.writes import PersonalName, RecordId, RecordKey, Value, Write
from attio_ctl.state.resource import Json
from attio_ctl.state.schema import Schema

MAX_ASSERTIONS: Final = 10_000
"""In one batch call. Source: Segment's published destination, and the request of Attio's that added it (2057)."""

NOTHING_NESTED: Final[Mapping[RecordKey, Write]] = MappingProxyType({})


def documented_values(object_slug: str, values: Mapping[str, Value], schema: Schema) -> dict[str, Json]:
    """
    Values for the documented endpoints: slug to a list of value objects; an attribute that is unset is `[]`.

    PATCH reads `[]` as nothing to add, PUT as clear. Source: endpoint descriptions in the OpenAPI document.
    """
    return {slug: _documented_list(object_slug, slug, value, schema) for slug, value in values.items()}


def _documented_list(object_slug: str, slug: str, value: Value, schema: Schema) -> list[Json]:
    kind = _type_of(schema, object_slug, slug)
    items = value if isinstance(value, list) else [] if value is None else [value]
    return [_documented(kind, item, schema) for item in items]


def _documented(kind: str, value: Value, schema: Schema) -> Json:
    match value:
        case RecordKey(target, attribute, text):
            target_kind = _type_of(schema, target, attribute)
            named: Json = float(text) if target_kind == "number" else text
            return {"target_object": target, attribute: [{ATTRIBUTE_TYPES[target_kind].value_key: named}]}
        case RecordId(target, record_id):
            return {"target_object": target, "target_record_id": record_id}
        case PersonalName():
            return dict(value)
        case dict():
            return value
    match kind:
        case "location":
            return value  # one line of text, which Attio takes apart
        case "actor-reference" if UUID.fullmatch(value):
            return {"referenced_actor_type": "workspace-member", "referenced_actor_id": value}
        case "actor-reference":
            return {"workspace_member_email_address": value}
        case _:
            return {ATTRIBUTE_TYPES[kind].value_key: value}


def _type_of(schema: Schema, object_slug: str, slug: str) -> str:
    return schema.objects[object_slug].attributes[slug].type


def simple_values(values: Mapping[str, Value]) -> dict[str, Json]:
    """Values for `records/simple`: bare ones; null unsets, names are `Last, First`, references their key or id."""
    return {slug: simple_value(value) for slug, value in values.items()}


def simple_value(value: Value) -> Json:
    """One bare value, as `simple_values` has it."""
    simplify = _SIMPLIFY.get(value.__class__)
    return value if simplify is None else simplify(value)


def _name(name: PersonalName) -> str:
    first, last = name["first_name"], name["last_name"]
    return f"{last}, {first}" if last else first or name["full_name"]


_SIMPLIFY: Final[Mapping[type, Callable[[Any], Json]]] = {
    list: lambda values: [simple_value(item) for item in values],
    RecordKey: attrgetter("value"),
    RecordId: attrgetter("id"),
    PersonalName: _name,
}


class Assertion(Struct, frozen=True, gc=False):
    """
    One record of a batch, as it is encoded. `values` goes from slug to what is sent: a dict, or a Struct of the slugs.

    `received_at` is ISO 8601; the batch is worked off in the order of these.
    """

    object: str
    matching_attribute: str
    values: Any
    received_at: str
    mode: str = "create-or-update"
    multiselect_values: str = "append"


def batch_assertion(write: Write, received_at: str, nested: Mapping[RecordKey, Write] = NOTHING_NESTED) -> Assertion:
    """
    One record of a batch; a reference to a record in `nested` becomes an assertion of that record in its place.

    Args:
        nested: Records that this call writes along with this one; each nested at most once on a path.
    """
    values = {slug: _nested(value, received_at, nested) for slug, value in write.values.items()}
    return Assertion(write.key.object, write.key.attribute, values, received_at)


def _nested(value: Value, received_at: str, nested: Mapping[RecordKey, Write]) -> Any:
    if isinstance(value, list):
        return [_nested(item, received_at, nested) for item in value]
    if isinstance(value, RecordKey) and value in nested:
        rest: dict[RecordKey, Any] = {key: write for key, write in nested.items() if key != value}
        return batch_assertion(nested[value], received_at, rest)
    return simple_value(value)


def batch_call(writes: Iterable[Write], received_at: str) -> bytes:
    """
    Assertions of many records as one JSON list, in this order and none nested: references are texts.
    """
    end = b',"received_at":%b}' % orjson.dumps(received_at)
    return b"[%b]" % b",".join(
        [
            _opened(write.key.object, write.key.attribute)
            + orjson.dumps(write.values, simple_value, orjson.OPT_PASSTHROUGH_SUBCLASS)
            + end
            for write in writes
        ]
    )


@functools.lru_cache(maxsize=1_024)
def _opened(object_slug: str, match: str) -> bytes:
    """An assertion up to its values: the same for all records of an object."""
    known = msgspec.to_builtins(Assertion(object_slug, match, None, ""))
    return orjson.dumps({key: value for key, value in known.items() if value})[:-1] + b',"values":'
