"""
What the events of one block have to say: decoded, mapped, told apart, placed in time, packed and sorted by record.

It depends on nothing but the block, so blocks may be mapped in any order and in other processes (`workers`); what
depends on the events before it, whether one came already, is asked by `reading`.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence, Set
from datetime import datetime
from itertools import repeat
from typing import Any, Final, TypeAlias

import msgspec
from msgspec import Struct

from attio_ctl.delivery.events import Micros, Recogniser, event_time, plain_times
from attio_ctl.delivery.packing import PARTITIONS, Forms, Origin, pack, partition_of, unpack_all
from attio_ctl.delivery.recent import Fingerprint
from attio_ctl.delivery.source import events_of
from attio_ctl.delivery.verdicts import CLAMPED, DUPLICATE, MAPPED, REFUSED, UNREADABLE
from attio_ctl.mapping.expressions.javascript import MISSING
from attio_ctl.mapping.fast.header import Head, Header, Undecodable
from attio_ctl.mapping.fast.mapping import RecordColumns
from attio_ctl.mapping.fast.program import EventPortion, FastProgram, Outcomes
from attio_ctl.mapping.program import Program
from attio_ctl.mapping.writes import RecordKey, Rejected, Write, Writes


class Refusal(Struct, frozen=True, array_like=True, gc=False):
    """Why an event cannot be written as it is; `mapping` is empty where it is no event."""

    event: int
    mapping: str
    code: str
    reason: str
    path: str


class Said(Struct, frozen=True, array_like=True, gc=False):
    """
    What a block says; events are numbered from 0 within it.

    Attributes:
        prints: The fingerprint of each event.
        marks: Of each event, as in `verdicts`.
        refusals: In the order of the events.
        counts: Contributions by mapping.
        portions: The contributions (`packing.Packed`), in the order of the events: those to one part of the records.
    """

    prints: list[Fingerprint]
    marks: bytes
    refusals: list[Refusal]
    counts: dict[str, int]
    portions: list[Portion]


class Portion(Struct, frozen=True, array_like=True, gc=False):
    """Some of what a block says; `shelf` as in `packing.Form`, `partition` as by `packing.partition_of`."""

    shelf: int
    partition: int
    packed: bytes


unpack_said: Final = msgspec.msgpack.Decoder(Said).decode
"""From what `BlockMapper.map` gives."""


def without(said: Said, repeated: Set[int], forms: Forms) -> Said:
    """What a block says, but for some of its events: duplicates, which have said it before."""
    marks = bytearray(said.marks)
    for event in repeated:
        marks[event] = DUPLICATE
    counts, portions = Counter[str](), list[Portion]()
    refusals = [refusal for refusal in said.refusals if refusal.event not in repeated]
    for portion in said.portions if len(repeated) < len(said.prints) else ():
        kept = [each for each in unpack_all(portion.packed) if each.event not in repeated]
        counts.update(forms.origin(each.origin).mapping for each in kept)
        portions.append(Portion(portion.shelf, portion.partition, pack(kept)))
    return Said(said.prints, bytes(marks), refusals, dict(counts), portions)


class BlockMapper:
    """What a program makes of the events of a block."""

    def __init__(self, program: Program, fast: FastProgram, forms: Forms, *, behind: Micros = 0) -> None:
        """
        Args:
            fast: The program, accelerated.
            forms: Of the program.
            behind: How much older than its stamp an event counts; a retry must not overtake events of the same time.
        """
        self._run = fast.run_columns
        self._forms = forms
        self._behind = behind
        whole = "\n".join(sorted(f"{mapping.name} {mapping.digest}" for mapping in program.mappings))
        self._recogniser = Recogniser(hashlib.blake2b(whole.encode(), digest_size=16).digest())

    def map(self, data: bytes, now: datetime) -> bytes:
        """
        What the events of a block say, packed (`unpack_said`).

        Args:
            data: `Block.data`.
            now: As for `event_time`.
        """
        block = _Block(data, self._recogniser, self._forms, now, self._behind)
        for each in self._run(data):
            if isinstance(each, EventPortion):
                block.add_portion(each)
            else:
                block.add_event(*each)
        return block.packed()


_Row: TypeAlias = tuple[int, Micros, int, str, str, str, bytes, bytes]
"""A `packing.Packed`, which is packed more quickly as a tuple."""


class _Block:
    """What the events of a block say, as far as they were looked at."""

    def __init__(self, data: bytes, recogniser: Recogniser, forms: Forms, now: datetime, behind: Micros) -> None:
        self._data = data
        self._recogniser = recogniser
        self._forms = forms
        self._now = now
        self._behind = behind
        self._lines: list[bytes] = []
        self._prints: list[Fingerprint] = []
        self._marks = bytearray()
        self._refusals: list[Refusal] = []
        self._counts = Counter[str]()
        self._shelves: dict[int, list[list[_Row]]] = {}

    def packed(self) -> bytes:
        """As `BlockMapper.map`."""
        refusals = sorted(self._refusals, key=lambda refusal: refusal.event)
        portions = [
            (shelf, partition, pack(rows))
            for shelf, partitions in self._shelves.items()
            for partition, rows in enumerate(partitions)
            if rows
        ]
        return pack((self._prints, self._marks, refusals, self._counts, portions))

    def add_event(self, head: Head, outcomes: Outcomes) -> None:
        """Take in the next event."""
        number = len(self._marks)
        self._prints.append(self._print(head))
        if isinstance(head, Undecodable):
            self._marks.append(REFUSED)
            self._refusals.append(Refusal(number, "", head.code, head.reason, ""))
            return
        mark, micros = self._placed(head)
        self._marks.append(mark)
        for name, mapped in outcomes:
            if isinstance(mapped, Writes):
                self._marks[number] |= MAPPED
                for write in mapped.writes:
                    self._add_write(number, micros, Origin(name, write.key.object, write.key.attribute), write)
            elif isinstance(mapped, Rejected):
                self._refuse(number, name, mapped)

    def add_portion(self, portion: EventPortion) -> None:
        """Take in the next events."""
        heads, first = portion.heads, len(self._marks)
        for head in heads:
            self._prints.append(self._print(head))
        times = plain_times(heads, self._now)
        if times is not None:
            self._marks += bytes(len(heads))
            times = [micros - self._behind for micros in times] if self._behind else times
        else:
            placed = list(map(self._placed, heads))
            self._marks += bytes(mark for mark, _ in placed)
            times = [micros for _, micros in placed]
        for made in portion.made:
            if len(made.taken) < len(heads):
                for number, outcome in enumerate(made.outcomes):
                    if isinstance(outcome, Rejected):
                        self._refuse(first + number, made.name, outcome)
            for number in made.taken:
                self._marks[first + number] |= MAPPED
            numbers = [first + number for number in made.taken]
            own = times if len(numbers) == len(times) else [times[number] for number in made.taken]
            for record in made.records:
                self._add_columns(numbers, own, Origin(made.name, record.maker.object, record.maker.match), record)

    def _add_columns(
        self, numbers: Sequence[int], times: Sequence[Micros], origin: Origin, made: RecordColumns
    ) -> None:
        append = made.maker.append.intersection(made.slugs)
        by_slug = dict(zip(made.slugs, made.columns, strict=True))
        if any(MISSING in column for column in made.columns) or any(None in by_slug[slug] for slug in append):
            for number, micros, text, *values in zip(numbers, times, made.texts, *made.columns, strict=True):
                self._add_write(number, micros, origin, _write(origin, append, text, made.slugs, values))
            return
        form = self._forms.form(origin, made.slugs, append)
        added, assigned = (_packed([by_slug[slug] for slug in slugs]) for slugs in (form.added, form.assigned))
        partitions, number_of, adds, sets = self._partitions(form.shelf), form.origin, form.adds, form.sets
        rows = zip(numbers, times, repeat(number_of), made.texts, repeat(adds), repeat(sets), added, assigned)
        for row, partition in zip(rows, map(partition_of, made.texts), strict=False):
            partitions[partition].append(row)
        self._counts[origin.mapping] += len(numbers)

    def _add_write(self, number: int, micros: Micros, origin: Origin, write: Write) -> None:
        form, values, text = self._forms.form(origin, tuple(write.values), write.append), write.values, write.key.value
        added, assigned = (pack([values[slug] for slug in slugs]) for slugs in (form.added, form.assigned))
        row = (number, micros, form.origin, text, form.adds, form.sets, added, assigned)
        self._partitions(form.shelf)[partition_of(text)].append(row)
        self._counts[origin.mapping] += 1

    def _partitions(self, shelf: int) -> list[list[_Row]]:
        partitions = self._shelves.get(shelf)
        if partitions is None:
            partitions = self._shelves[shelf] = [[] for _ in range(PARTITIONS)]
        return partitions

    def _refuse(self, number: int, name: str, why: Rejected) -> None:
        self._marks[number] |= REFUSED
        self._refusals.append(Refusal(number, name, why.code, why.reason, why.path))

    def _print(self, head: Head) -> Fingerprint:
        message_id = head.message_id if isinstance(head, Header) else None
        if message_id.__class__ is str and message_id:
            return self._recogniser.by_message_id(message_id)
        self._lines = self._lines or events_of(self._data)
        return self._recogniser.by_bytes(self._lines[len(self._prints)])

    def _placed(self, head: Header) -> tuple[int, Micros]:
        """The marks of an event, and when it happened."""
        time = event_time(head, self._now)
        mark = (CLAMPED if time.clamped else 0) | (UNREADABLE if time.unreadable else 0)
        return mark, time.micros - self._behind


def _write(origin: Origin, append: frozenset[str], text: str, slugs: Sequence[str], row: Sequence[Any]) -> Write:
    values = {slug: value for slug, value in zip(slugs, row, strict=True) if value is not MISSING}
    added = frozenset(slug for slug in append if values.get(slug) is not None)
    return Write(RecordKey(origin.object, origin.attribute, text), values, added)


def _packed(columns: Sequence[Sequence[Any]]) -> Iterable[bytes]:
    """The values of each event together."""
    return map(pack, zip(*columns, strict=True)) if columns else repeat(pack(()))
