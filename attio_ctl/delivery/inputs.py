"""
What a run reads: the rest of its files, or the events behind some dead letters.

A window of events is read twice where Attio refuses a record of it: once to fold it, once more to find the events that
the refused record was made of. The second reading ends where the first one did, however much the file has grown.
"""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from attio_ctl.delivery.ledger import Input
from attio_ctl.delivery.rotated import find_file
from attio_ctl.delivery.source import Block, Line, blocks_of
from attio_ctl.delivery.streams import Proof, is_proven, proof_of, raw, reading
from attio_ctl.errors import EventsError

_PUT_BACK: Final = "put it back and run the same command again: what was sent is not sent twice"
_NOTHING_SENT: Final = (
    "then run the same command once more, or leave the file out: all files are read before anything is sent, so "
    "nothing of this run was"
)


class Source(Protocol):
    """Where the events of a window come from."""

    def blocks(self) -> Iterator[tuple[int, Block]]:
        """The events, each block with the number of its input; the second time the same ones once more."""

    def read(self) -> tuple[Input, ...]:
        """The inputs as they are after the first reading."""


class Files:
    """The rest of a run's files."""

    def __init__(self, inputs: Sequence[Input]) -> None:
        self._inputs = tuple(inputs)
        self._ends: dict[int, Input] = {}

    def blocks(self) -> Iterator[tuple[int, Block]]:
        """
        Raises:
            EventsError: a file changed before the place up to which it was read, or its compression is broken.
            StorageError: a file cannot be read.
        """
        return self._again() if self._ends else self._first()

    def read(self) -> tuple[Input, ...]:
        return tuple(self._ends.get(n, given) for n, given in enumerate(self._inputs))

    def _first(self) -> Iterator[tuple[int, Block]]:
        for n, given in enumerate(self._inputs):
            if given.done:
                continue
            path, end = Path(given.path), given
            with raw(path) as stream:
                _check_unchanged(given, stream)
                with _told_of_the_others():
                    for block in blocks_of(stream, path, offset=given.offset, number=given.line):
                        end = replace(end, offset=block.end, line=block.number)
                        yield n, block
                self._ends[n] = replace(end, done=True, proof=proof_of(stream, end.offset))

    def _again(self) -> Iterator[tuple[int, Block]]:
        for n, end in self._ends.items():
            with raw(Path(end.path)) as stream:
                for block in blocks_again(stream, self._inputs[n], end):
                    yield n, block


@contextmanager
def _told_of_the_others() -> Iterator[None]:
    """A file that is broken ends it; what has become of the others is said with it."""
    try:
        yield
    except EventsError as error:
        error.hint = f"{error.hint}; {_NOTHING_SENT}"
        raise


def blocks_again(stream: BinaryIO, given: Input, end: Input) -> Iterator[Block]:
    """
    The events that a first reading of an input gave.

    Args:
        given, end: The input before and after that.

    Raises:
        EventsError: the file is not what it was then.
        StorageError: it cannot be read.
    """
    with reading(Path(given.path)):
        if not is_proven(stream, end.proof):
            raise EventsError("the file changed while it was delivered", where=given.path, hint=_PUT_BACK)
    yield from blocks_of(stream, Path(given.path), offset=given.offset, number=given.line, end=end.offset)


def _check_unchanged(given: Input, stream: BinaryIO) -> None:
    if given.proof and not is_proven(stream, given.proof):
        raise EventsError(
            "the file changed where an unfinished run has read it already",
            where=given.path,
            hint=_way_on(given, Path(given.path)),
        )


def _way_on(given: Input, path: Path) -> str:
    """A run over other names leaves this one open, so a file that was renamed takes two."""
    if given.followed:
        return "go on as that run did, with `--follow`: it finds what was read under the name that it has now"
    with reading(path):
        found = find_file(path, Proof.parse(given.proof), ())
    if found is None:
        return "put the file back, or begin again with `--restart`: what stands in Attio is not sent again"
    found.stream.close()
    beside = found.beside.path
    return (
        f"what was read is `{beside}` now: deliver that first, `--events {shlex.quote(str(beside))}`, then this one "
        "with `--restart`; what stands in Attio is not sent again"
    )


class Letters:
    """Lines that are at hand, as of dead letters."""

    def __init__(self, lines: Sequence[Line], name: str) -> None:
        self._lines = lines
        self._name = name
        self._proof = " ".join(hashlib.blake2b(line.raw, digest_size=12).hexdigest() for line in lines)

    def blocks(self) -> Iterator[tuple[int, Block]]:
        if self._lines:
            yield 0, Block.of(list(self._lines), self._name)

    def read(self) -> tuple[Input, ...]:
        return (Input(self._name, done=True, proof=self._proof),)
