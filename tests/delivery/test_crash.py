"""Real processes, killed: what was accounted for is not sent again, the rest is, and the end is the same."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from attio_ctl.delivery.account import VERDICTS
from attio_ctl.delivery.sending import NOTE_EVERY

from .conftest import Place
from .deliver_process import WRITES_PER_SECOND
from .test_delivery import identify

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]
ROOT = Path(__file__).parents[2]


def events(seed: int) -> list[dict[str, Any]]:
    """600 events of 150 people in random order, some of them broken."""
    draw = random.Random(seed)
    found = [
        identify(n, f"u{draw.randrange(150)}", plan=draw.choice(["Free", "Pro", "Gold"]), seats=n) for n in range(600)
    ]
    draw.shuffle(found)
    return found


def expected(history: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """What a model that knows nothing of windows makes of them: the newest event of a user that is not refused."""
    users: dict[str, dict[str, Any]] = {}
    for event in sorted(history, key=lambda event: event["timestamp"]):
        if event["traits"]["plan"] != "Gold":
            users[event["userId"]] = {"plan": event["traits"]["plan"], "seats": event["traits"]["seats"]}
    return users


def start(place: Place, file: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.delivery.deliver_process", str(place.folder), place.url, str(file)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT)


def run(place: Place, file: Path) -> dict[str, Any]:
    """A run that is left alone; its account."""
    with start(place, file) as process:
        out, _ = process.communicate()
    return json.loads(out)


def kill(place: Place, file: Path, times: int) -> int:
    """Runs that are killed within a second of their first write; how many of them had not ended by then."""
    draw, kills = random.Random(3), 0
    for _ in range(times):
        before = requests(place)
        with start(place, file) as process:
            while process.poll() is None and requests(place) == before:
                time.sleep(0.01)
            time.sleep(draw.uniform(0, 0.9))
            kills += process.poll() is None
            process.kill()
    return kills


def requests(place: Place) -> int:
    log = place.folder / "requests.log"
    return log.stat().st_size if log.exists() else 0


async def test_killed_at_random_moments_it_ends_as_if_it_had_not_been(place: Place, tmp_path: Path) -> None:
    history = events(seed=7)
    file = place.write(history)

    kills = kill(place, file, times=3)
    account = run(place, file)

    users = await place.records("users", "user_id")
    assert {user: {"plan": r["plan"], "seats": r["seats"]} for user, r in users.items()} == expected(history)
    assert account["finished"]
    assert account["read"] == 600
    assert account["dead_lettered"] == len(place.open_letters)
    assert kills > 0

    undisturbed = Place(tmp_path / "undisturbed", place.url)
    undisturbed.folder.mkdir()
    figures = run(undisturbed, undisturbed.write(history))
    assert {name: account[name] for name in VERDICTS} == {name: figures[name] for name in VERDICTS}
    assert requests(place) - requests(undisturbed) <= kills * (NOTE_EVERY + 0.5) * WRITES_PER_SECOND
