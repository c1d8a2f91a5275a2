"""`attio-ctl validate`."""

from __future__ import annotations

import click

from attio_ctl.cli.options import workspace_option


@click.command("validate")
@workspace_option
def command(workspace: str | None) -> None:
    """Check the files of a workspace, offline: no token, no network.

    Every problem is shown at once, as `file:line:col`.

    \b
    Example:
        attio-ctl validate
        attio-ctl validate -w staging
    """
    from attio_ctl.cli import checking, console, wiring  # noqa: PLC0415  heavy imports wait

    loaded = wiring.load_workspace(workspace)
    problems = checking.check_offline(loaded)
    console.show_problems([*loaded.warnings, *(p for p in problems if p.severity == "warning")])
    checking.raise_errors(problems)
    console.out(checking.describe(loaded) + "\n")
