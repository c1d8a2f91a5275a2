"""
What the events of one block have to say: decoded, mapped, told apart, placed in time and packed.

It depends on nothing but the block, so blocks may be mapped in any order and in other processes (`workers`); what
depends on the events before it, whether one came already, is asked by `reading`.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Final

import msgspec
from msgspec import Struct

from attio_ctl.delivery.events import Micros, Recogniser, event_time
from attio_ctl.delivery.packing import Form, Parting, pack
from attio_ctl.delivery.recent import Fingerprint
from attio_ctl.delivery.source import events_of
from attio_ctl.delivery.verdicts import CLAMPED, MAPPED, REFUSED, UNREADABLE
from attio_ctl.mapping.fast.header import Header, Undecodable
from attio_ctl.mapping.fast.program import FastProgram
from attio_ctl.mapping.program import Program
from attio_ctl.mapping.writes import Rejected, Value, Writes


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
        forms: Of its contributions, which are given in columns, in the order of the events.
        events, times, form_numbers, keys, added, assigned: One of each per contribution, see `packing.Packed`.
    """

    prints: list[Fingerprint]
    marks: bytes
    refusals: list[Refusal]
    forms: list[Form]
    events: list[int]
    times: list[Micros]
    form_numbers: list[int]
    keys: list[str]
    added: list[msgspec.Raw]
    assigned: list[msgspec.Raw]


unpack_said: Final = msgspec.msgpack.Decoder(Said).decode
"""From what `BlockMapper.map` gives."""


class BlockMapper:
    """What a program makes of the events of a block."""

    def __init__(self, program: Program, fast: FastProgram, *, behind: Micros = 0) -> None:
        """
        Args:
            fast: The program, accelerated.
            behind: How much older than its stamp an event counts; a retry must not overtake events of the same time.
        """
        self._run = fast.run_headed
        self._behind = behind
        whole = "\n".join(sorted(f"{mapping.name} {mapping.digest}" for mapping in program.mappings))
        self._recogniser = Recogniser(hashlib.blake2b(whole.encode(), digest_size=16).digest())

    def map(self, data: bytes, now: datetime) -> bytes:
        """
        What the events of a block say, packed (`unpack_said`): it is packed in one go, which takes half the time.

        Args:
            data: `Block.data`.
            now: As for `event_time`.
        """
        parting, marks = Parting(), bytearray()
        prints, refusals = list[Fingerprint](), list[Refusal]()
        events, times, forms, keys = list[int](), list[Micros](), list[int](), list[str]()
        added, assigned = list[list[Value]](), list[list[Value]]()
        by_message_id, part, behind = self._recogniser.by_message_id, parting.part, self._behind
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
                    for write in mapped.writes:
                        form, more, rest = part(name, write)
                        events.append(number)
                        times.append(micros)
                        forms.append(form)
                        keys.append(write.key.value)
                        added.append(more)
                        assigned.append(rest)
                elif isinstance(mapped, Rejected):
                    mark |= REFUSED
                    refusals.append(Refusal(number, name, mapped.code, mapped.reason, mapped.path))
            marks.append(mark)
        return pack([prints, marks, refusals, parting.forms, events, times, forms, keys, added, assigned])
