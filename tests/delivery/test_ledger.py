"""One contract for every ledger: what was accounted for stays so, and comes whole or not at all."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from attio_ctl.delivery import sqlite_ledger
from attio_ctl.delivery.account import Account
from attio_ctl.delivery.cells import Cell, Cells, pack_cells
from attio_ctl.delivery.ledger import FullDiskError, Input, Ledger, MemoryLedger, Run, Settlement
from attio_ctl.delivery.recent import Recent
from attio_ctl.delivery.sqlite_ledger import SqliteLedger, open_ledger
from attio_ctl.errors import LeaseHeldError, StorageError, WrongWorkspaceError
from attio_ctl.mapping.writes import RecordKey

ADA = RecordKey("people", "email_addresses", "ada@example.com")
BOB = RecordKey("people", "email_addresses", "bob@example.com")
PLAN = {"plan": Cell(10, -5, {}), "tags": Cell(added={'"a"': 3})}
WORKSPACE = "14beef7a-99f7-4534-a87e-70b564330a4c"


@pytest.fixture(params=["memory", "sqlite"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    sqlite = open_ledger(path=tmp_path / "ledger.sqlite", workspace_id=WORKSPACE)
    yield {"memory": MemoryLedger(), "sqlite": sqlite}[request.param]
    sqlite.close()


UNRECORDED = Run(0, (Input("a"),))
EVENTS = [bytes([n]) * 10 for n in (0, 1, 128, 255)]


def settled(run: Run = UNRECORDED, cells: Mapping[RecordKey, Cells] | None = None, **parts: Any) -> Settlement:
    return Settlement(run, {key: pack_cells(each) for key, each in (cells or {}).items()}, **parts)


def with_events(ledger: Ledger, *events: bytes) -> Recent:
    recent = ledger.recent()
    assert not recent.repeated(events)
    return recent


def known(ledger: Ledger) -> list[bytes]:
    recent = ledger.recent()
    return [EVENTS[number] for number in sorted(recent.repeated(EVENTS))]


class TestContract:
    def test_events_are_recognised_once_they_are_settled(self, ledger: Ledger) -> None:
        recent = with_events(ledger, *EVENTS[:2])
        assert known(ledger) == []

        ledger.settle(settled(recent=recent))
        ledger.settle(settled(recent=with_events(ledger, EVENTS[3])))

        assert known(ledger) == [EVENTS[0], EVENTS[1], EVENTS[3]]

    def test_events_that_share_a_bucket_are_told_apart(self, ledger: Ledger) -> None:
        ledger.settle(settled(recent=with_events(ledger, b"aa" + b"1" * 8)))
        ledger.settle(settled(recent=with_events(ledger, b"aa" + b"2" * 8)))

        recent = ledger.recent()
        assert recent.repeated([b"aa" + digit * 8 for digit in (b"1", b"2", b"3", b"3")]) == {0, 1, 3}

    def test_cells_come_back_as_they_went_in(self, ledger: Ledger) -> None:
        ledger.settle(settled(cells={ADA: PLAN}))

        assert ledger.cells([ADA, BOB]) == {ADA: PLAN}

    def test_cells_are_replaced_record_by_record(self, ledger: Ledger) -> None:
        ledger.settle(settled(cells={ADA: PLAN, BOB: PLAN}))
        ledger.settle(settled(cells={ADA: {"plan": Cell(20, 7, {})}}))

        assert ledger.cells([ADA, BOB]) == {ADA: {"plan": Cell(20, 7, {})}, BOB: PLAN}

    def test_a_run_that_was_cut_short_is_taken_up_again(self, ledger: Ledger) -> None:
        run = ledger.begin(["a", "b"])
        account = Account(read=2, delivered=1, dead_lettered=1, codes={"invalid_email": 1}, seconds=1.5)
        unsettled = Account(read=3, pending=3)
        half = replace(run, inputs=(Input("a", 10, 2, "proof", True, account, unsettled, True), run.inputs[1]))
        ledger.settle(settled(half))

        assert ledger.begin(["a", "b"]) == half
        assert half.account == account + unsettled
        assert ledger.begin(["b"]).id != run.id

    def test_a_run_that_is_done_is_followed_by_a_new_one(self, ledger: Ledger) -> None:
        run = ledger.begin(["a"])
        ledger.settle(settled(replace(run, inputs=(Input("a", 10, 2, "proof", True),))))

        assert ledger.begin(["a"]).inputs == (Input("a"),)

    def test_an_abandoned_run_is_not_taken_up_again(self, ledger: Ledger) -> None:
        run = ledger.begin(["a"])
        ledger.settle(settled(replace(run, inputs=(Input("a", 10, 2, "proof"),))))
        ledger.abandon(["a"])

        assert ledger.begin(["a"]).inputs == (Input("a"),)

    def test_runs_are_listed_the_newest_first(self, ledger: Ledger) -> None:
        first, second = ledger.begin(["a"]), ledger.begin(["b"])

        assert [run.id for run in ledger.runs(5)] == [second.id, first.id]
        assert [run.id for run in ledger.runs(1)] == [second.id]

    def test_a_retry_that_was_cut_short_is_in_doubt_until_its_events_are_settled(self, ledger: Ledger) -> None:
        """Also where a later retry takes fewer of them, or more."""
        pending = Account(read=2, pending=2)
        begun = Run(0, (Input("dead letters", proof="e1 e2", unsettled=pending),))
        assert not ledger.in_doubt()

        ledger.settle(settled(begun))
        ledger.settle(settled(begun, cells={ADA: PLAN}))
        assert ledger.in_doubt()
        ledger.settle(settled(Run(0, (Input("dead letters", proof="e2 e3", done=True),))))
        assert ledger.in_doubt()
        ledger.settle(settled(Run(0, (Input("dead letters", proof="e1", done=True),))))

        assert not ledger.in_doubt()

    def test_the_mappings_last_delivered_with_are_known(self, ledger: Ledger) -> None:
        ledger.settle(settled(mappings={"identify": "1", "group": "1"}))
        ledger.settle(settled(mappings={"identify": "2"}))

        assert ledger.mappings() == {"identify": "2", "group": "1"}


HOLDING = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("begin immediate")
print("held", flush=True)
sys.stdin.read()
"""


class TestFile:
    def test_a_file_that_another_program_holds_is_told_with_that_program(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """That is no full disk: the room for the last note stays, and the note comes in once the program is gone."""
        monkeypatch.setattr(sqlite_ledger, "BUSY_TIMEOUT", 0.1)
        path = tmp_path / "ledger.sqlite"
        ledger = open_ledger(path=path, workspace_id=WORKSPACE)
        with ledger.claim():
            run = ledger.begin(["a"])
            holder = subprocess.Popen(
                [sys.executable, "-c", HOLDING, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            assert holder.stdout is not None
            holder.stdout.readline()
            with pytest.raises(LeaseHeldError, match=f"the ledger is locked by process {holder.pid}"):
                ledger.settle(settled(run, cells={ADA: PLAN}))
            assert path.with_name("ledger.sqlite.reserve").exists()
            holder.communicate()
            ledger.settle(settled(run, cells={ADA: PLAN}))

        assert ledger.cells([ADA]) == {ADA: PLAN}
        ledger.close()

    @pytest.mark.parametrize("system_can", [True, False])
    def test_room_for_the_last_note_is_kept_on_any_system(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system_can: bool
    ) -> None:
        """macOS has no `posix_fallocate`; a file with a hole would keep nothing free."""
        if not system_can:
            monkeypatch.delattr(os, "posix_fallocate", raising=False)
        ledger = open_ledger(path=tmp_path / "ledger.sqlite", workspace_id=WORKSPACE)
        with ledger.claim():
            room = (tmp_path / "ledger.sqlite.reserve").stat()
        ledger.close()

        assert room.st_size == sqlite_ledger.RESERVE
        assert room.st_blocks * 512 >= sqlite_ledger.RESERVE

    def test_a_note_that_did_not_fit_has_the_events_too_when_it_fits(self, tmp_path: Path) -> None:
        """They are taken from what is remembered once only."""
        path = tmp_path / "ledger.sqlite"
        ledger = open_ledger(path=path, workspace_id=WORKSPACE)
        with ledger.claim():
            pages = ledger._db.execute("pragma page_count").fetchone()[0]
            ledger._db.execute(f"pragma max_page_count = {pages}")
            free = ledger._free_reserve

            def freed() -> bool:
                ledger._db.execute("pragma max_page_count = 1000000")
                return free()

            ledger._free_reserve = freed  # type: ignore[method-assign]
            many = {RecordKey("people", "email_addresses", str(n)): PLAN for n in range(2_000)}
            with pytest.raises(FullDiskError):
                ledger.settle(settled(recent=with_events(ledger, *EVENTS), cells=many))

        assert known(ledger) == list(EVENTS)
        assert len(ledger.cells(many)) == len(many)
        ledger.close()

    def test_it_is_refused_to_another_workspace(self, tmp_path: Path) -> None:
        open_ledger(path=tmp_path / "ledger.sqlite", workspace_id=WORKSPACE).close()

        with pytest.raises(WrongWorkspaceError, match=f"belongs to the workspace `{WORKSPACE}`"):
            open_ledger(path=tmp_path / "ledger.sqlite", workspace_id="another")

    def test_what_is_no_ledger_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "text").write_text("hello, this is no database at all" * 100)
        with pytest.raises(StorageError, match="the ledger cannot be used"):
            open_ledger(path=tmp_path / "text", workspace_id=WORKSPACE)

        other = sqlite3.connect(tmp_path / "other")
        other.execute("create table t (a)")
        other.close()
        with pytest.raises(StorageError, match="no ledger"):
            open_ledger(path=tmp_path / "other", workspace_id=WORKSPACE)

    def test_a_newer_format_is_refused(self, tmp_path: Path) -> None:
        open_ledger(path=tmp_path / "ledger.sqlite", workspace_id=WORKSPACE).close()
        db = sqlite3.connect(tmp_path / "ledger.sqlite")
        db.execute("pragma user_version = 99")
        db.close()

        with pytest.raises(StorageError, match="format 99"):
            open_ledger(path=tmp_path / "ledger.sqlite", workspace_id=WORKSPACE)

    @pytest.mark.parametrize(
        "before",
        [
            "drop table retried; drop table recent; alter table input drop column unsettled;"
            "alter table input drop column followed; pragma user_version = 1;"
            "create table seen (id integer primary key, rest integer not null) strict;",
            "drop table retried; alter table input drop column followed; pragma user_version = 2;",
            "alter table input drop column followed; pragma user_version = 3;",
        ],
        ids=["1", "2", "3"],
    )
    def test_one_of_an_older_format_is_taken_over_with_what_is_known_of_its_records(
        self, tmp_path: Path, before: str
    ) -> None:
        path = tmp_path / "ledger.sqlite"
        ledger = open_ledger(path=path, workspace_id=WORKSPACE)
        ledger.settle(settled(ledger.begin(["a"]), cells={ADA: PLAN}))
        ledger.close()
        db = sqlite3.connect(path)
        db.executescript(before)
        db.close()

        ledger = open_ledger(path=path, workspace_id=WORKSPACE)
        assert ledger.cells([ADA]) == {ADA: PLAN}
        assert ledger.begin(["a"]).id == 1
        assert known(ledger) == []
        assert not ledger.in_doubt()
        ledger.close()

    def test_a_place_within_a_file_of_an_older_format_is_that_of_a_followed_run(self, tmp_path: Path) -> None:
        path = tmp_path / "ledger.sqlite"
        ledger = open_ledger(path=path, workspace_id=WORKSPACE)
        for name, offset in ("followed", 10), ("begun", 0):
            run = ledger.begin([name])
            ledger.settle(settled(replace(run, inputs=(Input(name, offset, 1, "proof"),))))
        ledger.close()
        db = sqlite3.connect(path)
        db.executescript("alter table input drop column followed; pragma user_version = 3;")
        db.close()

        ledger = open_ledger(path=path, workspace_id=WORKSPACE)
        assert [ledger.begin([name]).is_followed for name in ("followed", "begun")] == [True, False]
        ledger.close()

    def test_a_settlement_comes_whole_or_not_at_all(self, tmp_path: Path) -> None:
        ledger = open_ledger(path=tmp_path / "ledger.sqlite", workspace_id=WORKSPACE)

        with pytest.raises(StorageError):
            ledger.settle(settled(recent=with_events(ledger, *EVENTS), cells={ADA: PLAN}, mappings={"identify": None}))

        assert known(ledger) == []
        assert ledger.cells([ADA]) == {}
        ledger.close()

    def test_one_process_delivers_at_a_time_and_its_death_frees_the_ledger(self, tmp_path: Path) -> None:
        path = tmp_path / "ledger.sqlite"
        ledger = open_ledger(path=path, workspace_id=WORKSPACE)
        script = (
            "import sys, time; from pathlib import Path; from attio_ctl.delivery.sqlite_ledger import open_ledger\n"
            "with open_ledger(path=Path(sys.argv[1]), workspace_id=sys.argv[2]).claim():\n"
            "    print('held', flush=True); time.sleep(60)\n"
        )
        command = [sys.executable, "-c", script, os.fspath(path), WORKSPACE]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as other:
            assert other.stdout is not None
            assert other.stdout.readline() == b"held\n"

            with pytest.raises(LeaseHeldError, match=f"process {other.pid} on"), ledger.claim():
                pass

            other.kill()
        with ledger.claim():
            pass
        ledger.close()

    def test_a_window_of_records_is_one_statement_however_many_they_are(self, tmp_path: Path) -> None:
        """SQLite takes 32,766 parameters at most."""
        ledger: SqliteLedger = open_ledger(path=tmp_path / "ledger.sqlite", workspace_id=WORKSPACE)
        keys = [RecordKey("people", "email_addresses", f"{n}@example.com") for n in range(40_000)]
        ledger.settle(settled(cells=dict.fromkeys(keys, PLAN)))

        assert len(ledger.cells(keys)) == 40_000
        ledger.close()
