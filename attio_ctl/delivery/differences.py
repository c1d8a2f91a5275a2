"""
What writes would change in the records as they are in Attio at this moment, attribute by attribute.

The ledger knows what we wrote, not what somebody changed in Attio since; so the records are read, a thousand with one
query, and each value that would be written is compared with the one that is there.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from attio_ctl.delivery.events import Micros
from attio_ctl.delivery.finding import Finder
from attio_ctl.delivery.fold import Contribution, Due
from attio_ctl.delivery.source import Line
from attio_ctl.delivery.standing import RecordIds, Shown, references_in, stands
from attio_ctl.mapping.writes import RecordKey, Value
from attio_ctl.state.schema import AttributeSchema, Schema

NAMED: Final = 5
"""Events that are named of one attribute; the newest are."""


class EventPlace(NamedTuple):
    """Where an event stands in the input, as in `source.Line`."""

    file: str
    number: int

    def __str__(self) -> str:
        return f"{self.file}:{self.number}"


class Mentions:
    """Which events say something about the attributes of one record: the newest ones, however many there are."""

    def __init__(self) -> None:
        self._newest: dict[str, list[tuple[tuple[Micros, int], EventPlace]]] = {}
        self._more: set[str] = set()

    def add(self, line: Line, contribution: Contribution) -> None:
        """Take in what an event says about the record."""
        mention = contribution.age, EventPlace(line.file, line.number)
        for slug in contribution.write.values:
            newest = self._newest.setdefault(slug, [])
            if mention not in newest:  # several mappings may speak of it
                insort(newest, mention)
            if len(newest) > NAMED:
                del newest[0]
                self._more.add(slug)

    def of(self, slug: str) -> tuple[EventPlace, ...]:
        """The newest events that say something about an attribute, `NAMED` at most, the newest last."""
        return tuple(place for _, place in self._newest.get(slug, ()))

    def has_more(self, slug: str) -> bool:
        """Whether there are others before those."""
        return slug in self._more


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A record that would be written, and which events have something to say about it."""

    due: Due
    mentions: Mentions


@dataclass(frozen=True, slots=True)
class AttributeDifference:
    """
    One attribute that would change.

    Attributes:
        before: The values as Attio shows them; empty where there are none.
        after: What it is set to, None when it is unset; a list is the whole list.
        added: Instead of `after`: the values that come to those that are there.
        events: The newest events that say something about it, the newest last: the one that counts.
        has_more: Whether others said something about it before those.
    """

    slug: str
    before: Sequence[Shown]
    after: Value
    added: Sequence[Value]
    events: tuple[EventPlace, ...]
    has_more: bool


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

    def difference(slug: str, *, after: Value, added: Sequence[Value] = ()) -> AttributeDifference:
        events, has_more = foreseen.mentions.of(slug), foreseen.mentions.has_more(slug)
        return AttributeDifference(slug, shown.get(slug, ()), after, added, events, has_more)

    for slug, value in due.assign.items():
        before = shown.get(slug, ())
        whole = not isinstance(value, list) or slug == due.key.attribute or len(value) == len(before)
        if not (whole and is_there(slug, value)):
            yield difference(slug, after=value)
    for slug, values in due.append.items():
        if added := [value for value in values if not is_there(slug, [value])]:
            yield difference(slug, after=None, added=added)
