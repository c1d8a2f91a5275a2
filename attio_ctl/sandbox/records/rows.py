"""Rows of records and entries as SQLite holds them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from attio_ctl.sandbox.model import Payload
from attio_ctl.sandbox.store.database import Database

Stored = list[Any]
"""One active value: `[active from in microseconds, actor pk, payload]`."""

Link = tuple[int, int, int, int, int, str]
"""One active reference: target pk, active from, actor pk, position, target's collection pk, target's id."""


@dataclass(slots=True)
class Row:
    """
    A record or entry.

    `data` maps the pk of an attribute (as a string, the way JSON keeps keys) to its active values; references are not
    in it but in `links`, by the attribute's pk, and only where they were asked for.
    """

    pk: int
    id: str
    collection: int
    parent: int | None
    created_at: int
    actor: int
    data: dict[str, list[Stored]]
    links: dict[int, list[Link]] = field(default_factory=dict)


_BY_ID: Final = "SELECT pk, id, collection, parent, created_at, actor, data FROM records WHERE id = ?"
_BY_PK: Final = "SELECT pk, id, collection, parent, created_at, actor, data FROM records WHERE pk = ?"
_BY_PKS: Final = """
    SELECT pk, id, collection, parent, created_at, actor, data
    FROM records WHERE pk IN (SELECT value FROM json_each(?))
"""
_PAGE: Final = """
    SELECT pk, id, collection, parent, created_at, actor, data
    FROM records WHERE collection = ? AND pk > ? AND instr(data, ?) ORDER BY pk LIMIT ?
"""
_LINKS: Final = """
    SELECT l.record, l.attribute, l.target, l.active_from, l.actor, l.position, t.collection, t.id
    FROM links l JOIN records t ON t.pk = l.target
    WHERE l.record IN (SELECT value FROM json_each(?))
    ORDER BY l.record, l.attribute, l.position
"""


def _row(raw: Any) -> Row:
    return Row(raw[0], raw[1], raw[2], raw[3], raw[4], raw[5], orjson.loads(raw[6]))


def by_id(db: Database, collection: int, id_: str) -> Row | None:
    """The row of that id in a collection, without its links."""
    raw = db.row(_BY_ID, (id_.lower(),))
    return _row(raw) if raw is not None and raw[2] == collection else None


def by_pk(db: Database, pk: int) -> Row:
    """The row of that pk, without its links."""
    return _row(db.row(_BY_PK, (pk,)))


def by_pks(db: Database, pks: Iterable[int]) -> list[Row]:
    """The rows of those pks in their order, without their links."""
    wanted = list(pks)
    found = {raw[0]: _row(raw) for raw in db.rows(_BY_PKS, (orjson.dumps(wanted).decode(),))}
    return [found[pk] for pk in wanted if pk in found]


def after(db: Database, collection: int, pk: int, limit: int, holding: bytes = b"") -> list[Row]:
    """The next rows of a collection, as they were made, whose stored values hold some bytes; without their links."""
    return [_row(raw) for raw in db.rows(_PAGE, (collection, pk, holding, limit))]


def with_links(db: Database, rows: list[Row]) -> list[Row]:
    """The same rows, their links filled in."""
    if rows:
        found: dict[int, dict[int, list[Link]]] = defaultdict(lambda: defaultdict(list))
        wanted = orjson.dumps([row.pk for row in rows]).decode()
        for record, attribute, *link in db.rows(_LINKS, (wanted,)):
            found[record][attribute].append(tuple(link))
        for row in rows:
            row.links = found.get(row.pk, {})
    return rows


def insert(db: Database, row: Row) -> int:
    """Write a new row and return its pk."""
    return db.write(
        "INSERT INTO records (id, collection, parent, created_at, actor, data) VALUES (?, ?, ?, ?, ?, ?)",
        (row.id, row.collection, row.parent, row.created_at, row.actor, orjson.dumps(row.data)),
    )


def save(db: Database, row: Row) -> None:
    """Write the active values of a row."""
    db.write("UPDATE records SET data = ? WHERE pk = ?", (orjson.dumps(row.data), row.pk))


def remember(db: Database, record: int, attribute: int, old: tuple[int, int, Payload], until: int) -> None:
    """Keep a value that is no longer active: `old` is when it began, who wrote it, and what it was."""
    db.write(
        "INSERT INTO history (record, attribute, payload, active_from, active_until, actor) VALUES (?, ?, ?, ?, ?, ?)",
        (record, attribute, orjson.dumps(old[2]).decode(), old[0], until, old[1]),
    )
