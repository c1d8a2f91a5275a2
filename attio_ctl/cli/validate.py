"""`attio-ctl validate`."""

from __future__ import annotations

from pathlib import Path

import click

from attio_ctl.cli.fleet import each_workspace
from attio_ctl.cli.options import InputFile, format_option, workspace_option
from attio_ctl.errors import ConfigError, Exit


@click.command("validate")
@workspace_option
@click.option(
    "--events",
    multiple=True,
    type=InputFile(),
    metavar="SAMPLE",
    help="Sample events, NDJSON or a JSON array: tells which paths of the mappings none of them has.",
)
@format_option("text", "json")
@click.pass_context
@each_workspace()
def command(ctx: click.Context, *, workspace: str | None, events: tuple[Path, ...], form: str) -> None:
    """Check the files of a workspace, offline: no token, no network.

    Every problem is shown at once, as `file:line:col`; what its code means stands in docs/reference/rules.md. A warning
    is ignored by a comment on its line or above it: `# attio-ctl: ignore AC137 because …`.

    \b
    Example:
        attio-ctl validate
        attio-ctl validate -w staging --format json
        attio-ctl validate --events samples/week.ndjson
    """
    from attio_ctl.cli import behaving, checking, console, wiring  # noqa: PLC0415  heavy imports wait
    from attio_ctl.render.problems import render_problems_json  # noqa: PLC0415

    try:
        loaded = wiring.load_workspace(workspace)
        samples = behaving.read_events(events)
        problems = (*loaded.warnings, *checking.check_offline(loaded, samples))
    except ConfigError as error:
        problems = (*error.problems, *checking.check_rest(error))
        if form == "text":
            raise ConfigError(problems) from None
        console.out(render_problems_json(problems))
        ctx.exit(Exit.INVALID)
    if form == "json":
        console.out(render_problems_json(problems))
        ctx.exit(Exit.INVALID if any(problem.severity == "error" for problem in problems) else Exit.DONE)
    console.show_problems(problem for problem in problems if problem.severity == "warning")
    checking.raise_errors(problems)
    console.out(checking.describe(loaded) + "\n")
