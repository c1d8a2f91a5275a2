"""
What a run meant to do and what came of it: an append-only file, one checksummed line per step, synced to disk.

The intent is on disk before a write is sent, the result before the next step depends on it. So after a crash at any
moment the journal tells which single steps are in doubt, and those are looked up in Attio instead of being sent again.

A line is `<crc32 of the rest, 8 hex digits> <JSON>`, ended by a newline. A torn last line is what a crash leaves
behind: a reader ignores it, and the next writer cuts it off. A broken line in the middle means that the file was
damaged, and is refused.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Mapping
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
    """
    Writes one run's journal, or goes on with it after a crash; every `append` is on disk when it returns.

    Raises:
        StorageError: it cannot be written, or what is there is damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            whole = sum(len(line) for line in _whole_lines(path)) if path.exists() else 0
            self._file: IO[bytes] = path.open("ab")
            self._file.truncate(whole)
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
    return tuple(_entry(line) for line in _whole_lines(path))


def _whole_lines(path: Path) -> list[bytes]:
    """The lines up to a torn last one, each with its newline."""
    try:
        lines = path.read_bytes().splitlines(keepends=True)
    except OSError as error:
        raise StorageError(f"cannot read the journal: {error.strerror}", where=str(path)) from error
    for number, line in enumerate(lines, start=1):
        if not _is_whole(line):
            if number == len(lines):
                return lines[:-1]
            raise StorageError("the journal is damaged; it cannot tell what was done", where=f"{path}:{number}")
    return lines


def _is_whole(line: bytes) -> bool:
    checksum, _, text = line.removesuffix(b"\n").partition(b" ")
    return line.endswith(b"\n") and checksum == b"%08x" % zlib.crc32(text)


def _entry(line: bytes) -> Entry:
    data = json.loads(line.partition(b" ")[2])
    return Entry(data.pop("event"), data)
