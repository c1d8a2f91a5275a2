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
from stat import S_ISREG
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
class Beside:
    """
    A file beside the followed one.

    Attributes:
        written_at: When it was last written, in nanoseconds since the epoch.
        is_generation: Whether its name is one that rotation gives; else it may be any copy.
    """

    path: Path
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

    def may_be(self, proof: Proof, *, copies: bool) -> bool:
        """Whether it is worth a look inside, which may take long where it is packed."""
        may_be_copy = copies and proof.length > 0
        return self.is_readable and (
            self.identity[1] == proof.inode
            or (may_be_copy and not (self.is_packed and not self.is_since(proof.unread_since)))
        )


@dataclass(frozen=True, slots=True)
class Found:
    """A file beside the followed one that is open; whoever takes it closes it."""

    beside: Beside
    stream: BinaryIO

    @classmethod
    def open(cls, beside: Beside) -> Found:
        return cls(beside, beside.path.open("rb", buffering=0))


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
    there = [each for each in _beside(path, apart_from) if each.may_be(proof, copies=copies)]
    for each in sorted(there, key=lambda each: (each.identity[1] != proof.inode, not each.is_generation)):
        with suppress(FileNotFoundError, PermissionError):
            found = Found.open(each)
            if is_file_of(found.stream, each.path, proof):
                return found
            found.stream.close()
    return None


def find_since(path: Path, moment: int, apart_from: Collection[Identity]) -> list[Beside]:
    """
    The generations of a file that were written then (nanoseconds) or later, the oldest first.

    Args:
        apart_from: Files that are open already.

    Raises:
        OSError: the folder cannot be read.
    """
    there = (each for each in _beside(path, apart_from) if each.is_generation and each.is_since(moment))
    return sorted(there, key=lambda each: each.written_at)


def _beside(path: Path, apart_from: Collection[Identity]) -> Iterator[Beside]:
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
        with suppress(FileNotFoundError):
            stat = beside.stat()
            identity = stat.st_dev, stat.st_ino
            if S_ISREG(stat.st_mode) and identity not in apart_from:
                yield Beside(beside, identity, stat.st_mtime_ns, generation.fullmatch(name) is not None)
