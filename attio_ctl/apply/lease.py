"""
One writer per workspace: a lease with an owner, a time to live and a heartbeat, kept in a file.

A killed run frees itself when its lease expires; a run that was frozen past its lease finds at the next heartbeat or
write that another one holds it (`fencing`: the number only ever grows) and stops.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from attio_ctl.errors import LeaseHeldError, StorageError

TTL = 30.0
"""Seconds that a lease lives without a heartbeat, which comes every third of it."""


@dataclass(frozen=True, slots=True)
class Lease:
    """Who holds the workspace; `expires` is a wall-clock time in seconds, `fencing` grows with every new holder."""

    owner: str
    run: str
    fencing: int
    expires: float


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the file's lock for one read-and-write; the lease itself outlives it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.with_suffix(".lock").open("w") as guard:
            fcntl.flock(guard, fcntl.LOCK_EX)
            yield
    except OSError as error:
        raise StorageError(f"cannot keep the lease: {error.strerror}", where=str(path)) from error


def _read(path: Path) -> Lease | None:
    try:
        return Lease(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return None


def _write(path: Path, lease: Lease) -> None:
    temporary = path.with_suffix(".new")
    temporary.write_text(json.dumps(asdict(lease)))
    os.replace(temporary, path)  # noqa: PTH105  atomic, and the name says so


def take(path: Path, *, owner: str, run: str, now: float, ttl: float = TTL) -> Lease:
    """
    Take the lease.

    Raises:
        LeaseHeldError: another run holds it and has not expired; the error names its owner.
    """
    with _locked(path):
        held = _read(path)
        if held is not None and held.expires > now and held.run != run:
            raise LeaseHeldError(
                f"`{held.owner}` is applying to this workspace (run {held.run})",
                hint=f"wait for it; if it died, the lease frees itself in {held.expires - now:.0f} s",
            )
        lease = Lease(owner, run, (held.fencing if held else 0) + 1, now + ttl)
        _write(path, lease)
        return lease


def renew(path: Path, lease: Lease, *, now: float, ttl: float = TTL) -> Lease:
    """
    Extend a lease that is still ours.

    Raises:
        LeaseHeldError: another run has taken it meanwhile.
    """
    with _locked(path):
        held = _read(path)
        if held is None or held.fencing != lease.fencing:
            owner = held.owner if held else "nobody"
            raise LeaseHeldError(f"this run lost its lease; `{owner}` holds the workspace now")
        renewed = replace(lease, expires=now + ttl)
        _write(path, renewed)
        return renewed


def release(path: Path, lease: Lease) -> None:
    """Give the lease back, if it is still ours; the fencing number stays."""
    with _locked(path):
        held = _read(path)
        if held is not None and held.fencing == lease.fencing:
            _write(path, replace(lease, expires=0.0))


@contextlib.asynccontextmanager
async def holding(
    path: Path, *, owner: str, run: str, clock: Callable[[], float], ttl: float = TTL
) -> AsyncIterator[Callable[[], None]]:
    """
    Hold the lease while the body runs, with a heartbeat.

    Yields:
        A check to call right before a write: it raises LeaseHeldError once the lease is another's.
    """
    lease = take(path, owner=owner, run=run, now=clock(), ttl=ttl)

    def check() -> None:
        held = _read(path)
        if held is None or held.fencing != lease.fencing:
            raise LeaseHeldError(
                f"this run lost its lease; `{held.owner if held else 'nobody'}` holds the workspace now"
            )

    async def beat() -> None:
        while True:
            await asyncio.sleep(ttl / 3)
            with contextlib.suppress(LeaseHeldError):  # the check before the next write says it, with its change
                renew(path, lease, now=clock(), ttl=ttl)

    heart = asyncio.create_task(beat())
    try:
        yield check
    finally:
        heart.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await heart
        release(path, lease)
