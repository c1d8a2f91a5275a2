"""`attio-ctl mapping`: mappings tried out before anything is delivered with them."""

from __future__ import annotations

import click

from attio_ctl.cli import mapping_diff, mapping_eval, mapping_import, mapping_run


@click.group("mapping")
def command() -> None:
    """Try mappings out before anything is delivered with them, or bring them from Segment."""


command.add_command(mapping_diff.command)
command.add_command(mapping_eval.command)
command.add_command(mapping_import.command)
command.add_command(mapping_run.command)
