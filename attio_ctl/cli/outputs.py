"""What a command writes besides what it says to people: into a file, or to standard output where `-` asks for that."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TextIO, TypeVar

import msgspec

from attio_ctl.cli import console, wiring
from attio_ctl.delivery.private import private_file
from attio_ctl.errors import StorageError, UsageError

T = TypeVar("T")

STDOUT: Final = Path("-")


def for_people(outputs: Mapping[str, Path | None]) -> TextIO:
    """
    The stream of what people read: standard output, unless one of the outputs goes there.

    Args:
        outputs: By their options.

    Raises:
        UsageError: several go to standard output.
    """
    there = [option for option, path in outputs.items() if path == STDOUT]
    if len(there) > 1:
        raise UsageError(
            f"`{there[0]}` and `{there[1]}` would be mixed up on standard output",
            hint=f"give one of them a file: `{there[1]} FILE`",
        )
    return sys.stderr if there else sys.stdout


def write_output(path: Path, text: str) -> None:
    """
    Write text to a file, or to standard output where the path is `-`.

    Raises:
        StorageError: it cannot be written.
    """
    if path == STDOUT:
        console.out(text)
    else:
        wiring.write_file(path, text.encode())


@contextlib.contextmanager
def json_lines(path: Path | None, as_json: Callable[[T], dict[str, Any]]) -> Iterator[Callable[[T], object] | None]:
    """
    Takes things, and writes them down as JSON lines; a file is there once all are written.

    Raises:
        StorageError: the file cannot be written.
    """
    if path is None:
        yield None
    elif path == STDOUT:
        stdout = sys.stdout.buffer
        yield lambda each: stdout.write(msgspec.json.encode(as_json(each)) + b"\n")
        stdout.flush()
    else:
        with _whole(path) as lines:
            yield lambda each: lines(msgspec.json.encode(as_json(each)) + b"\n")


@contextlib.contextmanager
def _whole(path: Path) -> Iterator[Callable[[bytes], object]]:
    unfinished = path.with_name(f".{path.name}.new")
    try:
        private_file(unfinished)
        with unfinished.open("wb") as file:
            yield file.write
        unfinished.replace(path)
    except OSError as error:
        raise StorageError(f"cannot write: {error.strerror}", where=str(path)) from error
    finally:
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)
