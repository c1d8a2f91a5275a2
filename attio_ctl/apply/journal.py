"""
What a run meant to do and what came of it: an append-only file, one checksummed line per step, synced to disk.

The intent is on disk before a write is sent, the result before the next step depends on it. So after a crash at any
moment the journal tells which single steps are in doubt, and those are looked up in Attio instead of being sent again.

A line is `<crc32 of the rest, 8 hex digits> <JSON>`. A torn last line is what a crash leaves behind and is ignored;
a broken line in the middle means that the file was damaged, and is refused.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from attio_ctl.errors import StorageError


@dataclass(frozen=True, slots=True)
class Entry:
    """One step: `begin` (the plan), `intent`, `result` (of one address) or `end`."""

    event: str
    data: Mapping[str, Any]


class Journal:
    """Writes one run's journal; every `append` is on disk when it returns."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file: IO[bytes] = path.open("ab")
        except OSError as error:
            raise StorageError(f"cannot write the journal: {error.strerror}", where=str(path)) from error

    def append(self, event: str, **data: Any) -> None:
        """
        Record a step.

        Raises:
            StorageError: it is not on disk; the write that it stands for must not be sent.
        """
        text = json.dumps({"event": event, **data}, sort_keys=True, ensure_ascii=False).encode()
        try:
            self._file.write(b"%08x %s\n" % (zlib.crc32(text), text))
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise StorageError(f"cannot write the journal: {error.strerror}", where=str(self.path)) from error

    def close(self) -> None:
        """Release the file."""
        self._file.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def read_journal(path: Path) -> tuple[Entry, ...]:
    """
    The steps of a run.

    Raises:
        StorageError: there is no such journal, or a line before the last is damaged.
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise StorageError(f"cannot read the journal: {error.strerror}", where=str(path)) from error
    return tuple(_entries(lines, path))


def _entries(lines: list[bytes], path: Path) -> Iterator[Entry]:
    last = len(lines) - 1
    for number, line in enumerate(lines):
        if not line:
            continue
        checksum, _, text = line.partition(b" ")
        if checksum != b"%08x" % zlib.crc32(text):
            if number >= last - (not lines[last]):
                return
            raise StorageError("the journal is damaged; it cannot tell what was done", where=f"{path}:{number + 1}")
        data = json.loads(text)
        yield Entry(data.pop("event"), data)
