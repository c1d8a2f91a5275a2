"""Plans and reports as text for a terminal. Decides nothing; the width and whether to colour are given."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from attio_ctl.apply.outcomes import Applied, Failed, Moved, NotAttempted, Report, Skipped
from attio_ctl.errors import Problem
from attio_ctl.plan.changes import Blocked
from attio_ctl.plan.model import Plan, summarise
from attio_ctl.render.escaping import visible
from attio_ctl.render.text import Style, render_problem
from attio_ctl.render.view import Group, Line, Symbol, group_changes, mapping_remark, summary_line

COLOURS: Mapping[Symbol, str] = {"+": "green", "~": "yellow", "-a": "red", "-": "red", "!": "magenta", "<=": "cyan"}
UNMANAGED_SHOWN = 8


def render_plan(plan: Plan, style: Style) -> str:
    """The whole plan: changes by object, what is not managed, mappings, checks, and the summary last."""
    return "\n".join(_plan_lines(plan, style)) + "\n"


def _plan_lines(plan: Plan, style: Style) -> Iterator[str]:
    where = visible(f'"{plan.workspace.name}" ({plan.name})')
    if plan.changes:
        yield style.paint(f"attio-ctl will make these changes to {where}:", bold=True)
        for group in group_changes(plan):
            yield ""
            yield from _group_lines(group, style)
        yield ""
    yield from _unmanaged_lines(plan, style)
    yield from _mapping_lines(plan, style)
    yield from _check_lines(plan.checks, style)
    for what in plan.incomplete:
        yield from _wrapped(Line("!", 0, f"could not read {what}"), style)
    for why in plan.held_by:
        yield from _wrapped(Line("!", 0, f"this plan cannot be applied: {why}"), style)
    if plan.incomplete:
        yield style.paint("This plan is incomplete and cannot be applied.", fg="red", bold=True)
    elif not plan.changes:
        yield style.paint(f"No changes. Workspace {where} matches the configuration.", bold=True)
        return
    yield style.paint(summary_line(plan), bold=True)


def _group_lines(group: Group, style: Style) -> Iterator[str]:
    yield style.paint(f"  # {group.heading}", dim=True)
    column = min(44, max((_start(line) + len(line.text) for line in group.lines if line.remark), default=0) + 2)
    for line in group.lines:
        yield from _wrapped(line, style, column)


def _start(line: Line) -> int:
    """The column at which the text of a line begins: two for every depth, and three for the symbol."""
    return 5 + 2 * line.depth


def _wrapped(line: Line, style: Style, column: int = 0) -> Iterator[str]:
    """One line, its remark at a column; what is too long goes on below, indented."""
    start = _start(line)
    head = " " * (2 + 2 * line.depth) + f"{line.symbol:<3}"
    text, hang = visible(line.text), start + 2
    if line.remark:
        text = f"{text.ljust(column - start - 2)}  {visible(line.remark)}"
        hang = max(column, hang) if column < style.width // 2 + 8 else hang
    rows = textwrap.wrap(
        text,
        width=style.width - start,
        subsequent_indent=" " * (hang - start),
        replace_whitespace=False,
        break_on_hyphens=False,
    )
    colour = COLOURS.get(line.symbol)
    for number, row in enumerate(rows):
        lead = head if number == 0 else " " * start
        painted = style.paint(lead, fg=colour, bold=True) if colour else lead
        yield (painted + (style.paint(row, dim=True) if line.symbol == "#" else row)).rstrip()


def _unmanaged_lines(plan: Plan, style: Style) -> Iterator[str]:
    if not plan.unmanaged:
        return
    count = len(plan.unmanaged)
    yield style.paint(f"  # {count} in the workspace and in no file; left alone:", dim=True)
    for address in plan.unmanaged[:UNMANAGED_SHOWN]:
        yield style.paint(f"     {visible(str(address))}", dim=True)
    if count > UNMANAGED_SHOWN:
        yield style.paint(f"     … and {count - UNMANAGED_SHOWN} more", dim=True)
    yield ""


def _mapping_lines(plan: Plan, style: Style) -> Iterator[str]:
    shown = [note for note in plan.mappings if note.status != "unchanged"]
    if not shown:
        return
    yield style.paint("  # mappings, no part of what apply does: checked, for the next deliver", dim=True)
    column = 7 + max(len(str(note.address)) for note in shown)
    for note in shown:
        yield from _wrapped(Line("<=", 0, str(note.address), mapping_remark(note)), style, column)
    yield ""


def _check_lines(checks: Iterable[Problem], style: Style) -> Iterator[str]:
    checks = tuple(checks)
    for problem in checks:
        yield from render_problem(problem, style).splitlines()
    if checks:
        yield ""


def render_report(report: Report, style: Style) -> str:
    """What was not done, each with its reason, then one line that adds up to the plan."""
    lines: list[str] = []
    for outcome in report.outcomes:
        match outcome:
            case Applied(change, note=note, meanwhile=meanwhile):
                told = [f"{change.address} was made, but {note}"] if note else []
                told += [f"{change.address}: {each}" for each in meanwhile]
                lines += [row for text in told for row in _wrapped(Line("!", 0, text), style)]
            case Failed(change, error):
                lines += _wrapped(Line("!", 0, f"{change.address} failed: {error}"), style)
            case Moved(_, how):
                lines += [row for text in how for row in _wrapped(Line("!", 0, f"refused: {text}"), style)]
            case Skipped(change, because_of):
                lines += _wrapped(Line("#", 0, f"{change.address} skipped: it needs {because_of}"), style)
            case NotAttempted(Blocked() as change, _):
                lines += _wrapped(Line("!", 0, f"{change.address} blocked: {change.why}"), style)
                lines += _wrapped(Line("", 1, f"way out: {change.way_out}"), style)
            case _:
                pass
    for why, count in _reasons(report).items():
        lines += _wrapped(Line("#", 0, f"{count} not attempted: {why}"), style)
    if lines:
        lines.append("")
    lines.append(style.paint(report_line(report), bold=True))
    return "\n".join(lines) + "\n"


def _reasons(report: Report) -> Mapping[str, int]:
    """Why changes were not attempted that are not blocked themselves, and how many for each reason."""
    return Counter(
        outcome.why
        for outcome in report.outcomes
        if isinstance(outcome, NotAttempted) and not isinstance(outcome.change, Blocked)
    )


def report_line(report: Report) -> str:
    """`Apply complete! Resources: 5 added, …` or `Apply incomplete: 4 applied, 1 failed, …`."""
    counts = report.counts
    if counts["applied"] == len(report.outcomes) and report.stopped_by is None:
        done = summarise(outcome.change for outcome in report.of(Applied))
        restored = f"{done.restore} restored, " if done.restore else ""
        return (
            f"Apply complete! Resources: {done.add} added, {restored}{done.change} changed, "
            f"{done.archive} archived, {done.destroy} destroyed."
        )
    words = (("applied", "applied"), ("failed", "failed"), ("skipped", "skipped"), ("not_attempted", "not attempted"))
    text = ", ".join(f"{counts[name]} {word}" for name, word in words)
    moved = f", {counts['moved']} refused because they moved" if counts["moved"] else ""
    return f"Apply incomplete: {text}{moved}."
