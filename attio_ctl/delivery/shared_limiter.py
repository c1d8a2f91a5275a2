"""
One rate for all processes that use a token: the client's GCRA buckets, kept in the ledger's file.

A reservation is one short transaction, and says when to send, so that waiting processes do not poll. Times are seconds
since 1970, the only clock that processes share; a stored time that lies absurdly far ahead (the machine's clock was set
back) counts as now.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import astuple, replace
from pathlib import Path
from typing import Final

from attio_ctl.attio.clock import Clock, SystemClock
from attio_ctl.attio.limiter import MARGIN, Bucket, Kind, Limits, hold, penalise, reserve
from attio_ctl.delivery import sql
from attio_ctl.delivery.sqlite_ledger import BUSY_TIMEOUT, guarded

ABSURD: Final = 3600.0
"""Seconds ahead from which on a stored time is not believed; no answer of Attio holds anybody back so long."""


class SharedLimiter:
    """A `Limiter` over the ledger of a workspace, which must have been opened before."""

    def __init__(self, *, path: Path, limits: Limits | None = None, clock: Clock | None = None) -> None:
        known = limits or Limits()
        self._path = path
        self._clock = clock or SystemClock()
        self._rates: dict[Kind, float] = {
            "read": known.reads_per_second * MARGIN,
            "write": known.writes_per_second * MARGIN,
        }
        with guarded(path):
            self._db = sqlite3.connect(path, timeout=BUSY_TIMEOUT, isolation_level=None)
            self._db.execute("pragma synchronous = normal")

    async def acquire(self, kind: Kind) -> None:
        while True:
            reserved, wait = self._change(kind, reserve)
            if wait <= 0:
                return
            await self._clock.sleep(wait)
            now, _ = self._change(kind, lambda bucket, _: (bucket, 0.0))
            if now.epoch == reserved.epoch:
                return

    async def hold(self, kind: Kind, seconds: float) -> None:
        self._change(kind, lambda bucket, now: (hold(bucket, now, seconds), seconds))

    async def penalise(self, kind: Kind, seconds: float) -> None:
        self._change(kind, lambda bucket, now: (penalise(bucket, now, seconds), seconds))

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def _change(self, kind: Kind, change: Callable[[Bucket, float], tuple[Bucket, float]]) -> tuple[Bucket, float]:
        now = self._clock.wall()
        with guarded(self._path):
            self._db.execute("begin immediate")
            try:
                bucket, wait = change(self._load(kind, now), now)
                self._db.execute(sql.PUT_BUCKET, (kind, *astuple(bucket)))
                self._db.execute("commit")
            except BaseException:
                self._db.execute("rollback")
                raise
        return bucket, wait

    def _load(self, kind: Kind, now: float) -> Bucket:
        with closing(self._db.execute(sql.BUCKET, (kind,))) as rows:
            row = rows.fetchone()
        if row is None:
            return Bucket(self._rates[kind])
        stored = replace(Bucket(*row), full_rate=self._rates[kind])
        if stored.next_at > now + ABSURD:
            return Bucket(self._rates[kind], epoch=stored.epoch + 1)
        return stored
