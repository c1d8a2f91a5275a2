"""What goes wrong with the file of a ledger, told apart: there is no room, somebody holds it, it cannot be used."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import msgspec

from attio_ctl.errors import LeaseHeldError, StorageError

_BUSY: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_NO_ROOM: Final = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR})  # some systems say of a quota that it is I/O
_NO_ROOM_ERRNO: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_BROKEN: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_PRIMARY: Final = 0xFF
"""The part of an extended result code that says the kind. Source: sqlite.org/rescode.html."""

LOCKS: Final = Path("/proc/locks")
"""Who holds which file, where the system says it (Linux)."""


class NoRoomError(StorageError):
    """The disk has no room for it, or could not write it."""


@contextmanager
def guarded(path: Path) -> Iterator[None]:
    """
    Around whatever uses a ledger.

    Raises:
        NoRoomError: the disk is full.
        LeaseHeldError: another program holds the file, and did not let go of it while we waited.
        StorageError: it cannot be used for another reason. All of them name the file.
    """
    try:
        yield
    except (sqlite3.Error, OSError, msgspec.DecodeError, ValueError, TypeError, IndexError) as error:  # damaged rows
        code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY
        reason: Any = getattr(error, "strerror", None) or error
        what, where = f"the ledger cannot be used: {reason}", str(path)
        if code in _BUSY:
            raise LeaseHeldError(
                f"the ledger is locked by {holder_of(path)}",
                where=where,
                hint="end that program, such as a shell or a backup that has the file open, then run the same command "
                "again: what was sent is not sent twice",
            ) from error
        if code in _NO_ROOM or getattr(error, "errno", None) in _NO_ROOM_ERRNO:
            raise NoRoomError(what, where=where, hint="free the disk, then run the same command again") from error
        if code in _BROKEN or not isinstance(error, sqlite3.Error | OSError):
            hint = "restore it from a backup, or move it away: without it every record is written once more"
            raise StorageError(what, where=where, hint=hint) from error
        raise StorageError(what, where=where, hint="mend the file's rights, then run the same command again") from error


def holder_of(path: Path) -> str:
    """The programs that hold a database or its log, as far as the system tells."""
    inodes = set()
    for name in (path.name, f"{path.name}-shm", f"{path.name}-wal"):
        with suppress(OSError):
            inodes.add(str(path.with_name(name).stat().st_ino))  # never opened: closing it would drop our own locks
    holders = set()
    with suppress(OSError):
        for line in LOCKS.read_text().splitlines():
            fields = line.split()
            process = fields[-4]
            if fields[-3].rpartition(":")[2] in inodes and process not in ("0", str(os.getpid())):
                holders.add(f"process {process}{_program(process)}")
    return ", ".join(sorted(holders)) or "another program"


def _program(process: str) -> str:
    try:
        return f" ({Path('/proc', process, 'comm').read_text().strip()})"
    except OSError:
        return ""
