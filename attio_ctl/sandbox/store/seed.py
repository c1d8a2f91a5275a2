"""What a fresh workspace holds: the five standard objects with their attributes, and its members."""

from __future__ import annotations

from typing import Any

import orjson

from attio_ctl.sandbox.ids import new_id
from attio_ctl.sandbox.model import Json
from attio_ctl.sandbox.options import Options
from attio_ctl.sandbox.store.database import Database
from attio_ctl.standard_objects import read_standard_objects


def plant(db: Database, options: Options, now: int) -> None:
    """
    Write a fresh workspace into empty tables.

    Source: `attio_ctl.standard_objects`.
    """
    db.write("INSERT INTO actors (pk, type, id) VALUES (0, 'system', NULL)")
    for key, value in (
        ("workspace_id", new_id()),
        ("workspace_name", options.workspace_name),
        ("workspace_slug", options.workspace_slug),
        ("created_at", now),
        ("schema_version", 1),
    ):
        db.write("INSERT INTO meta (key, value) VALUES (?, ?)", (key, value))
    for member in options.members:
        details = {
            "first_name": member.first_name,
            "last_name": member.last_name,
            "access_level": member.access_level,
        }
        db.write(
            "INSERT INTO members (id, email, created_at, details) VALUES (?, ?, ?, ?)",
            (new_id(), member.email_address, now, _json(details)),
        )
    _plant_objects(db, frozenset(options.activate), now)


def _plant_objects(db: Database, activated: frozenset[str], now: int) -> None:
    standard = read_standard_objects()
    objects: dict[str, int] = {}
    for one in standard:
        details = {key: one[key] for key in ("singular_noun", "plural_noun", "web_url_segment")}
        objects[one["slug"]] = db.write(
            "INSERT INTO collections (id, kind, slug, created_at, details) VALUES (?, 'object', ?, ?, ?)",
            (
                new_id(),
                one["slug"],
                now,
                _json(details | {"standard": True, "active": one["active"] or one["slug"] in activated}),
            ),
        )
    attributes: dict[tuple[str, str], tuple[int, dict[str, Any]]] = {}
    for one in standard:
        for attribute in one["attributes"]:
            kept = _attribute(attribute, objects)
            pk = db.write(
                "INSERT INTO attributes (id, collection, slug, type, created_at, details) VALUES (?, ?, ?, ?, ?, ?)",
                (new_id(), objects[one["slug"]], attribute["slug"], attribute["type"], now, _json(kept)),
            )
            attributes[one["slug"], attribute["slug"]] = pk, kept
            for title in attribute.get("options", ()):
                _plant_option(db, pk, title, {})
            for status in attribute.get("statuses", ()):
                _plant_option(db, pk, status["title"], {"celebration": True} if status["celebration_enabled"] else {})
    for one in standard:
        for attribute in one["attributes"]:
            if "mirror" in attribute:
                pk, kept = attributes[one["slug"], attribute["slug"]]
                kept["mirror"] = attributes[attribute["to"][0], attribute["mirror"]][0]
                db.write("UPDATE attributes SET details = ? WHERE pk = ?", (_json(kept), pk))


def _attribute(seed: dict[str, Any], objects: dict[str, int]) -> dict[str, Json]:
    kept: dict[str, Json] = {"title": seed["title"], "system": True, "writable": seed.get("writable", False)}
    for name in ("description", "required", "unique", "multiselect"):
        if name in seed:
            kept[name] = seed[name]
    if "default" in seed:
        kept["default"] = {"dynamic": seed["default"]}
    if "currency" in seed:
        kept["currency"] = [seed["currency"], None]
    if "to" in seed:
        kept["allowed"] = [objects[slug] for slug in seed["to"]]
    if "visible_when_active" in seed:
        kept["visible_when"] = objects[seed["visible_when_active"]]
    return kept


def _plant_option(db: Database, attribute: int, title: str, details: dict[str, Json]) -> None:
    db.write(
        "INSERT INTO options (id, attribute, title, details) VALUES (?, ?, ?, ?)",
        (new_id(), attribute, title, _json(details)),
    )


def _json(value: Json) -> str:
    return orjson.dumps(value).decode()
