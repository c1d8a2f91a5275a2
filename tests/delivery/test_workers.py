"""What other processes work on: in its order, whole whatever becomes of a process, and the same as mapped here."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from mmap import mmap
from pathlib import Path

import pytest

from attio_ctl.delivery import reading, workers
from attio_ctl.delivery.block_mapper import BlockMapper, unpack_said
from attio_ctl.delivery.dead_letters import MemoryDeadLetters
from attio_ctl.delivery.ledger import MemoryLedger
from attio_ctl.delivery.packing import Forms
from attio_ctl.delivery.run import Engine
from attio_ctl.delivery.workers import SLOT, Workers
from attio_ctl.mapping.fast.program import accelerate

from .test_engine import POISON, PROGRAM, Workspace

pytestmark = pytest.mark.skipif(not workers.FORKS, reason="other processes are used on Linux only")

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def slowly(block: bytes) -> bytes:
    time.sleep(random.Random(block).random() / 200)
    return block[::-1]


@pytest.fixture
def pool() -> Iterator[list[Workers[int]]]:
    found: list[Workers[int]] = []
    yield found
    for each in found:
        each.close()


def numbered(count: int) -> Iterator[tuple[int, bytes]]:
    return ((number, b"block %d" % number) for number in range(count))


@pytest.mark.parametrize("processes", [0, 1, 3])
def test_results_come_in_the_order_of_the_blocks(pool: list[Workers[int]], processes: int) -> None:
    pool.append(Workers(slowly, processes))

    found = list(pool[0].map(numbered(100)))

    assert [name for name, _ in found] == list(range(100))
    assert all(made == ((b"block %d" % name)[::-1] if processes else None) for name, made in found)


def test_a_block_that_is_too_long_to_hand_over_is_left_to_the_caller(pool: list[Workers[int]]) -> None:
    pool.append(Workers(slowly, 2))
    blocks = [(0, b"short"), (1, b"x" * (SLOT + 1)), (2, b"x" * SLOT)]

    assert [made is None for _, made in pool[0].map(blocks)] == [False, True, False]


def test_blocks_that_are_too_long_do_not_pile_up(pool: list[Workers[int]]) -> None:
    pool.append(Workers(slowly, 2))
    read = 0

    def blocks() -> Iterator[tuple[int, bytes]]:
        nonlocal read
        for read in range(1, 41):
            yield read, b"x" * (SLOT + 1)

    ahead = [read - name for name, _ in pool[0].map(blocks())]

    assert max(ahead) <= 4


def test_a_system_that_has_no_more_processes_has_the_rest_done_by_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> int:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    monkeypatch.setattr(os, "fork", refuse)
    some = Workers[int](slowly, 2)

    assert [made for _, made in some.map(numbered(3))] == [None] * 3
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == blocked


def test_results_that_fill_a_pipe_many_times_hold_nothing_up(pool: list[Workers[int]]) -> None:
    pool.append(Workers(lambda block: block * 100_000, 2))

    assert all(made == b"x" * 1_000_000 for _, made in pool[0].map((n, b"x" * 10) for n in range(20)))


def test_a_worker_that_is_killed_leaves_its_blocks_to_the_caller_and_no_other_is_touched(
    pool: list[Workers[int]],
) -> None:
    pool.append(Workers(slowly, 2))
    found = []
    for name, made in pool[0].map(numbered(60)):
        if name == 10:
            os.kill(pool[0].pids[0], signal.SIGKILL)
        found.append((name, made))

    assert [name for name, _ in found] == list(range(60))
    assert sum(made is None for _, made in found) <= 3
    assert all(made == (b"block %d" % name)[::-1] for name, made in found if made is not None)


def test_work_that_fails_is_left_to_the_caller(pool: list[Workers[int]]) -> None:
    def failing(block: bytes) -> bytes:
        raise MemoryError

    pool.append(Workers(failing, 2))

    assert [made for _, made in pool[0].map(numbered(8))] == [None] * 8


def test_no_process_is_left_behind() -> None:
    some = Workers[int](slowly, 3)
    list(some.map(numbered(5)))
    some.close()

    for pid in some.pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


PARENT = """
import os, sys, time
from attio_ctl.delivery.workers import Workers
some = Workers(lambda block: block, 2)
list(some.map((n, b"x") for n in range(4)))
print(*some.pids, flush=True)
time.sleep(60)
"""


def test_workers_end_with_a_parent_that_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        parent.kill()
        parent.wait()
    until = time.monotonic() + 60
    while any(_runs(pid) for pid in pids) and time.monotonic() < until:
        time.sleep(0.02)

    assert len(pids) == 2
    assert not any(map(_runs, pids))


def _runs(pid: int) -> bool:
    """Whether there is such a process, apart from one that ended and that nobody has asked after."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_signal_to_the_whole_group_is_for_the_parent_alone(pool: list[Workers[int]]) -> None:
    pool.append(Workers(slowly, 2))
    found = []
    for name, made in pool[0].map(numbered(30)):
        if name == 5:
            for pid in pool[0].pids:
                os.kill(pid, signal.SIGINT)
                os.kill(pid, signal.SIGTERM)
        found.append(made)

    assert None not in found


def lines(count: int) -> list[bytes]:
    """Events of fifty things in random order, with repetitions, broken ones and ones that no thing is named in."""
    draw = random.Random(count)
    found = []
    for n in range(count):
        stamp = f"2026-10-01T00:{n // 60 % 60:02}:{n % 60:02}.{n // 3600:03}Z"
        plan = draw.choice(["Free", "Pro", POISON])
        tags = draw.sample("abcz", 2)
        name = "" if n % 97 == 0 else f"t{draw.randrange(50)}"
        event = f'{{"messageId":"m{n}","timestamp":"{stamp}","name":"{name}","plan":"{plan}","tags":{tags}}}'
        found.append(b"{broken" if n % 71 == 0 else event.replace("'", '"').encode())
    found += draw.sample(found, count // 10)
    draw.shuffle(found)
    return found


def deliver(file: Path, processes: int) -> tuple[object, ...]:
    workspace, letters = Workspace(), MemoryDeadLetters()
    engine = Engine(
        program=PROGRAM,
        ledger=MemoryLedger(),
        dead_letters=letters,
        transport=workspace,
        stop=asyncio.Event(),
        processes=processes,
    )
    outcome = asyncio.run(engine.deliver([file]))
    assert outcome.finished
    account = {**outcome.account.as_json(), "seconds": 0}
    return account, workspace.content, sorted(letters.letters), engine.tally


def test_a_delivery_by_several_processes_is_that_of_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_ALONE", 1)
    file = tmp_path / "events.ndjson"
    file.write_bytes(b"\n".join(lines(40_000)))

    assert deliver(file, processes=3) == deliver(file, processes=1)


ODD = [
    b'"\\ud83d"',
    b'"\\ude00\\ud83d"',
    b'"\xff"',
    b'"\xed\xa0\x80"',
    b"9" * 400,
    b"18446744073709551617",
    b"1e999",
    b"NaN",
    b"[" * 5_000,
    b'{"__proto__":{"x":1}}',
    b'"\\u0000"',
    b"null",
    b'""',
]
"""What no event should hold."""


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("name", [b"name", b"plan", b"tags", b"friend", b"messageId", b"timestamp"])
def test_whatever_an_event_holds_what_its_block_says_can_be_packed(name: bytes, odd: bytes) -> None:
    mapper = BlockMapper(PROGRAM, accelerate(PROGRAM), Forms.of(PROGRAM))
    said = unpack_said(mapper.map(b'{"name":"a","%s":%s}\n{"name":"b"}' % (name, odd), NOW))

    assert len(said.marks) == 2


def test_an_answer_that_comes_too_late_is_never_taken_for_another(
    pool: list[Workers[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first answer comes while its worker is given up; the second piece of that worker is not what it answers."""
    is_given_up = mmap(-1, 1)

    def late(block: bytes) -> bytes:
        while block == b"block 0" and not is_given_up[0]:
            time.sleep(0.01)
        return block[::-1]

    kill = os.kill

    def late_kill(pid: int, number: int) -> None:
        is_given_up[0] = 1
        time.sleep(0.6)  # as when this process is held up before it comes to that
        kill(pid, number)

    monkeypatch.setattr(workers, "PATIENCE", 0.1)
    pool.append(Workers(late, 1))
    monkeypatch.setattr(os, "kill", late_kill)
    found = list(pool[0].map(numbered(4)))
    monkeypatch.setattr(os, "kill", kill)

    assert found == [(n, None) for n in range(4)]


def test_a_worker_that_hangs_in_the_middle_of_its_answer_is_given_up(
    pool: list[Workers[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "PATIENCE", 8.0)
    pool.append(Workers(lambda block: block * 1_000_000, 1))
    pieces = pool[0].map(numbered(3))
    first = next(pieces)
    until = time.monotonic() + 60
    while not _sleeps(pool[0].pids[0]) and time.monotonic() < until:  # it waits for somebody to read on
        time.sleep(0.01)
    os.kill(pool[0].pids[0], signal.SIGSTOP)

    assert first[1] == b"block 0" * 1_000_000
    assert [made for _, made in pieces] == [None, None]


def _sleeps(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "S"
