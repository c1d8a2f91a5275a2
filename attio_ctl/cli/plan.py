"""`attio-ctl plan`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import click

from attio_ctl.cli.fleet import each_workspace
from attio_ctl.cli.mapping_diff import events_option
from attio_ctl.cli.options import (
    OutputFile,
    format_option,
    max_bytes_option,
    plan_options,
    retry_option,
    workspace_option,
)
from attio_ctl.errors import Exit, UsageError


@click.command("plan")
@workspace_option
@format_option("text", "json", "markdown", "html")
@click.option(
    "--out",
    type=OutputFile(instead="`--format json` prints what `apply` takes"),
    metavar="FILE",
    help="Save the plan for apply.",
)
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 when changes are pending, 0 when there are none.")
@plan_options
@retry_option
@click.option(
    "--base",
    metavar="REV",
    help="In Markdown and HTML: show what the mappings do to events otherwise than at this git revision.",
)
@click.option(
    "--html-into",
    type=OutputFile(instead="`--format html` prints the page"),
    metavar="FILE",
    help="Write the page of `html` too.",
)
@events_option
@max_bytes_option
@click.pass_context
@each_workspace()
def command(
    ctx: click.Context,
    /,
    *,
    workspace: str | None,
    form: str,
    out: Path | None,
    detailed_exitcode: bool,
    retry_for: str,
    base: str | None,
    html_into: Path | None,
    events: tuple[Path, ...],
    max_bytes: int,
    **asked: Any,
) -> None:
    """Show what `apply` would change; write nothing.

    The client that reads has no way to write.

    \b
    Example:
        attio-ctl plan
        attio-ctl plan --out plan.json && attio-ctl apply plan.json
        attio-ctl plan --format markdown --base origin/main --html-into plan.html > comment.md
    """
    from attio_ctl.attio.reader import AttioReader  # noqa: PLC0415  heavy imports wait
    from attio_ctl.cli import behaving, checking, console, planning, reviewing, wiring  # noqa: PLC0415
    from attio_ctl.cli.durations import parse_duration  # noqa: PLC0415
    from attio_ctl.plan import document  # noqa: PLC0415

    for_review = form in ("markdown", "html") or html_into is not None
    if base is not None and not for_review:
        raise UsageError(
            "`--base` is for `--format markdown` or `html`", hint="see also `attio-ctl mapping diff --base REV`"
        )
    loaded = wiring.load_workspace(workspace)
    console.show_problems(checking.warnings_beside_plan(loaded))
    findings = checking.check_events(loaded, behaving.read_events(events))
    console.show_problems(findings)

    options = planning.Options(**asked)

    async def make() -> planning.Made:
        async with wiring.connect(loaded, AttioReader, retry_for=parse_duration(retry_for)) as connected:
            return await planning.make_plan(loaded, connected.attio, connected.workspace, options)

    made = asyncio.run(make())
    plan = made.plan
    if out is not None:
        wiring.write_file(out, document.dump(plan))
    comparison = None if base is None else reviewing.Comparison(base, events, workspace)
    review = reviewing.review(made, loaded, findings, comparison) if for_review else None
    style = console.style_for(sys.stdout)
    if html_into is not None:
        wiring.write_file(html_into, planning.show(plan, "html", style, review).encode())
    console.out(planning.show(plan, form, style, review, max_bytes))
    if out is not None:
        console.note(f"Saved to {out}. To carry out exactly this: attio-ctl apply {out}")
    if plan.incomplete:
        ctx.exit(Exit.ERROR)
    if any(problem.severity == "error" for problem in plan.checks):
        ctx.exit(Exit.INVALID)  # they stand in the plan
    if detailed_exitcode and plan.changes:
        ctx.exit(Exit.CHANGES)
