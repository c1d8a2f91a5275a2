"""The schema tables as one immutable `Schema`, and back: each table row as its dataclass."""

from __future__ import annotations

from collections import defaultdict
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
            options=tuple(options[pk]),
            **details,
        )
        attributes[pk] = attribute
        by_collection[owner].append(attribute)
    collections = {
        one.pk: Collection(
            one.pk,
            one.id,
            one.kind,
            one.slug,
            one.created_at,
            one.details,
            attributes=tuple(by_collection[one.pk]),
            known={key: attribute for attribute in by_collection[one.pk] for key in (attribute.slug, attribute.id)},
            shown=tuple(attribute for attribute in by_collection[one.pk] if not attribute.archived),
            demanding=tuple(
                attribute
                for attribute in by_collection[one.pk]
                if attribute.writable
                and not attribute.archived
                and (attribute.required or attribute.default is not None)
            ),
        )
        for one in bare.values()
    }
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


def _by_key(collections: Any) -> dict[str, Collection]:
    return {key: one for one in collections for key in (one.slug, one.id)}


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
