"""
Events from files, one line at a time, each with the place it came from.

NDJSON and JSON arrays, plain or gzipped, told apart by their first bytes, never by their names. Offsets count bytes of
the uncompressed content. Only one block and one line are in memory at a time.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedIOBase
from pathlib import Path
from typing import IO, Final

from attio_ctl.errors import EventsError, StorageError

BLOCK: Final = 256 * 1024
"""Bytes read at a time."""

PROOF_HEAD: Final = 64 * 1024
PROOF_TAIL: Final = 4 * 1024
"""Bytes at the start and before the acknowledged offset by which a file is recognised as the one that was read."""

_GZIP_MAGIC: Final = b"\x1f\x8b"
_BOM: Final = b"\xef\xbb\xbf"
_SPACE: Final = b" \t\r\n"
_MARKS: Final = re.compile(rb'["\\\[\]{},]')


@dataclass(frozen=True, slots=True)
class Line:
    """
    One event as it stands in its input.

    Attributes:
        file: The path as it was given.
        offset: Where `raw` begins, in bytes of the uncompressed content.
        end: Where the next line can be read from.
        number: Counted from 1; in a JSON array the number of the element.
        raw: The bytes, without white space around them.
    """

    file: str
    offset: int
    end: int
    number: int
    raw: bytes

    @property
    def place(self) -> str:
        return f"{self.file}:{self.number}"


def read_lines(path: Path, *, offset: int = 0, number: int = 0) -> Iterator[Line]:
    """
    The events of a file from an offset on; blank lines are no events.

    Args:
        offset: `Line.end` of the last line that is not to be read again.
        number: `Line.number` of that line.

    Raises:
        EventsError: the file is gzip and broken.
        StorageError: the file cannot be read.
    """
    try:
        with _open(path) as stream:
            start = stream.read(64).removeprefix(_BOM).lstrip(_SPACE)
            stream.seek(offset)
            split = _elements if start.startswith(b"[") else _lines
            yield from split(str(path), stream, offset, number)
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise EventsError(f"the gzip data is broken: {error}", where=str(path)) from error
    except OSError as error:
        raise _unreadable(path, error) from error


def proof_of(path: Path, offset: int) -> str:
    """
    Recognises what was acknowledged of a file: a length, and a digest of the head and the tail of so many bytes.

    The bytes are those of the file as it lies there, up to the offset; all of them when it is gzipped, since an offset
    in its content is no place in the file.
    """
    try:
        length = path.stat().st_size if _is_gzip(path) else offset
        return f"{length}:{_digest(path, length)}"
    except OSError as error:
        raise _unreadable(path, error) from error


def is_proven(path: Path, proof: str) -> bool:
    """Whether a file still begins with what the proof was made of; one that only grew does."""
    length = int(proof.partition(":")[0])
    try:
        return f"{length}:{_digest(path, length)}" == proof
    except OSError as error:
        raise _unreadable(path, error) from error


def _digest(path: Path, length: int) -> str:
    with path.open("rb") as stream:
        head = stream.read(min(PROOF_HEAD, length))
        stream.seek(max(0, length - PROOF_TAIL))
        tail = stream.read(min(PROOF_TAIL, length))
    return hashlib.blake2b(head + tail, digest_size=16).hexdigest() if len(tail) == min(PROOF_TAIL, length) else "short"


def spool(stream: IO[bytes], folder: Path) -> Path:
    """
    Keep standard input in a file, so that a run over it can be resumed like any other.

    The file is named by its content: piping the same bytes again names the same file.
    """
    digest = hashlib.blake2b(digest_size=16)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix="stdin-", delete=False) as kept:
            while block := stream.read(BLOCK):
                digest.update(block)
                kept.write(block)
        target = folder / f"stdin-{digest.hexdigest()}"
        shutil.move(kept.name, target)
    except OSError as error:
        raise StorageError(f"standard input cannot be kept: {error.strerror}", where=str(folder)) from error
    return target


def _open(path: Path) -> BufferedIOBase:
    return gzip.open(path, "rb") if _is_gzip(path) else path.open("rb")


def _is_gzip(path: Path) -> bool:
    with path.open("rb") as probe:
        return probe.read(2) == _GZIP_MAGIC


def _unreadable(path: Path, error: OSError) -> StorageError:
    return StorageError(f"the events cannot be read: {error.strerror or error}", where=os.fspath(path))


def _lines(file: str, stream: BufferedIOBase, offset: int, number: int) -> Iterator[Line]:
    rest = b""
    while block := stream.read(BLOCK):
        *whole, rest = (rest + block).split(b"\n")
        for raw in whole:
            number += 1
            end = offset + len(raw) + 1
            if line := _line(file, raw, offset, end, number):
                yield line
            offset = end
    if line := _line(file, rest, offset, offset + len(rest), number + 1):
        yield line


def _elements(file: str, stream: BufferedIOBase, offset: int, number: int) -> Iterator[Line]:
    """
    The elements of a top-level array, cut out without being parsed.

    What follows the array, or an element that never ends, comes as a line of its own, to be refused as no JSON.
    """
    scanner = _ArrayScanner(depth=1 if offset else 0)
    rest = b""
    while block := stream.read(BLOCK):
        begin = 0
        for cut in scanner.cuts(block):
            raw = rest + block[begin:cut]
            if line := _line(file, raw, offset, offset + len(raw) + 1, number + 1):
                number += 1
                yield line
            offset += len(raw) + 1
            rest, begin = b"", cut + 1
        rest += block[begin:]
    if line := _line(file, rest, offset, offset + len(rest), number + 1):
        yield line


def _line(file: str, raw: bytes, offset: int, end: int, number: int) -> Line | None:
    stripped = raw.removeprefix(_BOM).strip(_SPACE) if offset == 0 else raw.strip(_SPACE)
    return Line(file, offset + raw.index(stripped), end, number, stripped) if stripped else None


class _ArrayScanner:
    """Finds the marks that part the elements of an outermost array: its brackets, and the commas directly in it."""

    def __init__(self, depth: int) -> None:
        self._depth = depth
        self._in_string = False
        self._escaped = -1

    def cuts(self, block: bytes) -> Iterator[int]:
        """The positions of those marks in the next block."""
        for match in _MARKS.finditer(block):
            at, mark = match.start(), match[0]
            if at == self._escaped:
                continue
            if mark == b'"':
                self._in_string = not self._in_string
            elif mark == b"\\":
                self._escaped = at + 1
            elif not self._in_string and self._parts(mark):
                yield at
        self._escaped -= len(block)

    def _parts(self, mark: bytes) -> bool:
        if mark == b",":
            return self._depth == 1
        before = self._depth
        self._depth += 1 if mark in b"[{" else -1
        return 0 in (before, self._depth)
