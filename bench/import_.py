"""
How long an import takes: `python bench/import_.py`.

A workspace of 40 objects with 50 attributes each (2,000, of which 400 are selects) is imported by a process of its own,
from start to end, from a sandbox that limits reads as Attio does. The ratio is its wall time to requests ÷ read limit,
the least that any import can take.
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

from plan import READS_PER_SECOND, TOKEN, sandbox, seed, workspace

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


def main() -> None:
    """Print the figures of several imports, and their median."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--objects", type=int, default=40)
    parser.add_argument("--times", type=int, default=3)
    arguments = parser.parse_args()
    spec = WorkspaceSpec.model_validate(workspace(arguments.objects, 50, 10))
    ratios = []
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
                bound = (reads_of(db) - before) / READS_PER_SECOND
                ratios.append(wall / bound)
                print(f"{said}  wall {wall:.2f} s, limit {bound:.2f} s, ratio {wall / bound:.3f}, own CPU {cpu:.2f} s")
    print(f"median ratio {statistics.median(ratios):.3f}")


if __name__ == "__main__":
    main()
