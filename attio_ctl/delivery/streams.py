"""
The bytes of an input: decompressed on the way, and recognised when they are read again.

Compression is told by the first bytes, never by the name.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, cast

from attio_ctl.errors import EventsError, StorageError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PROOF_HEAD: Final = 64 * 1024
PROOF_TAIL: Final = 4 * 1024
"""Bytes at the start and before the end of what was read, by which a file is recognised as the one that was read."""

_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"


@contextmanager
def raw(path: Path) -> Iterator[BinaryIO]:
    """
    The bytes of a file as it lies there, never older than the moment in which they are read.

    Raises:
        StorageError: it cannot be read.
    """
    with reading(path), path.open("rb", buffering=0) as stream:
        yield stream


@contextmanager
def unpacked(stream: BinaryIO, path: Path) -> Iterator[BinaryIO]:
    """
    The content of a file that is open, to be read and sought in; the file itself stays open.

    Args:
        path: What it is called in errors.

    Raises:
        EventsError: it is compressed, and broken or cut off.
        StorageError: it cannot be read.
    """
    try:
        with reading(path):
            match _packing(stream):
                case "gzip":
                    with gzip.GzipFile(fileobj=stream, mode="rb") as content:
                        yield cast(BinaryIO, content)
                case "zstd":
                    with zstd.ZstdFile(stream, "rb") as content:
                        yield cast(BinaryIO, content)
                case _:
                    yield stream
    except (gzip.BadGzipFile, zlib.error, zstd.ZstdError, EOFError) as error:
        fault = "ends in the middle: the file is cut off" if isinstance(error, EOFError) else f"is broken: {error}"
        raise EventsError(
            f"the compressed data {fault}", where=str(path), hint="fetch or compress the file again"
        ) from error


def is_packed(stream: BinaryIO) -> bool:
    """Whether it is compressed in a way that `unpacked` reads."""
    return bool(_packing(stream))


def _packing(stream: BinaryIO) -> str:
    stream.seek(0)
    head = stream.read(4)
    stream.seek(0)
    return "gzip" if head.startswith(_GZIP) else "zstd" if head == _ZSTD else ""


@dataclass(frozen=True, slots=True)
class Proof:
    """
    Recognises what was read of a file: a length, and a digest of the head and the tail of so many bytes.

    Attributes:
        inode: Which file it was, for where the bytes alone do not tell.
        unread_since: Nanoseconds since the epoch: a file that took its name and was last written before that is read.

    Both are 0 where that was not noted.
    """

    length: int
    digest: str
    inode: int = 0
    unread_since: int = 0

    @classmethod
    def parse(cls, text: str) -> Proof:
        """What `proof_of` made."""
        length, digest, *numbers = text.split(":")
        return cls(int(length), digest, *map(int, numbers))


def proof_of(stream: BinaryIO, offset: int, unread_since: int | None = None) -> str:
    """
    A `Proof` as text; for a moment of its own where one is given.

    The bytes are those of the file as it lies there (`raw`), up to the offset; all of them when it is compressed, since
    an offset in its content is no place in the file.
    """
    length = stream.seek(0, os.SEEK_END) if is_packed(stream) else offset
    stat = os.fstat(stream.fileno())
    moment = stat.st_mtime_ns if unread_since is None else unread_since
    return f"{length}:{_digest(stream, length)}:{stat.st_ino}:{moment}"


def is_proven(stream: BinaryIO, proof: str) -> bool:
    """Whether a file still begins with what the proof was made of; one that only grew does."""
    return _begins(stream, Proof.parse(proof))


def holds(stream: BinaryIO, path: Path, proof: Proof) -> bool:
    """The same, also of a file that holds that one packed."""
    if _begins(stream, proof):
        return True
    if is_packed(stream):
        with suppress(EventsError), unpacked(stream, path) as content:
            return _begins(content, proof)
    return False


def _begins(stream: BinaryIO, proof: Proof) -> bool:
    return _digest(stream, proof.length) == proof.digest


def _digest(stream: BinaryIO, length: int) -> str:
    stream.seek(0)
    head = stream.read(min(PROOF_HEAD, length))
    stream.seek(max(0, length - PROOF_TAIL))
    tail = stream.read(min(PROOF_TAIL, length))
    return hashlib.blake2b(head + tail, digest_size=16).hexdigest() if len(tail) == min(PROOF_TAIL, length) else "short"


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Faults of the disk on reading a file become a `StorageError` that names it."""
    try:
        yield
    except OSError as error:
        if isinstance(error, gzip.BadGzipFile):
            raise
        hint = None if isinstance(error, IsADirectoryError) else "check the path and the file's rights"
        what = f"the events cannot be read: {error.strerror or error}"
        raise StorageError(what, where=str(path), hint=hint) from error
