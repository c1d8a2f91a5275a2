"""`attio-ctl deliver status`."""

from __future__ import annotations

import json
import sys

import click

from attio_ctl.cli.options import workspace_option


@click.command("status")
@workspace_option
@click.option("--limit", type=click.IntRange(1), default=5, show_default=True, help="How many runs to show.")
@click.option("--json", "as_json", is_flag=True, help="For a machine.")
def command(*, workspace: str | None, limit: int, as_json: bool) -> None:
    """Show the latest runs, what is pending, and the dead letters that are open. Asks Attio nothing.

    \b
    Example:
        attio-ctl deliver status
    """
    from attio_ctl.cli import console, ledgers, telling, wiring  # noqa: PLC0415  heavy imports wait
    from attio_ctl.delivery.status import read_status  # noqa: PLC0415
    from attio_ctl.render.delivery_status import render_status  # noqa: PLC0415
    from attio_ctl.render.health import health_line  # noqa: PLC0415

    loaded = wiring.load_workspace(workspace)
    with ledgers.found_ledger(loaded) as ledger:
        status = None if ledger is None else read_status(ledger, ledgers.letters_of(loaded), limit=limit)
    health = telling.read_health(loaded)
    if as_json:
        document = {**(status.as_json() if status else {"runs": []}), "health": health.as_json() if health else None}
        console.out(json.dumps(document, ensure_ascii=False, indent=2) + "\n")
    else:
        command = "attio-ctl deliver" if workspace is None else f"attio-ctl deliver -w {workspace}"
        console.out(render_status(status, console.style_for(sys.stdout), command))
        console.out(health_line(health))
