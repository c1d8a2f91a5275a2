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
from attio_ctl.attio.limiter import FORGIVEN, MARGIN, Bucket, Kind, Limits, depart, hold, penalise, reserve
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
        while not await self._leave(kind):
            pass  # held meanwhile

    async def _leave(self, kind: Kind) -> bool:
        """Wait for a slot; whether it was still there then."""
        reserved, slot = self._change(kind, _next_slot)
        late = self._clock.wall() - slot
        if 0 <= late <= FORGIVEN:
            return True
        await self._clock.sleep(max(0.0, -late))

        def left(bucket: Bucket, now: float) -> tuple[Bucket, float]:
            return depart(bucket, slot, now) if bucket.epoch == reserved.epoch else bucket, now

        bucket, _ = self._change(kind, left)
        return bucket.epoch == reserved.epoch

    async def hold(self, kind: Kind, seconds: float) -> None:
        self._change(kind, lambda bucket, now: (hold(bucket, now, seconds), now))

    async def penalise(self, kind: Kind, seconds: float) -> None:
        self._change(kind, lambda bucket, now: (penalise(bucket, now, seconds), now))

    def _change(self, kind: Kind, change: Callable[[Bucket, float], tuple[Bucket, float]]) -> tuple[Bucket, float]:
        with self._guarded():
            self._db.execute("begin immediate")
            try:
                now = self._clock.wall()
                bucket, when = change(self._load(kind, now), now)
                self._db.execute(_PUT_BUCKET, (self._token, kind, *astuple(bucket)))
                self._db.execute("commit")
            except BaseException:
                if self._db.in_transaction:  # a full disk has ended it already
                    self._db.execute("rollback")
                raise
        return bucket, when

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


def _next_slot(bucket: Bucket, now: float) -> tuple[Bucket, float]:
    taken, wait = reserve(bucket, now)
    return taken, now + wait
