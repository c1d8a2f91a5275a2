"""`attio-ctl apply`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from attio_ctl.cli.fleet import each_workspace
from attio_ctl.cli.options import PLAN_OPTION_NAMES, InputFile, plan_options, retry_option, workspace_option
from attio_ctl.errors import Exit, UsageError


@click.command("apply")
@click.argument("file", required=False, type=InputFile(), metavar="[PLAN]")
@workspace_option
@click.option("--resume", metavar="RUN", help="Finish a run that was cut off or failed in part.")
@click.option("--auto-approve", is_flag=True, help="Do not ask.")
@plan_options
@click.option("--parallelism", type=click.IntRange(1, 64), default=8, show_default=True, help="Writes at a time.")
@retry_option
@click.option("--wait-activation", metavar="DURATION", help="Wait for objects to be activated, such as `10m`.")
@click.pass_context
@each_workspace(stop_at_failure=True)
def command(
    ctx: click.Context,
    /,
    *,
    file: Path | None,
    workspace: str | None,
    resume: str | None,
    auto_approve: bool,
    parallelism: int,
    retry_for: str,
    wait_activation: str | None,
    **asked: Any,
) -> None:
    """Carry out a plan.

    With a saved PLAN, exactly that: the touched fields are read again, and what moved since is refused. Without one,
    a plan is made, shown, and carried out once you say yes. Removing a block from the files never removes anything;
    that takes a `removed:` entry.

    \b
    Example:
        attio-ctl apply
        attio-ctl apply plan.json
        attio-ctl apply --auto-approve
        attio-ctl apply --resume r_8f2c1d0e
    """
    from attio_ctl.cli import applying, checking, console, planning, safety, stopping, wiring  # noqa: PLC0415  heavy imports wait
    from attio_ctl.cli.durations import parse_duration  # noqa: PLC0415
    from attio_ctl.render.terminal import render_report  # noqa: PLC0415

    saved = file is not None or resume is not None
    if file is not None and resume is not None:
        raise UsageError("a run is resumed with its own plan", hint="give `--resume RUN` or a plan, not both")
    given = [name for name in PLAN_OPTION_NAMES if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE]
    if saved and given:
        flag = f"--{given[0].replace('_hours', '').rstrip('s').replace('_', '-')}"
        raise UsageError("a saved plan is carried out as it is", hint=f"give `{flag}` to the `plan` that saves it")
    if not saved and not auto_approve and not sys.stdin.isatty():
        raise UsageError(
            "nobody is here to approve", hint="save a plan with `plan --out FILE`, or add `--auto-approve`"
        )
    loaded = wiring.load_workspace(workspace)
    console.show_problems(checking.warnings_beside_plan(loaded))
    approve = applying.go_ahead if auto_approve else applying.ask
    work = applying.Applying(
        loaded=loaded,
        file=file,
        resume=resume,
        approve=applying.take_as_reviewed if saved else approve,
        options=planning.Options(**asked),
        parallelism=parallelism,
        retry_for=parse_duration(retry_for),
        wait_activation=0.0 if wait_activation is None else parse_duration(wait_activation),
    )
    done, interrupted = stopping.run_draining(work, safety.is_finished)
    if done is None:
        console.note("Apply cancelled; nothing was written.")
        ctx.exit(Exit.ERROR)
    if done.report is not None:
        console.progress("")
        console.out(render_report(done.report, console.style_for(sys.stdout)))
        if done.undo is not None:
            console.note(f"To take it back: attio-ctl apply {done.undo}")
        if safety.can_be_resumed(done.report):
            console.note(f"To finish it: attio-ctl apply --resume {done.report.run}")
    checking.raise_errors(done.plan.checks)
    ctx.exit(interrupted if interrupted is not Exit.DONE else safety.exit_code_of(done))
