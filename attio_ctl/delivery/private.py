"""Files and folders for their owner alone: events, dead letters and the ledger hold data of people."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Final

_FILE: Final = 0o600
_FOLDER: Final = 0o700
_OTHERS: Final = 0o077


def private_folder(path: Path) -> None:
    """Make a folder where there is none; one that is there keeps its rights. Raises OSError."""
    path.mkdir(mode=_FOLDER, parents=True, exist_ok=True)


def private_file(path: Path) -> None:
    """
    Make an empty file where there is none, and take from others what rights they have on one that is there.

    Raises:
        OSError: it cannot be made.
    """
    os.close(private_opener(str(path), os.O_WRONLY | os.O_CREAT))


def private_opener(path: str, flags: int) -> int:
    """An `opener` for `open`; raises OSError."""
    descriptor = os.open(path, flags, _FILE)
    if os.fstat(descriptor).st_mode & _OTHERS:
        with contextlib.suppress(PermissionError):  # somebody else's file, that we may write to
            os.fchmod(descriptor, _FILE)
    return descriptor
