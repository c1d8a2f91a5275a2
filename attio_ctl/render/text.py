"""Errors and problems as text for a terminal, and the style that all terminal text shares. Needs no heavy library."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

import click

from attio_ctl.errors import AttioCtlError, ConfigError, Problem
from attio_ctl.render.escaping import visible


@dataclass(frozen=True, slots=True)
class Style:
    """How wide the terminal is, and whether it takes colour."""

    width: int = 80
    colour: bool = False

    def paint(self, text: str, **style: object) -> str:
        """The text in a colour, or as it is. The meaning is never in the colour alone."""
        return click.style(text, **style) if self.colour else text  # type: ignore[arg-type]


def wrap(text: str, width: int, *, first: str = "", rest: str = "") -> str:
    """Text broken at spaces only, so that paths and addresses stay whole; `first` and `rest` stand before its lines."""
    return textwrap.fill(
        text, width, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )


def counted(count: int, one: str, more: str = "") -> str:
    """`1 write`, `2 writes`; `more` where the plural has more than an s."""
    return f"{count} {noun(count, one, more)}"


def noun(count: int, one: str, more: str = "") -> str:
    """The word after a count."""
    return one if count == 1 else more or f"{one}s"


def render_problem(problem: Problem, style: Style) -> str:
    """One problem: severity, place, message and code; the hint below."""
    where = f"{problem.place}: " if problem.place else ""
    colour = "red" if problem.severity == "error" else "yellow"
    said = visible(f"{where}{problem.message} [{problem.code}]")
    text = _headed(f"{problem.severity}: ", colour, said, style)
    if not problem.hint:
        return text
    return f"{text}\n{wrap(visible(problem.hint), style.width, first='  hint: ', rest='        ')}"


def render_error(error: AttioCtlError, style: Style) -> str:
    """What happened, where, and what to do next; all problems of the files at once."""
    parts = []
    if isinstance(error, ConfigError):
        parts += [*(render_problem(problem, style) for problem in error.problems), ""]
    parts.append(_headed("error: ", "red", str(error), style))
    if error.hint:
        parts += ["", _headed("hint: ", "cyan", error.hint, style)]
    return "\n".join(parts) + "\n"


def _headed(head: str, colour: str, text: str, style: Style) -> str:
    indent = " " * len(head)
    return style.paint(head, fg=colour, bold=True) + wrap(text, style.width, first=indent, rest=indent)[len(head) :]
