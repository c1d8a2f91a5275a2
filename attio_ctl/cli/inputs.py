"""The events that a person names, as files that are there."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from attio_ctl.cli import console, wiring
from attio_ctl.config.load import Loaded
from attio_ctl.delivery.files import shown_file, spelled_out, spool, stands_for, way_to_events
from attio_ctl.delivery.source import check_readable
from attio_ctl.delivery.streams import reading
from attio_ctl.errors import StorageError, UsageError
from attio_ctl.render.escaping import visible

STDIN: Final = Path("-")


def event_files(names: Sequence[str], folder: Path) -> tuple[Path, ...]:
    """
    All files to read, in order; what is piped in is read to its end and kept, so that the run can be taken up again.

    Args:
        folder: Where it is kept.

    Raises:
        UsageError: a name or a folder is empty, a pattern matches nothing, or standard input is named twice.
        StorageError: a file is not there or cannot be read, or what is piped in cannot be kept.
        EventsError: a file is not in UTF-8, or its compression is broken at the very beginning.
    """
    files = _files(names)
    if files.count(STDIN) > 1:
        raise UsageError("standard input can be read once only", hint="give `--events -` once")
    for path in files:
        if path != STDIN and not path.exists():
            raise StorageError("cannot read it: there is no such file", where=str(path), hint=way_to_events(path))
    there = tuple(_kept_of_stream(path, folder) for path in files)
    for path in there:
        check_readable(path)
    return there


def _kept_of_stream(path: Path, folder: Path) -> Path:
    """What is left of a stream that can be read once only; any other file is itself."""
    if path == STDIN:
        return spool(sys.stdin.buffer, folder)
    if path.is_fifo():
        with reading(path), path.open("rb") as stream:
            return spool(stream, folder, "pipe")
    return path


def check_apart(names: Sequence[str], outputs: Mapping[str, Path | None]) -> None:
    """
    Make sure that nothing is written over events, or into their place, before anything is read.

    Args:
        names: Of the events, as they are given.
        outputs: By their options.

    Raises:
        UsageError: an output is one of the files of events, or would be one the next time.
    """
    for option, path in outputs.items():
        if path is None or path == STDIN:
            continue
        for name in names:
            if name and name != str(STDIN) and stands_for(name, path):
                what = "would overwrite" if path.exists() else "would be read as one of"
                raise UsageError(
                    f"`{option}` {what} the events of `--events {name}`",
                    where=str(path),
                    hint=f"give `{option}` a file that `--events {name}` does not stand for",
                )


def spool_folder(loaded: Loaded) -> Path:
    """Where deliveries to a workspace keep what is piped in until it is delivered."""
    return wiring.state_directory(loaded) / "stdin"


def let_go(files: Sequence[Path], folder: Path) -> None:
    """Remove what was kept of streams, now that it is delivered; every dead letter has its own copy."""
    for path in _kept(files, folder):
        with contextlib.suppress(OSError):
            path.unlink()


def tell_kept(files: Sequence[Path], folder: Path) -> None:
    """Say where what was piped in is kept, since it is not delivered yet."""
    for path in _kept(files, folder):
        what = shown_file(str(path))
        console.note(
            f"{what[:1].upper()}{what[1:]} is kept in {path} until it is delivered: pipe the same again, "
            "or name that file."
        )


def _kept(files: Sequence[Path], folder: Path) -> list[Path]:
    return [path for path in files if path.parent == folder]


def followed_files(names: Sequence[str]) -> tuple[Path, ...]:
    """
    The files to follow; one that is not there yet is waited for.

    Raises:
        UsageError: as for `event_files`, or standard input or a pipe is among them.
    """
    files = _files(names)
    for path in files:
        if path == STDIN or path.is_fifo():
            what = "standard input" if path == STDIN else f"the pipe `{path}`"
            raise UsageError(
                f"{what} cannot be followed: it is delivered once it has ended, so that it can be resumed",
                hint="write it to a file and follow that: `… >> events.ndjson`, `--follow --events events.ndjson`",
            )
    for path in files:
        if not path.exists():
            console.note(f"{path} is not there yet; waiting for it")
    return files


def _files(names: Sequence[str]) -> tuple[Path, ...]:
    found = spelled_out(names)
    for folder, others in found.left_out:
        files = "1 file" if len(others) == 1 else f"{len(others)} files"
        console.note(
            f"left out {files} of {folder} that {'is' if len(others) == 1 else 'are'} none of events by name, "
            f"such as {visible(str(others[0]))}; `--events FILE` takes any"
        )
    for folder, unseen in found.hidden:
        files = "1 hidden file" if len(unseen) == 1 else f"{len(unseen)} hidden files"
        console.note(
            f"left out {files} of {folder}, such as {visible(str(unseen[0]))}: a dot before a name, or before that of "
            "its folder, is for what is not finished or not meant; `--events FILE` takes any"
        )
    return found.files
