"""Reading the records behind keys: as few queries as they fit in, and what is known of their ids is not asked again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

from attio_ctl.attio.errors import InactiveObjectError, NotFoundError, RejectedError
from attio_ctl.attio.reader import RECORDS_PAGE, AttioReader
from attio_ctl.attio.types import Record
from attio_ctl.attribute_types import ATTRIBUTE_TYPES
from attio_ctl.mapping.expressions.javascript import number_text
from attio_ctl.mapping.writes import RecordKey
from attio_ctl.state.schema import AttributeSchema, Schema

KEYS_PER_QUERY: Final = RECORDS_PAGE - 100
"""Keys that one query asks for: a page has room for more, so that a full one tells of twins behind a unique value."""

_NO_SUCH_ATTRIBUTE: Final = "unknown_filter_attribute_slug"

IDS_KEPT: Final = 50_000
"""Record ids that are remembered, the latest; some 20 MB."""


class Finder:
    """Finds records of one workspace by their keys."""

    def __init__(self, attio: AttioReader, schema: Schema) -> None:
        self._attio = attio
        self._schema = schema
        self._ids: dict[RecordKey, str] = {}

    async def records(self, keys: Iterable[RecordKey]) -> dict[RecordKey, Record]:
        """The records that there are; a key that no record has is left out, as all are where the object is gone."""
        found: dict[RecordKey, Record] = {}
        by_attribute: dict[tuple[str, str], list[str]] = defaultdict(list)
        for key in keys:
            by_attribute[key.object, key.attribute].append(key.value)
        for (obj, slug), texts in by_attribute.items():
            attribute = self._schema.objects[obj].attributes[slug]
            for some in _chunks(texts):
                for record in await self._query(obj, _filter(attribute, some)):
                    for text in _texts(attribute, record["values"].get(slug, ())):
                        found[RecordKey(obj, slug, text)] = record
        self._remember(found)
        return found

    async def ids(self, keys: Iterable[RecordKey]) -> Mapping[RecordKey, str]:
        """The ids of these records, those that there are; a record keeps its id, so a known one is not asked for."""
        asked = dict.fromkeys(keys)
        known = {key: self._ids[key] for key in asked if key in self._ids}
        found = await self.records(key for key in asked if key not in known)
        return {**known, **{key: record["id"]["record_id"] for key, record in found.items()}}

    async def _query(self, obj: str, wanted: Mapping[str, Any]) -> Sequence[Record]:
        try:
            page = await self._attio.query_records(obj, filter=wanted, sorts=())
        except (NotFoundError, RejectedError) as error:
            if isinstance(error, NotFoundError | InactiveObjectError) or error.code == _NO_SUCH_ATTRIBUTE:
                return ()
            raise
        if len(page) < RECORDS_PAGE:
            return page
        return [record async for record in self._attio.each_record(obj, filter=wanted)]

    def _remember(self, found: Mapping[RecordKey, Record]) -> None:
        for key, record in found.items():
            self._ids[key] = record["id"]["record_id"]
        for key in list(islice(self._ids, max(0, len(self._ids) - IDS_KEPT))):
            del self._ids[key]


def _chunks(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    return (texts[start : start + KEYS_PER_QUERY] for start in range(0, len(texts), KEYS_PER_QUERY))


def _filter(attribute: AttributeSchema, texts: Sequence[str]) -> dict[str, Any]:
    operands = [float(text) for text in texts] if attribute.type == "number" else list(texts)
    return {attribute.slug: {ATTRIBUTE_TYPES[attribute.type].value_key: {"$in": operands}}}


def _texts(attribute: AttributeSchema, shown: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """The values of a unique attribute as keys have them."""
    for each in shown:
        value = each.get(ATTRIBUTE_TYPES[attribute.type].value_key)
        if isinstance(value, str):
            yield value if attribute.type == "text" else value.lower()
        elif isinstance(value, int | float):
            yield number_text(value)
