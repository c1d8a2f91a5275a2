"""`attio-ctl test`."""

from __future__ import annotations

import asyncio
import sys

import click

from attio_ctl.cli.fleet import each_workspace
from attio_ctl.cli.options import format_option, workspace_option
from attio_ctl.errors import Exit, UsageError


@click.command("test")
@workspace_option
@click.option("--modified", is_flag=True, help="Only mappings that are not at the base as they are here.")
@click.option("--base", metavar="REV", help="The git revision for --modified; HEAD by default.")
@click.option("--update", is_flag=True, help="Rewrite expectations that do not hold to what is written now.")
@click.option("--live", is_flag=True, help="Check values against the workspace itself, its options and members.")
@format_option("text", "json")
@click.pass_context
@each_workspace()
def command(
    ctx: click.Context,
    /,
    *,
    workspace: str | None,
    modified: bool,
    base: str | None,
    update: bool,
    live: bool,
    form: str,
) -> None:
    """Run the tests of the mappings: each event through its mapping, compared with what it should write.

    Offline, values are checked against what the files describe over the standard objects. What a test names must be
    written so; more may be written. Nothing is sent. Exits 1 when a test fails.

    \b
    Example:
        attio-ctl test
        attio-ctl test --modified --base origin/main
        attio-ctl test --update
    """
    from attio_ctl.cli import console, trying, wiring  # noqa: PLC0415  heavy imports wait
    from attio_ctl.render.trials import render_trials, render_trials_json  # noqa: PLC0415

    if base is not None and not modified:
        raise UsageError("`--base` goes with `--modified`", hint="see also `attio-ctl mapping diff --base REV`")
    loaded = wiring.load_workspace(workspace)
    console.show_problems(loaded.warnings)
    schema = asyncio.run(trying.live_schema(loaded)) if live else trying.offline_schema(loaded)
    chosen = trying.modified_since(base or "HEAD", workspace, loaded) if modified else tuple(loaded.spec.mappings)
    report = trying.run(loaded, chosen, schema)
    if update and not report.passed:
        for path, count in trying.rewrite(loaded, report):
            console.note(f"{count} expectation{'' if count == 1 else 's'} rewritten in {path}")
        loaded = wiring.load_workspace(workspace)
        report = trying.run(loaded, chosen, schema)
    if form == "json":
        console.out(render_trials_json(trying.readable(loaded, report), trying.places_in(loaded)))
    else:
        style = console.style_for(sys.stdout)
        console.out(render_trials(trying.readable(loaded, report), trying.places_in(loaded), style))
    if not report.passed:
        ctx.exit(Exit.ERROR)
