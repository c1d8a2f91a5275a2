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
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

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
def opened(path: Path) -> Iterator[BinaryIO]:
    """
    The content of a file, to be read and sought in.

    Raises:
        EventsError: it is compressed, and broken or cut off.
        StorageError: it cannot be read.
    """
    try:
        with _open(path) as stream:
            yield stream
    except (gzip.BadGzipFile, zlib.error, zstd.ZstdError, EOFError) as error:
        raise EventsError(
            f"the compressed data is broken: {error}",
            where=str(path),
            hint="fetch or compress the file again; what stands before the fault was not delivered either",
        ) from error
    except OSError as error:
        raise _unreadable(path, error) from error


def _open(path: Path) -> BinaryIO:
    match _packing(path):
        case "gzip":
            return cast(BinaryIO, gzip.open(path, "rb"))
        case "zstd":
            return cast(BinaryIO, zstd.open(path, "rb"))
        case _:
            return path.open("rb")


def _packing(path: Path) -> str:
    with path.open("rb") as probe:
        head = probe.read(4)
    return "gzip" if head.startswith(_GZIP) else "zstd" if head == _ZSTD else ""


def proof_of(path: Path, offset: int) -> str:
    """
    Recognises what was read of a file: a length, and a digest of the head and the tail of so many bytes.

    The bytes are those of the file as it lies there, up to the offset; all of them when it is compressed, since an
    offset in its content is no place in the file.
    """
    try:
        length = path.stat().st_size if _packing(path) else offset
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


def _unreadable(path: Path, error: OSError) -> StorageError:
    hint: Any = "check the path and the file's rights" if not isinstance(error, IsADirectoryError) else None
    return StorageError(f"the events cannot be read: {error.strerror or error}", where=os.fspath(path), hint=hint)
