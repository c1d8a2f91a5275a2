"""
The files that had a name before, found beside the one that has it now.

    NAME.1   NAME.2026-11-01   NAME-20261101          logrotate, Python's handlers, log4j
    STEM.1.EXT   STEM-2026-11-01T10-00-00.000.EXT     logrotate's `extension`, lumberjack
    any of these and `.gz` or `.zst`                  packed since; in other formats they are told, not read

Which came first is told by when they were last written: numbers go up with some programs and down with others, while a
file that was renamed, copied or packed is never younger than the one that took its name.
"""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, TypeAlias

from attio_ctl.delivery.streams import Proof, holds

Identity: TypeAlias = tuple[int, int]
"""Device and inode: one file, whatever its name, as long as somebody holds it open."""

_STAMP: Final = r"(?:\.\d{1,4}|[-._]\d{4}[-._]?\d{2}[-\d._:TZ+]*)"
_READABLE: Final = frozenset({".gz", ".zst"})
_PACKED: Final = _READABLE | {".bz2", ".xz", ".lz4", ".lzma", ".Z", ".zip"}

_SECOND: Final = 10**9
"""Nanoseconds; logrotate gives what it packs the time of the original without its fraction."""


@dataclass(frozen=True, slots=True)
class Found:
    """
    A file beside the followed one, open; whoever takes it closes it.

    Attributes:
        written_at: When it was last written, in nanoseconds since the epoch.
        is_generation: Whether its name is one that rotation gives; else it may be any copy.
    """

    path: Path
    stream: BinaryIO
    identity: Identity
    written_at: int
    is_generation: bool

    @property
    def is_packed(self) -> bool:
        return self.path.suffix in _PACKED

    @property
    def is_readable(self) -> bool:
        return not self.is_packed or self.path.suffix in _READABLE

    def is_since(self, moment: int) -> bool:
        """Whether it was written then or later, as far as that can be told."""
        return self.written_at >= (moment - moment % _SECOND if self.is_packed else moment)

    def is_file_of(self, proof: Proof) -> bool:
        """As the function of this name; packed, or a copy, it may be."""
        if not self.is_readable or (self.is_packed and not self.is_since(proof.unread_since)):
            return False  # to look into what is packed may take long
        return is_file_of(self.stream, self.path, proof)


def identity_of(stream: BinaryIO) -> Identity:
    stat = os.fstat(stream.fileno())
    return stat.st_dev, stat.st_ino


def is_file_of(stream: BinaryIO, path: Path, proof: Proof) -> bool:
    """Whether something was read of this file, or of one that begins the same; of an empty one its inode tells."""
    if not proof.length and proof.inode:
        return identity_of(stream)[1] == proof.inode
    return holds(stream, path, proof)


def find_file(path: Path, proof: Proof, apart_from: Collection[Identity], *, copies: bool = True) -> Found | None:
    """
    The file beside another one that something was read of.

    Args:
        apart_from: Files that are open already.
        copies: Whether one that begins the same will do, where that file itself is not there.

    Raises:
        OSError: the folder cannot be read.
    """
    best: Found | None = None
    for each in _beside(path, apart_from):
        is_better = best is None or _rank(each, proof) < _rank(best, proof)
        if is_better and (copies or each.identity[1] == proof.inode) and each.is_file_of(proof):
            if best is not None:
                best.stream.close()
            best = each
        else:
            each.stream.close()
    return best


def _rank(found: Found, proof: Proof) -> tuple[bool, bool]:
    return found.identity[1] != proof.inode, not found.is_generation


def find_since(path: Path, moment: int, apart_from: Collection[Identity]) -> list[Found]:
    """The generations of a file that were written then (nanoseconds) or later, the oldest first; as `find_file`."""
    found = []
    for each in _beside(path, apart_from):
        if each.is_generation and each.is_since(moment):
            found.append(each)
        else:
            each.stream.close()
    return sorted(found, key=lambda each: each.written_at)


def _beside(path: Path, apart_from: Collection[Identity]) -> Iterator[Found]:
    """The files whose names begin the same; of one that is there packed and as it was, the latter."""
    extension = path.suffix
    packed = "|".join(map(re.escape, sorted(_PACKED)))
    generation = re.compile(
        rf"(?:{re.escape(path.name)}{_STAMP}|{re.escape(path.stem)}{_STAMP}{re.escape(extension)})(?:{packed})?"
    )
    there = {each.name: each for each in path.parent.glob(f"{glob.escape(path.stem)}*")}
    for name, beside in sorted(there.items()):
        if name == path.name or (beside.suffix in _PACKED and beside.stem in there and beside.stem != path.name):
            continue
        with suppress(FileNotFoundError, PermissionError, IsADirectoryError):
            if not beside.is_file():
                continue
            stream = beside.open("rb", buffering=0)
            stat = os.fstat(stream.fileno())
            if (stat.st_dev, stat.st_ino) in apart_from:
                stream.close()
            else:
                is_generation = generation.fullmatch(name) is not None
                yield Found(beside, stream, (stat.st_dev, stat.st_ino), stat.st_mtime_ns, is_generation)
