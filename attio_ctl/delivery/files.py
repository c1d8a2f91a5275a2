"""What a person names as input, as files: patterns and folders spelled out, standard input kept in a file."""

from __future__ import annotations

import glob
import hashlib
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from attio_ctl.delivery.private import private_file, private_folder
from attio_ctl.errors import StorageError, UsageError

_SPOOLED: Final = 256 * 1024
"""Bytes of standard input that are kept at a time."""


_SUFFIXES: Final = (".ndjson", ".jsonl", ".json")
_PACKED: Final = (".gz", ".zst")


@dataclass(frozen=True, slots=True)
class SpelledOut:
    """
    The files behind some names, in the order of the names.

    Attributes:
        left_out: What folders hold besides, by folder as it was named.
    """

    files: tuple[Path, ...]
    left_out: tuple[tuple[str, tuple[Path, ...]], ...]


def spelled_out(names: Iterable[str]) -> SpelledOut:
    """
    A file is itself, whatever its name; a pattern is all that it matches; a folder is all that looks like events by its
    name (`holds_events`) in it and below, but for hidden files. What a pattern or a folder stands for is sorted.

    Raises:
        UsageError: a folder holds no events or a pattern matches nothing; a file that is missing is found out on
            reading.
    """
    files: list[Path] = []
    left_out: list[tuple[str, tuple[Path, ...]]] = []
    for name in names:
        path = Path(name)
        if path.is_dir():
            inside = [each for each in sorted(path.rglob("*")) if each.is_file() and not _is_hidden(each, path)]
            taken = [each for each in inside if holds_events(each)]
            if not taken:
                raise _no_events(name, inside)
            files += taken
            if others := tuple(each for each in inside if not holds_events(each)):
                left_out.append((name, others))
        elif glob.has_magic(name) and not path.exists():
            found = sorted(glob.glob(name, recursive=True))  # noqa: PTH207  `Path.glob` takes no absolute pattern
            matched = [path for path in map(Path, found) if path.is_file()]
            if not matched:
                raise UsageError("the pattern matches no file", where=name)
            files += matched
        else:
            files.append(path)
    return SpelledOut(tuple(files), tuple(left_out))


def holds_events(path: Path) -> bool:
    """
    Whether a file is one of events by its name: `.ndjson`, `.jsonl` or `.json`, also within `.gz` or `.zst`; so is a
    packed file with no other suffix, as in the archives that Segment writes to S3.
    """
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in _PACKED:
        suffixes.pop()
        return not suffixes or suffixes[-1] in _SUFFIXES
    return bool(suffixes) and suffixes[-1] in _SUFFIXES


def _no_events(folder: str, inside: list[Path]) -> UsageError:
    if not inside:
        return UsageError("the folder holds no file", where=folder)
    known = ", ".join(f"`{suffix}`" for suffix in _SUFFIXES)
    return UsageError(
        f"none of its {len(inside)} files is one of events by its name, such as {inside[0].name}",
        where=folder,
        hint=f"a folder stands for its files in {known}, packed or not; name others by a pattern: `'{folder}/*'`",
    )


def _is_hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


def spool(stream: IO[bytes], folder: Path) -> Path:
    """
    Keep standard input in a file, so that a run over it can be resumed like any other.

    The file is named by its content: piping the same bytes again names the same file.
    """
    digest = hashlib.blake2b(digest_size=16)
    try:
        private_folder(folder)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".unfinished-") as unfinished:
            kept = Path(unfinished, "stdin")
            private_file(kept)
            with kept.open("wb") as file:
                while block := stream.read(_SPOOLED):
                    digest.update(block)
                    file.write(block)
            target = folder / f"stdin-{digest.hexdigest()}"
            kept.replace(target)
    except OSError as error:
        raise StorageError(f"standard input cannot be kept: {error.strerror}", where=str(folder)) from error
    return target
