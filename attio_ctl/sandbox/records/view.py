"""Records and entries as answers show them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from attio_ctl.sandbox.ids import iso
from attio_ctl.sandbox.model import Attribute, Collection, Json, Payload, Schema
from attio_ctl.sandbox.records.rows import Row, with_links
from attio_ctl.sandbox.store.store import Store
from attio_ctl.sandbox.values.types import CODECS

REFERENCE: Final = "record-reference"
KEYS: Final = frozenset({"record_id", "entry_id"})
OWN: Final = KEYS | {"created_at", "created_by"}
"""The system attributes whose values are facts of the row itself."""

_NOTHING: Final[list[dict[str, Json]]] = []


@dataclass(frozen=True, slots=True)
class _Layout:
    """What all rows of a collection have in common: the attributes that answers show, by the key of their values."""

    blank: dict[str, list[dict[str, Json]]]
    stored: dict[str, Attribute]
    own: tuple[Attribute, ...]
    has_links: bool


@lru_cache(maxsize=256)
def _layout(collection: Collection) -> _Layout:
    return _Layout(
        blank={one.slug: _NOTHING for one in collection.shown},
        stored={str(one.pk): one for one in collection.shown},
        own=tuple(one for one in collection.shown if one.system and one.slug in OWN),
        has_links=any(one.type == REFERENCE for one in collection.shown),
    )


class Viewer:
    """Renders rows of one collection."""

    def __init__(self, store: Store, collection: Collection) -> None:
        self.store = store
        self.schema: Schema = store.schema
        self.collection = collection
        self.layout = _layout(collection)

    def load(self, rows: list[Row]) -> list[Row]:
        """The rows with their links, where the collection has any."""
        return with_links(self.store.db, rows) if self.layout.has_links else rows

    def records(self, rows: list[Row]) -> list[dict[str, Json]]:
        """Records in the shape of every answer."""
        workspace = self.schema.workspace_id
        base = f"https://app.attio.com/{self.schema.workspace_slug}/{self._segment()}/"
        return [
            {
                "id": {"workspace_id": workspace, "object_id": self.collection.id, "record_id": row.id},
                "created_at": iso(row.created_at),
                "web_url": base + row.id,
                "values": self.values(row),
            }
            for row in self.load(rows)
        ]

    def _segment(self) -> str:
        return str(self.collection.details.get("web_url_segment", f"custom/{self.collection.slug}"))

    def entries(self, rows: list[Row]) -> list[dict[str, Json]]:
        """List entries in the shape of every answer."""
        workspace = self.schema.workspace_id
        parent_object = self.schema.collections[self.collection.details["parent"]].slug
        return [
            {
                "id": {"workspace_id": workspace, "list_id": self.collection.id, "entry_id": row.id},
                "parent_record_id": self.record_id(row.parent),
                "parent_object": parent_object,
                "created_at": iso(row.created_at),
                "entry_values": self.values(row),
            }
            for row in self.load(rows)
        ]

    def record_id(self, pk: int | None) -> str:
        """The id of a row."""
        (id_,) = self.store.db.row("SELECT id FROM records WHERE pk = ?", (pk,))
        return str(id_)

    def values(self, row: Row) -> dict[str, Json]:
        """Every attribute that is not archived, as an array of its active values."""
        values: dict[str, Json] = self.layout.blank.copy()
        for name, stored in row.data.items():
            attribute = self.layout.stored.get(name)
            if attribute is not None:
                values[attribute.slug] = [
                    self.one(attribute, begun, None, who, payload) for begun, who, payload in stored
                ]
        for pk in row.links:
            linking = self.layout.stored.get(str(pk))  # absent while the object on the other side is switched off
            if linking is not None:
                values[linking.slug] = self.value(row, linking)
        for attribute in self.layout.own:
            payload = self._own(row, attribute.slug)
            values[attribute.slug] = [self.one(attribute, row.created_at, None, row.actor, payload)]
        return values

    def value(self, row: Row, attribute: Attribute) -> list[dict[str, Json]]:
        """The active values of one attribute."""
        if attribute.type == REFERENCE:
            links = row.links.get(attribute.pk, ())
            return [self.one(attribute, link[1], None, link[2], [link[4], link[5]]) for link in links]
        stored = row.data.get(str(attribute.pk))
        if stored is not None:
            return [self.one(attribute, one[0], None, one[1], one[2]) for one in stored]
        if attribute.system and attribute.slug in OWN:
            return [self.one(attribute, row.created_at, None, row.actor, self._own(row, attribute.slug))]
        return []

    def _own(self, row: Row, slug: str) -> Payload:
        if slug in KEYS:
            return row.id
        if slug == "created_at":
            return iso(row.created_at)
        actor = self.store.actor(row.actor)
        return [actor.type, actor.id]

    def one(
        self, attribute: Attribute, active_from: int, active_until: int | None, actor: int, payload: Payload
    ) -> dict[str, Json]:
        """One value with its dates and author."""
        return {
            "active_from": iso(active_from),
            "active_until": None if active_until is None else iso(active_until),
            "created_by_actor": self.store.actor_json(actor),
            **CODECS[attribute.type].read(payload, attribute, self.schema),
            "attribute_type": attribute.type,
        }
