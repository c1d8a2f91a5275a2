"""
One rate for all processes of a machine that use a token: the client's GCRA buckets, kept in a file.

A reservation is one short transaction, and says when to send, so that waiting processes do not poll. Times are seconds
since 1970, the only clock that processes share; a stored time that lies absurdly far ahead (the machine's clock was set
back) counts as now. The file is its own, since the ledger is locked for as long as a window takes to settle; it holds a
digest of the token, and nothing that would be missed.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import astuple, replace
from pathlib import Path
from typing import Final, Self

from attio_ctl.attio.clock import Clock, SystemClock
from attio_ctl.attio.limiter import MARGIN, Bucket, Kind, Limits, hold, penalise, reserve
from attio_ctl.attio.token import Token
from attio_ctl.delivery.private import private_file
from attio_ctl.errors import StorageError

ABSURD: Final = 3600.0
"""Seconds ahead from which on a stored time is not believed; no answer of Attio holds anybody back so long."""

BUSY_TIMEOUT: Final = 10.0
"""Seconds to wait for another process in the middle of its reservation, which takes less than a millisecond."""

_SCHEMA: Final = """
create table if not exists bucket (
    token text not null,                      -- a digest of it
    kind text not null,                       -- read or write
    full_rate real not null,                  -- requests per second
    next_at real not null,                    -- times are seconds since 1970
    rate real not null,
    rate_since real not null,
    held_until real not null,
    epoch integer not null,
    primary key (token, kind)
) strict, without rowid
"""
_BUCKET: Final = """
select full_rate, next_at, rate, rate_since, held_until, epoch from bucket where token = ? and kind = ?
"""
_PUT_BUCKET: Final = "insert or replace into bucket values (?, ?, ?, ?, ?, ?, ?, ?)"


class SharedLimiter:
    """A `Limiter` in a file; close it when done."""

    def __init__(self, *, path: Path, token: Token, limits: Limits | None = None, clock: Clock | None = None) -> None:
        """
        Args:
            path: Made where it is not there.
            token: Whose rate it is.

        Raises:
            StorageError: by every method too, when the file cannot be used.
        """
        known = limits or Limits()
        self._path = path
        self._clock = clock or SystemClock()
        self._token = hashlib.blake2b(token.plain.encode(), digest_size=16).hexdigest()
        self._rates: dict[Kind, float] = {
            "read": known.reads_per_second * MARGIN,
            "write": known.writes_per_second * MARGIN,
        }
        with self._guarded():
            path.parent.mkdir(parents=True, exist_ok=True)
            private_file(path)
            self._db = sqlite3.connect(path, timeout=BUSY_TIMEOUT, isolation_level=None)
            self._db.execute("pragma journal_mode = wal")
            self._db.execute("pragma synchronous = off")
            self._db.execute(_SCHEMA)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

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

    def _change(self, kind: Kind, change: Callable[[Bucket, float], tuple[Bucket, float]]) -> tuple[Bucket, float]:
        now = self._clock.wall()
        with self._guarded():
            self._db.execute("begin immediate")
            try:
                bucket, wait = change(self._load(kind, now), now)
                self._db.execute(_PUT_BUCKET, (self._token, kind, *astuple(bucket)))
                self._db.execute("commit")
            except BaseException:
                if self._db.in_transaction:  # a full disk has ended it already
                    self._db.execute("rollback")
                raise
        return bucket, wait

    def _load(self, kind: Kind, now: float) -> Bucket:
        with closing(self._db.execute(_BUCKET, (self._token, kind))) as rows:
            row = rows.fetchone()
        if row is None:
            return Bucket(self._rates[kind])
        stored = replace(Bucket(*row), full_rate=self._rates[kind])
        if stored.next_at > now + ABSURD:
            return Bucket(self._rates[kind], epoch=stored.epoch + 1)
        return stored

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise StorageError(
                f"the rate that processes share cannot be kept: {error}",
                where=str(self._path),
                hint="free the disk, or delete the file: it is made anew",
            ) from error
