"""Replacing the whole history of one attribute, as a migration from another system does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from attio_ctl.sandbox.errors import missing_value, uniqueness_conflict, validation
from attio_ctl.sandbox.model import Attribute, Payload
from attio_ctl.sandbox.records import unique
from attio_ctl.sandbox.records.rows import Row, remember, save
from attio_ctl.sandbox.records.write import REFERENCE, Writer
from attio_ctl.sandbox.values.types import CODECS


@dataclass(frozen=True, slots=True)
class Dated:
    """One value with the time in which it held, in microseconds since 1970; without an end it still holds."""

    payload: Payload
    active_from: int
    active_until: int | None


def check_dates(attribute: Attribute, values: Sequence[Dated]) -> None:
    """
    Each value ends after it begins, and those of an attribute for one value do not overlap.

    Raises:
        RefusedError: 400 (the rule is documented, its wording inferred).
    """
    if any(one.active_until is not None and one.active_until <= one.active_from for one in values):
        raise validation("active_until must be after active_from.")
    if attribute.multiselect:
        return
    ordered = sorted(values, key=lambda one: one.active_from)
    for one, following in pairwise(ordered):
        if one.active_until is None or one.active_until > following.active_from:
            raise validation(f'The values of attribute with slug "{attribute.slug}" must not overlap in time.')


def replace_history(writer: Writer, row: Row, attribute: Attribute, values: Sequence[Dated]) -> None:
    """
    Destroy every value that an attribute has or had, and write these; nobody is told.

    Raises:
        RefusedError: 400 `missing_value` when a required attribute is left without a value that holds,
            `uniqueness_conflict` for one that another record has.

    Source: docs.attio.com/rest-api/endpoint-reference/records/write-record-attribute-values (beta of 2026-08).
    """
    held = [one for one in values if one.active_until is None]
    if attribute.required and not held:
        raise missing_value(attribute.id)
    writer.db.write("DELETE FROM history WHERE record = ? AND attribute = ?", (row.pk, attribute.pk))
    for one in values:
        if one.active_until is not None:
            payload = _kept(writer, attribute, one.payload)
            remember(writer.db, row.pk, attribute.pk, (one.active_from, writer.actor_pk, payload), one.active_until)
    if attribute.type == REFERENCE:
        writer.links.rewrite(row.pk, attribute, [(one.payload, one.active_from) for one in held])
    else:
        _hold(writer, row, attribute, held)


def _kept(writer: Writer, attribute: Attribute, payload: Payload) -> Payload:
    """The history remembers a record by its object and id, because the record may be deleted."""
    if attribute.type != REFERENCE:
        return payload
    return list(writer.db.row("SELECT collection, id FROM records WHERE pk = ?", (payload,)))


def _hold(writer: Writer, row: Row, attribute: Attribute, held: Sequence[Dated]) -> None:
    key_of, name = CODECS[attribute.type].key, str(attribute.pk)
    if attribute.unique:
        for _, _, payload in row.data.get(name, ()):
            unique.release(writer.db, attribute.pk, key_of(payload), row.pk)
        for key in (key_of(one.payload) for one in held):
            if unique.owners(writer.db, attribute.pk, [key]) not in ([], [row.pk]):
                raise uniqueness_conflict(attribute.slug)
            unique.claim(writer.db, attribute.pk, key, row.pk)
    row.data.pop(name, None)
    if held:
        row.data[name] = [[one.active_from, writer.actor_pk, one.payload] for one in held]
    save(writer.db, row)
