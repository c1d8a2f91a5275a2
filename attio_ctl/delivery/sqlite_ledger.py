"""
The ledger in one SQLite file, by convention `.attio-ctl/<workspace>/ledger.sqlite`.

WAL with `synchronous=NORMAL`: a killed process loses nothing; a power cut may lose the last commits, never the order of
them, and what they recorded is then sent again, which changes nothing in Attio.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Final

import orjson

from attio_ctl.delivery import sql
from attio_ctl.delivery.account import Account
from attio_ctl.delivery.cells import Cells, unpack_cells
from attio_ctl.delivery.ledger import FullDiskError, Input, RecordCells, Run, Settlement
from attio_ctl.delivery.private import private_file, private_folder
from attio_ctl.delivery.recent import Recent
from attio_ctl.delivery.sqlite_faults import NoRoomError, guarded
from attio_ctl.errors import LeaseHeldError, StorageError, WrongWorkspaceError
from attio_ctl.mapping.writes import RecordKey

BUSY_TIMEOUT: Final = 10.0
"""Seconds to wait for another process that writes at this moment."""

RESERVE: Final = 4 * 1024 * 1024
"""Bytes that are held while the ledger is, for one last note when the disk is full: the writes of about a second."""


def open_ledger(*, path: Path, workspace_id: str) -> SqliteLedger:
    """
    Open the ledger of a workspace; a file that does not exist yet is made.

    Raises:
        WrongWorkspaceError: the file is the ledger of another workspace.
        StorageError: it cannot be opened, is no ledger, or was made by a newer version.
    """
    with guarded(path):
        private_folder(path.parent)
        private_file(path)  # its log and its index get the same rights
        ledger = SqliteLedger(path)
    try:
        ledger.belong_to(workspace_id)
    except BaseException:
        ledger.close()
        raise
    return ledger


def owner_of(path: Path) -> str | None:
    """
    The workspace of a ledger that is there; None of one whose tables are not made yet.

    Raises:
        StorageError: it cannot be read, or is no ledger.
    """
    with guarded(path), closing(sqlite3.connect(path, timeout=BUSY_TIMEOUT)) as db:
        is_new = db.execute("select count(*) from sqlite_schema").fetchone()[0] == 0
        return None if is_new else str(db.execute("select id from workspace").fetchone()[0])


class SqliteLedger:
    """A `Ledger`; one writer at a time (`claim`), readers at any time. Every method blocks for milliseconds."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._reserve = path.with_name(path.name + ".reserve")
        self._lock = path.with_name(path.name + ".lock")
        self._retried: frozenset[str] = frozenset()  # noted as begun
        self._opened: sqlite3.Connection | None = None

    @property
    def _db(self) -> sqlite3.Connection:
        if self._opened is None:
            self._opened = sqlite3.connect(self.path, timeout=BUSY_TIMEOUT, isolation_level=None)
            self._opened.execute("pragma synchronous = normal")
        return self._opened

    def belong_to(self, workspace_id: str) -> None:
        """Make the tables on first use, and check that they are this workspace's ever after."""
        with guarded(self.path):
            self._db.execute("pragma journal_mode = wal")
            with self._transaction():
                version = self._db.execute("pragma user_version").fetchone()[0]
                if version == 0:
                    self._make(workspace_id)
                elif version < sql.VERSION:
                    self._renew(version)
                elif version > sql.VERSION:
                    raise StorageError(
                        f"the ledger has format {version}, this version of attio-ctl knows {sql.VERSION}",
                        where=str(self.path),
                        hint="use the version of attio-ctl that wrote it, or a newer one",
                    )
                owner = self._db.execute("select id from workspace").fetchone()[0]
        if owner != workspace_id:
            raise WrongWorkspaceError(
                f"the ledger belongs to the workspace `{owner}`, not to `{workspace_id}`",
                where=str(self.path),
                hint="check `workspace_id` and the token, or give this workspace a ledger of its own",
            )

    def _make(self, workspace_id: str) -> None:
        if self._db.execute("select count(*) from sqlite_schema").fetchone()[0]:
            raise StorageError("the file is a database, but no ledger", where=str(self.path))
        for statement in sql.SCHEMA.split(";\n"):
            self._db.execute(statement)
        self._db.execute("insert into workspace (id) values (?)", (workspace_id,))
        self._db.execute(f"pragma user_version = {sql.VERSION}")

    def _renew(self, version: int) -> None:
        """From an older format; 1 kept a row per event. Those are forgotten: what they wrote is known by its record."""
        for changes in (sql.FROM_1, sql.FROM_2, sql.FROM_3)[version - 1 :]:
            for statement in changes.split(";\n"):
                self._db.execute(statement)
        self._db.execute(f"pragma user_version = {sql.VERSION}")

    def claim(self) -> AbstractContextManager[None]:
        return self._claim()

    @contextmanager
    def _claim(self) -> Iterator[None]:
        """A transaction that stays open in a database of its own is a lock that the system frees with the process."""
        with guarded(self.path):
            private_file(self._lock)
            lock = sqlite3.connect(self._lock, timeout=0, isolation_level=None)
        try:
            try:
                with guarded(self._lock):
                    lock.execute("begin exclusive")
            except LeaseHeldError as error:
                with guarded(self.path):
                    holder = self._db.execute(sql.HOLDER).fetchone()
                raise LeaseHeldError(
                    f"another delivery is running: {holder[0] if holder else 'just started'}",
                    where=str(self.path),
                    hint="wait for it to end; events of one workspace are delivered by one process at a time",
                ) from error
            with self._transaction():
                self._db.execute(sql.CLEAR_HOLDER)
                self._db.execute(sql.PUT_HOLDER, (f"process {os.getpid()} on {socket.gethostname()}",))
            with guarded(self.path), self._reserve.open("wb") as room:
                if hasattr(os, "posix_fallocate"):
                    os.posix_fallocate(room.fileno(), 0, RESERVE)
                else:  # macOS
                    room.write(bytes(RESERVE))
            yield
        finally:
            self._free_reserve()
            lock.close()

    def _free_reserve(self) -> bool:
        """Whether there was any."""
        try:
            self._reserve.unlink()
        except OSError:
            return False
        return True

    def holder(self) -> str | None:
        """Who delivers with it at this moment; None when nobody does."""
        if not self._lock.exists():
            return None
        with guarded(self.path):
            with closing(sqlite3.connect(self._lock, timeout=0)) as db:
                try:
                    db.execute("select count(*) from sqlite_schema").fetchone()
                except sqlite3.OperationalError:
                    known = self._db.execute(sql.HOLDER).fetchone()
                    return known[0] if known else "a process that just started"
            return None

    def begin(self, paths: Sequence[str]) -> Run:
        given = json.dumps(list(paths))
        with self._transaction():
            found = self._db.execute(sql.OPEN_RUN, (given,)).fetchone()
            if found:
                return self._run(found[0])
            run_id = self._db.execute(sql.NEW_RUN, (given,)).fetchone()[0]
            run = Run(run_id, tuple(Input(path) for path in paths))
            self._put_inputs(run)
        return run

    def abandon(self, paths: Sequence[str]) -> None:
        with self._transaction():
            self._db.execute(sql.ABANDON_RUNS, (json.dumps(list(paths)),))

    def runs(self, limit: int) -> Sequence[Run]:
        with guarded(self.path):
            return [self._run(run_id) for (run_id,) in self._db.execute(sql.LATEST_RUNS, (limit,)).fetchall()]

    def in_doubt(self) -> bool:
        with guarded(self.path):
            return bool(self._db.execute(sql.IN_DOUBT).fetchone()[0])

    def recent(self) -> Recent:
        with guarded(self.path):
            return Recent(self._db.execute(sql.RECENT))

    def cells(self, keys: Iterable[RecordKey]) -> dict[RecordKey, Cells]:
        asked = {_hash(text): (key, text) for key in keys for text in (_text(key),)}
        found: dict[RecordKey, Cells] = {}
        with guarded(self.path):
            for row_id, text, packed in self._db.execute(sql.RECORDS, (orjson.dumps(sorted(asked)).decode(),)):
                key, asked_text = asked[row_id]
                if text == asked_text:
                    found[key] = unpack_cells(packed)
        return found

    def settle(self, settlement: Settlement) -> None:
        try:
            self._settle(settlement)
        except NoRoomError as error:
            if not self._free_reserve():
                raise
            self._settle(settlement)
            raise FullDiskError(error.what, where=error.where, hint=error.hint) from error

    def _settle(self, settlement: Settlement) -> None:
        recent = Recent() if settlement.recent is None else settlement.recent
        with self._transaction():
            self._put_cells(settlement.cells)
            self._db.executemany(sql.PUT_RECENT, recent.changed())
            self._db.executemany(sql.PUT_MAPPING, sorted(settlement.mappings.items()))
            if settlement.run.is_recorded:
                self._put_inputs(settlement.run)
                if settlement.run.is_done:
                    self._db.execute(sql.CLOSE_RUN, (settlement.run.id,))
            else:
                self._put_retried(settlement.run)
        recent.keep()
        if not settlement.run.is_recorded:
            self._retried = settlement.run.retried if settlement.run.is_pending else frozenset()

    def mappings(self) -> Mapping[str, str]:
        with guarded(self.path):
            return dict(self._db.execute(sql.MAPPINGS).fetchall())

    def let_go(self) -> None:
        self.close()

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with guarded(self.path):
            self._db.execute("begin immediate")
            try:
                yield
                self._db.execute("commit")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("rollback")
                raise

    def _put_cells(self, cells: RecordCells) -> None:
        rows = [(_hash(text), text, known) for key, known in cells.items() for text in (_text(key),)]
        self._db.executemany(sql.PUT_RECORD, sorted(rows))

    def _put_inputs(self, run: Run) -> None:
        rows = [
            (
                run.id,
                n,
                i.path,
                i.offset,
                i.line,
                i.proof,
                i.done,
                _figures(i.account),
                _figures(i.unsettled),
                i.followed,
            )
            for n, i in enumerate(run.inputs)
        ]
        self._db.executemany(sql.PUT_INPUT, rows)

    def _put_retried(self, run: Run) -> None:
        """Once when a retry begins to send, and once when it is settled: in between nothing of this changes."""
        if not (run.is_pending and run.retried == self._retried):
            change = sql.PUT_RETRIED if run.is_pending else sql.SETTLE_RETRIED
            self._db.executemany(change, ((event,) for event in sorted(run.retried)))

    def _run(self, run_id: int) -> Run:
        rows = self._db.execute(sql.INPUTS, (run_id,)).fetchall()
        return Run(
            run_id,
            tuple(
                Input(path, offset, line, proof, bool(done), _account(account), _account(unsettled), bool(followed))
                for path, offset, line, proof, done, account, unsettled, followed in rows
            ),
        )


def _figures(account: Account) -> str:
    return orjson.dumps(account.as_json()).decode()


def _account(figures: str) -> Account:
    return Account.from_json(orjson.loads(figures))


def _text(key: RecordKey) -> str:
    return orjson.dumps([key.object, key.attribute, key.value]).decode()


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), signed=True)
