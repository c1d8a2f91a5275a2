"""
Many writes to one record become one: `fold` within a window of events, `compare` with what is known to be in Attio.

Both are pure. The result is what applying the writes one after the other in the order of event time would come to;
events of the same time are applied in the order of the input.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

from attio_ctl.delivery.cells import (
    NEVER,
    UNKNOWN,
    Cell,
    Cells,
    PackedCells,
    canonical,
    digest_of,
    lay,
    pack_cells,
    parse,
)
from attio_ctl.delivery.events import Micros
from attio_ctl.mapping.writes import RecordKey, Value, Write


class Contribution(Struct, frozen=True, gc=False):
    """What one event has to say about one record: `event` is its number in the window, in the order of the input."""

    event: int
    time: Micros
    mapping: str
    write: Write

    @property
    def age(self) -> tuple[Micros, int]:
        """Sorts contributions as they are applied: by time, those of the same time in the order of the input."""
        return self.time, self.event


def overtakes(newer: Contribution, older: Contribution) -> bool:
    """
    Whether nothing of an older contribution to the same record is left once the newer one is applied on top of it.

    What was added at the very time at which something is set stays, as in `fold`.
    """
    above, below = newer.write, older.write
    if not below.values.keys() <= above.values.keys():
        return False
    if newer.time == older.time and not below.append <= above.append:
        return False
    for slug in above.append:
        if slug in below.values and not (slug in below.append and holds_all(above.values[slug], below.values[slug])):
            return False
    return True


def holds_all(more: Value, fewer: Value) -> bool:
    """Whether nothing is left of adding some values once others are added."""
    if more == fewer:
        return True
    return isinstance(more, list) and isinstance(fewer, list) and all(each in more for each in fewer)


def essential(contributions: Sequence[Contribution]) -> list[Contribution]:
    """Those contributions to one record that leave something, the oldest first: folding them comes to the same."""
    folded = fold(contributions[0].write.key, contributions)
    live = {
        part.event
        for attribute in folded.attributes.values()
        for part in (attribute.assigned, *attribute.added.values())
        if part is not None
    }
    newest = max(contributions, key=lambda c: c.age)
    live.add(newest.event)  # it names the record, also where it says nothing else
    return sorted((c for c in contributions if c.event in live), key=lambda c: c.age)


class Part(Struct, frozen=True, gc=False):
    """One value, when it was said, and by which event."""

    value: Value
    time: Micros
    event: int


class Attribute(Struct, frozen=True, gc=False):
    """One attribute after folding: what it was last set to, and what was added since, by canonical text."""

    assigned: Part | None
    added: dict[str, Part]


class Folded(Struct, frozen=True, gc=False):
    """
    All writes of a window to one record.

    `identity` is the newest value of the matching attribute: every request needs it, also when the ledger knows it;
    `mapping` has the newest word.
    """

    key: RecordKey
    identity: Value
    attributes: dict[str, Attribute]
    mapping: str = ""


class Due(Struct, frozen=True, gc=False):
    """
    One record to write, and what the ledger will know once that is done.

    Attributes:
        assign: Attribute to the value that it is set to; a list is the whole list.
        append: Multiselect attribute to the values that are added to it.
        cells: All cells of the record after the write.
        live: The events whose content stands, in this write or in Attio already.
        changed: Whether Attio has to hear of it at all.
        mapping: Which has the newest word in it.
    """

    key: RecordKey
    identity: Value
    assign: Mapping[str, Value]
    append: Mapping[str, list[Any]]
    cells: PackedCells
    live: frozenset[int]
    changed: bool
    mapping: str = ""


def due_of(key: RecordKey, contributions: Sequence[Contribution], known: Cells, *, in_doubt: bool = False) -> Due:
    """What is due for a record: `compare(fold(…))`, and the short way to it where one event is all there is to say."""
    if len(contributions) == 1 and not known:
        return _first_word(key, contributions[0])
    return compare(fold(key, contributions), known, in_doubt=in_doubt)


def _first_word(key: RecordKey, only: Contribution) -> Due:
    write, time = only.write, only.time
    identity = write.values[key.attribute]
    if not write.append and write.values:
        cells = {slug: Cell(time, digest_of(value)) for slug, value in write.values.items()}
        return Due(key, identity, write.values, _NONE, pack_cells(cells), frozenset((only.event,)), True, only.mapping)
    assign: dict[str, Value] = {}
    append: dict[str, list[Any]] = {}
    cells = {}
    for slug, value in write.values.items():
        if slug not in write.append or value.__class__ is not list:
            assign[slug] = value
            cells[slug] = Cell(time, digest_of(value))
        elif value:
            texts = {canonical(item): item for item in value}
            append[slug] = list(texts.values())
            cells[slug] = Cell(added=dict.fromkeys(texts, time))
    return Due(
        key,
        identity,
        assign,
        append,
        pack_cells(cells),
        frozenset((only.event,) if cells else ()),
        bool(cells),
        only.mapping,
    )


_NONE: Final[Mapping[str, list[Any]]] = {}


def fold(key: RecordKey, contributions: Iterable[Contribution]) -> Folded:
    """Merge the contributions to one record, of which there must be one at least."""
    attributes: dict[str, Attribute] = {}
    identity: Value = None
    mapping = ""
    for contribution in sorted(contributions, key=lambda c: c.age):
        write = contribution.write
        identity, mapping = write.values[key.attribute], contribution.mapping
        for slug, value in write.values.items():
            known = attributes.get(slug, _NOTHING)
            if slug in write.append and isinstance(value, list):
                attributes[slug] = _append(known, value, contribution)
            else:
                attributes[slug] = _assign(known, value, contribution)
    return Folded(key, identity, attributes, mapping)


_NOTHING = Attribute(None, {})


def _assign(known: Attribute, value: Value, by: Contribution) -> Attribute:
    added = {text: part for text, part in known.added.items() if part.time >= by.time}
    return Attribute(Part(value, by.time, by.event), added)


def _append(known: Attribute, values: Sequence[Any], by: Contribution) -> Attribute:
    added = dict(known.added)
    for value in values:
        added[canonical(value)] = Part(value, by.time, by.event)  # an old key keeps its place: order of appearance
    return Attribute(known.assigned, added)


def compare(folded: Folded, known: Cells, *, in_doubt: bool = False) -> Due:
    """
    Take from a folded write what newer events have overtaken and what is in Attio already.

    Args:
        in_doubt: Attio may have taken writes since that are not known (`Ledger.in_doubt`). Such a write may stand
            between the known value and the same value set anew, so what is set anew goes out whether it changes or not.
    """
    assign: dict[str, Value] = {}
    append: dict[str, list[Any]] = {}
    cells = {**known}
    live: set[int] = set()
    changed = False
    for slug, attribute in folded.attributes.items():
        before = known.get(slug, UNKNOWN)
        standing = _standing(attribute, before)
        if standing.assigned is None and not standing.added:
            continue
        after = lay(before, _cell(standing))
        cells[slug] = after
        live.update(part.event for part in standing.added.values())
        if standing.assigned is not None:
            live.add(standing.assigned.event)
            assign[slug] = _whole(standing.assigned.value, after)
            changed = changed or _is_news(before, after) or (in_doubt and after.set_at > before.set_at)
        elif fresh := [part.value for text, part in standing.added.items() if text not in before.added]:
            append[slug] = fresh
            changed = True
    return Due(folded.key, folded.identity, assign, append, pack_cells(cells), frozenset(live), changed, folded.mapping)


def _standing(attribute: Attribute, before: Cell) -> Attribute:
    """The parts of an attribute that nothing newer in the ledger has overtaken."""
    assigned = attribute.assigned
    if assigned is not None and assigned.time < before.set_at:
        assigned = None
    set_at = assigned.time if assigned is not None else before.set_at
    added = {
        text: part
        for text, part in attribute.added.items()
        if part.time >= set_at and part.time >= before.added.get(text, NEVER)
    }
    return Attribute(assigned, added)


def _cell(attribute: Attribute) -> Cell:
    added = {text: part.time for text, part in attribute.added.items()}
    if attribute.assigned is None:
        return Cell(added=added)
    return Cell(attribute.assigned.time, digest_of(attribute.assigned.value), added)


def _is_news(before: Cell, after: Cell) -> bool:
    """Whether setting the attribute changes it: its value, or the values on top of it."""
    if before.set_at == NEVER or before.digest != after.digest:
        return True
    return before.added.keys() != after.added.keys()


def _whole(value: Value, after: Cell) -> Value:
    """The value to set: a multiselect with what was added later on top, since setting it replaces the list."""
    if not after.added:
        return value
    listed = list(value) if isinstance(value, list) else []
    present = {canonical(item) for item in listed}
    later = sorted((at, text) for text, at in after.added.items() if text not in present)
    return listed + [parse(text) for _, text in later]
