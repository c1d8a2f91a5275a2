"""However the files of a followed name are renamed, copied, cut and packed, and whoever is slow, no line is lost."""

from __future__ import annotations

import bz2
import errno
import gzip
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from attio_ctl.delivery.followed import AHEAD_FOR, HELD, LEFT_FOR, REMOVED_FOR
from attio_ctl.errors import StorageError

from .test_following import Follow, Followed, append


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "app.ndjson"


@pytest.fixture
def follow(file: Path) -> Iterator[Follow]:
    """Begins to follow the file, as a process that finds this in its ledger."""
    with ExitStack() as stack:
        yield lambda given=None: stack.enter_context(closing(Followed(file, given)))


def drained(followed: Followed, looks: int = 24) -> list[bytes]:
    """All lines that are read when files are left alone."""
    return [line for _ in range(looks) for line in followed.look(LEFT_FOR)]


def numbered(file: Path) -> None:
    """As logrotate does: what has a number gets the next one."""
    for n in range(30, 0, -1):
        for suffix in ("", ".gz"):
            if (before := file.with_name(f"{file.name}.{n}{suffix}")).exists():
                before.rename(file.with_name(f"{file.name}.{n + 1}{suffix}"))
    file.rename(file.with_name(f"{file.name}.1"))


def dated(file: Path) -> None:
    day = len(list(file.parent.iterdir()))
    file.rename(file.with_name(f"{file.stem}-2026-11-{day:02}T10-00-00.000{file.suffix}"))


def packed(file: Path) -> None:
    """As `numbered`, and the one before the last is packed, with the time of the original but for its fraction."""
    numbered(file)
    second = file.with_name(f"{file.name}.2")
    if second.exists():
        pack(second)


def pack(path: Path, compress: Callable[[bytes], bytes] = gzip.compress, suffix: str = ".gz") -> None:
    made = path.with_name(path.name + suffix)
    made.write_bytes(compress(path.read_bytes()))
    seconds = path.stat().st_mtime_ns // 10**9 * 10**9
    os.utime(made, ns=(seconds, seconds))
    path.unlink()


@pytest.mark.parametrize("rotate", [numbered, dated, packed])
def test_every_generation_that_came_while_nobody_was_there_is_read(
    file: Path, follow: Follow, rotate: Callable[[Path], None]
) -> None:
    file.write_bytes(b"1\n")
    followed = follow()
    followed.look()

    for text in (b"2\n", b"3\n", b"4\n"):
        append(file, text)
        rotate(file)
    file.write_bytes(b"5\n")
    again = follow(followed.input)

    assert drained(again) == [b"2", b"3", b"4", b"5"]
    assert again.following.missed == ()


def test_generations_of_a_file_that_was_empty_when_it_was_read_last_are_read(file: Path, follow: Follow) -> None:
    """An empty file begins like any other one; it is known by its inode and its time."""
    file.write_bytes(b"")
    followed = follow()
    followed.look()

    for text in (b"1\n", b"2\n"):
        append(file, text)
        numbered(file)
    file.write_bytes(b"3\n")
    again = follow(followed.input)

    assert drained(again) == [b"1", b"2", b"3"]
    assert again.following.missed == ()


def test_of_a_generation_that_is_gone_the_rest_is_told_as_missing_and_the_newer_ones_are_read(
    file: Path, follow: Follow
) -> None:
    file.write_bytes(b"1\n")
    followed = follow()
    followed.look()

    numbered(file)
    file.write_bytes(b"2\n")
    numbered(file)
    file.with_name("app.ndjson.2").unlink()
    file.write_bytes(b"3\n")
    again = follow(followed.input)

    assert drained(again) == [b"2", b"3"]
    (missed,) = again.following.missed
    assert missed.startswith(f"{file} is not the file any more that was read up to byte 2")
    assert missed in again.told


def test_a_generation_that_cannot_be_unpacked_is_told_once(file: Path, follow: Follow) -> None:
    file.write_bytes(b"1\n")
    followed = follow()
    followed.look()

    for text in (b"2\n", b"3\n"):
        numbered(file)
        file.write_bytes(text)
    pack(file.with_name("app.ndjson.1"), bz2.compress, ".bz2")
    again = follow(followed.input)

    assert drained(again) == [b"3"]
    (missed,) = again.following.missed
    assert missed.startswith(f"{file}.1.bz2 may hold events that came to {file} and were not read")


def test_a_generation_that_may_not_be_read_is_an_error_that_names_it(
    file: Path, follow: Follow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not one of long ago, nor any other file whose name begins the same."""
    file.write_bytes(b"1\n")
    followed = follow()
    followed.look()
    for n in (1, 2):
        numbered(file)
        file.write_bytes(b"%d\n" % n)
    for old in ("app.ndjson.9", "app-private.ndjson"):
        file.with_name(old).write_bytes(b"")
        os.utime(file.with_name(old), ns=(1, 1))
    whole = Path.open

    def refused(path: Path, *given: Any, **options: Any) -> Any:
        if path.name in ("app.ndjson.1", "app.ndjson.9", "app-private.ndjson"):
            raise PermissionError(errno.EACCES, "Permission denied")
        return whole(path, *given, **options)

    monkeypatch.setattr(Path, "open", refused)  # root may read everything
    with pytest.raises(StorageError) as raised:
        follow(followed.input).look()

    assert raised.value.where == f"{file}.1"


def test_files_of_other_names_are_no_generations(file: Path, follow: Follow) -> None:
    """Nor is one that is there packed and as it was read twice."""
    file.write_bytes(b"1\n")
    followed = follow()
    followed.look()
    numbered(file)
    for name in ("app-2.ndjson", "app.ndjson.bak", "app2.ndjson", "app-errors.ndjson.1", "app.log.1", "app.ndjson.swp"):
        file.with_name(name).write_bytes(b"no event\n")
    file.with_name("app.ndjson.1.gz").write_bytes(gzip.compress(b"1\n"))
    file.write_bytes(b"2\n")

    assert drained(follow(followed.input)) == [b"2"]


def test_rotations_between_two_looks_cost_no_generation(file: Path, follow: Follow) -> None:
    """As where a log grows by megabytes a second, or the loop was busy."""
    file.write_bytes(b"1\n")
    followed = follow()
    followed.look()
    for text in (b"2\n", b"3\n"):
        numbered(file)
        file.write_bytes(text)

    assert drained(followed) == [b"2", b"3"]


def test_copies_of_a_file_that_was_cut_twice_between_two_looks_are_both_read(file: Path, follow: Follow) -> None:
    file.write_bytes(b"1\n")
    followed = follow()
    followed.look()
    for n, text in ((2, b"2\n"), (1, b"3\n")):
        append(file, text)
        shutil.copy(file, file.with_name(f"app.ndjson.{n}"))
        file.write_bytes(b"")
    append(file, b"4\n")

    assert drained(followed) == [b"2", b"3", b"4"]


def test_a_writer_that_is_slow_to_open_the_new_file_loses_no_line(file: Path, follow: Follow) -> None:
    """As with logrotate: the new file is there at once, and empty until whoever writes has been told."""
    file.write_bytes(b"1\n")
    followed = follow()
    followed.look()
    with file.open("ab", buffering=0) as writer:
        numbered(file)
        file.write_bytes(b"")
        assert followed.look(3 * LEFT_FOR) == []
        assert followed.look(3 * LEFT_FOR) == []
        writer.write(b"2\n")
        assert followed.look(3 * LEFT_FOR) == [b"2"]
        append(file, b"3\n")
        assert drained(followed) == [b"3"]
        writer.write(b"late\n")

        assert followed.look(1.0) == [b"late"]
        append(file, b"4\n")
        assert drained(followed) == [b"4"]
    assert followed.told == []


def test_a_late_line_is_read_after_a_restart_too(file: Path, follow: Follow) -> None:
    file.write_bytes(b"1\n")
    followed = follow()
    followed.look()
    numbered(file)
    file.write_bytes(b"2\n")
    assert drained(followed) == [b"2"]
    append(file.with_name("app.ndjson.1"), b"late\n")

    assert drained(follow(followed.input)) == [b"1", b"late"]


def test_a_file_that_is_written_to_for_ever_does_not_hold_back_the_next_one(file: Path, follow: Follow) -> None:
    """As by one of several writers that was not told of the rotation."""
    file.write_bytes(b"")
    followed = follow()
    followed.look()
    found: list[bytes] = []
    with file.open("ab", buffering=0) as writer:
        numbered(file)
        file.write_bytes(b"new\n")
        for _ in range(int(AHEAD_FOR) + 2):
            writer.write(b"old\n")
            found += followed.look(1.0)

    assert b"new" in found
    assert found.count(b"old") >= AHEAD_FOR


def test_files_are_let_go_when_they_are_removed_or_too_many(file: Path, follow: Follow) -> None:
    """A removed file takes up the disk as long as somebody holds it."""
    file.write_bytes(b"0\n")
    followed = follow()
    for n in range(HELD + 4):
        dated(file)
        file.write_bytes(b"%d\n" % n)
        drained(followed, looks=3)
    held = {*Path("/proc/self/fd").iterdir()}

    for old in file.parent.glob("app-*"):
        old.unlink()
    followed.look(REMOVED_FOR)
    followed.look()

    assert len(held - {*Path("/proc/self/fd").iterdir()}) == HELD - 1  # the newest one stays


class Log:
    """
    A log that a program writes to, and others rotate, without anybody being told of it.

    Each deed has a moment of its own: clocks of file systems stand still for milliseconds, which none of this takes.
    """

    def __init__(self, folder: Path) -> None:
        self.file = folder / "app.ndjson"
        self.written: list[bytes] = []
        self._moment = 1_700_000_000_000_000_000
        self.create()
        self.writer = self.file.open("ab", buffering=0)

    def close(self) -> None:
        self.writer.close()

    def stamp(self, path: Path | int) -> None:
        self._moment += 300_000_000
        os.utime(path, ns=(self._moment, self._moment))

    def create(self) -> None:
        self.file.write_bytes(b"")
        self.stamp(self.file)

    def write(self) -> None:
        line = b"line %d" % len(self.written)
        self.written.append(line)
        self.writer.write(line + b"\n")
        self.stamp(self.writer.fileno())

    def reopen(self) -> None:
        self.writer.close()
        self.writer = self.file.open("ab", buffering=0)

    def rename(self) -> None:
        numbered(self.file)
        self.create()

    def rename_and_pack(self) -> None:
        """Not while somebody writes to what is packed, which is what `delaycompress` is for."""
        self.reopen()
        packed(self.file)
        self.create()

    def copy_and_cut(self) -> None:
        self.reopen()
        numbered(self.file)
        first = self.file.with_name("app.ndjson.1")
        first.rename(self.file)
        shutil.copy(self.file, first)
        self.stamp(first)
        os.truncate(self.file, 0)
        self.stamp(self.file)


deeds = st.sampled_from(
    ["write", "write", "rename", "rename_and_pack", "copy_and_cut", "reopen", "look", "wait", "restart"]
)


@settings(max_examples=60)
@given(st.lists(deeds, max_size=14))
@example(["write", "look", "copy_and_cut", "rename"])
@example(["write", "look", "copy_and_cut", "write", "look", "copy_and_cut"])
@example(["write", "copy_and_cut", "rename", "look", "restart"])
@example(["rename", "copy_and_cut", "write", "look", "copy_and_cut"])
@example(["copy_and_cut", "restart", "write", "copy_and_cut", "look", "rename"])
@example(["rename", "rename_and_pack", "restart"])
def test_no_sequence_of_rotations_looks_and_restarts_loses_a_line(script: list[str]) -> None:
    with TemporaryDirectory() as folder, ExitStack() as stack:
        log = Log(Path(folder))
        stack.callback(log.close)
        followed = stack.enter_context(closing(Followed(log.file)))
        found = followed.look()
        for deed in script:
            match deed:
                case "look":
                    found += followed.look(0.5)
                case "wait":
                    found += followed.look(LEFT_FOR)
                case "restart":
                    followed = stack.enter_context(closing(Followed(log.file, replace(followed.input))))
                    found += followed.look()
                case _:
                    getattr(log, deed)()
        log.reopen()
        log.write()
        found += drained(followed, looks=2 * len(script) + 4)

        assert {*log.written} <= {*found}
        assert followed.following.missed == ()
        if "restart" not in script:
            assert found == list(dict.fromkeys(found)), "read twice"
