"""What a person names as input, as files: patterns and folders spelled out, standard input kept in a file."""

from __future__ import annotations

import glob
import hashlib
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Final

from attio_ctl.errors import StorageError, UsageError

_SPOOLED: Final = 256 * 1024
"""Bytes of standard input that are kept at a time."""


def spelled_out(names: Iterable[str]) -> Iterator[Path]:
    """
    The files behind some names: a folder is all files in it and below but hidden ones, a pattern what it matches, in
    the order of their names.

    Raises:
        UsageError: a folder is empty or a pattern matches nothing; a file that is missing is found out on reading.
    """
    for name in names:
        path = Path(name)
        if path.is_dir():
            inside = [each for each in sorted(path.rglob("*")) if each.is_file() and not _is_hidden(each, path)]
            if not inside:
                raise UsageError("the folder holds no file", where=name)
            yield from inside
        elif glob.has_magic(name) and not path.exists():
            found = sorted(glob.glob(name, recursive=True))  # noqa: PTH207  `Path.glob` takes no absolute pattern
            matched = [path for path in map(Path, found) if path.is_file()]
            if not matched:
                raise UsageError("the pattern matches no file", where=name)
            yield from matched
        else:
            yield path


def _is_hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


def spool(stream: IO[bytes], folder: Path) -> Path:
    """
    Keep standard input in a file, so that a run over it can be resumed like any other.

    The file is named by its content: piping the same bytes again names the same file.
    """
    digest = hashlib.blake2b(digest_size=16)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix="stdin-", delete=False) as kept:
            while block := stream.read(_SPOOLED):
                digest.update(block)
                kept.write(block)
        target = folder / f"stdin-{digest.hexdigest()}"
        shutil.move(kept.name, target)
    except OSError as error:
        raise StorageError(f"standard input cannot be kept: {error.strerror}", where=str(folder)) from error
    return target
