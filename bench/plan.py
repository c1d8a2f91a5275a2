"""
How a plan scales: `python bench/plan.py`.

1. A workspace of 60 objects with 50 attributes each, 600 of them selects: the requests of a plan beside the fewest
   there can be, the wall time beside requests ÷ read limit (the sandbox limits as Attio does), and the CPU time of the
   planning process alone.
2. The CPU time of comparing both sides, from 10 to 200 objects: milliseconds an attribute should stay the same.

Ratios compare figures of one run on one machine.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from attio_ctl.apply.journal import Journal
from attio_ctl.apply.operations import Operations
from attio_ctl.apply.run import RunContext, apply_plan
from attio_ctl.attio.limiter import Limits
from attio_ctl.attio.transport import fast_transport
from attio_ctl.attio.writer import AttioWriter
from attio_ctl.config.models import WorkspaceSpec
from attio_ctl.plan import document
from attio_ctl.plan.build import build_plan
from attio_ctl.plan.diff import diff
from attio_ctl.plan.model import Plan, Source
from attio_ctl.state.desired import build_desired
from attio_ctl.state.live import read_live
from attio_ctl.state.resource import Resource, State, Workspace

TOKEN = "bench"
UNLIMITED = Limits(reads_per_second=1e6, writes_per_second=1e6)
READS_PER_SECOND = 100
NOW = datetime(2026, 11, 20, tzinfo=UTC)


def workspace(objects: int, attributes: int, titled: int) -> dict[str, Any]:
    """Objects with some attributes each, of which `titled` are selects with three options."""
    return {
        "workspace": "bench",
        "api": {"sandbox": "bench"},
        "objects": {
            f"object_{o}": {
                "singular": f"Object {o}",
                "plural": f"Objects {o}",
                "attributes": {
                    f"attribute_{a}": {
                        "type": "select" if a < titled else "text",
                        "title": f"Attribute {a}",
                        **({"options": ["One", "Two", "Three"]} if a < titled else {}),
                    }
                    for a in range(attributes)
                },
            }
            for o in range(objects)
        },
    }


@contextlib.contextmanager
def sandbox(db: Path, *flags: str) -> Iterator[str]:
    """A sandbox in a process of its own, so that its CPU time is not ours."""
    command = [
        sys.executable,
        "-m",
        "attio_ctl.cli.main",
        "sandbox",
        "serve",
        "--db",
        str(db),
        "--token",
        TOKEN,
        *flags,
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()


@contextlib.asynccontextmanager
async def connected(url: str, limits: Limits) -> AsyncIterator[tuple[AttioWriter, Workspace]]:
    """A client and its workspace."""
    async with AttioWriter.connect(base_url=url, token=TOKEN, limits=limits, transport=fast_transport(url)) as attio:
        me = await attio.whoami()
        yield attio, Workspace(me.workspace_id, me.workspace_slug, me.workspace_name, me.scopes)


def plan_of(spec: WorkspaceSpec, live: State) -> Plan:
    """Both sides compared and written down, as `plan` does it."""
    desired = build_desired(spec, lambda _: None)
    plan = build_plan(
        name="bench",
        changes=diff(desired, live),
        desired=desired,
        live=live,
        removals=(),
        source=Source("sha256:0"),
        now=NOW,
        expires=timedelta(hours=1),
    )
    document.dump(plan)
    return plan


async def seed(url: str, spec: WorkspaceSpec, folder: Path) -> None:
    """Make the workspace."""
    async with connected(url, UNLIMITED) as (attio, me):
        live = await read_live(attio, me)
        with Journal(folder / "seed.journal") as journal:
            context = RunContext(
                operations=Operations(attio, live, root=folder),
                journal=journal,
                run="seed",
                check_lease=lambda: None,
                stop=asyncio.Event(),
            )
            report = await apply_plan(plan_of(spec, live), live, context)
    assert report.counts["applied"] == len(report.outcomes), report.counts


async def measure(url: str, spec: WorkspaceSpec) -> tuple[int, int, float, float]:
    """Changes, requests, wall seconds and CPU seconds of one plan at Attio's limits."""
    async with connected(url, Limits()) as (attio, me):
        await asyncio.sleep(1.5)  # so that the seeding is out of the limiter's window
        before, wall, cpu = attio.usage.reads, time.perf_counter(), time.process_time()
        plan = plan_of(spec, await read_live(attio, me))
        return len(plan.changes), attio.usage.reads - before, time.perf_counter() - wall, time.process_time() - cpu


def growth(sizes: list[int]) -> None:
    """CPU time of comparing a workspace with itself."""
    print("\nobjects  attributes  compare ms  us/attribute")
    for size in sizes:
        spec = WorkspaceSpec.model_validate(workspace(size, 50, 10))
        desired = build_desired(spec, lambda _: None)
        names = {"object": "object_id", "attribute": "attribute_id", "option": "option_id"}
        live = State(
            resources={
                address: Resource(address=address, fields=dict(r.fields), ids={names[address.kind]: str(address)})
                for address, r in desired.resources.items()
            },
            workspace=Workspace("w", "w", "w"),
        )
        best = min(timed(spec, live) for _ in range(5))
        print(f"{size:>7}  {size * 50:>10}  {best * 1e3:>10.0f}  {best * 1e6 / (size * 50):>12.1f}")


def timed(spec: WorkspaceSpec, live: State) -> float:
    """CPU seconds of one comparison."""
    start = time.process_time()
    plan_of(spec, live)
    return time.process_time() - start


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--objects", type=int, default=60)
    arguments = parser.parse_args()
    spec = WorkspaceSpec.model_validate(workspace(arguments.objects, 50, 10))
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        with sandbox(folder / "bench.sqlite", "--no-limits") as url:
            asyncio.run(seed(url, spec, folder))
        with sandbox(folder / "bench.sqlite") as url:
            changes, requests, wall, cpu = asyncio.run(measure(url, spec))
    objects = arguments.objects + 2  # people and companies
    selects_of_standard_objects = 4
    fewest = 4 + objects + arguments.objects * 10 + selects_of_standard_objects
    bound = requests / READS_PER_SECOND
    print(f"{arguments.objects} objects, {arguments.objects * 50} attributes, {arguments.objects * 10} of them selects")
    print(f"changes found  {changes}")
    print(f"requests       {requests}  (fewest possible {fewest}, ratio {requests / fewest:.3f})")
    print(f"wall           {wall:.2f} s  (requests / limit {bound:.2f} s, ratio {wall / bound:.3f})")
    print(f"own CPU        {cpu:.2f} s")
    growth([10, 50, 100, 200])


if __name__ == "__main__":
    main()
