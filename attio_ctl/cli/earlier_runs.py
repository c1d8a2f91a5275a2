"""Runs of the very same plan that this machine has seen before."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from attio_ctl.apply.journal import read_journal
from attio_ctl.cli.state_folder import run_file, runs_directory
from attio_ctl.config.load import Loaded
from attio_ctl.errors import StalePlanError
from attio_ctl.plan import document
from attio_ctl.plan.model import Plan


def applied_at(loaded: Loaded, plan: Plan) -> datetime | None:
    """
    When every change of a saved plan was last carried out from this machine, None if it never was.

    Raises:
        StorageError: a journal is damaged.
    """
    data = document.dump(plan)
    folder = runs_directory(loaded, plan.workspace.id)
    names = [path.name.removesuffix(".plan.json") for path in folder.glob("*.plan.json") if path.read_bytes() == data]
    journals = (run_file(loaded, plan.workspace.id, name, "journal") for name in names)
    ended = (
        datetime.fromtimestamp(path.stat().st_mtime, UTC) for path in journals if path.exists() and _is_whole(path)
    )
    return max(ended, default=None)


def already_applied(at: datetime, file: Path) -> StalePlanError:
    """What to tell somebody who applies a plan once more, of which nothing could be done."""
    return StalePlanError(
        f"this plan was already applied on {at:%Y-%m-%d %H:%M} UTC",
        where=str(file),
        hint="nothing was written now; to see whether anything is left to do, make a new one: `attio-ctl plan`",
    )


def _is_whole(journal: Path) -> bool:
    ends = [entry.data["counts"] for entry in read_journal(journal) if entry.event == "end"]
    return bool(ends) and ends[-1]["applied"] == sum(ends[-1].values())
