"""
What writes would change in the records as they are in Attio at this moment, attribute by attribute.

The ledger knows what we wrote, not what somebody changed in Attio since; so the records are read, a thousand with one
query, and each value that would be written is compared with the one that is there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from attio_ctl.delivery.finding import Finder
from attio_ctl.delivery.fold import Contribution, Due
from attio_ctl.delivery.source import Line
from attio_ctl.delivery.standing import RecordIds, Shown, references_in, stands
from attio_ctl.mapping.writes import RecordKey, Value
from attio_ctl.state.schema import AttributeSchema, Schema


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A record that would be written, and what each event has to say about it."""

    due: Due
    said: tuple[tuple[Line, Contribution], ...]


@dataclass(frozen=True, slots=True)
class AttributeDifference:
    """
    One attribute that would change.

    Attributes:
        before: The values as Attio shows them; empty where there are none.
        after: What it is set to, None when it is unset; a list is the whole list.
        added: Instead of `after`: the values that come to those that are there.
        lines: The events that say something about it, the newest last: the one that counts.
    """

    slug: str
    before: Sequence[Shown]
    after: Value
    added: Sequence[Value]
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class RecordDifference:
    """One record; without attributes it stands in Attio as it would be written. `is_new` says that it is not there."""

    key: RecordKey
    is_new: bool
    attributes: tuple[AttributeDifference, ...]


async def differences(foreseen: Sequence[Foreseen], finder: Finder, schema: Schema) -> tuple[RecordDifference, ...]:
    """
    Compare some writes with the live records, in their order.

    Raises:
        ApiError: a read failed for good.
    """
    records = await finder.records(each.due.key for each in foreseen)
    ids = await finder.ids(key for each in foreseen for key in references_in({**each.due.assign, **each.due.append}))
    found = []
    for each in foreseen:
        record = records.get(each.due.key)
        shown: Mapping[str, Sequence[Shown]] = record["values"] if record else {}
        known = schema.objects[each.due.key.object].attributes
        found.append(RecordDifference(each.due.key, record is None, tuple(_attributes(each, shown, known, ids))))
    return tuple(found)


def _attributes(
    foreseen: Foreseen, shown: Mapping[str, Sequence[Shown]], known: Mapping[str, AttributeSchema], ids: RecordIds
) -> Iterator[AttributeDifference]:
    due = foreseen.due

    def is_there(slug: str, value: Value) -> bool:
        return stands({slug: value}, shown, known, ids)

    for slug, value in due.assign.items():
        before = shown.get(slug, ())
        whole = not isinstance(value, list) or slug == due.key.attribute or len(value) == len(before)
        if not (whole and is_there(slug, value)):
            yield AttributeDifference(slug, before, value, (), _lines(foreseen, slug))
    for slug, values in due.append.items():
        if added := [value for value in values if not is_there(slug, [value])]:
            yield AttributeDifference(slug, shown.get(slug, ()), None, added, _lines(foreseen, slug))


def _lines(foreseen: Foreseen, slug: str) -> tuple[Line, ...]:
    aged = sorted(foreseen.said, key=lambda each: each[1].age)
    return tuple(dict.fromkeys(line for line, each in aged if slug in each.write.values))
