"""
Events from files, a block at a time, each with the place it came from.

NDJSON and JSON arrays, compressed or not, told apart by their first bytes, never by their names. Offsets count bytes of
the uncompressed content. Only one block, or one event that is larger than that, is in memory at a time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final

from attio_ctl.delivery.encoding import UTF8_BOM, check_utf8
from attio_ctl.delivery.streams import raw, unpacked

BLOCK: Final = 1024 * 1024
"""Bytes read at a time."""

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


@dataclass(slots=True)
class Block:
    """
    Some consecutive events of an input.

    Attributes:
        data: One event per line, and perhaps blank lines.
        end: Where the next block can be read from; `number` is the number of the last event before that.
    """

    data: bytes
    end: int
    number: int
    _file: str
    _offset: int
    _first: int
    _lines: list[Line] = field(default_factory=list)

    @classmethod
    def of(cls, lines: list[Line], file: str) -> Block:
        """A block of at least one line; a line break within an event is white space, since texts hold none."""
        data = b"\n".join(line.raw.replace(b"\n", b" ") for line in lines)
        return cls(data, lines[-1].end, lines[-1].number, file, lines[0].offset, lines[0].number, lines)

    def missed(self, seen: int) -> int:
        """How many of its events are not among so many that were looked at; counted apart only where that can be."""
        return 0 if seen == self.number - self._first + 1 else len(self.lines) - seen

    @property
    def lines(self) -> list[Line]:
        """Each event with its place; blank lines are no events."""
        if not self._lines:
            offset = self._offset
            for number, raw in enumerate(BytesIO(self.data), self._first):
                end = offset + len(raw)
                if line := _line(self._file, raw, offset, end, number):
                    self._lines.append(line)
                offset = end
        return self._lines


def events_of(data: bytes) -> list[bytes]:
    """The events of a `Block.data`, each as `Line.raw`, but for line breaks within one."""
    return [raw.strip(_SPACE) for raw in BytesIO(data) if not raw.isspace()]


def read_blocks(path: Path, *, offset: int = 0, number: int = 0, end: int | None = None) -> Iterator[Block]:
    """
    The events of a whole file from an offset on; arguments and errors as for `blocks_of`.

    Raises:
        StorageError: the file cannot be read.
    """
    with raw(path) as stream:
        yield from blocks_of(stream, path, offset=offset, number=number, end=end)


def blocks_of(
    stream: BinaryIO, path: Path, *, offset: int = 0, number: int = 0, end: int | None = None, whole: bool = True
) -> Iterator[Block]:
    """
    The events of a file that is open (`streams.raw`), from an offset on.

    Args:
        path: What the file is called.
        offset: `Block.end` of the last block that is not to be read again.
        number: `Block.number` of that block.
        end: `Block.end` of the last block that is to be read; by default all are.
        whole: Whether the file is all there; if not, an event whose end is not there is left for later.

    Raises:
        EventsError: the file is compressed, and broken; or it is not in UTF-8.
        StorageError: the file cannot be read.
    """
    with unpacked(stream, path) as content:
        head = content.read(64)
        check_utf8(head, path, is_packed=content is not stream)
        start = len(head) - len(head.removeprefix(UTF8_BOM))
        begin = max(offset, start)
        last = _byte_before(content, begin)
        pieces = _pieces(content, None if end is None else end - begin)
        if head[start:].lstrip(_SPACE).startswith(b"["):
            depth = 1 if offset and last != b"]" else 0
            yield from _element_blocks(str(path), pieces, begin, number, depth=depth, whole=whole)
        else:
            yield from _line_blocks(str(path), pieces, begin, number, whole=whole)


def check_readable(path: Path) -> None:
    """
    Look at the beginning of a file, so that one that cannot be used is found before others are read.

    Raises:
        EventsError, StorageError: as for `blocks_of`.
    """
    with raw(path) as stream, unpacked(stream, path) as content:
        check_utf8(content.read(64), path, is_packed=content is not stream)


def _byte_before(content: BinaryIO, offset: int) -> bytes:
    """The byte before an offset, where the content is left to be read on; in an array it is the mark of a cut."""
    content.seek(max(0, offset - 1))
    return content.read(1) if offset else b""


def read_lines(path: Path, *, offset: int = 0, number: int = 0) -> Iterator[Line]:
    """The events of a whole file one by one; arguments and errors as for `read_blocks`."""
    for block in read_blocks(path, offset=offset, number=number):
        yield from block.lines


def _pieces(stream: BinaryIO, size: int | None) -> Iterator[bytes]:
    """The next bytes of a stream, all by default."""
    while piece := stream.read(BLOCK if size is None else min(BLOCK, size)):
        yield piece
        size = None if size is None else size - len(piece)


def _line_blocks(file: str, pieces: Iterable[bytes], offset: int, number: int, *, whole: bool) -> Iterator[Block]:
    rest: list[bytes] = []
    for piece in pieces:
        cut = piece.rfind(b"\n") + 1
        if not cut:
            rest.append(piece)
            continue
        data = b"".join((*rest, piece[:cut]))
        rest = [piece[cut:]]
        end, last = offset + len(data), number + data.count(b"\n")
        yield Block(data, end, last, file, offset, number + 1)
        offset, number = end, last
    data = b"".join(rest)
    if whole and data.strip():
        yield Block(data, offset + len(data), number + 1, file, offset, number + 1)


def _element_blocks(
    file: str, pieces: Iterable[bytes], offset: int, number: int, *, depth: int, whole: bool
) -> Iterator[Block]:
    """
    The elements of a top-level array, cut out without being parsed.

    In a whole file, what follows the array, or an element that never ends, comes as a line of its own, to be refused as
    no JSON.
    """
    scanner = _ArrayScanner(depth)
    rest = bytearray()
    for piece in pieces:
        begin = 0
        lines: list[Line] = []
        for cut in scanner.cuts(piece):
            raw = bytes(rest) + piece[begin:cut]
            if line := _line(file, raw, offset, offset + len(raw) + 1, number + 1):
                number += 1
                lines.append(line)
            offset += len(raw) + 1
            begin = cut + 1
            rest.clear()
        rest += piece[begin:]
        if lines:
            yield Block.of(lines, file)
    if whole and (line := _line(file, bytes(rest), offset, offset + len(rest), number + 1)):
        yield Block.of([line], file)


def _line(file: str, raw: bytes, offset: int, end: int, number: int) -> Line | None:
    if not raw or raw.isspace():
        return None
    stripped = raw.strip(_SPACE)
    return Line(file, offset + raw.index(stripped), end, number, stripped)


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
