"""How much memory a delivery takes depends on its records, not on its events."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from .killing import Project, sandbox
from .model import make_history
from .scale import MEMORY_EVENTS

BOUND = 200 * 1024
"""KiB that a process may take, whatever it reads."""

GROWTH = 40 * 1024
"""KiB that ten times the events may take more, on the same records."""

USERS = 1_000
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600 + MEMORY_EVENTS // 500)]


def most_memory(folder: Path, events: int) -> int:
    """KiB of resident memory that a process of a delivery takes at most."""
    folder.mkdir()
    with sandbox(folder, "--sink") as url:
        project = Project(folder, url)
        part = make_history(events=min(events, MEMORY_EVENTS // 10), users=USERS, refused=0, seed=1).content
        project.prepare(b"", batch=True, writes=2000)
        with (folder / "events.ndjson").open("wb") as file:
            for n in range(max(1, 10 * events // MEMORY_EVENTS)):
                file.write(part.replace(b'"messageId": "m', b'"messageId": "m%d-' % n))
        process = project.start("--no-verify")
        most = 0
        while process.poll() is None:
            most = max(most, *map(resident, (process.pid, *children(process.pid))))
            time.sleep(0.02)
        process.communicate()
        assert process.returncode == 0
    return most


def children(pid: int) -> list[int]:
    """The processes that map and fold for it."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def resident(pid: int) -> int:
    """
    The most that a process has held so far; 0 once it has ended.

    What `wait4` tells begins with the memory of the process that it was forked from.
    """
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    found = re.search(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
    return int(found[1]) if found else 0


def test_ten_times_the_events_take_hardly_more_memory(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    few = most_memory(tmp_path / "few", MEMORY_EVENTS // 10)
    many = most_memory(tmp_path / "many", MEMORY_EVENTS)

    record_property("memory", [(MEMORY_EVENTS // 10, few // 1024), (MEMORY_EVENTS, many // 1024)])
    assert many <= BOUND
    assert many - few <= GROWTH
