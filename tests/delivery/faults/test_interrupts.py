"""A second signal ends a delivery at once, whenever it comes, and the same command does the rest."""

from __future__ import annotations

import json
import random
import signal
import time
from pathlib import Path

import pytest

from .killing import Project, sandbox, stamp, wait_for
from .model import make_history
from .scale import INTERRUPTS

AT_ONCE = 0.2
"""Seconds from the second signal to the end of the process."""

EVENTS = 1_000
pytestmark = [pytest.mark.slow, pytest.mark.timeout(120 + 10 * INTERRUPTS)]


def test_interrupted_twice_at_any_moment_it_is_gone_at_once_and_completed_later(tmp_path: Path) -> None:
    """How quickly: of all runs but one in twenty, since the machine may be busy."""
    history = make_history(events=EVENTS, users=100, refused=0, seed=5)
    draw = random.Random(INTERRUPTS)
    took: list[float] = []
    with sandbox(tmp_path) as url:
        project = Project(tmp_path, url)
        project.prepare(history.content, batch=False, writes=5)
        for _ in range(INTERRUPTS):
            reserve = project.state / "ledger.sqlite.reserve"
            before = stamp(reserve)
            process = project.start()
            wait_for(process, lambda: stamp(reserve) != before)  # noqa: B023  called before the next turn
            time.sleep(draw.uniform(0, 1.5))
            process.send_signal(signal.SIGINT)
            time.sleep(draw.uniform(0, 0.05))
            process.send_signal(signal.SIGINT)
            interrupted = time.monotonic()
            process.wait(timeout=20)
            took.append(time.monotonic() - interrupted)
            _, err = process.communicate()
            assert process.returncode == 130, err
        file = tmp_path / "workspaces" / "acme" / "workspace.yaml"
        file.write_text(file.read_text().replace("writes: 5}", "writes: 2000}"))
        done = project.run("deliver", "--events", "events.ndjson", "--json-into", "account.json")

    account = json.loads((tmp_path / "account.json").read_text())
    assert done.returncode == 0, done.stderr
    assert (account["read"], account["pending"], account["lost"]) == (EVENTS, 0, 0)
    assert sorted(took)[int(len(took) * 0.95) - 1] <= AT_ONCE
