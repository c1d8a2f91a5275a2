"""How deliveries stand, as text for a terminal."""

from __future__ import annotations

import shlex
from typing import Final

from attio_ctl.delivery.files import shown_file
from attio_ctl.delivery.ledger import Run
from attio_ctl.delivery.status import Standing, Status
from attio_ctl.render.delivery import account_line, listed_codes, way_on
from attio_ctl.render.escaping import visible
from attio_ctl.render.text import Style, wrap

_COLOURS: Final[dict[Standing, str]] = {
    "finished": "green", "running": "cyan", "unfinished": "yellow", "abandoned": "white"
}  # fmt: skip
_FILES: Final = 3


def render_status(status: Status | None, style: Style, command: str = "attio-ctl deliver") -> str:
    """
    The latest runs with their accounts, who delivers now, and what is open.

    Args:
        command: What delivers to this workspace, without the events.
    """
    if status is None:
        return "Nothing was delivered from this machine.\n"
    lines = []
    for run, standing in status.runs:
        head = f"run {run.id}  {standing}"
        lines.append(style.paint(head, fg=_COLOURS[standing], bold=True))
        lines.append(wrap(_files(run), style.width, first="  ", rest="  "))
        of_last_pass = "as of its last pass: " if standing == "unfinished" else ""
        lines.append(wrap(account_line(run.account, head=of_last_pass), style.width, first="  ", rest="    "))
        if standing == "unfinished":
            lines.append(wrap(_way_on(run, command), style.width, first="  ", rest="    "))
        lines.append("")
    codes = status.dead_letters
    open_letters = f"{sum(codes.values())} open: {listed_codes(codes)}" if codes else "none open"
    lines.append(wrap(f"Dead letters: {open_letters}", style.width, rest="  "))
    lines.append(wrap(f"Ledger: {status.path}, {_size(status.size)}", style.width, rest="  "))
    lines.append(f"Delivering now: {status.holder or 'nobody'}")
    return "\n".join(lines) + "\n"


def _files(run: Run) -> str:
    paths = [visible(shown_file(each.path)) for each in run.inputs]
    more = [f"and {len(paths) - _FILES} more"] if len(paths) > _FILES else []
    return ", ".join([*paths[:_FILES], *more])


def _way_on(run: Run, command: str) -> str:
    """In words, with the command where it is not too long to be read."""
    if run.is_followed:
        command = f"{command} --follow"
    same = f"`{command}` with the same `--events` again"
    if len(run.inputs) <= _FILES:
        events = " ".join(f"--events {shlex.quote(visible(each.path))}" for each in run.inputs)
        same = f"`{command} {events}`"
    return way_on(run.account, same) or f"it was stopped; to go on, run {same}"


def _size(count: int) -> str:
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} B"
