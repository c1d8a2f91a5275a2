"""
What a delivery would do: the same reading, folding and sending, with a transport that goes nowhere.

Nothing here can write: no ledger is changed, and the transport is a rehearsal. It takes for granted that Attio accepts
every write; what the mappings reject is known, what Attio alone would refuse is not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final

from attio_ctl.attio.clock import Clock, SystemClock
from attio_ctl.attio.limiter import MARGIN, Limits
from attio_ctl.delivery.account import NOTHING, Account
from attio_ctl.delivery.dead_letters import DeadLetter
from attio_ctl.delivery.differences import Foreseen, Mentions
from attio_ctl.delivery.inputs import Files
from attio_ctl.delivery.ledger import Input, Ledger, MemoryLedger, RecordCells
from attio_ctl.delivery.outcome import Observe, Progress, too_many_dead, unobserved
from attio_ctl.delivery.reading import Reader, Window
from attio_ctl.delivery.rehearsal import Rehearsal, RequestKind
from attio_ctl.delivery.sending import Sending
from attio_ctl.delivery.tally import Tally
from attio_ctl.errors import AttioCtlError
from attio_ctl.mapping.program import Program

LETTERS_KEPT: Final = 1_000
"""Dead letters that a preview holds; it counts all."""


@dataclass(frozen=True, slots=True)
class Preview:
    """
    What a delivery would come to.

    Attributes:
        account: As after the run; `requests` without repetitions, and no seconds, since nothing was sent.
        records: Folded writes by object.
        requests: By kind.
        dead_letters: What the mappings reject, by the order of the input; the first `LETTERS_KEPT`.
        eta: Seconds that the requests take at the limit of the token.
        halted: Why the delivery would send nothing.
        foreseen: The first records of each object that would be written, in all as many as were asked for, in the order
            of the input.
    """

    account: Account
    records: Mapping[str, int]
    requests: Mapping[RequestKind, int]
    dead_letters: tuple[DeadLetter, ...]
    eta: float
    halted: AttioCtlError | None
    foreseen: tuple[Foreseen, ...]

    def as_json(self) -> dict[str, Any]:
        """The account as after the run, with what it is made of."""
        return {
            "preview": True,
            **self.account.as_json(),
            "records_by_object": dict(self.records),
            "requests_by_kind": dict(self.requests),
            "eta_seconds": round(self.eta, 1),
        }


async def preview(
    *,
    files: Sequence[Path],
    program: Program,
    ledger: Ledger | None,
    rehearsal: Rehearsal,
    max_dead_ratio: float = 1.0,
    limits: Limits | None = None,
    observe: Observe = unobserved,
    clock: Clock | None = None,
    scratch: Path | None = None,
    processes: int = 1,
    note_letter: Callable[[DeadLetter], object] | None = None,
) -> Preview:
    """
    Run through some files from their start.

    Args:
        ledger: Read for what was accounted for and written before; None where nothing was delivered yet.
        rehearsal: Of the way that the writes would go; new.
        max_dead_ratio: As for `run.Engine`.
        limits: What the token is allowed, for the estimate; Attio's by default.
        scratch: The folder for what does not fit in memory; the system's own by default.
        processes: As for `run.Engine`.
        note_letter: Given every dead letter, in the order of the input.

    Raises:
        EventsError, StorageError: as `Engine.deliver`.
    """
    clock, reader = clock or SystemClock(), Reader(program, processes=processes)
    known = ledger or MemoryLedger()
    now, source = datetime.fromtimestamp(clock.wall(), UTC), Files([Input(str(path)) for path in files])
    window = reader.window(source, now=now, scratch=scratch, tally=Tally())
    try:
        for count in reader.read(window, known.recent()):
            observe(Progress(NOTHING, count))
            await asyncio.sleep(0)
        halted = too_many_dead(window.marks.refused, len(window.marks), window.drafts.codes, max_dead_ratio)
        writes = 0
        if halted is None:
            writes = await _rehearse(window, reader, ledger=known, rehearsal=rehearsal, clock=clock, observe=observe)
        usage = rehearsal.usage
        if note_letter is not None:
            for letter in window.drafts:
                note_letter(letter)
        return Preview(
            account=sum(window.accounts().values(), NOTHING)
            + Account(writes=writes, requests=usage.reads + usage.writes, codes=dict(window.drafts.codes)),
            records=dict(sorted(rehearsal.records.items())),
            requests=dict(rehearsal.requests),
            dead_letters=tuple(islice(window.drafts, LETTERS_KEPT)),
            eta=_eta(rehearsal, limits or Limits()),
            halted=halted,
            foreseen=tuple(_foreseen(window, reader, rehearsal)) if rehearsal.first else (),
        )
    finally:
        window.close()


async def _rehearse(
    window: Window, reader: Reader, *, ledger: Ledger, rehearsal: Rehearsal, clock: Clock, observe: Observe
) -> int:
    """Send everything nowhere; how many writes that were."""
    waiting, writes = len(window.marks), 0

    def progress(taken: int, done: int) -> None:
        is_estimate = not window.staging.is_counted
        observe(Progress(NOTHING, waiting, taken, window.staging.records, done, is_estimate=is_estimate))

    def note(_: RecordCells, some: int) -> None:
        nonlocal writes
        writes += some

    sending = Sending(
        transport=rehearsal,
        ledger=ledger,
        clock=clock,
        reader=reader,
        window=window,
        in_doubt=ledger.in_doubt(),
        note=note,
        progress=progress,
        guard=lambda _: None,
    )
    sent = await sending.send()
    return writes + sent.writes


def _eta(rehearsal: Rehearsal, limits: Limits) -> float:
    """Reads and writes have a limit each, and go on side by side."""
    usage = rehearsal.usage
    reading, writing = usage.reads / limits.reads_per_second, usage.writes / limits.writes_per_second
    return max(reading, writing) / MARGIN


def _foreseen(window: Window, reader: Reader, rehearsal: Rehearsal) -> list[Foreseen]:
    mentions = {key: Mentions() for key in rehearsal.first}
    for line, contribution in reader.again(window, mentions.__contains__):
        mentions[contribution.write.key].add(line, contribution)
    return [Foreseen(due, mentions[key]) for key, due in rehearsal.first.items()]
