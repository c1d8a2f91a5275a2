"""
Delivering, from the first line to the account: the shell around the pure parts.

    source.read_lines → window.windows → window.prepare → fold → order.waves → sending → ledger.settle

A window is settled whole: its dead letters reach the disk, then one transaction of the ledger takes its cells, its
events and the new offsets. What is killed before that is read again; writes that Attio took by then are known by their
cells and not sent again, but for the last second's. Nothing here prints; `observe` is told how it goes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from attio_ctl.attio.clock import Clock, SystemClock
from attio_ctl.delivery.account import Account
from attio_ctl.delivery.dead_letters import DeadLetter, DeadLetters
from attio_ctl.delivery.events import Fingerprint
from attio_ctl.delivery.ledger import Input, Ledger, Run, Settlement
from attio_ctl.delivery.sending import Sending, Sent
from attio_ctl.delivery.transport import Transport
from attio_ctl.delivery.window import WINDOW_EVENTS, Prepared, Preparer, Sheet, Window, windows
from attio_ctl.errors import AttioCtlError, CredentialsError, Exit, PartialError
from attio_ctl.mapping.program import Program

RATIO_AFTER: Final = 100
"""Events that a run reads before its share of dead letters says anything."""


@dataclass(frozen=True, slots=True)
class Progress:
    """
    A snapshot of a run, taken after every write and every window.

    Attributes:
        settled: The account up to the last settled window.
        waiting: Events of the window under way, 0 when none is.
        writes: Folded writes that Attio has taken of that window.
    """

    settled: Account
    waiting: int = 0
    writes: int = 0

    @property
    def account(self) -> Account:
        """The account so far, in which the window under way is pending."""
        return self.settled + Account(read=self.waiting, pending=self.waiting, writes=self.writes)


Observe = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    How a delivery ended.

    Attributes:
        account: Of the whole run, the parts before a resume included.
        halted: Why it ended before its input did: what the API raised, or `PartialError` for too many dead letters;
            None when it was finished, or asked to stop.
        finished: Whether every input was read to its end and settled.
    """

    account: Account
    halted: AttioCtlError | None
    finished: bool

    @property
    def exit_code(self) -> Exit:
        """13 when the token was refused, 14 when anything else left a rest that the same command goes on with."""
        if self.finished:
            return Exit.DONE
        return Exit.CREDENTIALS if isinstance(self.halted, CredentialsError) else Exit.PARTIAL


def unobserved(_: Progress) -> None:
    """Watch nothing."""


async def deliver(
    *,
    files: Sequence[Path],
    program: Program,
    ledger: Ledger,
    dead_letters: DeadLetters,
    transport: Transport,
    stop: asyncio.Event,
    max_dead_ratio: float = 1.0,
    observe: Observe = unobserved,
    clock: Clock | None = None,
) -> Outcome:
    """
    Deliver the events of some files, or go on with the unfinished run over the same files.

    Args:
        files: Delivered in this order; each may be NDJSON or a JSON array, gzipped or not.
        transport: Built with the same `stop`.
        stop: Set it to end the run early: writes under way are finished, the rest stays pending.
        max_dead_ratio: The share of dead letters among the events of this run above which it halts (exit 14).
        clock: The machine's by default.

    Raises:
        LeaseHeldError: another process delivers with this ledger.
        EventsError: a file changed since an unfinished run read part of it, or its gzip data is broken.
        StorageError: a file, the ledger or the dead letters cannot be read or written; the ledger is as it was after
            the last settled window.
    """
    delivery = _Delivery(
        Preparer(program),
        ledger=ledger,
        dead_letters=dead_letters,
        transport=transport,
        observe=observe,
        clock=clock or SystemClock(),
    )
    with ledger.claim():
        run = ledger.begin([str(path) for path in files])
        for window in windows(run.inputs):
            if stop.is_set():
                break
            taken = await delivery.take(window, run)
            run = taken.run
            if taken.unsettled is not None:
                return Outcome(run.account + taken.unsettled, taken.cause, finished=False)
            if halted := _too_many_dead(run.account, max_dead_ratio):
                return Outcome(run.account, halted, finished=run.is_done)
    return Outcome(run.account, None, finished=run.is_done)


async def retry(
    *,
    letters: Sequence[DeadLetter],
    program: Program,
    ledger: Ledger,
    dead_letters: DeadLetters,
    transport: Transport,
    stop: asyncio.Event,
    observe: Observe = unobserved,
    clock: Clock | None = None,
) -> Outcome:
    """
    Deliver the events behind some dead letters again, through the mappings as they are now.

    Letters of events that go through are settled; an event that is refused again keeps a letter, with the new reason.
    What newer events have written since stands: a letter is as old as its event. Arguments and errors as for `deliver`.
    """
    delivery = _Delivery(
        Preparer(program),
        ledger=ledger,
        dead_letters=dead_letters,
        transport=transport,
        observe=observe,
        clock=clock or SystemClock(),
    )
    by_event: dict[bytes, list[DeadLetter]] = {}
    for letter in letters:
        by_event.setdefault(letter.line.raw, []).append(letter)
    lines = [found[0].line for found in by_event.values()]
    run, done = Run(0, (Input("dead letters"),)), 0
    with ledger.claim():
        while done < len(lines) and not stop.is_set():
            some = lines[done : done + WINDOW_EVENTS]
            taken = await delivery.take(Window(tuple(some), (0,) * len(some), run.inputs), run)
            run = taken.run
            if taken.unsettled is not None:
                return Outcome(run.account + taken.unsettled, taken.cause, finished=False)
            old = {letter.id for line in some for letter in by_event[line.raw]}
            dead_letters.settle(sorted(old - {letter.id for letter in taken.letters}), "delivered")
            done += len(some)
    return Outcome(run.account, None, finished=done == len(lines))


@dataclass(frozen=True, slots=True)
class _Taken:
    """What became of a window: the run with it settled; or the run as it was, and the account of what is unsettled."""

    run: Run
    letters: tuple[DeadLetter, ...] = ()
    unsettled: Account | None = None
    cause: AttioCtlError | None = None


class _Delivery:
    """What the windows of one delivery share."""

    def __init__(
        self,
        preparer: Preparer,
        *,
        ledger: Ledger,
        dead_letters: DeadLetters,
        transport: Transport,
        observe: Observe,
        clock: Clock,
    ) -> None:
        self._preparer = preparer
        self._ledger = ledger
        self._dead_letters = dead_letters
        self._transport = transport
        self._observe = observe
        self._clock = clock
        self._usage = transport.usage
        self._since = clock.monotonic()

    async def take(self, window: Window, run: Run) -> _Taken:
        """Prepare, send and settle one window."""
        prepared = self._prepare(window, run)
        sent = await self._send(window, run, prepared)
        spent = self._spent(sent.writes)
        if sent.stopped:
            charged = replace(run, inputs=_charged(run.inputs, window, spent))
            self._ledger.settle(Settlement(charged, (), {}, sent.cells))
            unsettled = prepared.sheet.account(range(len(window.lines)))
            return _Taken(charged, unsettled=unsettled, cause=sent.cause)
        letters = tuple(letter for found in prepared.sheet.letters.values() for letter in found.values())
        self._dead_letters.append(letters)
        after = replace(run, inputs=_credited(run, window, prepared.sheet, spent))
        self._ledger.settle(Settlement(after, prepared.fingerprints, self._preparer.digests, sent.cells))
        self._observe(Progress(after.account))
        return _Taken(after, letters)

    def _prepare(self, window: Window, run: Run) -> Prepared:
        """Map what is new; the events of a retry were all seen before, which is no reason to pass them over."""
        seen = self._ledger.seen if run.is_recorded else _none_seen
        return self._preparer.prepare(window.lines, seen=seen, now=datetime.fromtimestamp(self._clock.wall(), UTC))

    async def _send(self, window: Window, run: Run, prepared: Prepared) -> Sent:
        settled, count = run.account, len(window.lines)
        sending = Sending(
            transport=self._transport,
            ledger=self._ledger,
            clock=self._clock,
            lines=window.lines,
            digests=self._preparer.digests,
            sheet=prepared.sheet,
            progress=lambda writes: self._observe(Progress(settled, count, writes)),
        )
        return await sending.send(prepared.contributions)

    def _spent(self, writes: int) -> Account:
        """What it took since the last time that this was asked."""
        usage, now = self._transport.usage, self._clock.monotonic()
        before, since = self._usage, self._since
        self._usage, self._since = usage, now
        return Account(
            writes=writes,
            requests=usage.reads + usage.writes - before.reads - before.writes,
            retries=usage.retries - before.retries,
            throttled=usage.throttled - before.throttled,
            seconds=now - since,
        )


def _none_seen(_: Iterable[Fingerprint]) -> set[Fingerprint]:
    return set()


def _credited(run: Run, window: Window, sheet: Sheet, spent: Account) -> tuple[Input, ...]:
    """The inputs after the window, with the verdicts of their lines and what those took."""
    events: dict[int, list[int]] = {}
    for event, owner in enumerate(window.owners):
        events.setdefault(owner, []).append(event)
    judged = [
        replace(after, account=before.account + sheet.account(events.get(n, ())))
        for n, (before, after) in enumerate(zip(run.inputs, window.inputs, strict=True))
    ]
    return _charged(judged, window, spent)


def _charged(inputs: Sequence[Input], window: Window, spent: Account) -> tuple[Input, ...]:
    """The inputs with what a window took added to the one that it read last."""
    last = window.owners[-1] if window.owners else len(inputs) - 1
    return tuple(replace(each, account=each.account + spent) if n == last else each for n, each in enumerate(inputs))


def _too_many_dead(account: Account, ratio: float) -> PartialError | None:
    if account.read < RATIO_AFTER or account.dead_lettered <= ratio * account.read:
        return None
    return PartialError(
        f"{account.dead_lettered} of {account.read} events became dead letters, more than {ratio:.0%}",
        hint="see `attio-ctl dead-letters list`; the same command goes on where this one stopped",
    )
