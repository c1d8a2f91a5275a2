"""
One writer per workspace: a lease with an owner, a time to live and a heartbeat, kept in a file.

The lease of a killed run is free at once on the same host, and elsewhere when it expires. A run that was frozen past
its lease finds at the next heartbeat or write that another one holds it (`fencing`: the number only ever grows) and
stops.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import getpass
import json
import os
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from attio_ctl.errors import LeaseHeldError, StorageError

TTL = 30.0
"""Seconds that a lease lives without a heartbeat, which comes every third of it."""


@dataclass(frozen=True, slots=True)
class Lease:
    """
    Who holds the workspace: `owner` for people, `host` and `pid` to find out whether it is alive.

    `expires` is a wall-clock time in seconds, 0 once the lease was given back; `fencing` grows with every new holder.
    """

    owner: str
    run: str
    fencing: int
    expires: float
    host: str = ""
    pid: int = 0

    def is_held(self, now: float) -> bool:
        """Whether its holder may still write: it has not expired, and its process is not known to be dead."""
        return self.expires > now and (self.host != socket.gethostname() or _is_alive(self.pid))


def owner_name() -> str:
    """The name of the user, or the uid of one who has no entry in the password file, as in many containers."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # the second from Python 3.13 on
        return str(os.getuid())


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # somebody else's
    return True


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


def holder(path: Path, now: float) -> Lease | None:
    """Who may write now; None when nobody holds the lease."""
    held = _read(path)
    return held if held is not None and held.is_held(now) else None


def _write(path: Path, lease: Lease) -> None:
    temporary = path.with_suffix(".new")
    temporary.write_text(json.dumps(asdict(lease)))
    os.replace(temporary, path)  # noqa: PTH105  atomic, and the name says so


def take(path: Path, *, owner: str, run: str, now: float, ttl: float = TTL) -> Lease:
    """
    Take the lease.

    Raises:
        LeaseHeldError: a process holds it, be it of the same run; the error names its owner.
    """
    with _locked(path):
        held = _read(path)
        if held is not None and held.is_held(now):
            raise LeaseHeldError(
                f"`{held.owner}` is applying to this workspace (run {held.run})",
                hint=f"wait for it; if it died, the lease frees itself in {held.expires - now:.0f} s",
            )
        fencing = (held.fencing if held else 0) + 1
        lease = Lease(owner, run, fencing, now + ttl, socket.gethostname(), os.getpid())
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
            # A lost lease is told by the check before the next write, with its change; a file that cannot be written
            # now is tried again at the next beat.
            with contextlib.suppress(LeaseHeldError, StorageError):
                renew(path, lease, now=clock(), ttl=ttl)

    heart = asyncio.create_task(beat())
    try:
        yield check
    finally:
        heart.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await heart
        with contextlib.suppress(StorageError):  # it frees itself; what the run has done must still be told
            release(path, lease)
