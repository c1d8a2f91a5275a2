"""The index of unique values: one look-up finds the record that holds a value."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from attio_ctl.sandbox.model import Attribute
from attio_ctl.sandbox.records.rows import after
from attio_ctl.sandbox.store.database import Database
from attio_ctl.sandbox.store.store import Store
from attio_ctl.sandbox.values.types import CODECS


def owners(db: Database, attribute: int, keys: Sequence[str]) -> list[int]:
    """The pks of the records that hold any of some normalised values, each once."""
    if len(keys) == 1:  # nearly always, and twice as quick
        rows = db.rows("SELECT record FROM unique_values WHERE attribute = ? AND value = ?", (attribute, keys[0]))
    else:
        rows = db.rows(
            "SELECT DISTINCT record FROM unique_values "
            "WHERE attribute = ? AND value IN (SELECT value FROM json_each(?))",
            (attribute, orjson.dumps(keys).decode()),
        )
    return [pk for (pk,) in rows]


def claim(db: Database, attribute: int, key: str, record: int) -> None:
    """Note that a record holds a value."""
    db.write(
        "INSERT OR IGNORE INTO unique_values (attribute, value, record) VALUES (?, ?, ?)", (attribute, key, record)
    )


def release(db: Database, attribute: int, key: str, record: int) -> None:
    """Forget that a record holds a value."""
    db.write("DELETE FROM unique_values WHERE attribute = ? AND value = ? AND record = ?", (attribute, key, record))


def fill_unique(store: Store, attribute: Attribute) -> None:
    """Index what is there already when an attribute becomes unique; twins stay, as Attio does not look back."""
    key_of, name = CODECS[attribute.type].key, str(attribute.pk)
    store.db.write("DELETE FROM unique_values WHERE attribute = ?", (attribute.pk,))
    last = 0
    while rows := after(store.db, attribute.collection, last, 1000):
        for row in rows:
            for _, _, payload in row.data.get(name, ()):
                claim(store.db, attribute.pk, key_of(payload), row.pk)
        last = rows[-1].pk
