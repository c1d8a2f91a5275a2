"""
A window of events: read together, folded together, settled together.

    windows   lines of the inputs, cut where a window is full
    prepare   decode, recognise, map: contributions to records, and a sheet on which each event gets its verdict
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from attio_ctl.delivery.account import Account, Verdict, tally
from attio_ctl.delivery.dead_letters import DeadLetter
from attio_ctl.delivery.events import Event, Fingerprint, Undecodable, decode, event_time, fingerprint
from attio_ctl.delivery.fold import Contribution
from attio_ctl.delivery.ledger import Input
from attio_ctl.delivery.source import Line, is_proven, proof_of, read_lines
from attio_ctl.errors import EventsError
from attio_ctl.mapping.program import Program
from attio_ctl.mapping.writes import NotSubscribed, Rejected, Writes

WINDOW_EVENTS: Final = 20_000
WINDOW_BYTES: Final = 24 * 1024 * 1024
"""What a window holds at most: whichever comes first. It bounds the memory, and how many events fold into one write."""

CHUNK: Final = 1_000
"""Events that are decoded at a time."""


@dataclass(frozen=True, slots=True)
class Window:
    """
    Some lines, and how far each input is once they are settled.

    Attributes:
        lines: In the order of the input.
        owners: For each line, which of `inputs` it comes from.
        inputs: As they will stand, but for their accounts, which the verdicts decide.
    """

    lines: tuple[Line, ...]
    owners: tuple[int, ...] = ()
    inputs: tuple[Input, ...] = ()


def windows(inputs: Sequence[Input]) -> Iterator[Window]:
    """
    The rest of these inputs; the last window, which may be empty, ends them all.

    Raises:
        EventsError: an input changed before the place up to which it was read.
    """
    ahead = list(inputs)
    lines: list[Line] = []
    owners: list[int] = []
    size = 0
    for n, given in enumerate(inputs):
        if given.done:
            continue
        _check_unchanged(given)
        for line in read_lines(Path(given.path), offset=given.offset, number=given.line):
            lines.append(line)
            owners.append(n)
            size += len(line.raw)
            if len(lines) >= WINDOW_EVENTS or size >= WINDOW_BYTES:
                ahead[n] = _read_up_to(ahead[n], line)
                yield Window(tuple(lines), tuple(owners), tuple(ahead))
                lines, owners, size = [], [], 0
        last = lines[-1] if owners and owners[-1] == n else None
        ahead[n] = replace(_read_up_to(ahead[n], last) if last else ahead[n], done=True)
    yield Window(tuple(lines), tuple(owners), tuple(ahead))


def _check_unchanged(given: Input) -> None:
    if given.offset and not is_proven(Path(given.path), given.proof):
        raise EventsError(
            f"the file changed before line {given.line}, up to which an unfinished run has delivered it",
            where=given.path,
            hint="put the file back, or abandon that run to begin at the start: what stands in Attio is not sent again",
        )


def _read_up_to(given: Input, line: Line) -> Input:
    return replace(given, offset=line.end, line=line.number, proof=proof_of(Path(given.path), line.end))


@dataclass(slots=True)
class Sheet:
    """
    What is known of each event of a window, by its number; the one mutable thing here, filled while the window is sent.

    Attributes:
        clamped: Its stamp lay in the future.
        duplicates: Accounted for before.
        mapped: Some mapping made a write of it.
        live: Some of its content stands.
        unsent: Some of its content was not sent.
        letters: By event and mapping.
    """

    count: int
    clamped: set[int] = field(default_factory=set)
    duplicates: set[int] = field(default_factory=set)
    mapped: set[int] = field(default_factory=set)
    live: set[int] = field(default_factory=set)
    unsent: set[int] = field(default_factory=set)
    letters: dict[int, dict[str, DeadLetter]] = field(default_factory=dict)

    def refuse(self, event: int, letter: DeadLetter) -> None:
        """Note a dead letter; of several for one mapping the first is the cause of the others."""
        self.letters.setdefault(event, {}).setdefault(letter.mapping, letter)

    def account(self, events: Iterable[int]) -> Account:
        """The account of some events; while anything is unsent no dead letter is kept, so their events are pending."""
        verdicts = {event: self._verdict(event) for event in events}
        dead = (event for event, verdict in verdicts.items() if verdict == "dead_lettered")
        codes = Counter(letter.code for event in dead for letter in self.letters[event].values())
        return tally(verdicts, clamped=len(self.clamped & verdicts.keys()), codes=codes)

    def _verdict(self, event: int) -> Verdict:
        if event in self.duplicates:
            return "duplicate"
        if event in self.unsent:
            return "pending"
        if event in self.letters:
            return "pending" if self.unsent else "dead_lettered"
        if event in self.live:
            return "delivered"
        return "superseded" if event in self.mapped else "filtered"


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a window comes to before anything is sent."""

    contributions: tuple[Contribution, ...]
    fingerprints: tuple[Fingerprint, ...]
    sheet: Sheet


Seen = Callable[[Iterable[Fingerprint]], Collection[Fingerprint]]
"""Those of some events that were accounted for before."""


class Preparer:
    """Decodes, recognises and maps; pure but for what it asks `seen`."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self.digests = {mapping.name: mapping.digest for mapping in program.mappings}
        whole = "\n".join(f"{name} {digest}" for name, digest in sorted(self.digests.items()))
        self._salt = hashlib.blake2b(whole.encode(), digest_size=16).digest()

    def prepare(self, lines: Sequence[Line], *, seen: Seen, now: datetime) -> Prepared:
        """
        Contributions of the events that are new; decoded events are held a chunk at a time.

        Args:
            now: See `events.event_time`.
        """
        sheet = Sheet(len(lines))
        contributions: list[Contribution] = []
        marks: list[Fingerprint] = []
        known: set[Fingerprint] = set()
        for start in range(0, len(lines), CHUNK):
            events = [decode(line.raw) for line in lines[start : start + CHUNK]]
            fresh = [self._mark(lines[start + n].raw, event) for n, event in enumerate(events)]
            known.update(seen(fresh))
            for number, (event, mark) in enumerate(zip(events, fresh, strict=True), start):
                if mark in known:
                    sheet.duplicates.add(number)
                    continue
                known.add(mark)
                if isinstance(event, Undecodable):
                    sheet.refuse(number, DeadLetter(lines[number], event.code, event.reason))
                else:
                    contributions.extend(self._map(number, event, lines[number], sheet, now))
            marks += fresh
        return Prepared(tuple(contributions), tuple(marks), sheet)

    def _mark(self, raw: bytes, event: Event | Undecodable) -> Fingerprint:
        return fingerprint(raw, event if isinstance(event, dict) else None, self._salt)

    def _map(self, number: int, event: Event, line: Line, sheet: Sheet, now: datetime) -> Iterator[Contribution]:
        time = event_time(event, now)
        if time.clamped:
            sheet.clamped.add(number)
        for name, mapped in self._program.run(event):
            match mapped:
                case Writes(writes):
                    sheet.mapped.add(number)
                    for write in writes:
                        yield Contribution(number, time.micros, name, write)
                case Rejected(code, reason, path):
                    sheet.refuse(number, DeadLetter(line, code, reason, name, self.digests[name], path))
                case NotSubscribed():
                    pass
