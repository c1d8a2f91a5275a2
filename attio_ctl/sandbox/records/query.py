"""Answering a query: narrow it by the indexes, test what is left, sort, page."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

import orjson

from attio_ctl.sandbox.errors import RefusedError
from attio_ctl.sandbox.model import Attribute, Collection, Json
from attio_ctl.sandbox.records import unique
from attio_ctl.sandbox.records.fields import FIELDS, MANY_FIELDS, comparable, default_field, kind_of_field
from attio_ctl.sandbox.records.filters import (
    Among,
    Comparison,
    Condition,
    Every,
    FilterReader,
    Negated,
    Some,
    Step,
    Test,
    attribute_for,
    filter_error,
    read_path,
)
from attio_ctl.sandbox.records.rows import Row, after, by_pks, with_links
from attio_ctl.sandbox.records.view import KEYS, OWN, Viewer
from attio_ctl.sandbox.store.store import Store

CHUNK: Final = 500

# Types whose comparable texts stand in the stored values as they are, whole or as a part.
_STORED_AS_TEXT: Final = frozenset(
    {"text", "date", "timestamp", "email-address", "domain", "phone-number", "personal-name", "location"}
)


class Query:
    """Filter and sorts over one collection, as read from a request body."""

    def __init__(self, store: Store, collection: Collection, body: dict[str, Json]) -> None:
        self.store = store
        self.viewer = Viewer(store, collection)
        self.collection = collection
        raw = body.get("filter")
        self.condition: Condition = Every(())
        if raw is not None:
            self.condition = self._looked_up(FilterReader(store.schema, collection, self._follow).read(raw))
        self.sorts = [Sort(store, collection, one) for one in body.get("sorts") or ()]

    def page(self, limit: int, offset: int) -> list[Row]:
        """The rows from `offset` on, without links; by the order of their making where no sort says otherwise."""
        if self.condition == Every(()) and not self.sorts:
            pks = self.store.db.rows(
                "SELECT pk FROM records WHERE collection = ? ORDER BY pk LIMIT ? OFFSET ?",
                (self.collection.pk, limit, offset),
            )
            return by_pks(self.store.db, (pk for (pk,) in pks))
        if not self.sorts:
            return list(islice(self.rows(), offset, offset + limit))
        keyed = [(row.pk, tuple(sort.key(row) for sort in self.sorts)) for row in self.rows()]
        for index in reversed(range(len(self.sorts))):
            empty = [one for one in keyed if one[1][index] is None]
            full = [one for one in keyed if one[1][index] is not None]
            full.sort(key=lambda one: one[1][index], reverse=self.sorts[index].descending)
            keyed = full + empty
        return by_pks(self.store.db, (pk for pk, _ in keyed[offset : offset + limit]))

    def rows(self) -> Iterator[Row]:
        """Every row that meets the filter, in the order of their making."""
        for row in self._candidates():
            if self._meets(row, self.condition):
                yield row

    def _candidates(self) -> Iterator[Row]:
        narrowed = self._narrow(self.condition)
        if narrowed is not None:
            pks = sorted(narrowed)
            for start in range(0, len(pks), CHUNK):
                yield from self._loaded(by_pks(self.store.db, pks[start : start + CHUNK]))
            return
        self.store.before_scan(self.collection)
        last, holding = 0, _held(self.condition)
        while rows := after(self.store.db, self.collection.pk, last, CHUNK, holding):
            last = rows[-1].pk
            yield from self._loaded(rows)

    def _loaded(self, rows: list[Row]) -> list[Row]:
        if _mentions_links(self.condition) or any(sort.needs_links for sort in self.sorts):
            with_links(self.store.db, rows)
        return [row for row in rows if row.collection == self.collection.pk]

    def _looked_up(self, condition: Condition) -> Condition:
        """The condition with every comparison that an index answers by itself replaced by its answer."""
        match condition:
            case Test(attribute, (comparison,)):
                pks = self._indexed(attribute, comparison)
                return condition if pks is None else Among(frozenset(pks))
            case Every(parts):
                return Every(tuple(self._looked_up(part) for part in parts))
            case Some(parts):
                return Some(tuple(self._looked_up(part) for part in parts))
            case Negated(part):
                return Negated(self._looked_up(part))
        return condition

    def _narrow(self, condition: Condition) -> set[int] | None:
        """The pks that can meet a condition by the indexes alone, None when only looking at every row can tell."""
        match condition:
            case Among(among):
                return set(among)
            case Every(parts):
                known = [pks for pks in (self._narrow(part) for part in parts) if pks is not None]
                return set.intersection(*known) if known else None
            case Some(parts):
                found = [self._narrow(part) for part in parts]
                return None if None in found else set().union(*(pks for pks in found if pks is not None))
            case Test(attribute, comparisons):
                for comparison in comparisons:
                    pks = self._indexed(attribute, comparison)
                    if pks is not None:
                        return pks
        return None

    def _indexed(self, attribute: Attribute, comparison: Comparison) -> set[int] | None:
        if comparison.operator not in ("$eq", "$in"):
            return None
        operands = comparison.operand if comparison.operator == "$in" else (comparison.operand,)
        db = self.store.db
        if attribute.system and attribute.slug in KEYS:
            wanted = orjson.dumps([one.lower() for one in operands]).decode()
            return {
                pk
                for (pk,) in db.rows("SELECT pk FROM records WHERE id IN (SELECT value FROM json_each(?))", (wanted,))
            }
        if comparison.field == "target_record_id":
            wanted = orjson.dumps(list(operands)).decode()
            return {
                pk
                for (pk,) in db.rows(
                    "SELECT l.record FROM records t JOIN links l ON l.target = t.pk AND l.attribute = ? "
                    "WHERE t.id IN (SELECT value FROM json_each(?))",
                    (attribute.pk, wanted),
                )
            }
        if attribute.unique and comparison.field == default_field(attribute.type):
            if attribute.type == "phone-number":
                operands = [f"+{one}" for one in operands]
            return set(unique.owners(db, attribute.pk, [_key(one) for one in operands]))
        return None

    def _meets(self, row: Row, condition: Condition) -> bool:
        match condition:
            case Test(attribute, comparisons):
                values = self.viewer.value(row, attribute)
                return any(all(compare(one, value) for one in comparisons) for value in values)
            case Every(parts):
                return all(self._meets(row, part) for part in parts)
            case Some(parts):
                return any(self._meets(row, part) for part in parts)
            case Negated(part):
                return not self._meets(row, part)
            case Among(pks):
                return row.pk in pks

    def _follow(self, steps: list[Step], attribute: Attribute, constraints: Json) -> Among:
        last = steps[-1][0]
        inner = Query(self.store, last, {})
        inner.condition = inner._looked_up(
            FilterReader(self.store.schema, last, self._follow).test(attribute, constraints)
        )
        pks = [row.pk for row in inner.rows()]
        for collection, via in reversed(steps[:-1]):
            wanted = orjson.dumps(pks).decode()
            if via is None:
                rows = self.store.db.rows(
                    "SELECT pk FROM records WHERE collection = ? AND parent IN (SELECT value FROM json_each(?))",
                    (collection.pk, wanted),
                )
            else:
                rows = self.store.db.rows(
                    "SELECT DISTINCT record FROM links "
                    "WHERE attribute = ? AND target IN (SELECT value FROM json_each(?))",
                    (via.pk, wanted),
                )
            pks = [pk for (pk,) in rows]
        return Among(frozenset(pks))


def _key(operand: Json) -> str:
    """The operand as the index of unique values has it, where a whole number has no point."""
    if isinstance(operand, str):
        return operand
    return repr(int(operand) if isinstance(operand, float) and operand.is_integer() else operand)


def _held(condition: Condition) -> bytes:
    """Bytes that the stored values of every row that meets a condition hold: SQLite passes over the others."""
    match condition:
        case Every(parts):
            return max((_held(part) for part in parts), key=len, default=b"")
        case Test(attribute, comparisons) if attribute.slug not in OWN and attribute.type in _STORED_AS_TEXT:
            own = FIELDS[attribute.type]
            equal = [one.operand for one in comparisons if one.operator == "$eq" and one.field in own]
            return max((orjson.dumps(operand)[1:-1] for operand in equal), key=len, default=b"")
    return b""


def _mentions_links(condition: Condition) -> bool:
    match condition:
        case Test(attribute, _):
            return attribute.type == "record-reference"
        case Every(parts) | Some(parts):
            return any(_mentions_links(part) for part in parts)
        case Negated(part):
            return _mentions_links(part)
    return False


def compare(one: Comparison, value: dict[str, Any]) -> bool:
    """Whether a value in its read shape meets a comparison; text is searched without regard to case."""
    found = comparable(one.kind, value.get(one.field))
    if one.operator == "$not_empty":
        return value.get(one.field) not in (None, "")
    if found is None:
        return False
    operand = one.operand
    if one.field == "phone_number":
        found = found.lstrip("+")
    match one.operator:
        case "$eq":
            return bool(operand in found if isinstance(found, tuple) else found == operand)
        case "$in":
            return any(title in operand for title in found) if isinstance(found, tuple) else found in operand
        case "$contains":
            return operand.lower() in found.lower()
        case "$starts_with":
            return bool(found.lower().startswith(operand.lower()))
        case "$ends_with":
            return bool(found.lower().endswith(operand.lower()))
        case "$lt":
            return bool(found < operand)
        case "$lte":
            return bool(found <= operand)
        case "$gt":
            return bool(found > operand)
        case _:
            return bool(found >= operand)


class Sort:
    """One entry of `sorts`; rows without a value come last either way (inferred)."""

    def __init__(self, store: Store, collection: Collection, raw: dict[str, Json]) -> None:
        self.store = store
        self.descending = raw["direction"] == "desc"
        schema = store.schema
        self.steps: list[Step] = (
            read_path(schema, collection, raw["path"])
            if "path" in raw
            else [(collection, attribute_for(collection, raw["attribute"]))]
        )
        attribute = self.steps[-1][1]
        if attribute is None:
            raise filter_error("A path must end with an attribute that has values.")
        field = raw.get("field")
        if field is None and attribute.type in MANY_FIELDS:
            raise RefusedError(
                400, "missing_sort_field", f'A field is required to sort by attribute "{attribute.slug}".'
            )
        self.attribute = attribute
        self.field = field or default_field(attribute.type)
        self.kind = kind_of_field(attribute.type, self.field)
        self.viewer = Viewer(store, self.steps[-1][0])
        self.needs_links = any(one is not None and one.type == "record-reference" for _, one in self.steps)

    def key(self, row: Row) -> Any:
        """What the row sorts by, None when it has nothing there."""
        for _, via in self.steps[:-1]:
            if via is None:
                pk = row.parent
            else:
                links = row.links.get(via.pk)
                pk = links[0][0] if links else None
            if pk is None:
                return None
            (row,) = with_links(self.store.db, by_pks(self.store.db, [pk]))
        values = self.viewer.value(row, self.attribute)
        found = comparable(self.kind, values[0].get(self.field)) if values else None
        if isinstance(found, tuple):
            titles = [option.title for option in self.attribute.options.values()]
            return titles.index(found[0]) if self.kind == "status" else found[0].lower()
        return found.lower() if isinstance(found, str) else found
