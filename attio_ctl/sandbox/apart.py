"""Long reads, in a thread with a connection of its own, so that other requests are answered meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from attio_ctl.sandbox.store.store import Store

Result = TypeVar("Result")
PROGRESS_EVERY: Final = 10_000  # steps of SQLite, some tens of microseconds


class ApartReader:
    """
    One thread that reads the same file as another store, which from now on refuses to scan many rows itself.

    Each piece of work sees the file as it was when it began. A workspace in memory has no second connection, so its
    store goes on answering everything itself.
    """

    def __init__(self, beside: Store) -> None:
        self._beside = beside
        self._store: Store | None = None
        self._closing = False
        self._threads = ThreadPoolExecutor(1, "attio-sandbox-reader")
        beside.refuses_scans = not beside.is_memory

    async def run(self, work: Callable[[Store], Result]) -> Result:
        """Do this work with a store that may scan."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._read, work)

    def _read(self, work: Callable[[Store], Result]) -> Result:
        if self._store is None:
            self._store = Store(self._beside.db.location, self._beside.options)
            self._store.db.connection.set_progress_handler(lambda: self._closing, PROGRESS_EVERY)
        with self._store.db.snapshot(), self._store.reading():
            return work(self._store)

    def close(self) -> None:
        """End what runs, and close the connection."""
        self._closing = True
        self._beside.refuses_scans = False
        self._threads.shutdown(wait=True, cancel_futures=True)
        if self._store is not None:
            self._store.close()
