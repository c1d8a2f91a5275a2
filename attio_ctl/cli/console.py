"""Where text goes: data to standard output, everything else to standard error; colour only where it is wanted."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable
from typing import TextIO

import click

from attio_ctl.errors import AttioCtlError, Problem
from attio_ctl.render.text import Style, render_error, render_problem


def style_for(stream: TextIO) -> Style:
    """
    The width and colour of a stream.

    Colour is off when the stream is no terminal, `NO_COLOR` is set to anything, or `TERM` is `dumb`; `FORCE_COLOR` and
    `CLICOLOR_FORCE` turn it on. Without a terminal the width is `COLUMNS`, or 80.
    """
    forced = any(os.environ.get(name) not in (None, "", "0") for name in ("FORCE_COLOR", "CLICOLOR_FORCE"))
    refused = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
    colour = not refused and (forced or stream.isatty())
    width = shutil.get_terminal_size((80, 24)).columns
    return Style(width=max(40, min(width, 120)), colour=colour)


def out(text: str, to: TextIO | None = None) -> None:
    """Print data, to standard output by default."""
    click.echo(text, file=to, nl=False, color=True)


def note(text: str) -> None:
    """Tell the person something that is no data; nothing where there is nothing to tell."""
    if text:
        click.echo(text, err=True, color=True)


def progress(text: str) -> None:
    """Show how it goes on one line of a terminal, over the last one; an empty text wipes it. Silent in a pipe."""
    if sys.stderr.isatty():
        click.echo(f"\r\033[K{text}", err=True, nl=False, color=True)


def interject(text: str) -> None:
    """Tell the person something while `progress` may be shown: on a line of its own."""
    progress("")
    note(text)


def show_error(error: AttioCtlError) -> None:
    """Say what went wrong, on standard error."""
    click.echo(render_error(error, style_for(sys.stderr)), err=True, nl=False, color=True)


def show_problems(problems: Iterable[Problem]) -> None:
    """Say what was noticed, on standard error."""
    style = style_for(sys.stderr)
    for problem in problems:
        click.echo(render_problem(problem, style), err=True, color=True)
