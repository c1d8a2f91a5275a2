"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def _complete_workspace(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001
    from attio_ctl.config.files import list_workspaces  # noqa: PLC0415  only while completing

    return [name for name in list_workspaces(Path()) if name.startswith(incomplete)]


workspace_option: Callable[[F], F] = click.option(
    "-w",
    "--workspace",
    metavar="NAME",
    envvar="ATTIO_CTL_WORKSPACE",
    shell_complete=_complete_workspace,
    help="The workspace: a name under workspaces/, or a folder or file. Not needed when there is one only.",
)


def format_option(*formats: str) -> Callable[[F], F]:
    """`--format`, the first being the default."""
    return click.option(
        "--format", "form", type=click.Choice(formats), default=formats[0], show_default=True, help="How to write it."
    )
