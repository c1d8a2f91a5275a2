"""
A workspace as one JSON document: exported whole, imported again, or grown from a seed that a person wrote.

An export is exact (ids, dates, history, what waits) and holds webhook secrets. A seed is made of the API's requests:

    {"activate": ["users"], "requests": [{"method": "POST", "path": "/v2/objects", "body": {"data": {…}}}]}
"""

from __future__ import annotations

import sqlite3
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from attio_ctl.errors import DocumentError
from attio_ctl.sandbox.batches import BatchWorker
from attio_ctl.sandbox.call import Call, RouteTable, Token
from attio_ctl.sandbox.errors import RefusedError
from attio_ctl.sandbox.model import Json
from attio_ctl.sandbox.routes.table import ROUTES
from attio_ctl.sandbox.store.database import VERSION, Database
from attio_ctl.sandbox.store.store import Store

FORMAT: Final = "attio-ctl-sandbox"

# Table -> the columns that hold bytes; the request log stays behind.
TABLES: Final[dict[str, frozenset[str]]] = {
    "meta": frozenset(),
    "members": frozenset(),
    "actors": frozenset(),
    "collections": frozenset(),
    "attributes": frozenset(),
    "options": frozenset(),
    "records": frozenset({"data"}),
    "unique_values": frozenset(),
    "links": frozenset(),
    "history": frozenset(),
    "webhooks": frozenset(),
    "deliveries": frozenset({"body"}),
    "batches": frozenset(),
    "batch_bodies": frozenset({"body"}),
    "dropped_assertions": frozenset({"assertion"}),
    "notes": frozenset(),
    "tasks": frozenset(),
    "task_records": frozenset(),
}


def export_from(db: Database) -> dict[str, Json]:
    """The whole workspace; two workspaces with equal exports answer alike."""
    tables: dict[str, Json] = {}
    for table in TABLES:
        cursor = db.connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2")  # noqa: S608 (names from the table above)
        columns = [column[0] for column in cursor.description]
        rows = [[one.decode() if isinstance(one, bytes) else one for one in row] for row in cursor]
        tables[table] = {"columns": columns, "rows": rows}
    return {"format": FORMAT, "version": VERSION, "tables": tables}


def import_into(db: Database, document: Json) -> None:
    """
    Replace everything in a workspace's file by an export.

    Raises:
        DocumentError: the document is no export of this version.
    """
    if not isinstance(document, dict) or document.get("format") != FORMAT or "tables" not in document:
        raise DocumentError("the document is no export of a sandbox", hint="make one with `attio-ctl sandbox export`")
    if document.get("version") != VERSION:
        raise DocumentError(f"the export has version {document.get('version')}, this program reads {VERSION}")
    try:
        with db.transaction():
            for table, binary in TABLES.items():
                _replace(db, table, binary, document["tables"].get(table, {}))
            db.write("UPDATE meta SET value = value + 1 WHERE key = 'schema_version'")
    except (AttributeError, KeyError, TypeError, ValueError, sqlite3.Error) as error:
        raise DocumentError(f"the export is broken: {error}", hint="nothing was imported") from error


def _replace(db: Database, table: str, binary: frozenset[str], given: dict[str, Any]) -> None:
    columns = [column[1] for column in db.rows(f"PRAGMA table_info({table})")]
    if given.get("columns") != columns:
        raise DocumentError(f"the export's table `{table}` has other columns than this program")
    db.write(f"DELETE FROM {table}")  # noqa: S608 (names from the table above)
    places = ", ".join("?" * len(columns))
    rows = (
        [one.encode() if name in binary and one is not None else one for name, one in zip(columns, row, strict=True)]
        for row in given["rows"]
    )
    db.connection.executemany(f"INSERT INTO {table} VALUES ({places})", rows)  # noqa: S608 (as above)


def grow(store: Store, seed: Json) -> None:
    """
    Bring a fresh workspace to where a seed (or an export) says.

    Raises:
        DocumentError: a request is refused; it names the request, counted from 1, and why.
    """
    if isinstance(seed, dict) and "tables" in seed:
        import_into(store.db, seed)
        store.forget()
        return
    if not isinstance(seed, dict) or seed.keys() - {"activate", "requests"}:
        raise DocumentError("a seed has the keys `activate` and `requests`, or is an export")
    with store.transaction():
        for slug in seed.get("activate", []):
            store.activate(slug)
    table = RouteTable(ROUTES)
    token = Token.of("seed", None)
    for number, request in enumerate(seed.get("requests", []), 1):
        try:
            _run(store, table, token, request)
        except RefusedError as refusal:
            raise DocumentError(f"seed request {number} is refused: {refusal} [{refusal.code}]") from None
        except (KeyError, TypeError, AttributeError):
            raise DocumentError(
                f"seed request {number} needs `method` and `path`, and a `body` where one is sent"
            ) from None
    worker = BatchWorker(store)
    while worker.work() is not None:
        continue


def _run(store: Store, table: RouteTable, token: Token, request: dict[str, Any]) -> None:
    method, target = request["method"].upper(), urlsplit(request["path"])
    found = table.find(method, target.path)
    if found is None:
        raise DocumentError(f"the seed asks for an unknown endpoint: {method} {target.path}")
    route, params = found
    with store.transaction():
        route.handler(Call(store, token, params, dict(parse_qsl(target.query)), request.get("body")))
