"""What `apply` does around `apply.run`: plan, approval, lease, journal, lock file and undo file."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import click

from attio_ctl.address import Address
from attio_ctl.apply import lease
from attio_ctl.apply.journal import Journal, read_journal
from attio_ctl.apply.meanwhile import with_later_changes, written_by
from attio_ctl.apply.operations import Operations
from attio_ctl.apply.outcomes import Applied, Moved, Outcome, Report
from attio_ctl.apply.run import NOTHING_BEGUN, RunContext, Step, apply_plan, begun_steps
from attio_ctl.apply.undo import build_undo
from attio_ctl.attio.writer import AttioWriter
from attio_ctl.cli import console, planning, safety, wiring
from attio_ctl.cli.earlier_runs import already_applied, applied_at
from attio_ctl.cli.state_folder import run_file, runs_directory
from attio_ctl.cli.stopping import Stop
from attio_ctl.config.environment import fill_text
from attio_ctl.config.load import Loaded
from attio_ctl.errors import AttioCtlError, UsageError
from attio_ctl.plan import document
from attio_ctl.plan.changes import Blocked, Change
from attio_ctl.plan.match import match
from attio_ctl.plan.model import Plan
from attio_ctl.plan.sealed import unseal_change
from attio_ctl.state.desired import build_desired
from attio_ctl.state.live import read_live
from attio_ctl.state.lock import NOTHING_APPLIED, build_lock, dump_lock, lock_path, read_lock, with_known_ids
from attio_ctl.state.resource import Json, State, Workspace
from attio_ctl.state.sealing import placeholders_in

ACTIVATION_POLL = 5.0
"""Seconds between looks at whether an object has been activated."""

UNDO_VALID = timedelta(days=30)

DRAIN = 4.5
"""Seconds from the signal to the end: for the writes in flight, and for reading back what they have left."""


@dataclass(frozen=True, slots=True)
class Done:
    """The plan, and what came of it; no report when there was nothing to do. `undo` is the file of the way back."""

    plan: Plan
    report: Report | None
    undo: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Applying:
    """
    One `apply` from end to end; called with the event that tells it to stop.

    `file` is a saved plan, `resume` the name of a run to finish; without either a plan is made. `approve` is asked
    before the first write; `retry_for` (of one call) and `wait_activation` are in seconds.
    """

    loaded: Loaded
    file: Path | None
    resume: str | None
    approve: Callable[[Plan], bool]
    options: planning.Options
    parallelism: int
    retry_for: float
    wait_activation: float

    async def __call__(self, stop: Stop) -> Done | None:
        """None when the person said no."""
        async with wiring.connect(self.loaded, AttioWriter, retry_for=self.retry_for) as connected:
            attio, workspace = connected.attio, connected.workspace
            plan = await self._plan(attio, workspace, stop)
            if plan.held_by:
                console.out(planning.show(plan, "text", console.style_for(sys.stdout)))
            safety.check_applyable(plan, workspace, resumed=self.resume is not None)
            safety.check_protection(plan, self._protected(workspace))
            if not plan.changes:
                self._write_lock(await read_live(attio, workspace))
                console.out(planning.show(plan, "text", console.style_for(sys.stdout)))
                return Done(plan, None)
            if not self.approve(plan):
                return None
            run = self.resume or f"r_{secrets.token_hex(4)}"
            owner = f"{lease.owner_name()}@{socket.gethostname()} pid {os.getpid()}"
            lease_file = runs_directory(self.loaded, workspace.id) / "lease.json"
            async with lease.holding(lease_file, owner=owner, run=run, clock=time.time) as check_lease:
                live = await read_live(attio, workspace)
                safety.check_whole(live)
                stop.arm(f"What was begun is in the journal. To finish it: attio-ctl apply --resume {run}")
                report = await self._carry_out(attio, live, plan, run=run, check_lease=check_lease, stop=stop)
            nothing_done = report.of(Moved) and not report.of(Applied)
            if self.file is not None and nothing_done and (at := applied_at(self.loaded, plan)) is not None:
                raise already_applied(at, self.file)
            return await self._settle(attio, workspace, plan, report, stop)

    async def _plan(self, attio: AttioWriter, workspace: Workspace, stop: asyncio.Event) -> Plan:
        if self.resume is not None:
            path = run_file(self.loaded, workspace.id, self.resume, "plan.json")
            if not path.exists():
                raise UsageError(f"there is no run `{self.resume}` on this machine", hint="apply without `--resume`")
            return document.load(path.read_bytes(), file=str(path))
        if self.file is not None:
            return document.load(self.file.read_bytes(), file=str(self.file))
        give_up = time.monotonic() + self.wait_activation
        while True:
            made = await planning.make_plan(self.loaded, attio, workspace, self.options)
            waiting = [c for c in made.plan.blocked if c.reason == "needs_activation"]
            if not waiting or time.monotonic() >= give_up or stop.is_set():
                return made.plan
            names = ", ".join(f"`{change.address.name}`" for change in waiting)
            console.note(f"waiting for {names} to be activated: Workspace settings → Objects → Activate")
            await asyncio.sleep(ACTIVATION_POLL)

    async def _carry_out(
        self,
        attio: AttioWriter,
        live: State,
        plan: Plan,
        *,
        run: str,
        check_lease: Callable[[], None],
        stop: asyncio.Event,
    ) -> Report:
        files = partial(run_file, self.loaded, plan.workspace.id, run)
        wiring.write_file(files("plan.json"), document.dump(plan))
        begun = _begun(files("journal"))
        with Journal(files("journal")) as journal:
            context = RunContext(
                operations=Operations(attio, live, root=self.loaded.root, changes=plan.changes),
                journal=journal,
                run=run,
                check_lease=check_lease,
                stop=stop,
                parallelism=self.parallelism,
                begun=begun,
                observe=_watch(len(plan.changes)),
            )
            return await apply_plan(
                replace(plan, changes=tuple(_unsealed(change) for change in plan.changes)), live, context
            )

    async def _settle(self, attio: AttioWriter, workspace: Workspace, plan: Plan, report: Report, stop: Stop) -> Done:
        """
        Read back what the run has left: it goes into the lock file, and the way back into the undo file.

        The report of what was done matters more, so a failure here is told and ends nothing.
        """
        try:
            async with asyncio.timeout(DRAIN - stop.seconds_ago if stop.is_set() else None):
                live = await read_live(attio, workspace)
            safety.check_whole(live)
        except (AttioCtlError, TimeoutError) as error:
            why = str(error) or "no answer in time"
            console.note(f"The lock file is as it was: what the run has left could not be read back ({why}).")
            return Done(plan, report)
        report = replace(report, outcomes=with_later_changes(report.outcomes, live))
        self._write_lock(live, written_by(report.outcomes))
        if not report.of(Applied):
            return Done(plan, report)
        path = run_file(self.loaded, workspace.id, report.run, "undo.plan.json")
        undo = build_undo(plan, report, live, now=datetime.now(UTC).replace(microsecond=0), expires=UNDO_VALID)
        wiring.write_file(path, document.dump(undo))
        return Done(plan, report, path)

    def _protected(self, workspace: Workspace) -> frozenset[Address]:
        desired = build_desired(self.loaded.spec, self.loaded.places.at)
        lock = read_lock(lock_path(self.loaded.files[0])).of(workspace.id)
        return lock.protected | planning.protected_by(desired)

    def _write_lock(self, live: State, applied: Mapping[Address, Mapping[str, Json]] = NOTHING_APPLIED) -> None:
        if live.incomplete:  # what could not be read is not gone
            return
        path = lock_path(self.loaded.files[0])
        assert live.workspace is not None, "a live state knows its workspace"
        before = read_lock(path).of(live.workspace.id)
        desired = with_known_ids(build_desired(self.loaded.spec, self.loaded.places.at), before)
        forgotten = frozenset(r.address for r in planning.removals_of(self.loaded) if r.action == "forget")
        placeholders = placeholders_in(self.loaded)
        pairs = match(desired, live)
        lock = build_lock(before, desired, live, pairs, applied=applied, forgotten=forgotten, placeholders=placeholders)
        data = dump_lock(lock)
        if not path.exists() or path.read_bytes() != data:
            wiring.write_file(path, data)


def _begun(journal: Path) -> Mapping[Step, bool]:
    return begun_steps(read_journal(journal)) if journal.exists() else NOTHING_BEGUN


def _unsealed(change: Change) -> Change:
    """The change with its values from the environment, which stand in no plan."""
    if isinstance(change, Blocked):
        return change
    return unseal_change(change, lambda text: fill_text(text, os.environ))


def _watch(total: int) -> Callable[[Outcome], None]:
    """Counts the outcomes on one line of the terminal."""
    done = 0

    def observe(outcome: Outcome) -> None:
        nonlocal done
        done += 1
        console.progress("" if done == total else f"applying {done}/{total}: {outcome.change.address}")

    return observe


def take_as_reviewed(plan: Plan) -> bool:  # noqa: ARG001
    """A saved plan was shown and approved when it was saved."""
    return True


def go_ahead(plan: Plan) -> bool:
    """Show the plan; it was approved beforehand."""
    console.out(planning.show(plan, "text", console.style_for(sys.stdout)) + "\n")
    return True


def ask(plan: Plan) -> bool:
    """Show the plan and wait for a `yes`; anything else is a no."""
    console.out(planning.show(plan, "text", console.style_for(sys.stdout)))
    console.out("\nDo you want to carry out these changes? Only `yes` is taken for a yes.\n")
    answer: str = click.prompt("  Enter a value", default="", show_default=False)
    return answer.strip() == "yes"
