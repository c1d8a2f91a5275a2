"""What a person names as input, as files: patterns and folders spelled out, standard input kept in a file."""

from __future__ import annotations

import glob
import hashlib
import os
import re
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase
from itertools import takewhile
from pathlib import Path
from typing import IO, Final, Literal

from attio_ctl.delivery.private import private_file, private_folder
from attio_ctl.errors import StorageError, UsageError

_SPOOLED: Final = 256 * 1024
"""Bytes of standard input that are kept at a time."""


_SUFFIXES: Final = (".ndjson", ".jsonl", ".json")
_PACKED: Final = (".gz", ".zst")

_NAMED: Final = 5
"""Files of a folder that are named where something else was looked for."""


@dataclass(frozen=True, slots=True)
class SpelledOut:
    """
    The files behind some names, in the order of the names.

    Attributes:
        left_out: What folders hold besides, by folder as it was named; `hidden` files likewise.
    """

    files: tuple[Path, ...]
    left_out: tuple[tuple[str, tuple[Path, ...]], ...]
    hidden: tuple[tuple[str, tuple[Path, ...]], ...]


def spelled_out(names: Iterable[str]) -> SpelledOut:
    """
    A file is itself, whatever its name; a pattern is all that it matches; a folder is all that looks like events by its
    name (`holds_events`) in it and below, but for hidden files. What a pattern or a folder stands for is sorted.

    Raises:
        UsageError: a name is empty, a folder holds no events or a pattern matches nothing; a file that is missing is
            found out on reading.
    """
    files: list[Path] = []
    left_out: list[tuple[str, tuple[Path, ...]]] = []
    hidden: list[tuple[str, tuple[Path, ...]]] = []
    for name in names:
        path = Path(name)
        if not name:
            raise UsageError("`--events` names no file", hint="`--events .` is the current folder")
        if path.is_dir():
            there = [each for each in sorted(path.rglob("*")) if each.is_file()]
            unseen = tuple(each for each in there if _is_hidden(each, path))
            inside = [each for each in there if not _is_hidden(each, path)]
            taken = [each for each in inside if holds_events(each)]
            if not taken:
                raise _no_events(name, inside, unseen)
            files += taken
            if others := tuple(each for each in inside if not holds_events(each)):
                left_out.append((name, others))
            if unseen:
                hidden.append((name, unseen))
        elif glob.has_magic(name) and not path.exists():
            found = sorted(glob.glob(name, recursive=True))  # noqa: PTH207  `Path.glob` takes no absolute pattern
            matched = [path for path in map(Path, found) if path.is_file()]
            if not matched:
                raise UsageError("the pattern matches no file", where=name, hint=_around(_fixed_part(name)))
            files += matched
        else:
            files.append(path)
    return SpelledOut(tuple(files), tuple(left_out), tuple(hidden))


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


def way_to_events(path: Path) -> str:
    """Where a file of events is not there: which one may have been meant."""
    return near_name(path) or _around(path.parent)


def near_name(path: Path) -> str | None:
    """The name in its folder that a file which is not there may have been meant to have, as a question."""
    near = get_close_matches(path.name, _names_in(path.parent) if path.parent.is_dir() else (), n=1)
    return f"did you mean `{path.parent / near[0]}`?" if near else None


def _around(folder: Path) -> str:
    """What a folder holds that events could be read from."""
    if not folder.is_dir():
        return f"there is no folder `{folder}` either; the current one is {Path.cwd()}"
    found = [name for name in _names_in(folder) if holds_events(folder / name) and (folder / name).is_file()]
    if not found:
        return f"`{folder}` holds no file of events by its name (`.ndjson`, `.jsonl`, `.json`, packed or not)"
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    return f"`{folder}` holds {', '.join(f'`{name}`' for name in found[:_NAMED])}{more}"


def _names_in(folder: Path) -> list[str]:
    """Without those that could not be shown as they are."""
    return sorted(each.name for each in folder.iterdir() if each.name.isprintable())


def _fixed_part(pattern: str) -> Path:
    """The folder that a pattern begins in."""
    steps = takewhile(lambda step: not glob.has_magic(step), Path(pattern).parent.parts)
    return Path(*steps)


def _no_events(folder: str, inside: list[Path], hidden: Sequence[Path]) -> UsageError:
    known = ", ".join(f"`{suffix}`" for suffix in _SUFFIXES)
    if not inside and hidden:
        return UsageError(
            f"the folder holds hidden files only, such as {hidden[0].name}",
            where=folder,
            hint=f"they are left out; name one itself: `--events {hidden[0]}`",
        )
    if not inside:
        return UsageError(
            "the folder holds no file", where=folder, hint=f"a folder stands for its files in {known}, packed or not"
        )
    return UsageError(
        f"none of its {len(inside)} files is one of events by its name, such as {inside[0].name}",
        where=folder,
        hint=f"a folder stands for its files in {known}, packed or not; name others by a pattern: `'{folder}/*'`",
    )


def _is_hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


def stands_for(name: str, path: Path) -> bool:
    """Whether a file of this path, be it there or not, is among what a name stands for, see `spelled_out`."""
    named, asked = Path(name), _placed(path)
    if named.exists() and path.exists() and named.samefile(path):
        return True
    if named.is_dir():
        real = Path(os.path.realpath(named))
        return asked.is_relative_to(real) and not _is_hidden(asked, real) and holds_events(asked)
    if glob.has_magic(name) and not named.exists():
        folder = _fixed_part(name)
        steps, real = named.parts[len(folder.parts) :], Path(os.path.realpath(folder))
        return asked.is_relative_to(real) and _matches(steps, asked.relative_to(real).parts)
    return _placed(named) == asked


def _placed(path: Path) -> Path:
    """Where a name stands, itself not followed: what is written takes the place of a link."""
    return Path(os.path.realpath(path.parent), path.name)


def _matches(steps: Sequence[str], parts: Sequence[str]) -> bool:
    """Whether a path matches a pattern, both in steps, as `glob.glob` has it."""
    if not steps or not parts:
        return not parts and all(step == "**" for step in steps)
    if steps[0] == "**":
        goes_down = not parts[0].startswith(".") and _matches(steps, parts[1:])
        return goes_down or _matches(steps[1:], parts)
    is_shown = steps[0].startswith(".") or not parts[0].startswith(".")
    return is_shown and fnmatchcase(parts[0], steps[0]) and _matches(steps[1:], parts[1:])


_KEPT: Final = re.compile(r"(?P<what>stdin|pipe)-[0-9a-f]{32}")
_SHOWN: Final = {"stdin": "standard input", "pipe": "piped input"}


def shown_file(file: str) -> str:
    """How a person is told of an input: what is kept of a stream by what it was, any other by its path."""
    kept = _KEPT.fullmatch(Path(file).name)
    return _SHOWN[kept["what"]] if kept else file


def shown_place(place: str) -> str:
    """The same of `FILE:LINE`."""
    file, colon, line = place.rpartition(":")
    return f"{shown_file(file)}{colon}{line}"


def is_stdin(file: str) -> bool:
    """Whether an input is what is kept of standard input, by its name."""
    return shown_file(file) == _SHOWN["stdin"]


def spool(stream: IO[bytes], folder: Path, what: Literal["stdin", "pipe"] = "stdin") -> Path:
    """
    Keep a stream in a file, so that a run over it can be resumed like any other.

    The file is named by its content: piping the same bytes again names the same file.

    Args:
        what: Standard input, or a pipe that has a name.
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
            target = folder / f"{what}-{digest.hexdigest()}"
            kept.replace(target)
    except OSError as error:
        raise StorageError(f"{_SHOWN[what]} cannot be kept: {error.strerror}", where=str(folder)) from error
    return target
