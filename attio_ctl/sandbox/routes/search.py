"""POST /v2/objects/records/search: records by what a person would type."""

from __future__ import annotations

from typing import Any, Final

from attio_ctl.sandbox.call import Call, Route
from attio_ctl.sandbox.errors import value_not_found
from attio_ctl.sandbox.model import Collection, Json
from attio_ctl.sandbox.records.rows import Row, after, by_pks
from attio_ctl.sandbox.shape import UUID_TEXT, AnyOf, Count, Exactly, Fields, ListOf, Maybe, Text

_SEARCH: Final = Fields(
    {
        "query": Text(max_length=256),
        "objects": ListOf(Text(), min_length=1),
        "request_as": AnyOf(
            (
                Fields({"type": Exactly("workspace")}),
                Fields({"type": Exactly("workspace-member"), "workspace_member_id": UUID_TEXT}),
                Fields({"type": Exactly("workspace-member"), "email_address": Text()}),
            )
        ),
        "limit": Maybe(Count(minimum=1, maximum=25)),
    }
)
# What is searched on every object: names and labels, and the handles of people and companies.
_SEARCHED: Final = frozenset({"personal-name", "email-address", "domain", "phone-number"})
_HANDLES: Final = frozenset({"name", "twitter", "linkedin", "facebook", "instagram", "angellist"})


def search_records(call: Call) -> Json:
    """
    Records whose names, domains, addresses, numbers or handles hold every word of the query.

    The live endpoint is fuzzier and eventually consistent; here what was written is found at once.

    Raises:
        RefusedError: 400 for an unknown object or member.
    """
    body = call.checked(_SEARCH)
    schema = call.store.schema
    wanted: dict[int, Collection] = {}
    for named in body["objects"]:
        found = schema.objects.get(named)
        if found is None or not found.active:
            raise value_not_found(f'Object with slug/ID "{named}" not found.')
        wanted[found.pk] = found
    _check_member(call, body["request_as"])
    words = body["query"].lower().split()
    limit = int(body.get("limit", 25))
    shown: list[dict[str, Json]] = []
    for collection in wanted.values():
        for row in _candidates(call, collection, words, limit):
            texts = _texts(collection, row)
            if all(any(word in text.lower() for text in texts) for word in words):
                shown.append(_json(call, collection, row))
            if len(shown) >= limit:
                return {"data": shown}
    return {"data": shown}


def _check_member(call: Call, request_as: dict[str, str]) -> None:
    if request_as["type"] == "workspace":
        return
    named = request_as.get("workspace_member_id") or request_as.get("email_address") or ""
    if call.store.schema.member(named) is None:
        raise value_not_found(f'Workspace member with ID "{named}" not found.')


def _candidates(call: Call, collection: Collection, words: list[str], limit: int) -> list[Row]:
    db = call.store.db
    if not words:
        return after(db, collection.pk, 0, limit)
    call.store.before_scan(collection)
    longest = max(words, key=len).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    pks = db.rows(
        "SELECT pk FROM records WHERE collection = ? AND CAST(data AS TEXT) LIKE ? ESCAPE '\\' ORDER BY pk LIMIT 1000",
        (collection.pk, f"%{longest}%"),
    )
    return by_pks(db, (pk for (pk,) in pks))


def _texts(collection: Collection, row: Row) -> list[str]:
    found: list[str] = []
    for attribute in collection.attributes:
        if attribute.type in _SEARCHED or (attribute.type == "text" and attribute.slug in _HANDLES):
            for _, _, payload in row.data.get(str(attribute.pk), ()):
                found.extend([payload] if isinstance(payload, str) else [str(part) for part in payload])
    return found


def _own(collection: Collection, row: Row, slug: str) -> list[Any]:
    attribute = collection.known.get(slug)
    return [] if attribute is None else [stored[2] for stored in row.data.get(str(attribute.pk), ())]


def _json(call: Call, collection: Collection, row: Row) -> dict[str, Json]:
    names = [name[2] if isinstance(name, list) else str(name) for name in _own(collection, row, "name")]
    emails = [payload[1] for payload in _own(collection, row, "email_addresses")]
    domains = [payload[0] for payload in _own(collection, row, "domains")]
    shown: dict[str, Json] = {
        "id": {
            "workspace_id": call.store.schema.workspace_id,
            "object_id": collection.id,
            "record_id": row.id,
        },
        "record_text": next(iter([*names, *emails, *domains]), ""),
        "record_image": None,
        "object_slug": collection.slug,
    }
    if collection.slug == "people":
        shown["email_addresses"] = emails
        shown["phone_numbers"] = [payload[2] for payload in _own(collection, row, "phone_numbers")]
    elif collection.slug == "companies":
        shown["domains"] = domains
    return shown


ROUTES: Final = [
    Route(
        "POST",
        "/v2/objects/records/search",
        search_records,
        ("record_permission:read", "object_configuration:read"),
    )
]
