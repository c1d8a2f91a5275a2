"""Followed files lose no line, however they are rotated, cut and finished meanwhile."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import ExitStack, aclosing, closing
from dataclasses import replace
from pathlib import Path

import pytest

from attio_ctl.delivery import followed as held
from attio_ctl.delivery import following
from attio_ctl.delivery.dead_letters import MemoryDeadLetters
from attio_ctl.delivery.fold import Due
from attio_ctl.delivery.following import Following
from attio_ctl.delivery.ledger import Input, MemoryLedger
from attio_ctl.delivery.run import Engine
from attio_ctl.delivery.transport import Verdict

from .test_engine import POISON, PROGRAM, Workspace


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def wall(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


class Followed:
    """One file that is looked at when a test says so; what was read is settled each time."""

    def __init__(self, path: Path, given: Input | None = None) -> None:
        self.path = path
        self.clock = Clock()
        self.told: list[str] = []
        self.input = given or Input(str(path))
        self.following = Following([path], self.clock, self.told.append)

    def close(self) -> None:
        self.following.close()

    def look(self, after: float = 0.0) -> list[bytes]:
        """The lines that are read now; a second reading gives the same."""
        self.clock.now += after
        _, look = self.following.look([self.input])
        first, second = ([line.raw for _, block in look.blocks() for line in block.lines] for _ in range(2))
        (self.input,) = look.read()
        assert second == first
        return first


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "app.ndjson"


@pytest.fixture
def follow(file: Path) -> Iterator[Callable[..., Followed]]:
    """Begins to follow the file, as a process that finds this in its ledger."""
    with ExitStack() as stack:

        def begin(given: Input | None = None) -> Followed:
            return stack.enter_context(closing(Followed(file, given)))

        yield begin


Follow = Callable[..., Followed]


def append(path: Path, text: bytes) -> None:
    with path.open("ab") as stream:
        stream.write(text)


def rotate(path: Path, text: bytes) -> None:
    """The file gets a name that is free, and another one takes its place."""
    path.rename(path.with_name(f"{path.name}.{len(list(path.parent.iterdir()))}"))
    path.write_bytes(text)


@pytest.mark.parametrize("removed", [False, True], ids=["renamed", "removed"])
def test_what_came_before_a_rotation_is_read_before_the_new_file(file: Path, follow: Follow, removed: bool) -> None:
    """Also what the writer adds to the old one until it notices; its last line needs no end then."""
    file.write_bytes(b"1\n")
    followed = follow()
    assert followed.look() == [b"1"]

    append(file, b"2\n")
    writer = file.open("ab")
    file.unlink() if removed else file.rename(file.with_name("app.ndjson.1"))
    file.write_bytes(b"5\n")
    with writer:
        assert followed.look() == [b"2"]
        writer.write(b"3\n4")
    assert followed.look(held.LEFT_FOR - 0.1) == [b"3"]
    assert followed.look(held.LEFT_FOR) == [b"4"]
    assert followed.look() == [b"5"]
    assert followed.told == []


def test_a_file_that_was_quiet_for_long_is_waited_for_from_when_its_name_was_taken(file: Path, follow: Follow) -> None:
    """Its writer is told of the rotation only afterwards, and may add to it until then."""
    file.write_bytes(b"1\n")
    followed = follow()
    followed.look()
    assert followed.look(60) == []

    with file.open("ab", buffering=0) as writer:
        rotate(file, b"3\n")
        assert followed.look(0.1) == []
        writer.write(b"2\n")
        assert followed.look(0.5) == [b"2"]

    assert followed.look(held.LEFT_FOR) == []
    assert followed.look() == [b"3"]
    assert followed.told == []


def test_no_generation_is_missed_while_nobody_looks_at_what_is_new(file: Path, follow: Follow) -> None:
    """Two rotations during one long window: the names were noticed."""

    append(file, b"1\n")
    followed = follow()
    found = followed.look()

    async def rotate_twice() -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(following, "LOOK_EVERY", 0.01)
            watching = asyncio.create_task(followed.following.watch())
            for n in (2, 3):
                rotate(file, b"%d\n" % n)
                await asyncio.sleep(0.1)
            watching.cancel()

    asyncio.run(rotate_twice())
    for _ in range(6):
        found += followed.look(held.LEFT_FOR)

    assert found == [b"1", b"2", b"3"]


def test_a_file_that_was_copied_and_cut_is_read_on_in_its_copy(file: Path, follow: Follow) -> None:
    file.write_bytes(b"1\n")
    followed = follow()
    followed.look()

    append(file, b"2\n")
    shutil.copy(file, file.with_name("app.ndjson.1"))
    file.write_bytes(b"")
    append(file, b"3\n")

    assert followed.look() == [b"2"]
    assert followed.look(held.LEFT_FOR) == []
    assert followed.look() == [b"3"]
    assert followed.told == []


def test_a_file_that_was_cut_without_a_copy_is_read_from_its_start_and_that_is_told(file: Path, follow: Follow) -> None:
    file.write_bytes(b"1\n2\n")
    followed = follow()
    followed.look()
    file.write_bytes(b"3\n")

    assert followed.look() == [b"3"]
    (told,) = followed.told
    assert told.startswith(f"{file} is not the file any more that was read up to byte 4")


def test_a_file_that_is_gone_is_read_on_until_another_takes_its_place(file: Path, follow: Follow) -> None:
    file.write_bytes(b"1\n")
    followed = follow()
    followed.look()
    with file.open("ab", buffering=0) as writer:
        file.unlink()
        assert followed.look(60) == []
        writer.write(b"2\n")
        assert followed.look(60) == [b"2"]


@pytest.mark.parametrize("copied", [False, True], ids=["renamed", "copied and cut"])
def test_a_rotation_while_nobody_was_there_is_caught_up_with(file: Path, follow: Follow, copied: bool) -> None:
    file.write_bytes(b"1\n")
    followed = follow()
    followed.look()
    append(file, b"2\n")
    (shutil.copy if copied else shutil.move)(file, file.with_name("app.ndjson-20261101"))
    file.write_bytes(b"3\n")
    file.with_name("app.log").write_bytes(b"no copy\n")

    again = follow(followed.input)

    assert again.look() == [b"2"]
    assert again.look(held.LEFT_FOR) == []
    assert again.look() == [b"3"]
    assert again.told == []


def test_nothing_is_read_twice_when_a_restart_meets_a_file_that_was_read_whole(file: Path, follow: Follow) -> None:
    file.write_bytes(b"1\n")
    followed = follow()
    followed.look()
    file.rename(file.with_name("app.ndjson.1"))
    file.write_bytes(b"2\n")

    again = follow(followed.input)

    assert [again.look(after) for after in (0, held.LEFT_FOR, 0, 0)] == [[], [], [b"2"], []]
    assert replace(again.input, proof="") == Input(str(file), offset=2, line=1, followed=True)


class Rotating(Workspace):
    """Rotates the file of the events before it takes the first write."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.file = file

    async def send(self, writes: Sequence[Due]) -> AsyncGenerator[tuple[Due, Verdict], None]:
        if writes and not self.records:
            append(self.file, said("late"))
            rotate(self.file, said("new"))
        async with aclosing(super().send(writes)) as verdicts:
            async for each in verdicts:
                yield each


def said(name: str, plan: str = "Free") -> bytes:
    event = {"messageId": f"{name} {plan}", "timestamp": "2026-11-01T00:00:00Z", "name": name, "plan": plan}
    return json.dumps(event).encode() + b"\n"


@pytest.mark.anyio
async def test_a_rotation_in_the_middle_of_a_window_costs_neither_lines_nor_the_culprit_of_a_refusal(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The events behind a refused record are read again from the file that has another name by then."""
    monkeypatch.setattr(held, "LEFT_FOR", 0.1)
    append(file, said("early") + said("refused", POISON))
    workspace, letters, stop = Rotating(file), MemoryDeadLetters(), asyncio.Event()
    engine = Engine(program=PROGRAM, ledger=MemoryLedger(), dead_letters=letters, transport=workspace, stop=stop)
    running = asyncio.create_task(engine.follow([file]))
    deadline = time.monotonic() + 100
    while len(workspace.records) < 3 and not running.done():
        assert time.monotonic() < deadline, workspace.content
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.2)
    stop.set()
    outcome = await running

    assert set(workspace.content) == {"early", "late", "new"}
    assert [letter.line.raw + b"\n" for letter in letters.letters.values()] == [said("refused", POISON)]
    assert (outcome.account.read, outcome.account.delivered, outcome.account.dead_lettered) == (4, 3, 1)
