"""`attio-ctl mapping diff`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from attio_ctl.cli.options import InputFile, format_option, workspace_option
from attio_ctl.errors import Exit

events_option = click.option(
    "--events",
    multiple=True,
    type=InputFile(),
    metavar="SAMPLE",
    help="Sample events to compare with, NDJSON or a JSON array; the mappings' own tests by default.",
)


@click.command("diff")
@workspace_option
@click.option("--base", required=True, metavar="REV", help="The git revision to compare with, such as `origin/main`.")
@events_option
@format_option("text", "markdown")
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 when events end otherwise, 0 when none does.")
@click.pass_context
def command(
    ctx: click.Context,
    *,
    workspace: str | None,
    base: str,
    events: tuple[Path, ...],
    form: str,
    detailed_exitcode: bool,
) -> None:
    """Show what a change of mappings does to events: the records before and after.

    Offline: both versions are compiled for the schema that the files describe, laid over the standard objects.

    \b
    Example:
        attio-ctl mapping diff --base origin/main
        attio-ctl mapping diff --base HEAD~1 --events samples/week.ndjson
    """
    from attio_ctl.cli import behaving, console, wiring  # noqa: PLC0415  heavy imports wait
    from attio_ctl.render.behaviour import render_behaviour, render_mapping_changes  # noqa: PLC0415
    from attio_ctl.state.desired import build_desired  # noqa: PLC0415
    from attio_ctl.state.schema import build_schema  # noqa: PLC0415
    from attio_ctl.state.standard import standard_state  # noqa: PLC0415

    loaded = wiring.load_workspace(workspace)
    schema = build_schema(standard_state(), build_desired(loaded.spec, loaded.places.at))
    behaviour = behaving.compare_with(base, workspace, loaded, events, schema)
    if form == "markdown":
        console.out(render_mapping_changes(behaviour, base).body + "\n")
    else:
        console.out(render_behaviour(behaviour, base, console.style_for(sys.stdout)))
    if detailed_exitcode and behaviour.touched:
        ctx.exit(Exit.CHANGES)
