"""
The schema tables as one immutable `Schema`, and back: each table row as its dataclass.

A snapshot is read whole once; afterwards each write makes the next one from it (`with_option` and its like), so that a
create costs the same in a workspace of thousands of attributes. Both ways must give the same snapshot.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import orjson

from attio_ctl.sandbox.model import Attribute, Collection, Hook, Json, Member, Option, Schema
from attio_ctl.sandbox.store.database import Database


def load_schema(db: Database) -> Schema:
    """Read everything but the rows; attributes whose object is switched off are not there, as in a live workspace."""
    meta: dict[str, Any] = dict(db.rows("SELECT key, value FROM meta"))
    options: dict[int, list[Option]] = defaultdict(list)
    for pk, id_, attribute, title, details in db.rows(
        "SELECT pk, id, attribute, title, details FROM options ORDER BY pk"
    ):
        options[attribute].append(Option(pk, id_, title, **orjson.loads(details)))
    bare = {
        row[0]: Collection(row[0], row[1], row[2], row[3], row[4], orjson.loads(row[5]))
        for row in db.rows("SELECT pk, id, kind, slug, created_at, details FROM collections ORDER BY pk")
    }
    attributes: dict[int, Attribute] = {}
    by_collection: dict[int, list[Attribute]] = defaultdict(list)
    for pk, id_, owner, slug, type_, created_at, text in db.rows(
        "SELECT pk, id, collection, slug, type, created_at, details FROM attributes ORDER BY pk"
    ):
        details = _details(text)
        needs = details.pop("visible_when", None)
        if needs is not None and not bare[needs].active:
            continue
        attribute = Attribute(
            pk=pk,
            id=id_,
            collection=owner,
            slug=slug,
            type=type_,
            created_at=created_at,
            **_choices(options[pk]),
            **details,
        )
        attributes[pk] = attribute
        by_collection[owner].append(attribute)
    collections = {one.pk: _furnished(one, by_collection[one.pk]) for one in bare.values()}
    members = tuple(
        Member(id=id_, email_address=email, created_at=created_at, **orjson.loads(details))
        for id_, email, created_at, details in db.rows("SELECT id, email, created_at, details FROM members ORDER BY pk")
    )
    return Schema(
        workspace_id=meta["workspace_id"],
        workspace_name=meta["workspace_name"],
        workspace_slug=meta["workspace_slug"],
        created_at=meta["created_at"],
        collections=collections,
        attributes=attributes,
        members=members,
        objects=_by_key(one for one in collections.values() if one.kind == "object"),
        lists=_by_key(one for one in collections.values() if one.kind == "list"),
        hooks=tuple(
            Hook(pk, id_, tuple(orjson.loads(subscribed)))
            for pk, id_, subscribed in db.rows("SELECT pk, id, subscribed FROM webhooks WHERE status <> 'inactive'")
        ),
    )


def _by_key(collections: Iterable[Collection]) -> dict[str, Collection]:
    return {key: one for one in collections for key in (one.slug, one.id)}


def _furnished(bare: Collection, attributes: Sequence[Attribute]) -> Collection:
    """A collection with its attributes and everything that follows from them."""
    shown = tuple(one for one in attributes if not one.archived)
    return replace(
        bare,
        attributes=tuple(attributes),
        known={key: one for one in attributes for key in (one.slug, one.id)},
        shown=shown,
        demanding=tuple(one for one in shown if one.writable and (one.required or one.default is not None)),
    )


def _choices(options: Iterable[Option]) -> dict[str, Any]:
    by_pk = {one.pk: one for one in options}
    return {"options": by_pk, "titled": {key: one for one in by_pk.values() for key in (one.id, one.title)}}


def with_collection(schema: Schema, one: Collection) -> Schema:
    """The snapshot after an object or list was added or changed; which attributes are visible must be as before."""
    collections = {**schema.collections, one.pk: one}
    return replace(
        schema,
        collections=collections,
        objects=_by_key(each for each in collections.values() if each.kind == "object"),
        lists=_by_key(each for each in collections.values() if each.kind == "list"),
    )


def with_attribute(schema: Schema, one: Attribute) -> Schema:
    """The snapshot after an attribute was added, at the end of its collection, or changed."""
    owner = schema.collections[one.collection]
    if one.pk in schema.attributes:
        attributes = [one if each.pk == one.pk else each for each in owner.attributes]
    else:
        attributes = [*owner.attributes, one]
    grown = replace(schema, attributes={**schema.attributes, one.pk: one})
    return with_collection(grown, _furnished(owner, attributes))


def with_option(schema: Schema, attribute_pk: int, one: Option) -> Schema:
    """The snapshot after an option or status was added, at the end, or changed."""
    attribute = schema.attributes[attribute_pk]
    return with_attribute(schema, replace(attribute, **_choices({**attribute.options, one.pk: one}.values())))


def _details(text: str) -> dict[str, Json]:
    details: dict[str, Json] = orjson.loads(text)
    for name in ("currency", "allowed"):
        if details.get(name) is not None:
            details[name] = tuple(details[name])
    return details


def attribute_details(attribute: Attribute) -> dict[str, Json]:
    """The JSON in which an attribute's row keeps everything that has no column."""
    kept: dict[str, Json] = {"title": attribute.title}
    for name in (
        "description",
        "required",
        "unique",
        "multiselect",
        "system",
        "archived",
        "default",
        "currency",
        "allowed",
        "mirror",
    ):
        value = getattr(attribute, name)
        if value not in (None, False):
            kept[name] = value
    if not attribute.writable:
        kept["writable"] = False
    return kept


def option_details(option: Option) -> dict[str, Json]:
    """The JSON in which an option's or status's row keeps everything that has no column."""
    kept: dict[str, Json] = {}
    if option.archived:
        kept["archived"] = True
    if option.celebration:
        kept["celebration"] = True
    if option.target_time is not None:
        kept["target_time"] = option.target_time
    return kept
