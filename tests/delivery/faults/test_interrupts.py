"""A second signal ends a delivery at once, whenever it comes: its ledger is whole, the same command does the rest."""

from __future__ import annotations

import contextlib
import json
import random
import signal
import sqlite3
import time
from pathlib import Path

import pytest
from delivered import computed, computed_to_end

from attio_ctl.delivery.account import VERDICTS
from attio_ctl.delivery.dead_letters import read_dead_letters

from .killing import Project, sandbox, stamp, wait_for
from .model import make_history
from .scale import INTERRUPTS

AT_ONCE = 0.2
"""Seconds of computing from the second signal to the end of the process."""

USERS = max(100, 10 * INTERRUPTS)
"""Two records each: more than all runs together come to before they are interrupted."""

EVENTS = 2 * USERS
REFUSED = 3
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600 + 30 * INTERRUPTS)]


def check_whole(project: Project) -> None:
    """The ledger holds together, its account adds up, and no dead letter is torn."""
    with contextlib.closing(sqlite3.connect(project.state / "ledger.sqlite")) as db:
        assert db.execute("pragma integrity_check").fetchall() == [("ok",)]
    account = project.account
    assert account.read == sum(getattr(account, name) for name in VERDICTS) + account.lost
    assert account.lost == 0
    assert not (project.state / "dead-letters.ndjson").exists()  # its window is not settled


@pytest.mark.parametrize(("batch", "writes"), [(False, 5), (True, 1)], ids=["singly", "batch"])
def test_interrupted_twice_at_any_moment_it_is_gone_at_once_with_a_whole_ledger_and_completed_later(
    tmp_path: Path, batch: bool, writes: int
) -> None:
    """While Attio refuses some, too. That nothing is waited for either is shown in `tests/cli/test_deliver_ending`."""
    history = make_history(events=EVENTS, users=USERS, refused=REFUSED, seed=5)
    options = ("--batch-size", "10") if batch else ()
    draw = random.Random(INTERRUPTS)
    took: list[float] = []
    with sandbox(tmp_path) as url:
        project = Project(tmp_path, url)
        project.prepare(history.content, batch=batch, writes=writes)
        for _ in range(INTERRUPTS):
            reserve = project.state / "ledger.sqlite.reserve"
            before = stamp(reserve)
            with (tmp_path / "stderr").open("w") as stderr:
                process = project.start(*options, stderr=stderr)
            wait_for(process, lambda: stamp(reserve) != before)  # noqa: B023  called before the next turn
            time.sleep(draw.uniform(0, 1.5))
            process.send_signal(signal.SIGINT)
            wait_for(process, lambda: "Stopping" in (tmp_path / "stderr").read_text())
            time.sleep(draw.uniform(0, 0.05))
            used = computed(process)
            process.send_signal(signal.SIGINT)
            took.append((computed_to_end(process) - used) if used else 0.0)
            process.communicate()
            err = (tmp_path / "stderr").read_text()
            assert process.returncode in (130, -signal.SIGINT), err  # the latter where the interpreter was leaving
            check_whole(project)
        file = tmp_path / "workspaces" / "acme" / "workspace.yaml"
        file.write_text(file.read_text().replace(f"writes: {writes}}}", "writes: 2000}"))
        done = project.run("deliver", "--events", "events.ndjson", "--json-into", "account.json", *options)
        letters = read_dead_letters(path=project.state / "dead-letters.ndjson")

    account = json.loads((tmp_path / "account.json").read_text())
    assert done.returncode == 0, done.stderr
    assert (account["read"], account["pending"], account["lost"]) == (EVENTS, 0, 0)
    assert sum(letter.code == "value_not_found" for letter in letters) == REFUSED
    assert max(took) <= AT_ONCE
