"""What was delivered from this machine: the ledger and the dead letters of a workspace, opened for reading."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from attio_ctl.cli.state_folder import state_directory
from attio_ctl.config.load import Loaded
from attio_ctl.delivery.dead_letters import DeadLetter, read_dead_letters
from attio_ctl.delivery.sqlite_ledger import SqliteLedger, open_ledger, owner_of

LEDGER = "ledger.sqlite"
DEAD_LETTERS = "dead-letters.ndjson"


@contextlib.contextmanager
def opened_ledger(loaded: Loaded, workspace_id: str) -> Iterator[SqliteLedger | None]:
    """The ledger, where anything was delivered from this machine; reading makes no file."""
    path = state_directory(loaded) / LEDGER
    if not path.exists():
        yield None
        return
    ledger = open_ledger(path=path, workspace_id=workspace_id)
    try:
        yield ledger
    finally:
        ledger.close()


@contextlib.contextmanager
def found_ledger(loaded: Loaded) -> Iterator[SqliteLedger | None]:
    """
    As `opened_ledger`, without asking Attio which workspace it is: that of `workspace_id`, where the files name one.

    Raises:
        WrongWorkspaceError: the ledger is another workspace's.
    """
    path = state_directory(loaded) / LEDGER
    workspace_id = owner_of(path) if path.exists() else None
    if workspace_id is None:  # nothing was delivered, or the first delivery is just beginning
        yield None
        return
    with opened_ledger(loaded, loaded.spec.workspace_id or workspace_id) as ledger:
        yield ledger


def letters_of(loaded: Loaded) -> tuple[DeadLetter, ...]:
    """The open dead letters of a workspace, oldest first."""
    return read_dead_letters(path=state_directory(loaded) / DEAD_LETTERS)


def delivered_with(loaded: Loaded, workspace_id: str) -> dict[str, str]:
    """The digest of each mapping that was last delivered with from this machine; none before the first delivery."""
    with opened_ledger(loaded, workspace_id) as ledger:
        return {} if ledger is None else dict(ledger.mappings())
