"""`attio-ctl plan`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import click

from attio_ctl.cli.options import format_option, workspace_option
from attio_ctl.errors import Exit


@click.command("plan")
@workspace_option
@format_option("text", "json", "markdown", "html")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Save the plan for apply.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 when changes are pending, 0 when there are none.")
@click.option("--allow-destroy", multiple=True, metavar="ADDRESS", help="Confirm the deletion of an object.")
@click.option("--expires", type=click.IntRange(1), default=24, show_default=True, metavar="HOURS", help="Valid for.")
@click.pass_context
def command(
    ctx: click.Context,
    *,
    workspace: str | None,
    form: str,
    out: Path | None,
    detailed_exitcode: bool,
    allow_destroy: tuple[str, ...],
    expires: int,
) -> None:
    """Show what `apply` would change; write nothing.

    The client that reads has no way to write.

    \b
    Example:
        attio-ctl plan
        attio-ctl plan --out plan.json && attio-ctl apply plan.json
        attio-ctl plan --format markdown > comment.md
    """
    from attio_ctl.attio.reader import AttioReader  # noqa: PLC0415  heavy imports wait
    from attio_ctl.cli import checking, console, planning, wiring  # noqa: PLC0415
    from attio_ctl.plan import document  # noqa: PLC0415

    loaded = wiring.load_workspace(workspace)
    console.show_problems(loaded.warnings)

    options = planning.Options(allow_destroy=allow_destroy, expires_hours=expires)

    async def make() -> planning.Made:
        async with wiring.connect(loaded, AttioReader) as connected:
            return await planning.make_plan(loaded, connected.attio, connected.workspace, options)

    plan = asyncio.run(make()).plan
    if out is not None:
        wiring.write_file(out, document.dump(plan))
    console.out(planning.show(plan, form, console.style_for(sys.stdout)))
    if out is not None:
        console.note(f"Saved to {out}. To carry out exactly this: attio-ctl apply {out}")
    if plan.incomplete:
        ctx.exit(Exit.ERROR)
    checking.raise_errors(plan.checks)
    if detailed_exitcode and plan.changes:
        ctx.exit(Exit.CHANGES)
