"""`attio-ctl mapping`: mappings tried out before anything is delivered with them."""

from __future__ import annotations

import click

from attio_ctl.cli import mapping_diff


@click.group("mapping")
def command() -> None:
    """Try mappings out, before anything is delivered with them."""


command.add_command(mapping_diff.command)
