"""
Writing over Attio's documented endpoints: an assert per record, and a PATCH where multiselects have to grow.

An assert replaces the multiselects that it names, except the matching attribute, which gains values; a PATCH adds. So
values that are added go into a PATCH of their own, to the record that the assert found or made.

Source: endpoint descriptions of `PUT /v2/objects/{object}/records` and `PATCH …/{record_id}`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from attio_ctl.attio.types import Record
from attio_ctl.attio.writer import AttioWriter
from attio_ctl.delivery.fold import Due
from attio_ctl.delivery.refusals import DATA_ERRORS, refused
from attio_ctl.delivery.transport import Verdict, Written
from attio_ctl.mapping.encode import documented_values
from attio_ctl.mapping.writes import RecordKey, Value
from attio_ctl.state.schema import Schema


class DocumentedWriter:
    """A `RecordWriter` that needs no more than Attio promises: one or two requests per record."""

    def __init__(self, attio: AttioWriter, schema: Schema) -> None:
        self._attio = attio
        self._schema = schema
        self._parted: set[RecordKey] = set()

    async def write(self, due: Due) -> Verdict:
        whole, added = asserted(due), patched(due)
        # Once an addition was refused after the rest was set, that record's additions are tried before anything is set.
        first = {due.key.attribute: whole[due.key.attribute]} if added and due.key in self._parted else whole
        try:
            record = await self._assert(due, first)
        except DATA_ERRORS as error:
            return refused(error)
        try:
            if added:
                record_id = record["id"]["record_id"]
                await self._attio.update_record(due.key.object, record_id, values=self._encode(due, added))
        except DATA_ERRORS as error:
            self._parted.add(due.key)
            return replace(refused(error), partly=first is whole)
        try:
            if first is not whole:
                await self._assert(due, whole)
        except DATA_ERRORS as error:
            return refused(error)
        return Written()

    async def _assert(self, due: Due, values: Mapping[str, Value]) -> Record:
        return await self._attio.assert_record(
            due.key.object, matching_attribute=due.key.attribute, values=self._encode(due, values)
        )

    def _encode(self, due: Due, values: Mapping[str, Value]) -> dict[str, Any]:
        return documented_values(due.key.object, values, self._schema)


def asserted(due: Due) -> dict[str, Value]:
    """The values of the assert: what is set, and the matching attribute, which an assert only ever adds to."""
    match = due.key.attribute
    identity = due.assign.get(match, due.identity)
    added = due.append.get(match, [])
    if isinstance(identity, list):
        identity = [*identity, *(value for value in added if value not in identity)]
    return {**due.assign, match: identity}


def patched(due: Due) -> dict[str, Value]:
    """The values of the PATCH: what is added to other attributes; without any there is no PATCH."""
    return {slug: values for slug, values in due.append.items() if slug != due.key.attribute}
