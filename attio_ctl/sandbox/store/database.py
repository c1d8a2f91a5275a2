"""The one SQLite file (or memory) of a workspace: how it is opened, and how a write becomes durable."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any, Final, Literal

from attio_ctl.errors import StorageError

MEMORY: Final = ":memory:"
VERSION: Final = 2
CHECKPOINT_PAGES: Final = 4000
BUSY_MS: Final = 10_000

# What brings a file of the version before to the version that is the key.
UPGRADES: Final = {
    2: (
        "CREATE TABLE batch_bodies (batch INTEGER PRIMARY KEY, body BLOB NOT NULL)",
        "INSERT INTO batch_bodies SELECT pk, body FROM batches WHERE finished_at IS NULL",
        "ALTER TABLE batches DROP COLUMN body",
    ),
}

Location = Path | Literal[":memory:"]


class Database:
    """
    A connection with explicit transactions.

    WAL with `synchronous=NORMAL`: what is committed survives the death of the process (not of the machine), and other
    processes may read and write the same file. One thread at a time may use it.

    Raises:
        StorageError: the file cannot be opened, or is of a newer version.
    """

    def __init__(self, location: Location) -> None:
        self.location = location
        try:
            if isinstance(location, Path):
                location.parent.mkdir(parents=True, exist_ok=True)
            self.connection = sqlite3.connect(
                str(location), isolation_level=None, check_same_thread=False, cached_statements=512
            )
            self._prepare()
        except (sqlite3.DatabaseError, OSError) as error:
            raise StorageError(
                f"cannot open the sandbox: {error}", where=str(location), hint="name another file with `--db`"
            ) from error

    def _prepare(self) -> None:
        execute = self.connection.execute
        execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        execute("PRAGMA journal_mode = WAL")
        execute("PRAGMA synchronous = NORMAL")
        execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
        execute("PRAGMA cache_size = -65536")
        execute("PRAGMA temp_store = MEMORY")
        with self.transaction():
            (version,) = execute("PRAGMA user_version").fetchone()
            if version > VERSION:
                raise StorageError(
                    f"the sandbox file has version {version}, this program reads {VERSION}",
                    where=str(self.location),
                    hint="start from a fresh file, or take a newer attio-ctl",
                )
            steps = range(version + 1, VERSION + 1)
            for statement in _statements() if version == 0 else [one for step in steps for one in UPGRADES[step]]:
                execute(statement)
            execute(f"PRAGMA user_version = {VERSION}")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing: commits at the end, rolls back on any exception."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Reads inside see the file as it was at the first of them, whatever others commit."""
        self.connection.execute("BEGIN")
        try:
            yield
        finally:
            self.connection.execute("ROLLBACK")

    def rows(self, sql: str, parameters: tuple[Any, ...] = ()) -> list[Any]:
        """All rows of a query."""
        return self.connection.execute(sql, parameters).fetchall()

    def row(self, sql: str, parameters: tuple[Any, ...] = ()) -> Any:
        """The first row of a query, None when there is none."""
        return self.connection.execute(sql, parameters).fetchone()

    def write(self, sql: str, parameters: tuple[Any, ...] = ()) -> int:
        """Run a statement that writes and return the pk of the row it inserted, if it inserted one."""
        return self.connection.execute(sql, parameters).lastrowid or 0

    def data_version(self) -> int:
        """A number that changes when another connection has committed to the file."""
        (version,) = self.connection.execute("PRAGMA data_version").fetchone()
        return int(version)

    def close(self) -> None:
        """Close the file; what was committed stays."""
        self.connection.close()


def _statements() -> list[str]:
    text = resources.files("attio_ctl.sandbox.store").joinpath("schema.sql").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("--")]
    return [statement for statement in "\n".join(lines).split(";") if statement.strip()]
