"""
A plan carried out: stage by stage, several changes at a time, every step in the journal, every change accounted for.

A failure stops only what depends on it. When told to stop, the run lets the writes in flight end and starts no other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from typing import Any

from attio_ctl.address import Address
from attio_ctl.apply.journal import Journal
from attio_ctl.apply.operations import Operations
from attio_ctl.apply.outcomes import Applied, Failed, Moved, NotAttempted, Outcome, Report, Skipped
from attio_ctl.errors import AttioCtlError, CredentialsError, LeaseHeldError, StorageError
from attio_ctl.plan.changes import Blocked, Change, Create, Doable, Restore, Update
from attio_ctl.plan.fingerprint import find_moves
from attio_ctl.plan.model import Plan
from attio_ctl.plan.order import change_stage
from attio_ctl.state.resource import State

PARALLELISM = 8


async def apply_plan(
    plan: Plan,
    live: State,
    *,
    operations: Operations,
    journal: Journal,
    run: str,
    check_lease: Callable[[], None],
    stop: asyncio.Event,
    parallelism: int = PARALLELISM,
    observe: Callable[[Outcome], None] = lambda _: None,
) -> Report:
    """
    Carry out a plan on the workspace as it is now.

    Args:
        plan: Complete; its workspace is the one that `operations` writes to.
        live: Read just now; a change whose touched fields moved since the plan is refused, the others go on.
        check_lease: Raises LeaseHeldError when the lease is lost; called right before every write.
        stop: Set by the caller to drain.
        observe: Told every outcome as it comes.

    Returns:
        One outcome per change of the plan.

    Raises:
        StorageError: the journal cannot be written; the write that it stood for was not sent.
    """
    runner = _Runner(
        plan,
        live,
        operations=operations,
        journal=journal,
        check_lease=check_lease,
        stop=stop,
        observe=observe,
        slots=asyncio.Semaphore(parallelism),
    )
    journal.append("begin", run=run, workspace_id=plan.workspace.id, changes=[str(c.address) for c in plan.changes])
    for _, stage in groupby(plan.changes, key=change_stage):
        await runner.run_stage(tuple(stage))
    report = Report(
        run=run,
        outcomes=tuple(runner.outcomes[index] for index in range(len(plan.changes))),
        writes=runner.writes,
        stopped_by=runner.stopped_by,
    )
    journal.append("end", counts=dict(report.counts))
    return report


class _Runner:
    """The state of one run; `outcomes` fills up by position in the plan."""

    def __init__(
        self,
        plan: Plan,
        live: State,
        *,
        operations: Operations,
        journal: Journal,
        check_lease: Callable[[], None],
        stop: asyncio.Event,
        observe: Callable[[Outcome], None],
        slots: asyncio.Semaphore,
    ) -> None:
        self._live = live
        self._operations = operations
        self._journal = journal
        self._check_lease = check_lease
        self._stop = stop
        self._observe = observe
        self._slots = slots
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
        self._observe(outcome)

    def _foregone(self, change: Change) -> Outcome | None:
        """The outcome of a change that need not or cannot be tried."""
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
        moves = find_moves(change, self._live)
        return Moved(change, tuple(str(move) for move in moves)) if moves else None

    async def _attempt(self, change: Change) -> Outcome:
        assert not isinstance(change, Blocked)
        async with self._slots:
            if self._stop.is_set() or self.stopped_by:
                return NotAttempted(change, self.stopped_by or "the run was interrupted")
            try:
                self._check_lease()
            except LeaseHeldError as error:
                self.stopped_by = error.what
                return NotAttempted(change, error.what)
            return await self._write(change)

    async def _write(self, change: Doable) -> Outcome:
        self._record("intent", change)
        self.writes += 1
        try:
            adopted = await self._operations.perform(change)
        except CredentialsError as error:
            self.stopped_by = str(error)
            self._record("result", change, error=str(error))
            return Failed(change, str(error))
        except StorageError:
            raise
        except AttioCtlError as error:
            self._record("result", change, error=str(error))
            return Failed(change, error.what)
        self._record("result", change, adopted=adopted)
        return Applied(change, adopted)

    def _record(self, event: str, change: Doable, **data: Any) -> None:
        self._journal.append(event, address=str(change.address), action=type(change).__name__.lower(), **data)


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
