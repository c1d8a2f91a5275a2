"""
One unnamed file for many heaps of bytes, each of which grows at its end: gone with the process however it ends.

The file is cut into pages, so a thousand heaps take one open file, and what one gives back another takes.
"""

from __future__ import annotations

import os
import tempfile
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

PAGE: Final = 16 * 1024
"""Bytes."""


@dataclass(slots=True)
class Heap:
    """Some bytes on the disk: `size` of them, on these pages."""

    pages: array[int] = field(default_factory=lambda: array("q"))
    size: int = 0


class Scratch:
    """Heaps on the disk; every method raises `OSError` where the disk does not do."""

    def __init__(self, folder: Path | None) -> None:
        """
        Args:
            folder: Where the file is to be, the system's own place where None; made with the first bytes.
        """
        self._folder = folder
        self._file: IO[bytes] | None = None
        self._free = array("q")
        self._pages = 0

    def append(self, heap: Heap, content: bytes) -> None:
        """Put some bytes at the end of a heap; where that fails, it is as it was."""
        size, at = heap.size, 0
        while at < len(content):
            inside = size % PAGE
            if size == len(heap.pages) * PAGE:
                heap.pages.append(self._page())
            some = content[at : at + PAGE - inside]
            written = os.pwrite(self._number(), some, heap.pages[size // PAGE] * PAGE + inside)
            size, at = size + written, at + written
        heap.size = size

    def read(self, heap: Heap) -> Iterator[bytes]:
        """The bytes of a heap, a page at a time; whoever reads the same file in another process does not mind."""
        for number, page in enumerate(heap.pages):
            yield os.pread(self._number(), min(PAGE, heap.size - number * PAGE), page * PAGE)

    def free(self, heap: Heap) -> None:
        """Empty a heap; its pages are for others."""
        self._free.extend(heap.pages)
        heap.pages, heap.size = array("q"), 0

    def close(self) -> None:
        """Free the disk."""
        if self._file is not None:
            self._file.close()

    def _page(self) -> int:
        if self._free:
            return self._free.pop()
        self._pages += 1
        return self._pages - 1

    def _number(self) -> int:
        if self._file is None:
            if self._folder is not None:
                self._folder.mkdir(parents=True, exist_ok=True)
            self._file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115  see `close`
        return self._file.fileno()
