"""Deleting rows with everything that hangs on them."""

from __future__ import annotations

from typing import Final

from attio_ctl.sandbox.events import announce_row
from attio_ctl.sandbox.model import Actor, Collection
from attio_ctl.sandbox.records import unique
from attio_ctl.sandbox.records.rows import by_pk
from attio_ctl.sandbox.store.store import Store
from attio_ctl.sandbox.values.types import CODECS

_ALL_PARTS: Final = (
    "DELETE FROM links WHERE record IN (SELECT pk FROM records WHERE collection = :collection)",
    "DELETE FROM links WHERE target IN (SELECT pk FROM records WHERE collection = :collection)",
    "DELETE FROM history WHERE record IN (SELECT pk FROM records WHERE collection = :collection)",
    "DELETE FROM notes WHERE parent IN (SELECT pk FROM records WHERE collection = :collection)",
    "DELETE FROM task_records WHERE record IN (SELECT pk FROM records WHERE collection = :collection)",
    "DELETE FROM records WHERE collection = :collection",
)


def delete_row(store: Store, actor: Actor, pk: int) -> None:
    """
    Delete one record or entry: its values and history, the references to it, its entries in lists and its notes.

    That references vanish with their target is inferred; nothing public says what Attio does.
    """
    for (entry,) in store.db.rows("SELECT pk FROM records WHERE parent = ?", (pk,)):
        delete_row(store, actor, entry)
    row = by_pk(store.db, pk)
    announce_row(store, actor, "deleted", row)
    for attribute in store.schema.collections[row.collection].attributes:
        if attribute.unique:
            for _, _, payload in row.data.get(str(attribute.pk), ()):
                unique.release(store.db, attribute.pk, CODECS[attribute.type].key(payload), pk)
    for table, column in (
        ("links", "record"),
        ("links", "target"),
        ("history", "record"),
        ("notes", "parent"),
        ("task_records", "record"),
        ("records", "pk"),
    ):
        store.db.write(f"DELETE FROM {table} WHERE {column} = ?", (pk,))  # noqa: S608 (names from the tuple above)


def delete_all(store: Store, collection: Collection) -> None:
    """Delete every row of a collection; its unique values go with its attributes."""
    for statement in _ALL_PARTS:
        store.db.connection.execute(statement, {"collection": collection.pk})
