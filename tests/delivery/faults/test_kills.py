"""
Deliveries killed at random moments, in all that they do: no event is lost, and the end is that of an undisturbed run.

`make faults` kills 200 times over 50,000 events; the ordinary suite less often over fewer.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import signal
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from delivered import computed

from attio_ctl.delivery.account import VERDICTS
from attio_ctl.delivery.batch import AHEAD
from attio_ctl.delivery.dead_letters import read_dead_letters
from attio_ctl.delivery.sending import NOTE_EVERY
from attio_ctl.delivery.singly import CONCURRENCY
from tests.delivery.conftest import Place

from .killing import Kill, Killer, Phase, Project, gate, next_note, sandbox, stamp, wait_for
from .model import expected, make_history, only
from .scale import EVENTS, KILLS

USERS = EVENTS // 10
BATCH_SIZE = 25
STARTING = 2.0
"""How much more a run may compute before its first event, at the median, once others were killed: twice as much."""


@dataclass(frozen=True)
class Way:
    """
    How a delivery is run.

    Attributes:
        rate: Write requests per second, each of `size` records.
        refused: Events that Attio alone refuses; few in batches, since one that ends in such waits ten seconds for them
            in every run.
    """

    options: tuple[str, ...]
    rate: float
    size: int
    refused: int

    @property
    def in_flight(self) -> float:
        """Writes that Attio may take before they are noted: of a second and a half, and those under way."""
        return (self.rate * (NOTE_EVERY + 0.5) + (CONCURRENCY if self.size == 1 else 2 * AHEAD)) * self.size


WAYS = {
    "documented": Way((), 150, 1, 1 + KILLS // 10),
    "batch": Way(("--batch-size", str(BATCH_SIZE)), 6, BATCH_SIZE, 2 + KILLS // 50),
}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900 + 60 * KILLS)]


@dataclass(frozen=True)
class Undisturbed:
    """
    A run that nobody kills.

    Attributes:
        starting: Seconds of computing before it began to read.
        reading: Seconds that it read.
    """

    account: dict[str, Any]
    letters: Counter[bytes]
    starting: float
    reading: float


def undisturbed(folder: Path, content: bytes, way: str) -> Undisturbed:
    options = WAYS[way].options
    folder.mkdir()
    with sandbox(folder) as url:
        project = Project(folder, url)
        project.prepare(content, batch=way == "batch", writes=2000 // WAYS[way].size)
        process = project.start(*options)
        wait_for(process, (project.state / "ledger.sqlite.reserve").exists)
        starting, claimed = computed(process), time.monotonic()
        time.sleep(0.05)  # the run itself is noted first
        next_note(process, project.state, threading.Event())
        reading = time.monotonic() - claimed
        _, err = process.communicate()
        assert process.returncode == 0, err
    return Undisturbed(account(project), letters(project), starting, reading)


def account(project: Project) -> dict[str, Any]:
    return dict(json.loads((project.folder / "account.json").read_text()))


def letters(project: Project) -> Counter[bytes]:
    """How many open dead letters each line has, by line and code."""
    found = read_dead_letters(path=project.state / "dead-letters.ndjson")
    return Counter(letter.line.raw + b" " + letter.code.encode() for letter in found)


def adds_up(figures: dict[str, Any]) -> bool:
    return bool(figures["read"] == sum(figures[name] for name in VERDICTS) and figures["lost"] == 0)


def drain(project: Project, options: tuple[str, ...], held: threading.Event) -> None:
    """Interrupt a run as a person does: it tells the account three times, and each adds up."""
    process = project.start(*options)
    reserve = project.state / "ledger.sqlite.reserve"
    before = stamp(reserve)
    wait_for(process, lambda: stamp(reserve) != before)
    next_note(process, project.state, held)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    assert process.returncode == 130, err
    summary = re.search(r"Deliver: (\d+) read = (.*); \d+ writes?.*, 0 lost\.", out)
    assert summary, out
    assert int(summary[1]) == sum(map(int, re.findall(r"\d+", summary[2])))
    told, kept = account(project), project.status["account"]
    assert adds_up(told)
    assert {name: told[name] for name in (*VERDICTS, "writes")} == {name: kept[name] for name in (*VERDICTS, "writes")}


@pytest.mark.parametrize("way", WAYS)
def test_killed_at_any_moment_nothing_is_lost_and_little_is_sent_again(
    way: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    history = make_history(events=EVENTS, users=USERS, refused=WAYS[way].refused, seed=11)
    untouched = undisturbed(tmp_path / "undisturbed", history.content, way)
    options = WAYS[way].options
    draw = random.Random(KILLS)
    middle: list[Phase] = ["reading", "sending", "noting"]
    schedule: list[Phase] = [middle[n % 3] for n in range(KILLS)]
    draw.shuffle(schedule)
    schedule += ["settling"] * (1 + KILLS // 10)

    folder = tmp_path / "killed"
    folder.mkdir()
    kills: list[Kill] = []
    with sandbox(folder) as url, gate(url, USERS - BATCH_SIZE) as ahead:
        project = Project(folder, url)
        project.prepare(history.content, batch=way == "batch", writes=WAYS[way].rate)
        killer = Killer(project, ahead, options, untouched.reading, draw)
        for n, phase in enumerate(schedule):
            kills.append(killer.kill(phase))
            assert adds_up(project.account.as_json())
            if not kills[-1].hit:
                break
            if n == len(schedule) // 2:
                drain(project, options, ahead.hung)
        project.aim(url)
        done = project.run("deliver", "--events", "events.ndjson", "--json-into", "account.json", *options)
        people = asyncio.run(Place(folder, url).records("people", "email_addresses"))
        users = asyncio.run(Place(folder, url).records("users", "user_id"))
        final = project.account.as_json()  # of the run that did it all, though the last kill came after its end

    hits = [kill for kill in kills if kill.hit]
    record_property("kills", [(way, k.phase, k.again, k.noted) for k in hits])
    record_property("events", (way, len(history.lines), sum(k.starting for k in kills) / len(kills), untouched.reading))
    assert done.returncode == 0, done.stderr
    assert len(hits) >= KILLS
    assert max(kill.again for kill in hits) <= WAYS[way].in_flight
    assert statistics.median(kill.starting for kill in hits) <= STARTING * untouched.starting

    wanted_people, wanted_users = expected(history.good)
    assert only(people, "description", "tags") == wanted_people
    assert only(users, "plan", "seats") == wanted_users
    assert letters(project) == untouched.letters
    assert adds_up(final)
    assert final["read"] == len(history.lines)
    assert {name: final[name] for name in VERDICTS} == {name: untouched.account[name] for name in VERDICTS}
