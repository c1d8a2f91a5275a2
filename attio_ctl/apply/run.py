"""
A plan carried out: stage by stage, several changes at a time, every step in the journal, every change accounted for.

A failure stops only what depends on it. When told to stop, the run lets the writes in flight end and starts no other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby
from types import MappingProxyType
from typing import Any, TypeVar

from attio_ctl.address import Address
from attio_ctl.apply.journal import Entry, Journal
from attio_ctl.apply.meanwhile import found_in_answer
from attio_ctl.apply.operations import Operations
from attio_ctl.apply.outcomes import Applied, Failed, Moved, NotAttempted, Outcome, Report, Skipped
from attio_ctl.errors import AttioCtlError, CredentialsError, LeaseHeldError, StorageError, first_of
from attio_ctl.plan.changes import Blocked, Change, Create, Delete, Doable, Restore, Update
from attio_ctl.plan.fingerprint import find_moves
from attio_ctl.plan.model import Plan
from attio_ctl.plan.order import change_stage
from attio_ctl.state.resource import Resource, State

PARALLELISM = 8

GRACE = 3.0
"""Seconds that a call under way is given once the run is to stop."""

INTERRUPTED = "the run was interrupted"

T = TypeVar("T")

Step = tuple[str, str]
"""An address and an action, as the journal names a change."""

NOTHING_BEGUN: Mapping[Step, bool] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContext:
    """
    What a run works with.

    `run` is its name; `check_lease` raises LeaseHeldError once the lease is lost, and is called right before every
    write; the caller sets `stop` to drain. `begun` is what an earlier run of the same plan had begun, as `begun_steps`
    tells: it is looked up before it is sent again. `observe` is told every outcome as it comes.
    """

    operations: Operations
    journal: Journal
    run: str
    check_lease: Callable[[], None]
    stop: asyncio.Event
    parallelism: int = PARALLELISM
    begun: Mapping[Step, bool] = field(default_factory=lambda: NOTHING_BEGUN)
    observe: Callable[[Outcome], None] = lambda _: None


async def apply_plan(plan: Plan, live: State, context: RunContext) -> Report:
    """
    Carry out a plan on the workspace as it is now.

    Args:
        plan: Complete; its workspace is the one that the operations write to.
        live: Read just now. Each touched resource is read again right before its write; a change whose touched fields
            moved since the plan is refused, the others go on.

    Returns:
        One outcome per change of the plan.

    Raises:
        StorageError: the journal cannot be written; the write that it stood for was not sent.
    """
    runner, journal = _Runner(plan, live, context), context.journal
    changes = [str(change.address) for change in plan.changes]
    journal.append("begin", run=context.run, workspace_id=plan.workspace.id, changes=changes)
    try:
        for _, stage in groupby(plan.changes, key=change_stage):
            await runner.run_stage(tuple(stage))
    except* StorageError as errors:
        raise first_of(errors) from None
    report = Report(
        run=context.run,
        outcomes=tuple(runner.outcomes[index] for index in range(len(plan.changes))),
        writes=runner.writes,
        stopped_by=runner.stopped_by,
    )
    journal.append("end", counts=dict(report.counts))
    return report


class _StoppedError(Exception):
    """Told to stop, and no answer within the grace."""


class _Runner:
    """The state of one run; `outcomes` fills up by position in the plan."""

    def __init__(self, plan: Plan, live: State, context: RunContext) -> None:
        self._live = live
        self._context = context
        self._operations = context.operations
        self._slots = asyncio.Semaphore(context.parallelism)
        self._positions: Mapping[int, int] = {id(change): index for index, change in enumerate(plan.changes)}
        self._missing: dict[Address, Outcome] = {}
        self.outcomes: dict[int, Outcome] = {}
        self.writes = 0
        self.stopped_by: str | None = None

    async def run_stage(self, changes: tuple[Change, ...]) -> None:
        """Independent changes of a stage at once, those that wait for others of it in waves after them."""
        pending = list(changes)
        while pending:
            addresses = {change.address for change in pending}
            wave = [c for c in pending if not addresses & (set(c.depends_on) - {c.address})] or pending
            async with asyncio.TaskGroup() as group:
                for lane in _lanes(wave):
                    group.create_task(self._settle_in_turn(lane))
            done = {id(change) for change in wave}
            pending = [change for change in pending if id(change) not in done]

    async def _settle_in_turn(self, lane: Iterable[Change]) -> None:
        for change in lane:
            await self._settle(change)

    async def _settle(self, change: Change) -> None:
        outcome = self._foregone(change) or await self._attempt(change)
        self.outcomes[self._positions[id(change)]] = outcome
        if not isinstance(outcome, Applied) and _makes(change):
            self._missing.setdefault(change.address, outcome)
        self._context.observe(outcome)

    def _foregone(self, change: Change) -> Outcome | None:
        """The outcome of a change that cannot be tried."""
        if isinstance(change, Blocked):
            return NotAttempted(change, change.why)
        for address in change.depends_on:
            match self._missing.get(address):
                case Failed() | Skipped() | Moved():
                    return Skipped(change, address)
                case NotAttempted(_, why):
                    return NotAttempted(change, f"it needs `{address}`: {why}")
                case _:
                    pass
        return None

    async def _attempt(self, change: Change) -> Outcome:
        assert not isinstance(change, Blocked)
        async with self._slots:
            if self._context.stop.is_set():
                self.stopped_by = self.stopped_by or INTERRUPTED
            if self.stopped_by:
                return NotAttempted(change, self.stopped_by)
            try:
                self._context.check_lease()
                return await self._carry_out(change)
            except _StoppedError:
                self.stopped_by = INTERRUPTED
                return NotAttempted(change, INTERRUPTED)
            except LeaseHeldError as error:
                self.stopped_by = error.what
                return NotAttempted(change, error.what)
            except CredentialsError as error:
                self.stopped_by = str(error)
                return Failed(change, str(error))
            except StorageError:
                raise
            except AttioCtlError as error:
                return Failed(change, error.what)

    async def _carry_out(self, change: Doable) -> Outcome:
        """Write, unless an earlier run has done it, or a last look shows that something moved since the plan."""
        begun = self._context.begun
        if entry_of(change) in begun:
            done = await self._within_grace(self._operations.find_done(change, self._live))
            if done is not None:
                return replace(done, note=None) if begun[entry_of(change)] else done
        seen = await self._within_grace(self._operations.read_now(change))
        moves = self._moves(change, seen)
        if moves:
            return Moved(change, moves)
        return await self._write(change, seen)

    def _moves(self, change: Doable, seen: Resource | None) -> tuple[str, ...]:
        if isinstance(change, Create):
            moves = find_moves(change, self._operations.find_made(change, self._live))
        else:
            moves = find_moves(change, seen) if change.ids else ()
        more = self._operations.taken_besides(change, self._live) if isinstance(change, Delete) else ()
        taken = (f"`{address}` would go with `{change.address}`, which the plan does not say" for address in more)
        return (*(str(move) for move in moves), *taken)

    async def _write(self, change: Doable, seen: Resource | None) -> Outcome:
        if self._context.stop.is_set():  # it was told to while the resource was read
            raise _StoppedError
        self._context.check_lease()
        self._record("intent", change)
        self.writes += 1
        try:
            applied, left = await self._within_grace(self._operations.perform(change))
        except StorageError:
            raise
        except _StoppedError:
            return Failed(change, "the run was interrupted before the answer came; resuming looks it up")
        except AttioCtlError as error:
            self._record("result", change, error=str(error))
            raise
        self._record("result", change, adopted=applied.adopted)
        return replace(applied, meanwhile=found_in_answer(change, seen, left))

    async def _within_grace(self, asking: Coroutine[Any, Any, T]) -> T:
        """
        What Attio answers.

        Raises:
            _StoppedError: the run was told to stop, and the answer did not come soon after.
        """
        call, stopped = asyncio.create_task(asking), asyncio.create_task(self._context.stop.wait())
        try:
            await asyncio.wait((call, stopped), return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait((call,), timeout=GRACE)
            if not call.done():
                raise _StoppedError
            return call.result()
        finally:
            for task in (call, stopped):
                task.cancel()
            await asyncio.gather(call, stopped, return_exceptions=True)

    def _record(self, event: str, change: Doable, **data: Any) -> None:
        address, action = entry_of(change)
        self._context.journal.append(event, address=address, action=action, **data)


def entry_of(change: Change) -> Step:
    """How a change is named in the journal."""
    return str(change.address), type(change).__name__.lower()


def begun_steps(entries: Iterable[Entry]) -> Mapping[Step, bool]:
    """The steps that a run, by its journal, had begun, and whether each is known to be done; the others may be."""
    steps: dict[Step, bool] = {}
    for entry in entries:
        if entry.event in ("intent", "result"):
            done = entry.event == "result" and "error" not in entry.data
            step = entry.data["address"], entry.data["action"]
            steps[step] = steps.get(step, False) or done
    return steps


def _lanes(wave: Iterable[Change]) -> Iterable[list[Change]]:
    """
    What may go at the same time; the options or statuses of one attribute go one after the other.

    Attio has no field for their order and shows them as they were made. Source: options and statuses in the OpenAPI
    document have no position; order of creation is the reading that fits the captures.
    """
    lanes: dict[object, list[Change]] = {}
    for change in wave:
        own = change.address.parent if change.address.kind in ("option", "status") else id(change)
        lanes.setdefault(own, []).append(change)
    return lanes.values()


def _makes(change: Change) -> bool:
    """Whether something is missing for others when the change is not done."""
    match change:
        case Create() | Restore() | Blocked(absent=True):
            return True
        case Update(previous=Address()):
            return True
        case _:
            return False
