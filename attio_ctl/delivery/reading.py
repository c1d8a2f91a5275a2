"""
From the events of a window to what they have to say, by record.

    read    the first time: decode, recognise, map; every event gets its marks, every record its contributions
    again   the second time, when Attio refuses some records: everything that was ever said about those

Both come to the same for the same events: neither looks at a clock, and the first reading alone asks what is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, islice, pairwise
from pathlib import Path
from typing import Final

from attio_ctl.delivery.account import Account
from attio_ctl.delivery.block_mapper import BlockMapper, Refusal, Said, unpack_said, without
from attio_ctl.delivery.dead_letters import DeadLetter, Drafts
from attio_ctl.delivery.events import Micros, event_time
from attio_ctl.delivery.fold import Contribution
from attio_ctl.delivery.folding import Folding
from attio_ctl.delivery.inputs import Source
from attio_ctl.delivery.ledger import Ledger
from attio_ctl.delivery.order import Ranks
from attio_ctl.delivery.packing import Forms
from attio_ctl.delivery.recent import Recent
from attio_ctl.delivery.source import Block, Line
from attio_ctl.delivery.staging import Staging
from attio_ctl.delivery.tally import Tally
from attio_ctl.delivery.verdicts import DUPLICATE, UNREADABLE, Marks
from attio_ctl.delivery.workers import Workers
from attio_ctl.mapping.fast.header import Undecodable
from attio_ctl.mapping.fast.program import accelerate
from attio_ctl.mapping.program import Program
from attio_ctl.mapping.writes import RecordKey, Writes

_ALONE: Final = 4
"""Blocks, 4 MB, that are mapped before it is worth while to start other processes."""


@dataclass(slots=True)
class Window:
    """
    Some events that are read, folded, sent and settled together; filled on the way.

    Attributes:
        source: Where they come from.
        now: The time of receipt of events that name none (see `events.event_time`).
        marks: Of each event, numbered in the order of the input.
        staging: What they say, by record.
        drafts: The dead letters so far.
        scratch: The folder for what does not fit in memory, the system's own where None.
        tally: Counts on, beyond this window.
        firsts: Input number to the number of its first event.
        lost: Input number to how many of its events came to no mark, where any did.
        unreadable: Input number to the place of its first event with a `timestamp` that cannot be read.
    """

    source: Source
    now: datetime
    staging: Staging
    marks: Marks
    drafts: Drafts
    scratch: Path | None
    tally: Tally
    firsts: dict[int, int] = field(default_factory=dict)
    lost: dict[int, int] = field(default_factory=dict)
    unreadable: dict[int, str] = field(default_factory=dict)

    def accounts(self) -> dict[int, Account]:
        """The verdicts so far, by input; those that have no event of this window are left out."""
        accounts = {owner: self.marks.account(*bounds) for owner, bounds in self._bounds()}
        for owner, count in self.lost.items():
            accounts[owner] += Account(read=count, lost=count)
        for owner, place in self.unreadable.items():
            accounts[owner] += Account(first_unreadable_timestamp=place)
        return accounts

    def pending(self) -> dict[int, Account]:
        """The same while no verdict is known."""
        found = {}
        for owner, (first, end) in self._bounds():
            lost = self.lost.get(owner, 0)
            found[owner] = Account(read=end - first + lost, pending=end - first, lost=lost)
        return found

    def _bounds(self) -> Iterator[tuple[int, tuple[int, int]]]:
        return zip(self.firsts, pairwise([*self.firsts.values(), len(self.marks)]), strict=True)

    def close(self) -> None:
        """Free what it holds on the disk."""
        self.staging.close()
        self.drafts.close()


class Reader:
    """What a program makes of events; the same for every window of a run."""

    def __init__(self, program: Program, *, behind: Micros = 0, processes: int = 1) -> None:
        """
        Args:
            behind: How much older than its stamp an event counts; a retry must not overtake events of the same time.
            processes: How many map blocks and fold partitions beside this one, where there are many; 1 for none.
        """
        self._behind = behind
        self._processes = processes
        self._program = accelerate(program)
        self._forms = Forms.of(program)
        self._mapper = BlockMapper(program, self._program, self._forms, behind=behind)
        self.ranks = Ranks(program)
        self.digests = {mapping.name: mapping.digest for mapping in program.mappings}

    def window(self, source: Source, *, now: datetime, scratch: Path | None, tally: Tally) -> Window:
        """A window that is still empty."""
        staging, drafts = Staging(self.ranks.of, forms=self._forms, scratch=scratch), Drafts(scratch, tally.letters)
        return Window(source, now, staging, Marks(), drafts, scratch, tally)

    def folding(self, window: Window, ledger: Ledger, *, in_doubt: bool) -> Folding:
        """Of what a window has to say, once it is read; arguments as for `Folding`."""
        return Folding(window.staging, self._forms, ledger, in_doubt=in_doubt, processes=self._processes)

    def read(self, window: Window, recent: Recent) -> Iterator[int]:
        """
        Read the window for the first time, a block at each step; gives the number of events so far.

        Raises:
            EventsError, StorageError: see `inputs.Files.blocks` and `Staging.take`.
        """
        for owner, block, whole in self._mapped(window.source.blocks(), window.now):
            begin = len(window.marks)
            window.firsts.setdefault(owner, begin)
            repeated = recent.repeated(whole.prints)
            said = without(whole, repeated, self._forms) if repeated else whole
            window.marks.extend(said.marks)
            for refusal in said.refusals:
                window.drafts.add(self._letter(block.lines[refusal.event], refusal))
            window.staging.take(said, begin)
            window.tally.said.update(said.counts)
            if owner not in window.unreadable and (at := _first(said.marks, UNREADABLE)) is not None:
                window.unreadable[owner] = block.lines[at].place
            if missed := block.missed(len(said.marks)):
                window.lost[owner] = window.lost.get(owner, 0) + missed
            yield len(window.marks)

    def _mapped(self, blocks: Iterator[tuple[int, Block]], now: datetime) -> Iterator[tuple[int, Block, Said]]:
        """What each block says; the first ones are mapped here, since most inputs have no more of them."""
        for owner, block in islice(blocks, _ALONE if self._processes > 1 else None):
            yield owner, block, unpack_said(self._mapper.map(block.data, now))
        first = next(blocks, None)
        if first is None:
            return
        workers = Workers[tuple[int, Block]](lambda data: self._mapper.map(data, now), self._processes)
        try:
            named = (((owner, block), block.data) for owner, block in chain((first,), blocks))
            for (owner, block), made in workers.map(named):
                yield owner, block, unpack_said(self._mapper.map(block.data, now) if made is None else made)
        finally:
            workers.close()

    def again(self, window: Window, is_wanted: Callable[[RecordKey], bool]) -> Iterator[tuple[Line, Contribution]]:
        """
        All that the events of the window have to say about some records, in the order of the input.

        Raises:
            EventsError, StorageError: see `inputs.Files.blocks`.
        """
        return chain.from_iterable(self.again_by_block(window, is_wanted))

    def again_by_block(
        self, window: Window, is_wanted: Callable[[RecordKey], bool]
    ) -> Iterator[list[tuple[Line, Contribution]]]:
        """The same, a block at each step, also where a block says nothing about them."""
        at = -1
        for _, block in window.source.blocks():
            found = []
            for number, (head, outcomes) in enumerate(self._program.run_headed(block.data)):
                at += 1
                if isinstance(head, Undecodable) or window.marks.has(at, DUPLICATE):
                    continue
                time = event_time(head, window.now)
                for name, mapped in outcomes:
                    for write in mapped.writes if isinstance(mapped, Writes) else ():
                        if is_wanted(write.key):
                            said = Contribution(at, time.micros - self._behind, name, write)
                            found.append((block.lines[number], said))
            yield found

    def _letter(self, line: Line, refusal: Refusal) -> DeadLetter:
        name = refusal.mapping
        return DeadLetter(line, refusal.code, refusal.reason, name, self.digests[name] if name else "", refusal.path)


def _first(marks: bytes | bytearray, mark: int) -> int | None:
    return next((event for event, each in enumerate(marks) if each & mark), None)
