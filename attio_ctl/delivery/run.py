"""
Delivering, from the first line to the account: the shell around the pure parts.

    inputs → reading (decode, map) → staging (by record) → sending (fold, compare, transport) → ledger

All that there is to read is one window, read whole before anything of it is sent: every record is written once, and a
record is there before another refers to it. A window is settled whole: its dead letters reach the disk, then one note
in the ledger takes its last cells, its events and the new offsets. What is killed before that is read again; writes
that Attio took by then are known by their cells and not sent again, but for the last second's. Nothing here prints;
`observe` is told how it goes.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from attio_ctl.attio.clock import Clock, SystemClock
from attio_ctl.delivery.account import NOTHING, Account
from attio_ctl.delivery.cells import PackedCells
from attio_ctl.delivery.dead_letters import DeadLetter, DeadLetters
from attio_ctl.delivery.events import Micros
from attio_ctl.delivery.following import LOOK_EVERY, Following
from attio_ctl.delivery.inputs import Files, Letters, Source
from attio_ctl.delivery.ledger import FullDiskError, Input, Ledger, RecordCells, Run, Settlement
from attio_ctl.delivery.outcome import Observe, Outcome, Progress, too_many_dead, unobserved, untold
from attio_ctl.delivery.reading import Reader, Window
from attio_ctl.delivery.recent import Recent
from attio_ctl.delivery.retrying import NOT_HEARD, Heard
from attio_ctl.delivery.sending import Sending
from attio_ctl.delivery.tally import Tally
from attio_ctl.delivery.transport import Transport
from attio_ctl.errors import AttioCtlError, LeaseHeldError, StorageError
from attio_ctl.mapping.program import Program
from attio_ctl.mapping.writes import RecordKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """
    What every delivery needs.

    Attributes:
        transport: Built with the same `stop`.
        stop: Set it to end the run early: writes under way are finished, the rest stays pending.
        max_dead_ratio: The share of dead letters among the events of this run above which it halts (exit 14).
        scratch: The folder for what does not fit in memory; the system's own by default.
        tally: Counts what each mapping comes to.
        processes: How many read and fold long inputs; 1 for this one alone.
        notify: Told in plain words what a person has to know in the middle of it.
    """

    program: Program
    ledger: Ledger
    dead_letters: DeadLetters
    transport: Transport
    stop: asyncio.Event
    max_dead_ratio: float = 1.0
    observe: Observe = unobserved
    clock: Clock = field(default_factory=SystemClock)
    scratch: Path | None = None
    tally: Tally = field(default_factory=Tally)
    processes: int = 1
    notify: Callable[[str], None] = untold

    async def deliver(self, files: Sequence[Path]) -> Outcome:
        """
        Deliver the events of some files in this order, or go on with the unfinished run over the same files.

        Raises:
            LeaseHeldError: another process delivers with this ledger.
            EventsError: a file changed since an unfinished run read it, or its compression is broken.
            StorageError: a file, the ledger or the dead letters cannot be read or written; the ledger is as it was at
                the last note.
        """
        with self.ledger.claim():
            delivery = _Delivery(self, self.ledger.recent())
            run = self.ledger.begin([str(path) for path in files])
            run = replace(run, inputs=tuple(replace(each, unsettled=NOTHING) for each in run.inputs))
            return (await delivery.take(Files(run.inputs), run)).outcome

    async def follow(self, files: Sequence[Path]) -> Outcome:
        """
        Deliver what is in some files and what is added to them, until asked to stop; errors as for `deliver`.

        Lines that come while others are sent are the next window; how files may be rotated and cut meanwhile is told in
        `following`.
        """
        with self.ledger.claim():
            delivery = _Delivery(self, self.ledger.recent())
            run = self.ledger.begin([str(path) for path in files])
            stopped = asyncio.ensure_future(self.stop.wait())
            following = Following(files, self.clock, self.notify)
            watching = asyncio.create_task(following.watch())
            try:
                while True:
                    inputs, look = following.look([replace(each, unsettled=NOTHING) for each in run.inputs])
                    taken = await delivery.take(look, replace(run, inputs=inputs))
                    run = taken.run
                    if taken.outcome.halted is not None or self.stop.is_set():
                        return replace(taken.outcome, finished=False, missed=following.missed)
                    if taken.is_empty:
                        await asyncio.wait([stopped], timeout=LOOK_EVERY)
            finally:
                stopped.cancel()
                watching.cancel()
                await asyncio.gather(stopped, watching, return_exceptions=True)
                following.close()

    async def retry(self, letters: Sequence[DeadLetter]) -> Outcome:
        """
        Deliver the events behind some dead letters again, through the mappings as they are now.

        Letters of events that go through are settled, as `filtered` those whose mapping makes nothing of the event any
        more; an event that is refused again keeps a letter, with the new reason. What newer events have written since
        stands: a letter is as old as its event. Errors as for `deliver`.
        """
        lines = list({letter.line.raw: letter.line for letter in letters}.values())
        run = Run(0, (Input("dead letters"),))
        with self.ledger.claim():
            taken = await _Delivery(self, Recent(), behind=1).take(Letters(lines, "dead letters"), run)
        if taken.outcome.finished:
            names = [mapping.name for mapping in self.program.mappings]
            for how, ids in taken.heard.settlements(letters, names).items():
                self.dead_letters.settle(ids, how)
        return taken.outcome


@dataclass(frozen=True, slots=True)
class _Taken:
    """What became of a window: the run with it; `heard` is of a retry."""

    run: Run
    outcome: Outcome
    heard: Heard = NOT_HEARD
    is_empty: bool = False


class _Delivery:
    """What the windows of one delivery share."""

    def __init__(self, engine: Engine, recent: Recent, *, behind: Micros = 0) -> None:
        self._engine = engine
        self._recent = recent
        self._reader = Reader(engine.program, behind=behind, processes=engine.processes)
        self._usage = engine.transport.usage
        self._since = engine.clock.monotonic()

    async def take(self, source: Source, run: Run) -> _Taken:
        """Read, send and settle one window."""
        engine, in_doubt = self._engine, self._engine.ledger.in_doubt()
        now = datetime.fromtimestamp(engine.clock.wall(), UTC)
        window = self._reader.window(source, now=now, scratch=engine.scratch, tally=engine.tally)
        try:
            if not await self._read(window, run.account):
                return self._stopped(run, window, None)
            if not len(window.marks) and source.read() == run.inputs:
                return _Taken(run, Outcome(run.account, None, finished=False), is_empty=True)
            return await self._send(window, run, in_doubt=in_doubt)
        finally:
            window.close()

    async def _read(self, window: Window, settled: Account) -> bool:
        """Whether it was read to the end; nothing of it was sent either way."""
        for count in self._reader.read(window, self._recent):
            self._engine.observe(Progress(settled, count, dead=window.drafts.codes.total()))
            await asyncio.sleep(0)  # for signals, and whoever watches
            if self._engine.stop.is_set():
                return False
        return True

    async def _send(self, window: Window, run: Run, *, in_doubt: bool) -> _Taken:
        engine, settled = self._engine, run.account
        waiting = len(window.marks)

        def guard(refused: int = 0) -> AttioCtlError | None:
            dead = settled.dead_lettered + window.marks.refused + refused
            codes = Counter(settled.codes) + window.drafts.codes
            return too_many_dead(dead, settled.read + waiting, codes, engine.max_dead_ratio)

        ended: AttioCtlError | None = None
        unnoted: dict[RecordKey, PackedCells] = {}

        def end(cause: AttioCtlError) -> None:
            """What is on its way comes in, and can still be noted."""
            nonlocal ended
            ended = cause
            engine.stop.set()

        def note(cells: RecordCells, writes: int) -> None:
            nonlocal run
            run = run.charged(self._spent(writes))
            unnoted.update(cells)
            try:
                engine.ledger.settle(Settlement(_unsettled(run, window, pending=True), unnoted))
            except LeaseHeldError as error:
                end(error)
                return
            except FullDiskError as error:
                end(error)
            unnoted.clear()

        def progress(writes: int, done: int) -> None:
            dead = window.drafts.codes.total()
            records, is_estimate = window.staging.records, not window.staging.is_counted
            engine.observe(
                Progress(settled, waiting, writes, records, done, engine.transport.usage, dead, is_estimate=is_estimate)
            )

        if halted := guard():
            return self._stopped(run, window, halted)
        note({}, 0)
        progress(0, 0)
        sending = Sending(
            transport=engine.transport,
            ledger=engine.ledger,
            clock=engine.clock,
            reader=self._reader,
            window=window,
            in_doubt=in_doubt,
            note=note,
            progress=progress,
            guard=guard,
        )
        sent = await sending.send()
        run = run.charged(self._spent(sent.writes))
        if sent.stopped:
            return self._stopped(run, window, sent.cause or ended, {**unnoted, **sent.cells})
        return self._settled(run, window, {**unnoted, **sent.cells})

    def _stopped(
        self, run: Run, window: Window, cause: AttioCtlError | None, cells: RecordCells | None = None
    ) -> _Taken:
        """The window is not settled: it is read again, when the run is taken up again."""
        run = _unsettled(run, window, pending=cells is None)
        try:
            self._engine.ledger.settle(Settlement(run, cells or {}))
        except FullDiskError as error:  # which may have been met by another file before
            cause = cause or error
        return _Taken(run, Outcome(run.account, cause, finished=False))

    def _settled(self, run: Run, window: Window, cells: RecordCells | None = None) -> _Taken:
        engine, accounts = self._engine, window.accounts()
        if accounts:
            owner = max(accounts)
            accounts[owner] += Account(codes=dict(window.drafts.codes))
        ends = window.source.read()
        inputs = tuple(
            replace(end, account=before.account + accounts.get(n, NOTHING), unsettled=NOTHING)
            for n, (before, end) in enumerate(zip(run.inputs, ends, strict=True))
        )
        unsettled, run = run, replace(run, inputs=inputs)
        try:
            engine.dead_letters.append(window.drafts)
        except StorageError as error:
            return self._unkept(unsettled, window, error, cells)
        halted: AttioCtlError | None = None
        try:
            engine.ledger.settle(
                Settlement(run, cells or {}, self._recent if run.is_recorded else None, self._reader.digests)
            )
        except FullDiskError as error:  # noted nevertheless
            halted = error
        engine.observe(Progress(run.account))
        account = run.account
        halted = halted or too_many_dead(account.dead_lettered, account.read, account.codes, engine.max_dead_ratio)
        heard = NOT_HEARD if run.is_recorded else Heard.of(window, self._reader)
        return _Taken(run, Outcome(account, halted, run.is_done), heard)

    def _unkept(self, run: Run, window: Window, cause: StorageError, cells: RecordCells | None) -> _Taken:
        """Everything was sent, but its dead letters cannot be kept: they are made again by the next run."""
        run = _unsettled(run, window, pending=True)
        with suppress(FullDiskError):  # noted nevertheless, and the cause is told
            self._engine.ledger.settle(Settlement(run, cells or {}))
        return _Taken(run, Outcome(run.account, cause, finished=False))

    def _spent(self, writes: int) -> Account:
        """What it took since the last time that this was asked."""
        usage, now = self._engine.transport.usage, self._engine.clock.monotonic()
        before, since = self._usage, self._since
        self._usage, self._since = usage, now
        return Account(
            writes=writes,
            requests=usage.reads + usage.writes - before.reads - before.writes,
            retries=usage.retries - before.retries,
            throttled=usage.throttled - before.throttled,
            failed=usage.failed - before.failed,
            unanswered=usage.unanswered - before.unanswered,
            seconds=now - since,
        )


def _unsettled(run: Run, window: Window, *, pending: bool) -> Run:
    """The run with what is known of the window that it has not settled; `pending` where no verdict is known yet."""
    accounts = window.pending() if pending else window.accounts()
    inputs = (
        replace(before, proof=end.proof or before.proof, unsettled=accounts.get(n, NOTHING))
        for n, (before, end) in enumerate(zip(run.inputs, window.source.read(), strict=True))
    )
    return replace(run, inputs=tuple(inputs))
