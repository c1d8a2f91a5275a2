"""
What the events of one block have to say: decoded, mapped, told apart, placed in time, packed and sorted by record.

It depends on nothing but the block, so blocks may be mapped in any order and in other processes (`workers`); what
depends on the events before it, whether one came already, is asked by `reading`.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Set
from datetime import datetime
from typing import Final, TypeAlias

import msgspec
from msgspec import Struct

from attio_ctl.delivery.events import Micros, Recogniser, event_time
from attio_ctl.delivery.packing import Forms, pack, partition_of, unpack_all
from attio_ctl.delivery.recent import Fingerprint
from attio_ctl.delivery.source import events_of
from attio_ctl.delivery.verdicts import CLAMPED, DUPLICATE, MAPPED, REFUSED, UNREADABLE
from attio_ctl.mapping.fast.header import Header, Undecodable
from attio_ctl.mapping.fast.program import FastProgram
from attio_ctl.mapping.program import Program
from attio_ctl.mapping.writes import Rejected, Writes


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


_Row: TypeAlias = tuple[int, Micros, int, str, str, str, bytes, bytes]
"""A `packing.Packed`, which is packed more quickly as a tuple."""


class BlockMapper:
    """What a program makes of the events of a block."""

    def __init__(self, program: Program, fast: FastProgram, forms: Forms, *, behind: Micros = 0) -> None:
        """
        Args:
            fast: The program, accelerated.
            forms: Of the program.
            behind: How much older than its stamp an event counts; a retry must not overtake events of the same time.
        """
        self._run = fast.run_headed
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
        prints, marks, refusals = list[Fingerprint](), bytearray(), list[Refusal]()
        counts, portions = Counter[str](), defaultdict[tuple[int, int], list[_Row]](list)
        by_message_id, form_of, behind = self._recogniser.by_message_id, self._forms.form, self._behind
        lines: list[bytes] = []
        for number, (head, outcomes) in enumerate(self._run(data)):
            message_id = head.message_id if isinstance(head, Header) else None
            if message_id.__class__ is str and message_id:
                prints.append(by_message_id(message_id))
            else:
                lines = lines or events_of(data)
                prints.append(self._recogniser.by_bytes(lines[number]))
            if isinstance(head, Undecodable):
                marks.append(REFUSED)
                refusals.append(Refusal(number, "", head.code, head.reason, ""))
                continue
            time = event_time(head, now)
            micros = time.micros - behind
            mark = (CLAMPED if time.clamped else 0) | (UNREADABLE if time.unreadable else 0)
            for name, mapped in outcomes:
                if isinstance(mapped, Writes):
                    mark |= MAPPED
                    counts[name] += len(mapped.writes)
                    for write in mapped.writes:
                        form, values, value = form_of(name, write), write.values, write.key.value
                        added = pack([values[slug] for slug in form.added])
                        assigned = pack([values[slug] for slug in form.assigned])
                        row = (number, micros, form.origin, value, form.adds, form.sets, added, assigned)
                        portions[form.shelf, partition_of(value)].append(row)
                elif isinstance(mapped, Rejected):
                    mark |= REFUSED
                    refusals.append(Refusal(number, name, mapped.code, mapped.reason, mapped.path))
            marks.append(mark)
        some = [(shelf, partition, pack(rows)) for (shelf, partition), rows in portions.items()]
        return pack((prints, marks, refusals, counts, some))
