"""How deliveries to a workspace stand, as the ledger and the dead letters of this machine tell; also after a kill."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from attio_ctl.delivery.dead_letters import DeadLetter
from attio_ctl.delivery.ledger import Run
from attio_ctl.delivery.sqlite_ledger import SqliteLedger

Standing = Literal["finished", "running", "unfinished", "abandoned"]
"""`unfinished`: the same command goes on with it. `abandoned`: a later run over the same files began at their start."""


@dataclass(frozen=True, slots=True)
class Status:
    """
    How it stands.

    Attributes:
        size: Of the ledger's files, in bytes.
        holder: The process that delivers now, None when none does.
        runs: The latest ones, the newest first, each with how it stands.
        dead_letters: Open ones by code.
    """

    path: Path
    size: int
    holder: str | None
    runs: tuple[tuple[Run, Standing], ...]
    dead_letters: Mapping[str, int]

    def as_json(self) -> dict[str, Any]:
        """For a machine: accounts as `Account.as_json`, with how many events are lost."""
        return {
            "ledger": {"path": str(self.path), "bytes": self.size, "holder": self.holder},
            "runs": [_run_json(run, standing) for run, standing in self.runs],
            "dead_letters": dict(sorted(self.dead_letters.items())),
        }


def _run_json(run: Run, standing: Standing) -> dict[str, Any]:
    files = [{"path": each.path, "line": each.line, "offset": each.offset, "done": each.done} for each in run.inputs]
    return {
        "id": run.id,
        "status": standing,
        "followed": run.is_followed,
        "files": files,
        "account": run.account.as_json(),
    }


def read_status(ledger: SqliteLedger, letters: Iterable[DeadLetter], *, limit: int) -> Status:
    """
    Read it.

    Args:
        limit: How many runs.

    Raises:
        StorageError: the ledger cannot be read.
    """
    holder, runs = ledger.holder(), ledger.runs(limit)
    files = (ledger.path.with_name(ledger.path.name + suffix) for suffix in ("", "-wal", "-shm"))
    return Status(
        path=ledger.path,
        size=sum(path.stat().st_size for path in files if path.exists()),
        holder=holder,
        runs=tuple((run, _standing(n, runs, is_held=holder is not None)) for n, run in enumerate(runs)),
        dead_letters=Counter(letter.code for letter in letters),
    )


def _standing(n: int, runs: Sequence[Run], *, is_held: bool) -> Standing:
    """Of the run at a place of the list; a run that is not done is taken up by the next one over the same files."""
    run = runs[n]
    if run.is_done:
        return "finished"
    paths = [each.path for each in run.inputs]
    if any([each.path for each in newer.inputs] == paths for newer in runs[:n]):
        return "abandoned"
    return "running" if is_held and n == 0 else "unfinished"
