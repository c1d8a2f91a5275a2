"""What the console shows, read from the workspace; no HTML here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import orjson

from attio_ctl.sandbox.ids import iso
from attio_ctl.sandbox.model import Attribute, Collection, Json
from attio_ctl.sandbox.records.rows import Row, by_pks
from attio_ctl.sandbox.records.view import Viewer
from attio_ctl.sandbox.store.store import Store

PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class RecordPage:
    """A page of records: `rows` are (id, created, a text per shown attribute), `total` counts all that were found."""

    attributes: tuple[Attribute, ...]
    rows: list[tuple[str, str, list[str]]]
    total: int


def count(store: Store, collection: Collection) -> int:
    """How many rows a collection has."""
    (number,) = store.db.row("SELECT COUNT(*) FROM records WHERE collection = ?", (collection.pk,))
    return int(number)


def record_page(store: Store, collection: Collection, search: str, offset: int) -> RecordPage:
    """Records whose stored values hold a text, the newest first."""
    wanted = search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    parameters = (collection.pk, f"%{wanted}%", search.strip().lower())
    where = "collection = ? AND (CAST(data AS TEXT) LIKE ? ESCAPE '\\' OR id = ?)"
    (total,) = store.db.row(f"SELECT COUNT(*) FROM records WHERE {where}", parameters)  # noqa: S608 (fixed condition)
    pks = store.db.rows(
        f"SELECT pk FROM records WHERE {where} ORDER BY pk DESC LIMIT ? OFFSET ?",  # noqa: S608 (fixed condition)
        (*parameters, PAGE, offset),
    )
    viewer = Viewer(store, collection)
    found = viewer.load(by_pks(store.db, (pk for (pk,) in pks)))
    shown = _filled(viewer, found)
    rows = [
        (row.id, iso(row.created_at), [_text(viewer.value(row, attribute)) for attribute in shown]) for row in found
    ]
    return RecordPage(shown, rows, int(total))


def _filled(viewer: Viewer, rows: list[Row]) -> tuple[Attribute, ...]:
    """The attributes that have a value in some row, without those that every row has of itself."""
    return tuple(
        one
        for one in viewer.collection.shown
        if not (one.system and not one.writable) and any(viewer.value(row, one) for row in rows)
    )


def _text(values: list[dict[str, Json]]) -> str:
    return ", ".join(_one_text(value) for value in values)


def _one_text(value: dict[str, Json]) -> str:
    match value["attribute_type"]:
        case "select":
            return str(value["option"]["title"])
        case "status":
            return str(value["status"]["title"])
        case "record-reference":
            return f"{value['target_object']}/{value['target_record_id'][:8]}"
        case "personal-name":
            return str(value["full_name"])
        case "currency":
            return f"{value['currency_value']} {value['currency_code'] or ''}".strip()
        case "actor-reference":
            return f"{value['referenced_actor_type']}/{str(value['referenced_actor_id'])[:8]}"
        case "location":
            names = ("line_1", "line_2", "locality", "region", "postcode", "country_code")
            return ", ".join(str(value[name]) for name in names if value[name])
        case type_:
            field = {"email-address": "email_address", "domain": "domain", "phone-number": "phone_number"}
            return str(value.get(field.get(type_, "value"), ""))


def requests(store: Store, offset: int, limit: int = PAGE) -> list[dict[str, Json]]:
    """The request log, the newest first; `duration_us` is in microseconds."""
    columns = ("at", "execution_id", "token", "method", "path", "status", "code", "duration_us", "fault")
    found = store.db.rows(
        "SELECT at, execution_id, token, method, path, status, code, duration_us, fault "
        "FROM requests ORDER BY pk DESC LIMIT ? OFFSET ?",
        (limit, offset),
    )
    return [dict(zip(columns, (iso(row[0]), *row[1:]), strict=True)) for row in found]


def batches(store: Store, offset: int, limit: int = PAGE) -> list[dict[str, Json]]:
    """Batches with how far they are and how many of their assertions were dropped, the newest first."""
    found = store.db.rows(
        "SELECT b.id, b.total, b.next, b.received_at, b.finished_at, "
        "(SELECT COUNT(*) FROM dropped_assertions d WHERE d.batch = b.pk) "
        "FROM batches b ORDER BY b.pk DESC LIMIT ? OFFSET ?",
        (limit, offset),
    )
    return [
        {
            "id": id_,
            "total": total,
            "done": done,
            "dropped": dropped,
            "received_at": iso(received_at),
            "finished_at": None if finished_at is None else iso(finished_at),
        }
        for id_, total, done, received_at, finished_at, dropped in found
    ]


def dropped(store: Store, batch_id: str, offset: int, limit: int = PAGE) -> list[dict[str, Json]]:
    """The dropped assertions of a batch with their reasons; `position` counts from 0."""
    found = store.db.rows(
        "SELECT d.position, d.code, d.message, d.assertion FROM dropped_assertions d JOIN batches b ON b.pk = d.batch "
        "WHERE b.id = ? ORDER BY d.position LIMIT ? OFFSET ?",
        (batch_id, limit, offset),
    )
    return [
        {"position": position, "code": code, "message": message, "assertion": orjson.loads(assertion)}
        for position, code, message, assertion in found
    ]


def webhooks(store: Store) -> list[dict[str, Any]]:
    """Webhooks with what waits, went out and was given up."""
    found = store.db.rows(
        "SELECT w.id, w.target_url, w.status, w.subscribed, "
        "SUM(d.state = 'waiting'), SUM(d.state = 'delivered'), SUM(d.state = 'failed') "
        "FROM webhooks w LEFT JOIN deliveries d ON d.webhook = w.pk GROUP BY w.pk ORDER BY w.pk"
    )
    return [
        {
            "id": id_,
            "target_url": target_url,
            "status": status,
            "events": [one["event_type"] for one in orjson.loads(subscribed)],
            "waiting": waiting or 0,
            "delivered": delivered or 0,
            "failed": failed or 0,
        }
        for id_, target_url, status, subscribed, waiting, delivered, failed in found
    ]


def deliveries(store: Store, offset: int, limit: int = PAGE) -> list[dict[str, Any]]:
    """Deliveries of all webhooks, the newest first."""
    columns = ("id", "event_type", "state", "tries", "last_status", "last_error", "body")
    found = store.db.rows(
        "SELECT id, event_type, state, tries, last_status, last_error, body "
        "FROM deliveries ORDER BY pk DESC LIMIT ? OFFSET ?",
        (limit, offset),
    )
    return [dict(zip(columns, (*row[:6], orjson.loads(row[6])), strict=True)) for row in found]
