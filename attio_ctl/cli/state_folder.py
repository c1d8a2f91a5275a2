"""
What this machine keeps of a project, in `.attio-ctl/` beside `workspaces/`; not for git.

    sandboxes/NAME.sqlite        embedded sandboxes
    workspaces/NAME/             ledger and dead letters of a workspace, by its name in the files
    runs/WORKSPACE_ID/           lease, journals, plans and undo files of what is written to one workspace of Attio
    pace.sqlite                  how fast each token may be used by all that write with it

Whatever the current folder is, the files of a workspace lead to the same place; two names for one workspace of Attio
lead to one lease.
"""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import Final

from attio_ctl.apply import lease
from attio_ctl.config.files import find_project, list_workspaces
from attio_ctl.config.load import Loaded
from attio_ctl.errors import LeaseHeldError

FOLDER: Final = ".attio-ctl"

_DELIVERED: Final = ("ledger.sqlite?*", "ledger.sqlite", "dead-letters*", "stdin*", "runs")
"""What an earlier version kept in `.attio-ctl/NAME/`; the log of the ledger moves before the ledger."""

_AMBIGUOUS: Final = frozenset({"sandbox", "sandboxes", "workspaces", "runs"})
"""Names of workspaces whose `.attio-ctl/NAME` is, or was, something else besides: nothing is taken from there."""


def state_directory(loaded: Loaded) -> Path:
    """
    What was delivered to a workspace from this machine.

    Raises:
        LeaseHeldError: an earlier version of attio-ctl, which kept it elsewhere, is applying now.
    """
    name = loaded.spec.workspace
    directory = _folder(loaded.root) / "workspaces" / name
    if name not in _AMBIGUOUS:
        for before in _earlier(loaded.root, name):
            _take_over(before, directory)
    return directory


def runs_directory(loaded: Loaded, workspace_id: str) -> Path:
    """The lease of a workspace of Attio, and a journal, a plan and an undo file for each run that wrote to it."""
    return _folder(loaded.root) / "runs" / workspace_id


def run_file(loaded: Loaded, workspace_id: str, run: str, what: str) -> Path:
    """One file of a run, also of one that an earlier version has begun."""
    path = runs_directory(loaded, workspace_id) / f"{run}.{what}"
    _move(state_directory(loaded) / "runs" / path.name, path)
    return path


def pace_file(loaded: Loaded) -> Path:
    """The rate of requests that everything in a project shares which writes with the same token."""
    return _folder(loaded.root) / "pace.sqlite"


def sandbox_file(name: str, root: Path | None = None) -> Path:
    """The database of an embedded sandbox of a project, by default of the one that the current folder lies in."""
    root = find_project() if root is None else root
    path = _folder(root) / "sandboxes" / f"{name}.sqlite"
    for suffix in ("-wal", "-shm", ""):
        for before in (*_earlier(root, "sandbox"), *_earlier(root, "sandboxes")):
            _move(before / f"{path.name}{suffix}", path.with_name(path.name + suffix))
    return path


def _folder(root: Path) -> Path:
    """Relative to the current folder where it is below it, as people write it."""
    here, absolute = Path.cwd(), root.resolve()
    return (absolute.relative_to(here) if absolute.is_relative_to(here) else absolute) / FOLDER


def _earlier(root: Path, name: str) -> tuple[Path, ...]:
    """Where an earlier version kept something: in the project, or in the current folder unless that is another one."""
    here, project = Path.cwd(), root.resolve()
    folders = [project] if here == project or list_workspaces(here) else [project, here]
    return tuple(folder / FOLDER / name for folder in folders)


def _take_over(before: Path, directory: Path) -> None:
    if not before.is_dir():
        return
    holder = lease.holder(before / "lease.json", time.time())
    if holder is not None:
        raise LeaseHeldError(
            f"`{holder.owner}` is applying with an earlier version of attio-ctl (run {holder.run})",
            hint="wait for it to end",
        )
    for pattern in _DELIVERED:
        for path in before.glob(pattern):
            _move(path, directory / path.name)
    for name in ("lease.json", "lease.lock"):
        (before / name).unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # it is not empty: a folder of sandboxes
        before.rmdir()


def _move(before: Path, path: Path) -> None:
    """Where something is at its old place only, put it at its new one; whoever is first does it."""
    if before.exists() and not path.exists() and before.resolve() != path.resolve():
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            before.rename(path)
