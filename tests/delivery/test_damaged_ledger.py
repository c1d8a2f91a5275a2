"""A ledger that was cut off or damaged is as it was at some note, or is refused; it never ends in a fault of ours."""

from __future__ import annotations

import random
import shutil
from contextlib import closing
from pathlib import Path

import pytest

from attio_ctl.delivery.account import Account
from attio_ctl.delivery.cells import Cell, pack_cells
from attio_ctl.delivery.ledger import Settlement
from attio_ctl.delivery.sqlite_ledger import SqliteLedger, open_ledger
from attio_ctl.errors import AttioCtlError, StorageError
from attio_ctl.mapping.writes import RecordKey

WORKSPACE = "14beef7a-99f7-4534-a87e-70b564330a4c"
KEYS = [RecordKey("people", "email_addresses", f"p{n}@example.com") for n in range(40)]
CUTS = 61
"""Bytes between two places at which the log is cut off."""


def note(ledger: SqliteLedger, n: int) -> None:
    """The `n`th: an event, a record, an account."""
    run, recent = ledger.begin(["a"]), ledger.recent()
    recent.repeated([n.to_bytes(10)])
    inputs = (type(run.inputs[0])("a", n, n, account=Account(read=n, delivered=n)),)
    ledger.settle(
        Settlement(type(run)(run.id, inputs), {KEYS[n]: pack_cells({"plan": Cell(n, n, {})})}, recent, {"m": str(n)})
    )


def state_of(ledger: SqliteLedger) -> tuple[int, int, int, str]:
    """How many events, records and notes it knows, and the mappings' digest: of one note all are the same."""
    run = ledger.begin(["a"])
    return len(ledger.recent()), len(ledger.cells(KEYS)), run.account.read, ledger.mappings().get("m", "0")


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    """The folder of a ledger with some notes, of which the latter half is in its log alone."""
    folder = tmp_path / "whole"
    made = open_ledger(path=folder / "ledger.sqlite", workspace_id=WORKSPACE)
    for n in range(1, 4):
        note(made, n)
    made._db.execute("pragma wal_checkpoint(truncate)")
    for n in range(4, 7):
        note(made, n)
    shutil.copytree(folder, tmp_path / "copy")
    made.close()
    return tmp_path / "copy"


def test_a_log_that_is_cut_off_anywhere_leaves_the_notes_before_that_whole(whole: Path, tmp_path: Path) -> None:
    log = (whole / "ledger.sqlite-wal").read_bytes()
    seen = set()
    for size in range(0, len(log) + 1, CUTS):
        folder = tmp_path / "cut"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        shutil.copy(whole / "ledger.sqlite", folder)
        (folder / "ledger.sqlite-wal").write_bytes(log[:size])
        ledger = open_ledger(path=folder / "ledger.sqlite", workspace_id=WORKSPACE)
        events, records, read, digest = state_of(ledger)
        ledger.close()
        assert (events, records, digest) == (read, read, str(read)), size
        seen.add(read)

    assert seen >= {3, 4, 5}


@pytest.mark.parametrize("seed", [27, 135, *range(10)])
def test_a_ledger_that_is_damaged_works_or_is_refused_with_the_way_out(whole: Path, seed: int) -> None:
    path, draw = whole / "ledger.sqlite", random.Random(seed)
    damaged = bytearray(path.read_bytes())
    for _ in range(3):
        at = draw.randrange(100, len(damaged) - 64)
        damaged[at : at + 64] = draw.choice([bytes(64), b"\xff" * 64, draw.randbytes(64)])
    path.write_bytes(damaged)
    (whole / "ledger.sqlite-wal").unlink()
    refused: AttioCtlError | None = None
    try:
        with closing(open_ledger(path=path, workspace_id=WORKSPACE)) as ledger:
            ledger.runs(5)
            note(ledger, 1 + state_of(ledger)[2])
    except AttioCtlError as error:
        refused = error

    if isinstance(refused, StorageError):
        assert refused.hint is not None
        assert refused.where == str(path)
