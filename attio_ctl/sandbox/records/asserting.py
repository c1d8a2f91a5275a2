"""Asserting: update the record that has a unique value, or make it."""

from __future__ import annotations

from attio_ctl.sandbox.errors import RefusedError, matching_not_unique, missing_value, value_not_found
from attio_ctl.sandbox.model import Attribute, Collection
from attio_ctl.sandbox.records import rows, unique
from attio_ctl.sandbox.records.parse import Parsed
from attio_ctl.sandbox.records.rows import Row
from attio_ctl.sandbox.records.write import Multiselect, Writer
from attio_ctl.sandbox.values.types import CODECS


def matching_attribute(collection: Collection, named: str) -> Attribute:
    """
    The attribute by which an assert finds its record.

    Raises:
        RefusedError: 400 for an unknown one, or one that is not unique.
    """
    found = collection.known.get(named)
    if found is None or found.archived:
        raise value_not_found(f'No attribute was found for matching_attribute slug/ID "{named}".')
    if not found.unique:
        raise matching_not_unique()
    return found


def assert_row(
    writer: Writer,
    collection: Collection,
    parsed: Parsed,
    *,
    matching: Attribute,
    multiselect: Multiselect,
) -> Row:
    """
    Update the record that has one of the matching values, or make one.

    The matching attribute itself only gains values. Several matches are refused (`multiple_match_results`, inferred
    from a client's error table); so is a body without the matching attribute (`missing_value`, inferred).

    Raises:
        RefusedError: those two, and whatever creating or updating refuses.
    """
    payloads = parsed.get(matching)
    if not payloads:
        raise missing_value(matching.id)
    key_of = CODECS[matching.type].key
    found = unique.owners(writer.db, matching.pk, [key_of(payload) for payload in payloads])
    if len(found) > 1:
        raise RefusedError(
            400, "multiple_match_results", f'Multiple records match the values of attribute "{matching.slug}".'
        )
    if not found:
        return writer.create(collection, parsed, free=matching)
    row = rows.by_pk(writer.db, found[0])
    writer.update(row, parsed, multiselect, additive=matching if matching.multiselect else None)
    return row
