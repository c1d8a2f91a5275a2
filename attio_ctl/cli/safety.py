"""What keeps a plan from being carried out, and which exit code a run ends with."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from attio_ctl.address import Address
from attio_ctl.apply.outcomes import Failed, Moved, Report, Skipped
from attio_ctl.cli import checking
from attio_ctl.errors import BlockedError, CredentialsError, Exit, StalePlanError, WrongWorkspaceError
from attio_ctl.plan.changes import Archive, Blocked, Delete
from attio_ctl.plan.model import Plan
from attio_ctl.plan.scopes import find_missing_scopes
from attio_ctl.state.resource import State, Workspace

if TYPE_CHECKING:
    from attio_ctl.cli.applying import Done


def check_applyable(plan: Plan, workspace: Workspace, *, resumed: bool) -> None:
    """
    Refuse a plan that must not be carried out, before anything is written.

    Raises:
        WrongWorkspaceError, StalePlanError, BlockedError, CredentialsError, ConfigError: as their names say.
    """
    if plan.workspace.id != workspace.id:
        raise WrongWorkspaceError(
            f"the plan is for workspace {plan.workspace.id}, the token belongs to {workspace.id}",
            hint="apply it with the workspace that it was made for: `-w`",
        )
    if plan.expires_at < datetime.now(UTC) and not resumed:
        raise StalePlanError(f"the plan expired at {plan.expires_at:%Y-%m-%d %H:%M} UTC", hint="make a new one")
    if plan.incomplete:
        raise BlockedError(
            f"the workspace could not be read whole: {'; '.join(plan.incomplete)}",
            hint="nothing was written; try again",
        )
    if plan.held_by:
        raise BlockedError(f"the plan is beyond its limits: {'; '.join(plan.held_by)}", hint="nothing was written")
    missing = find_missing_scopes(plan.changes, workspace.scopes)
    if missing:
        raise CredentialsError(
            f"the token lacks what this plan needs: {', '.join(f'`{scope}`' for scope in missing)}",
            hint="add the scopes to the token under Workspace settings → Developers; nothing was written",
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


def is_finished(done: Done | None) -> bool:
    """Whether every change has its end, so that a signal came too late to stop anything."""
    return done is not None and (done.report is None or not can_be_resumed(done.report))


def can_be_resumed(report: Report) -> bool:
    """Whether a run left something that the same plan can still do; what moved takes a new plan."""
    return bool(report.of(Failed)) or report.stopped_by is not None


def check_protection(plan: Plan, protected: frozenset[Address]) -> None:
    """
    Refuse to take away what is protected, whatever plan says it: a saved one, or the undo of an apply.

    Raises:
        BlockedError: with the protected addresses.
    """
    removed = [change.address for change in plan.changes if isinstance(change, Archive | Delete)]
    removed += [address for change in plan.changes if isinstance(change, Delete) for address in change.takes_along]
    hit = sorted(str(kept) for kept in protected if any(kept.is_within(address) for address in removed))
    if hit:
        raise BlockedError(
            f"the plan takes away what is protected: {', '.join(f'`{address}`' for address in hit)}",
            hint="set `protect: false` (or forget it) first; nothing was written",
        )


def check_whole(live: State) -> None:
    """
    Refuse to go on from a workspace that was read in part.

    Raises:
        BlockedError: with what could not be read.
    """
    if live.incomplete:
        raise BlockedError(
            f"the workspace could not be read whole: {'; '.join(live.incomplete)}",
            hint="try again; nothing was written",
        )
