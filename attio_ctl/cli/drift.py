"""`attio-ctl drift`."""

from __future__ import annotations

import asyncio
import json
import sys

import click

from attio_ctl.cli.fleet import each_workspace
from attio_ctl.cli.options import workspace_option
from attio_ctl.errors import Exit


@click.command("drift")
@workspace_option
@click.option("--accept", multiple=True, metavar="ADDRESS", help="Write the live values of this into the files.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 when something drifted.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.pass_context
@each_workspace()
def command(
    ctx: click.Context, /, *, workspace: str | None, accept: tuple[str, ...], detailed_exitcode: bool, form: str
) -> None:
    """Show what somebody changed in Attio since the last apply; write nothing there.

    What you changed in the files is `plan`. The lock file beside them tells the two apart. `--accept` writes the live
    value into the right line of the right file, comments kept.

    \b
    Example:
        attio-ctl drift
        attio-ctl drift --accept object.people.attribute.lead_source
    """
    from attio_ctl.cli import console, drifting, wiring  # noqa: PLC0415  heavy imports wait
    from attio_ctl.render.drift import drift_json, render_drift  # noqa: PLC0415

    loaded = wiring.load_workspace(workspace)
    found = asyncio.run(drifting.read_drift(loaded))
    if accept:
        for path in drifting.accept(loaded, found, accept):
            console.note(f"Changed: {path}")
        return
    if form == "json":
        console.out(json.dumps(drift_json(found), ensure_ascii=False, indent=2) + "\n")
    else:
        console.out(render_drift(found, console.style_for(sys.stdout)))
    if detailed_exitcode and found:
        ctx.exit(Exit.CHANGES)
