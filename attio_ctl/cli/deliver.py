"""`attio-ctl deliver`."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from attio_ctl.cli import deliver_status
from attio_ctl.cli.options import OutputFile, workspace_option
from attio_ctl.cli.sights import Sights, sight_options
from attio_ctl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from attio_ctl.cli.delivering import Delivery
    from attio_ctl.cli.previewing import Rehearsing
    from attio_ctl.cli.sights import Seen
    from attio_ctl.delivery.selection import Way


class _Deliver(click.Group):
    """Delivers when no command follows; a file that follows is one that a shell made of a pattern."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if Path(args[0]).exists() and args[0] not in self.commands:
            raise UsageError(
                f"`{args[0]}` stands alone",
                hint="give each file its own `--events`, or quote the pattern: `'*.ndjson'`",
            )
        return super().resolve_command(ctx, args)


@click.group("deliver", cls=_Deliver, invoke_without_command=True, subcommand_metavar="[status]")
@click.option(
    "--events",
    "names",
    multiple=True,
    metavar="FILE",
    help="NDJSON or a JSON array of events, with gzip or zstd or without; a folder of such files, a quoted pattern, "
    "or `-` for standard input. Repeatable.",
)
@workspace_option
@click.option("--follow", is_flag=True, help="Go on with what is added to the files, until it is stopped.")
@click.option("--restart", is_flag=True, help="Begin at the start of the files, whatever an unfinished run has read.")
@click.option("--dry-run", is_flag=True, help="Say what would be written; nothing is.")
@click.option(
    "--diff",
    "differing",
    type=click.IntRange(1, 10_000),
    metavar="N",
    help="With --dry-run: what changes in N records against what is in Attio now; the first of each object, in the "
    "order of the input.",
)
@click.option(
    "--requests",
    type=OutputFile(),
    metavar="FILE",
    help="With --dry-run: the very requests as JSON lines, without the token; `-` is standard output.",
)
@click.option(
    "--dead-letters",
    type=OutputFile(),
    metavar="FILE",
    help="With --dry-run: all dead letters that it would leave, as JSON lines; `-` is standard output.",
)
@click.option("--json-into", type=OutputFile(), metavar="FILE", help="The account as JSON; `-` is standard output.")
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
@click.option(
    "--progress-every",
    default="10s",
    show_default=True,
    metavar="DURATION",
    help="How often a log gets a line on how it goes; a terminal shows a bar. 0 shows neither.",
)
@sight_options
@click.pass_context
def command(
    ctx: click.Context,
    *,
    names: tuple[str, ...],
    workspace: str | None,
    follow: bool,
    restart: bool,
    dry_run: bool,
    differing: int | None,
    requests: Path | None,
    dead_letters: Path | None,
    json_into: Path | None,
    retry_for: str,
    max_dead_ratio: float,
    way: Way,
    batch_size: int,
    verify: bool,
    progress_every: str,
    sights: Sights,
) -> None:
    """Send events through the mappings into records.

    Every line is accounted for: delivered, duplicate, superseded, filtered, dead-lettered or pending. Events for one
    record are folded into one write, the newest value of each attribute wins, and what is already there is not written
    again. Stop it, or kill it, and run it again: it goes on where it was. `deliver status` shows how it stands.

    \b
    Example:
        attio-ctl deliver --events events.ndjson
        attio-ctl deliver --events events.ndjson --dry-run --diff 10
        attio-ctl deliver --events 'exports/*.ndjson.gz' --max-dead-ratio 0.05
        attio-ctl deliver --events app.ndjson --follow
    """
    if ctx.invoked_subcommand is not None:
        if names:
            raise UsageError("`--events` and `status` do not go together", hint="`attio-ctl deliver status`")
        return
    of_previews = any(option is not None for option in (differing, requests, dead_letters))
    _check_options(names, sights, dry_run=dry_run, follow=follow, of_previews=of_previews)
    from attio_ctl.cli import console, delivering, inputs, outputs, wiring  # noqa: PLC0415  heavy imports wait
    from attio_ctl.cli.durations import parse_duration  # noqa: PLC0415
    from attio_ctl.cli.sights import seeing  # noqa: PLC0415
    from attio_ctl.delivery.batch import BatchOptions  # noqa: PLC0415
    from attio_ctl.delivery.selection import batched_objects  # noqa: PLC0415

    written = {
        "--requests": requests,
        "--dead-letters": dead_letters,
        "--json-into": json_into,
        "--report": sights.report,
        "--health": sights.health,
        "--metrics-file": sights.metrics_file,
    }
    people = outputs.for_people(written)
    inputs.check_apart(names, written)
    loaded = wiring.load_workspace(workspace)
    console.show_problems(loaded.warnings)
    shared: dict[str, Any] = {
        "loaded": loaded,
        "names": names,
        "way": way,
        "batches": BatchOptions(batch_size, verify, batched_objects(loaded.spec.mappings)),
        "max_dead_ratio": max_dead_ratio,
        "progress_every": parse_duration(progress_every),
    }
    if dry_run:
        from attio_ctl.cli.previewing import Rehearsing  # noqa: PLC0415

        rehearsing = Rehearsing(**shared, records=differing or 0, requests=requests, dead_letters=dead_letters)
        ctx.exit(_preview(rehearsing, json_into, people))
    with seeing(loaded, sights) as seen:
        run = delivering.Delivery(
            **shared, follow=follow, restart=restart, retry_for=parse_duration(retry_for), recorder=seen.recorder
        )
        code = _deliver(run, json_into, seen, people)
    ctx.exit(code)


command.add_command(deliver_status.command)


def _check_options(names: tuple[str, ...], sights: Sights, *, dry_run: bool, follow: bool, of_previews: bool) -> None:
    """
    Raises:
        UsageError: they make no sense together.
    """
    if not names:
        raise UsageError(
            "nothing to deliver", hint="`attio-ctl deliver --events FILE`; how it stands: `deliver status`"
        )
    if of_previews and not dry_run:
        raise UsageError(
            "`--diff`, `--requests` and `--dead-letters` belong to a preview",
            hint="add `--dry-run`: nothing is written then; a delivery keeps its dead letters, see `dead-letters list`",
        )
    if dry_run and follow:
        raise UsageError("a preview comes to an end", hint="leave `--follow` out")
    if dry_run and (of_deliveries := sights.options()):
        raise UsageError(
            f"`{of_deliveries[0]}` is of a delivery, and a preview is none",
            hint=f"leave `{of_deliveries[0]}` or `--dry-run` out; `--json-into FILE` takes the figures of a preview",
        )


def _preview(run: Rehearsing, json_into: Path | None, people: TextIO) -> int:
    from attio_ctl.cli import console  # noqa: PLC0415
    from attio_ctl.delivery.masking import mask_of  # noqa: PLC0415
    from attio_ctl.errors import Exit  # noqa: PLC0415
    from attio_ctl.render.delivery import render_preview  # noqa: PLC0415
    from attio_ctl.render.differences import render_differences  # noqa: PLC0415

    style = console.style_for(people)
    foreseen, changes = asyncio.run(run())
    console.out(render_differences(changes, style, mask_of(run.loaded).text) + render_preview(foreseen, style), people)
    _write_json(json_into, foreseen.as_json())
    if foreseen.halted is not None:
        console.show_error(foreseen.halted)
        return foreseen.halted.exit_code
    return Exit.DONE


def _deliver(run: Delivery, json_into: Path | None, seen: Seen, people: TextIO) -> int:
    from attio_ctl.cli import console, ledgers, stopping  # noqa: PLC0415
    from attio_ctl.errors import Exit  # noqa: PLC0415
    from attio_ctl.render.delivery import reminder, render_account, way_on  # noqa: PLC0415

    try:
        done, interrupted = stopping.run_draining(run, lambda outcome: outcome.finished)
    except KeyboardInterrupt:
        console.note("Stopped before anything was sent. To go on, run the same command again.")
        raise
    letters = ledgers.letters_of(run.loaded)
    console.out(render_account(done.account, letters, console.style_for(people)), people)
    seen.ended(done, interrupted, follow=run.follow)
    _write_json(json_into, {"finished": done.finished, **done.account.as_json()})
    seen.write(done, interrupted)
    if seen.recorder.history().is_resumed:
        console.note("The run was taken up again: its figures are of the whole, what was done before included.")
    console.note(reminder(done.account, len(letters)))
    going_on = "" if interrupted is Exit.DONE else "Stopped. The same command goes on where this one was."
    console.note(way_on(done.account) or going_on)
    if done.fault is not None:
        console.show_error(done.fault)
        return done.exit_code
    return interrupted


def _write_json(path: Path | None, figures: Mapping[str, Any]) -> None:
    from attio_ctl.cli import outputs  # noqa: PLC0415

    if path is not None:
        outputs.write_output(path, json.dumps(figures, indent=2) + "\n")
