"""`attio-ctl deliver`."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from attio_ctl.cli.options import InputFile, OutputFile, workspace_option

if TYPE_CHECKING:
    from attio_ctl.delivery.account import Account
    from attio_ctl.delivery.selection import Way


@click.command("deliver")
@click.option(
    "--events",
    "files",
    multiple=True,
    required=True,
    type=InputFile(allow_dash=True),
    metavar="FILE",
    help="NDJSON or a JSON array of events, gzipped or not; `-` is standard input. Repeatable.",
)
@workspace_option
@click.option("--dry-run", is_flag=True, help="Say what would be written; nothing is.")
@click.option(
    "--json-into", type=OutputFile(allow_dash=True), metavar="FILE", help="The account as JSON; `-` is standard output."
)
@click.option("--retry-for", default="5m", show_default=True, metavar="DURATION", help="How long one write is retried.")
@click.option(
    "--max-dead-ratio",
    type=click.FloatRange(0, 1),
    default=1.0,
    metavar="SHARE",
    help="Stop when more than this share of the events are dead letters, such as 0.05.",
)
@click.option(
    "--transport",
    "way",
    type=click.Choice(["auto", "documented", "simple", "batch"]),
    default="auto",
    show_default=True,
    metavar="WAY",
    help="The endpoints to write over: documented, simple, batch, or auto, which is batch for mappings with "
    "`batch: true` and documented for the others.",
)
@click.option(
    "--batch-size",
    type=click.IntRange(1, 10_000),
    default=10_000,
    show_default=True,
    metavar="N",
    help="Records in one batch at most.",
)
@click.option(
    "--verify/--no-verify",
    default=True,
    show_default=True,
    help="Read back what went in batches. Without it nobody learns what Attio drops.",
)
@click.pass_context
def command(
    ctx: click.Context,
    *,
    files: tuple[Path, ...],
    workspace: str | None,
    dry_run: bool,
    json_into: Path | None,
    retry_for: str,
    max_dead_ratio: float,
    way: Way,
    batch_size: int,
    verify: bool,
) -> None:
    """Send events through the mappings into records.

    Every line is accounted for: delivered, duplicate, superseded, filtered, dead-lettered or pending. Events for one
    record are folded into one write, the newest value of each attribute wins, and what is already there is not written
    again. Stop it, or kill it, and run it again: it goes on where it was.

    \b
    Example:
        attio-ctl deliver --events events.ndjson
        attio-ctl deliver --events events.ndjson --dry-run
    """
    from attio_ctl.cli import console, delivering, ledgers, wiring  # noqa: PLC0415  heavy imports wait
    from attio_ctl.cli.durations import parse_duration  # noqa: PLC0415
    from attio_ctl.delivery.batch import BatchOptions  # noqa: PLC0415
    from attio_ctl.delivery.selection import batched_objects  # noqa: PLC0415
    from attio_ctl.errors import Exit  # noqa: PLC0415
    from attio_ctl.render.delivery import render_account, render_preview  # noqa: PLC0415

    loaded = wiring.load_workspace(workspace)
    console.show_problems(loaded.warnings)
    style = console.style_for(sys.stdout)
    batches = BatchOptions(batch_size, verify, batched_objects(loaded.spec.mappings))
    if dry_run:
        foreseen = asyncio.run(delivering.make_preview(loaded, files, way, batches))
        console.out(render_preview(foreseen, style))
        write_account(json_into, foreseen.account)
        return
    run = delivering.Delivery(
        loaded=loaded,
        files=files,
        retry_for=parse_duration(retry_for),
        max_dead_ratio=max_dead_ratio,
        way=way,
        batches=batches,
    )
    done, interrupted = wiring.run_draining(run)
    console.progress("")
    console.out(render_account(done.account, ledgers.letters_of(loaded), style))
    write_account(json_into, done.account)
    if done.halted is not None:
        console.show_error(done.halted)
        ctx.exit(done.exit_code)
    if interrupted is not Exit.DONE:
        console.note("Stopped. The same command goes on where this one was.")
    ctx.exit(interrupted)


def write_account(path: Path | None, account: Account) -> None:
    """The account as JSON, where it was asked for."""
    from attio_ctl.cli import wiring  # noqa: PLC0415

    if path is not None:
        wiring.write_output(path, json.dumps(account.as_json(), indent=2) + "\n")
