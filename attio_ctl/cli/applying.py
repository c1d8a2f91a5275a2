"""What `apply` does around `apply.run`: make or load the plan, ask, hold the lease, keep the journal."""

from __future__ import annotations

import asyncio
import getpass
import os
import secrets
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click

from attio_ctl.apply import lease
from attio_ctl.apply.journal import Journal
from attio_ctl.apply.operations import Operations
from attio_ctl.apply.outcomes import Failed, Moved, Outcome, Report, Skipped
from attio_ctl.apply.run import apply_plan
from attio_ctl.attio.writer import AttioWriter
from attio_ctl.cli import checking, console, planning, wiring
from attio_ctl.config.load import Loaded
from attio_ctl.errors import BlockedError, Exit, StalePlanError, WrongWorkspaceError
from attio_ctl.plan import document
from attio_ctl.plan.changes import Blocked
from attio_ctl.plan.model import Plan
from attio_ctl.state.live import read_live
from attio_ctl.state.resource import Workspace

ACTIVATION_POLL = 5.0
"""Seconds between looks at whether an object has been activated."""


@dataclass(frozen=True, slots=True)
class Done:
    """The plan, and what came of it; no report when there was nothing to do."""

    plan: Plan
    report: Report | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """
    One `apply` from end to end; called with the event that tells it to stop.

    `approve` is asked before the first write; `wait_activation` is in seconds.
    """

    loaded: Loaded
    file: Path | None
    approve: Callable[[Plan], bool]
    allow_destroy: tuple[str, ...]
    parallelism: int
    wait_activation: float

    async def __call__(self, stop: asyncio.Event) -> Done | None:
        """None when the person said no."""
        async with wiring.connect(self.loaded, AttioWriter) as connected:
            attio, workspace = connected.attio, connected.workspace
            plan = await self._plan(attio, workspace, stop)
            check_applyable(plan, workspace)
            if not plan.changes or not self.approve(plan):
                return Done(plan, None) if not plan.changes else None
            directory = wiring.state_directory(self.loaded)
            run = f"r_{secrets.token_hex(4)}"
            owner = f"{getpass.getuser()}@{socket.gethostname()} pid {os.getpid()}"
            async with lease.holding(directory / "lease.json", owner=owner, run=run, clock=time.time) as check_lease:
                live = await read_live(attio, workspace)
                with Journal(directory / "runs" / f"{run}.journal") as journal:
                    report = await apply_plan(
                        plan,
                        live,
                        operations=Operations(attio, live, root=Path()),
                        journal=journal,
                        run=run,
                        check_lease=check_lease,
                        stop=stop,
                        parallelism=self.parallelism,
                        observe=_watch(len(plan.changes)),
                    )
            return Done(plan, report)

    async def _plan(self, attio: AttioWriter, workspace: Workspace, stop: asyncio.Event) -> Plan:
        if self.file is not None:
            return document.load(self.file.read_bytes(), file=str(self.file))
        give_up = time.monotonic() + self.wait_activation
        while True:
            made = await planning.make_plan(self.loaded, attio, workspace, allow_destroy=self.allow_destroy)
            waiting = [c for c in made.plan.blocked if c.reason == "needs_activation"]
            if not waiting or time.monotonic() >= give_up or stop.is_set():
                return made.plan
            names = ", ".join(f"`{change.address.name}`" for change in waiting)
            console.note(f"waiting for {names} to be activated: Workspace settings → Objects → Activate")
            await asyncio.sleep(ACTIVATION_POLL)


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


def check_applyable(plan: Plan, workspace: Workspace) -> None:
    """
    Refuse a plan that must not be carried out, before anything is written.

    Raises:
        WrongWorkspaceError, StalePlanError, BlockedError, ConfigError: as their names say.
    """
    if plan.workspace.id != workspace.id:
        raise WrongWorkspaceError(
            f"the plan is for workspace {plan.workspace.id}, the token belongs to {workspace.id}",
            hint="apply it with the workspace that it was made for: `-w`",
        )
    if plan.expires_at < datetime.now(UTC):
        raise StalePlanError(f"the plan expired at {plan.expires_at:%Y-%m-%d %H:%M} UTC", hint="make a new one")
    if plan.incomplete:
        raise BlockedError(
            f"the workspace could not be read whole: {'; '.join(plan.incomplete)}",
            hint="nothing was written; try again",
        )
    checking.raise_errors(plan.checks)


def exit_code_of(done: Done) -> Exit:
    """Stale beats partial beats blocked: the first that a person has to deal with."""
    if done.report is None:
        return Exit.DONE
    if done.report.of(Moved):
        return Exit.STALE
    if done.report.stopped_by or done.report.of(Failed, Skipped):
        return Exit.PARTIAL
    return Exit.BLOCKED if any(isinstance(o.change, Blocked) for o in done.report.outcomes) else Exit.DONE
