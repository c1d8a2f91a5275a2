"""
How long an import takes: `python bench/import_.py`.

A workspace of 40 objects with 50 attributes each (2,000, of which 400 are selects) is imported by a process of its own,
from start to end, from a sandbox that limits reads as Attio does. The ratio is its wall time to requests ÷ read limit,
the least that any import can take. After each import a bare client, running already, sends as many requests through the
same limiter and does nothing with the answers: the second ratio is to its time. It uses the transport of deliveries.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from plan import READS_PER_SECOND, TOKEN, connected, sandbox, seed, workspace

from attio_ctl.attio.limiter import Limits
from attio_ctl.config.models import WorkspaceSpec

SETTLE = 1.5
"""Seconds until the requests before are out of the window of the limit."""


def reads_of(db: Path) -> int:
    """The requests that the sandbox has answered."""
    with sqlite3.connect(db) as connection:
        (count,) = connection.execute("select count(*) from requests").fetchone()
    return int(count)


def import_once(url: str, project: Path) -> tuple[float, float, str]:
    """Wall and CPU seconds of one import, and what it said."""
    project.mkdir()
    command = [sys.executable, "-m", "attio_ctl.cli.main", "import", "acme", "--token-env", "BENCH", "--base-url", url]
    before, began = os.times(), time.perf_counter()
    done = subprocess.run(
        command, cwd=project, env={**os.environ, "BENCH": TOKEN}, capture_output=True, text=True, check=True
    )
    wall, after = time.perf_counter() - began, os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return wall, cpu, done.stdout.splitlines()[1]


async def ask_only(url: str, requests: int) -> float:
    """Wall seconds of so many requests through the same limiter, whose answers nobody looks at."""
    async with connected(url, Limits()) as (attio, _):
        began = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for _ in range(requests):
                group.create_task(attio.members())
        return time.perf_counter() - began


def main() -> None:
    """Print the figures of several imports, and their medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--objects", type=int, default=40)
    parser.add_argument("--times", type=int, default=3)
    arguments = parser.parse_args()
    spec = WorkspaceSpec.model_validate(workspace(arguments.objects, 50, 10))
    ratios, pairs = [], []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        db = folder / "bench.sqlite"
        with sandbox(db, "--no-limits") as url:
            asyncio.run(seed(url, spec, folder))
        with sandbox(db) as url:
            for number in range(arguments.times):
                time.sleep(SETTLE)
                before = reads_of(db)
                wall, cpu, said = import_once(url, folder / f"project-{number}")
                time.sleep(SETTLE)
                requests = reads_of(db) - before
                bare, bound = asyncio.run(ask_only(url, requests)), requests / READS_PER_SECOND
                ratios.append(wall / bound)
                pairs.append(wall / bare)
                print(f"{said}  wall {wall:.2f} s, limit {bound:.2f} s, bare client {bare:.2f} s, own CPU {cpu:.2f} s")
    print(f"median ratio to the limit {statistics.median(ratios):.3f}, to a bare client {statistics.median(pairs):.3f}")


if __name__ == "__main__":
    main()
