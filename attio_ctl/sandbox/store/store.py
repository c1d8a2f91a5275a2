"""The workspace at rest: its file, its schema in memory, and the actors that wrote to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final, Literal

import orjson

from attio_ctl.sandbox.ids import new_id
from attio_ctl.sandbox.model import SYSTEM, Actor, Attribute, Collection, Json, Option, Schema
from attio_ctl.sandbox.options import Options
from attio_ctl.sandbox.store.database import MEMORY, Database, Location
from attio_ctl.sandbox.store.seed import plant
from attio_ctl.sandbox.store.snapshot import (
    attribute_details,
    load_schema,
    option_details,
    with_attribute,
    with_collection,
    with_option,
)

SCANS: Final = 2000
"""Rows that a store which refuses scans still looks at: some milliseconds of them."""

_MANY: Final = "SELECT 1 FROM records WHERE collection = ? LIMIT 1 OFFSET ?"


class LongReadError(Exception):
    """A read would look at many rows, and this store answers others meanwhile."""


class Store:
    """
    One workspace.

    The schema is kept as a snapshot: a write to it from here makes the next one, one from another process (noticed by
    SQLite's `data_version`) has it read again. Rows are never cached: a query is always answered by the file.
    `is_fresh` says whether this object made the workspace; `has_deliveries` is raised when an event was put down for a
    webhook, for whoever sends them; `refuses_scans` is set by who has another store for long reads.

    Raises:
        StorageError: the file cannot be opened.
    """

    def __init__(self, location: Location, options: Options) -> None:
        self.options = options
        self.db = Database(location)
        self._actors: dict[Actor, int] = {}
        self._actor_of: dict[int, Actor] = {0: SYSTEM}
        self._actor_jsons: dict[int, dict[str, Json]] = {}
        with self.db.transaction():
            self.is_fresh = self.db.row("SELECT 1 FROM meta WHERE key = 'workspace_id'") is None
            if self.is_fresh:
                plant(self.db, options, self.now())
        self.has_deliveries = False
        self.refuses_scans = False
        self._schema: Schema | None = None
        self._seen = (0, 0)
        self._settled = False  # inside a transaction of ours nobody else commits, so one look at the file is enough

    @property
    def is_memory(self) -> bool:
        """Whether no other connection can see this workspace."""
        return self.db.location == MEMORY

    def before_scan(self, collection: Collection) -> None:
        """
        To be called before every row of a collection is looked at.

        Raises:
            LongReadError: there are many, and this store refuses that.
        """
        if self.refuses_scans and self.db.row(_MANY, (collection.pk, SCANS)) is not None:
            raise LongReadError

    def now(self) -> int:
        """The options' clock in microseconds since 1970."""
        return int(self.options.clock() * 1_000_000)

    @property
    def schema(self) -> Schema:
        """The schema as of the last commit that this process can see, or of its own open transaction."""
        if self._schema is not None and self._settled:
            return self._schema
        data_version = self.db.data_version()
        self._settled = self.db.connection.in_transaction
        if self._schema is None or data_version != self._seen[0]:
            (version,) = self.db.row("SELECT value FROM meta WHERE key = 'schema_version'")
            if self._schema is None or version != self._seen[1]:
                self._schema = load_schema(self.db)
            self._seen = (data_version, version)
        return self._schema

    @contextmanager
    def reading(self) -> Iterator[Schema]:
        """One read of the API: the schema is looked at once and then stays the same to the end."""
        schema = self.schema
        self._settled = True
        try:
            yield schema
        finally:
            self._settled = False

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """One write of the API: all or nothing, the schema in memory included."""
        before = self._schema, self._seen
        try:
            with self.db.transaction():
                self._settled = False
                yield
        except BaseException:
            self._schema, self._seen = before
            self._forget_actors()
            raise
        finally:
            self._settled = False

    def forget(self) -> None:
        """Drop everything known about the file, after it was replaced under this object."""
        self._schema = None
        self._forget_actors()

    def _forget_actors(self) -> None:
        self._actors.clear()
        self._actor_of = {0: SYSTEM}
        self._actor_jsons.clear()

    def touch(self) -> None:
        """Have the schema read again, here and in other processes."""
        self._become(None)

    def _become(self, schema: Schema | None) -> None:
        """Take the next snapshot, None to have it read, and tell other processes that there is one."""
        (version,) = self.db.row("UPDATE meta SET value = value + 1 WHERE key = 'schema_version' RETURNING value")
        self._schema = schema
        self._seen = self._seen[0], version

    def actor_pk(self, actor: Actor) -> int:
        """The number under which values remember an actor."""
        known = self._actors.get(actor)
        if known is None:
            if actor == SYSTEM:
                return 0
            row = self.db.row("SELECT pk FROM actors WHERE type = ? AND id = ?", (actor.type, actor.id))
            known = (
                row[0] if row else self.db.write("INSERT INTO actors (type, id) VALUES (?, ?)", (actor.type, actor.id))
            )
            self._actors[actor] = known
        return known

    def actor(self, pk: int) -> Actor:
        """The actor behind a number."""
        known = self._actor_of.get(pk)
        if known is None:
            known = Actor(*self.db.row("SELECT type, id FROM actors WHERE pk = ?", (pk,)))
            self._actor_of[pk] = known
        return known

    def actor_json(self, pk: int) -> dict[str, Json]:
        """The actor behind a number as answers show it."""
        known = self._actor_jsons.get(pk)
        if known is None:
            known = self._actor_jsons[pk] = self.actor(pk).as_json()
        return known

    def add_collection(self, kind: Literal["object", "list"], slug: str, details: dict[str, Json]) -> Collection:
        """A new object or list, without attributes."""
        id_, now = new_id(), self.now()
        pk = self.db.write(
            "INSERT INTO collections (id, kind, slug, created_at, details) VALUES (?, ?, ?, ?, ?)",
            (id_, kind, slug, now, orjson.dumps(details).decode()),
        )
        made = Collection(pk, id_, kind, slug, now, details)
        self._become(with_collection(self.schema, made))
        return made

    def save_collection(self, collection: Collection) -> Collection:
        """Write slug and details of an object or list."""
        self.db.write(
            "UPDATE collections SET slug = ?, details = ? WHERE pk = ?",
            (collection.slug, orjson.dumps(dict(collection.details)).decode(), collection.pk),
        )
        self._become(with_collection(self.schema, collection))
        return collection

    def remove_collection(self, collection: Collection) -> None:
        """Forget an object or list with its attributes and options; its rows must be gone already."""
        for attribute in collection.attributes:
            self.db.write("DELETE FROM options WHERE attribute = ?", (attribute.pk,))
            self.db.write("DELETE FROM unique_values WHERE attribute = ?", (attribute.pk,))
        self.db.write("DELETE FROM attributes WHERE collection = ?", (collection.pk,))
        self.db.write("DELETE FROM collections WHERE pk = ?", (collection.pk,))
        self.touch()

    def add_attribute(self, attribute: Attribute) -> Attribute:
        """A new attribute at the end of its collection; `pk` and `id` of the argument do not count."""
        id_ = new_id()
        pk = self.db.write(
            "INSERT INTO attributes (id, collection, slug, type, created_at, details) VALUES (?, ?, ?, ?, ?, ?)",
            (
                id_,
                attribute.collection,
                attribute.slug,
                attribute.type,
                attribute.created_at,
                orjson.dumps(attribute_details(attribute)).decode(),
            ),
        )
        made = replace(attribute, pk=pk, id=id_)
        self._become(with_attribute(self.schema, made))
        return made

    def save_attribute(self, attribute: Attribute) -> Attribute:
        """Write slug and details of an attribute."""
        kept = attribute_details(attribute)
        (old,) = self.db.row("SELECT details FROM attributes WHERE pk = ?", (attribute.pk,))
        if (needs := orjson.loads(old).get("visible_when")) is not None:
            kept["visible_when"] = needs
        self.db.write(
            "UPDATE attributes SET slug = ?, details = ? WHERE pk = ?",
            (attribute.slug, orjson.dumps(kept).decode(), attribute.pk),
        )
        self._become(with_attribute(self.schema, attribute))
        return attribute

    def remove_attribute(self, attribute: Attribute) -> None:
        """Forget an attribute; only the other side of a deleted object's relationship goes this way."""
        self.db.write("DELETE FROM attributes WHERE pk = ?", (attribute.pk,))
        self.touch()

    def add_option(self, attribute: Attribute, option: Option) -> Option:
        """A new option or status; `pk` and `id` of the argument do not count."""
        id_ = new_id()
        pk = self.db.write(
            "INSERT INTO options (id, attribute, title, details) VALUES (?, ?, ?, ?)",
            (id_, attribute.pk, option.title, orjson.dumps(option_details(option)).decode()),
        )
        made = replace(option, pk=pk, id=id_)
        self._become(with_option(self.schema, attribute.pk, made))
        return made

    def save_option(self, attribute: Attribute, option: Option) -> Option:
        """Write title and details of an option or status."""
        self.db.write(
            "UPDATE options SET title = ?, details = ? WHERE pk = ?",
            (option.title, orjson.dumps(option_details(option)).decode(), option.pk),
        )
        self._become(with_option(self.schema, attribute.pk, option))
        return option

    def activate(self, slug: str) -> Collection:
        """Switch a standard object on; one that is on already stays so."""
        found = self.schema.objects[slug]
        if found.active:
            return found
        self.save_collection(replace(found, details={**found.details, "active": True}))
        self.touch()  # attributes elsewhere become visible with it
        return self.schema.objects[slug]

    def close(self) -> None:
        """Close the file."""
        self.db.close()
