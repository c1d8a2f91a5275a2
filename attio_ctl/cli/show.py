"""`attio-ctl show`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from attio_ctl.cli.options import InputFile, format_option, max_bytes_option


@click.command("show")
@click.argument("file", type=InputFile())
@format_option("text", "json", "markdown", "html")
@max_bytes_option
def command(file: Path, form: str, max_bytes: int) -> None:
    """Show a saved plan, also one that is applied or stale; nothing is read or written.

    \b
    Example:
        attio-ctl show plan.json
        attio-ctl show plan.json --format markdown
        attio-ctl show plan.json --format html > plan.html
    """
    from attio_ctl.cli import console, planning  # noqa: PLC0415  heavy imports wait
    from attio_ctl.plan import document  # noqa: PLC0415

    plan = document.load(file.read_bytes(), file=str(file))
    console.out(planning.show(plan, form, console.style_for(sys.stdout), max_bytes=max_bytes))
