"""The log of requests, written a moment later in one go, so that it costs a request almost nothing."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from attio_ctl.sandbox.store.store import Store

FLUSH_AFTER_S: Final = 0.2
FLUSH_AT: Final = 500
KEPT: Final = 100_000

_INSERT: Final = (
    "INSERT INTO requests (at, execution_id, token, method, path, status, code, duration_us, fault) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_PRUNE: Final = "DELETE FROM requests WHERE pk <= (SELECT MAX(pk) FROM requests) - ?"


class RequestLog:
    """Buffers rows of the `requests` table, which holds the last 100,000; `flush` before reading the table."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._rows: list[tuple[Any, ...]] = []
        self._scheduled: asyncio.TimerHandle | None = None

    def add(self, row: tuple[Any, ...]) -> None:
        """One request, in the order of the columns."""
        self._rows.append(row)
        if len(self._rows) >= FLUSH_AT:
            self.flush()
        elif self._scheduled is None:
            self._scheduled = asyncio.get_running_loop().call_later(FLUSH_AFTER_S, self.flush)

    def flush(self) -> None:
        """Write what is buffered."""
        if self._scheduled is not None:
            self._scheduled.cancel()
            self._scheduled = None
        if self._rows:
            rows, self._rows = self._rows, []
            with self.store.db.transaction():
                self.store.db.connection.executemany(_INSERT, rows)
                self.store.db.write(_PRUNE, (KEPT,))
