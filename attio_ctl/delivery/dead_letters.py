"""
Events that were refused, kept with everything needed to see why and to send them again.

A file of JSON lines beside the ledger that is only ever appended to: one line per letter, and one per letter that was
settled later. A letter's id is made from the event's bytes and its mapping: written twice, as after a kill between this
file and the ledger, it is the same letter still.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, Protocol

import orjson

from attio_ctl.delivery.private import private_folder, private_opener
from attio_ctl.delivery.source import Line
from attio_ctl.errors import StorageError

Settled = Literal["delivered", "filtered", "discarded"]
"""Sent by a retry; looked at by a retry, whose mappings make nothing of the event any more; given up by a person."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """
    One event that one mapping could not deliver.

    Attributes:
        line: The original bytes, and where they stand.
        code: One of ours (`invalid_json`, `unknown_option`, …) or Attio's (`value_not_found`, `uniqueness_conflict`).
        reason: In plain words; Attio's own message where Attio refused it.
        mapping: The mapping's name and `mapping_digest` what it said then; both empty when no mapping was reached.
        path: The attribute (`users.plan`) or field that is at fault, empty when that is not known.
        request: Method, path and body of what Attio refused, None when nothing was sent.
        answer: Status, type, code, message and validation errors of Attio's answer.
    """

    line: Line
    code: str
    reason: str
    mapping: str = ""
    mapping_digest: str = ""
    path: str = ""
    request: Mapping[str, Any] | None = None
    answer: Mapping[str, Any] | None = None
    id: str = field(init=False)

    def __post_init__(self) -> None:
        digest = hashlib.blake2b(self.line.raw + b"\n" + self.mapping.encode(), digest_size=12).hexdigest()
        object.__setattr__(self, "id", digest)

    def as_json(self) -> dict[str, Any]:
        """One line of the file; the bytes are text where they are UTF-8, else base64."""
        try:
            event = {"event": self.line.raw.decode()}
        except UnicodeDecodeError:
            event = {"event_base64": base64.b64encode(self.line.raw).decode()}
        return {
            "id": self.id,
            "code": self.code,
            "reason": self.reason,
            "mapping": self.mapping,
            "mapping_digest": self.mapping_digest,
            "path": self.path,
            "file": self.line.file,
            "line": self.line.number,
            "offset": self.line.offset,
            **event,
            "request": self.request,
            "answer": self.answer,
        }

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> DeadLetter:
        """The inverse of `as_json`; raises KeyError, TypeError or ValueError for anything else."""
        raw = entry["event"].encode() if "event" in entry else base64.b64decode(entry["event_base64"], validate=True)
        offset = entry["offset"]
        return cls(
            line=Line(entry["file"], offset, offset + len(raw), entry["line"], raw),
            **{name: entry[name] for name in _PLAIN},
        )


_PLAIN = ("code", "reason", "mapping", "mapping_digest", "path", "request", "answer")


class DeadLetters(Protocol):
    """Where dead letters go."""

    def append(self, letters: Iterable[DeadLetter]) -> None:
        """Keep them; on return they have reached the disk."""

    def settle(self, ids: Iterable[str], how: Settled) -> None:
        """These letters are open no longer."""


class MemoryDeadLetters:
    """Dead letters of a preview."""

    def __init__(self) -> None:
        self.letters: dict[str, DeadLetter] = {}

    def append(self, letters: Iterable[DeadLetter]) -> None:
        self.letters.update((letter.id, letter) for letter in letters)

    def settle(self, ids: Iterable[str], how: Settled) -> None:  # noqa: ARG002  a preview does not keep how
        for letter_id in ids:
            self.letters.pop(letter_id, None)


class Drafts:
    """
    The dead letters of a window that is not settled yet; what is too much for memory lies in an unnamed file.

    Attributes:
        codes: How many there are of each code.
    """

    def __init__(self, scratch: Path | None, tally: Counter[tuple[str, str]]) -> None:
        """
        Args:
            tally: Counts every letter by mapping and code, beyond this window.
        """
        self.codes: Counter[str] = Counter()
        self._tally = tally
        self._file = tempfile.SpooledTemporaryFile(_DRAFTED, dir=None if scratch is None else str(scratch))  # noqa: SIM115  closed with the window
        self._refused: dict[str, bytearray] = {}  # by mapping, a bit for each event

    def add(self, letter: DeadLetter) -> None:
        """
        Take in a letter.

        Raises:
            StorageError: it cannot be kept.
        """
        self.codes[letter.code] += 1
        self._tally[letter.mapping, letter.code] += 1
        try:
            self._file.write(orjson.dumps(letter.as_json(), option=orjson.OPT_APPEND_NEWLINE))
        except OSError as error:
            raise StorageError(f"dead letters cannot be kept: {error.strerror}", where=tempfile.gettempdir()) from error

    def add_once(self, event: int, letter: DeadLetter) -> None:
        """Take in the letter of an event whose mapping made several records: the first is the cause of the others."""
        refused = self._refused.setdefault(letter.mapping, bytearray())
        at, bit = event >> 3, 1 << (event & 7)
        if at >= len(refused):
            refused.extend(bytes(2 * at + 1 - len(refused)))
        if not refused[at] & bit:
            refused[at] |= bit
            self.add(letter)

    def __iter__(self) -> Iterator[DeadLetter]:
        self._file.seek(0)
        return (DeadLetter.from_json(orjson.loads(line)) for line in self._file)

    def close(self) -> None:
        self._file.close()


_DRAFTED: Final = 16 * 1024 * 1024
"""Bytes of drafts in memory."""


class DeadLetterFile:
    """Dead letters in a file, made when the first one comes."""

    def __init__(self, path: Path, mask: Callable[[DeadLetter], DeadLetter] | None = None) -> None:
        """
        Args:
            mask: Takes from a letter what must not be kept.
        """
        self.path = path
        self._mask = mask

    def append(self, letters: Iterable[DeadLetter]) -> None:
        masked = letters if self._mask is None else map(self._mask, letters)
        self._write(letter.as_json() for letter in masked)

    def settle(self, ids: Iterable[str], how: Settled) -> None:
        self._write({"id": letter_id, "settled": how} for letter_id in ids)

    def _write(self, entries: Iterable[Mapping[str, Any]]) -> None:
        lines = (orjson.dumps(entry, option=orjson.OPT_APPEND_NEWLINE) for entry in entries)
        first = next(lines, None)
        if first is None:
            return
        try:
            private_folder(self.path.parent)
            with open(self.path, "ab+", opener=private_opener) as stream:
                if stream.tell() and not _ends_in_newline(stream):
                    stream.write(b"\n")  # the last process was killed within a line, which its event outlived
                stream.write(first)
                stream.writelines(lines)
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            raise StorageError(
                f"dead letters cannot be kept: {error.strerror}",
                where=str(self.path),
                hint="free the disk or mend the file's rights, then run the same command again",
            ) from error


def _ends_in_newline(stream: Any) -> bool:
    stream.seek(-1, os.SEEK_END)
    return bool(stream.read(1) == b"\n")


def read_dead_letters(*, path: Path) -> tuple[DeadLetter, ...]:
    """
    The open letters of a file, oldest first; a file that does not exist has none.

    A line that a killed process did not finish is passed over: its event was not accounted for and is read again.

    Raises:
        StorageError: the file cannot be read, or holds a whole line that is no dead letter.
    """
    found: dict[str, DeadLetter] = {}
    try:
        with path.open("rb") as stream:
            for number, raw in enumerate(stream, 1):
                _apply(raw, found, f"{path}:{number}")
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise StorageError(f"dead letters cannot be read: {error.strerror}", where=str(path)) from error
    return tuple(found.values())


def _apply(raw: bytes, found: dict[str, DeadLetter], where: str) -> None:
    try:
        entry = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return
    try:
        if "settled" in entry:
            found.pop(entry["id"], None)
        else:
            letter = DeadLetter.from_json(entry)
            found[letter.id] = letter
    except (KeyError, TypeError, ValueError, AttributeError, binascii.Error) as error:
        raise StorageError(
            "the line is no dead letter", where=where, hint="take the line out, or restore the file from a backup"
        ) from error
