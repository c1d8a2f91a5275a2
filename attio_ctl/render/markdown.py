"""
A plan as a comment for a pull request: the verdict, what is destructive, the counts; details folded, by risk.

What destroys is never cut. When the body would pass the budget, whole resources of the lowest risk are left out first,
and their number is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from attio_ctl.errors import Problem
from attio_ctl.plan.changes import Archive, Change, Delete
from attio_ctl.plan.document import plan_id
from attio_ctl.plan.model import Plan, Risk, risk_of, summarise
from attio_ctl.render.view import Group, Line, describe_counts, group_changes, summary_line

BUDGET: Final = 60_000
"""Characters and UTF-8 bytes. GitHub refuses a comment above 65,536 characters."""

RISKS: Final[tuple[Risk, ...]] = ("destructive", "breaking", "additive")

_SIGNS: Final = {"+": "+", "~": "!", "-a": "-", "-": "-", "!": "!"}
"""GitHub colours `+`, `-` and `!` in the first column of a `diff` fence; a change in place is shown as `!`."""


def render_markdown(plan: Plan) -> str:
    """The whole comment, within the budget; its first line is a marker by which an older comment is found."""
    groups = group_changes(plan)
    sections = [_Section(group, _risk(group.changes)) for group in groups]
    head = "\n".join(_head(plan))
    tail = "\n".join(_tail(plan))
    kept = list(sections)
    cut = 0
    body = _assemble(head, kept, cut, tail)
    while not _fits(body):
        victim = next((s for s in reversed(_by_risk(kept)) if s.risk != "destructive"), None)
        if victim is None:
            break
        kept.remove(victim)
        cut += 1
        body = _assemble(head, kept, cut, tail)
    return body


@dataclass(frozen=True, slots=True)
class _Section:
    group: Group
    risk: Risk


def _by_risk(sections: Iterable[_Section]) -> list[_Section]:
    return sorted(sections, key=lambda section: (RISKS.index(section.risk), section.group.address))


def _fits(body: str) -> bool:
    return len(body.encode()) <= BUDGET


def _risk(changes: Sequence[Change]) -> Risk:
    return min((risk_of(change) for change in changes), key=RISKS.index)


def _head(plan: Plan) -> Iterator[str]:
    yield f"<!-- attio-ctl:plan workspace={plan.name} -->"
    yield f"## attio-ctl plan · {escape(plan.name)}: {_verdict(plan)}"
    yield ""
    facts = [f"workspace **{escape(plan.workspace.name)}**", f"plan `{plan_id(plan)[7:19]}`"]
    if plan.source.git_sha:
        facts.append(f"commit `{plan.source.git_sha[:7]}`{' with uncommitted changes' if plan.source.dirty else ''}")
    facts.append(f"valid until {plan.expires_at:%Y-%m-%d %H:%M} UTC")
    yield " · ".join(facts)
    yield ""
    yield from _caution(plan)
    yield f"`{summary_line(plan)}`" if plan.changes else "`No changes.`"
    yield ""
    if plan.changes:
        yield from _table(plan)
    for what in plan.incomplete:
        yield f"- could not read {escape(what)}"
    if plan.incomplete:
        yield ""


def _verdict(plan: Plan) -> str:
    if plan.incomplete:
        return "Failed"
    if plan.blocked:
        return "Blocked"
    if any(risk_of(change) == "destructive" for change in plan.changes):
        return "Destructive"
    return "Changes" if plan.changes else "No changes"


def _caution(plan: Plan) -> Iterator[str]:
    destroyed = [change for change in plan.changes if isinstance(change, Archive | Delete)]
    if destroyed:
        yield "> [!CAUTION]"
        yield "> This plan takes away:"
        for change in destroyed:
            what = "archive" if isinstance(change, Archive) else "**delete**"
            hit = plan.mappings_hit_by(change)
            written = f", written by {', '.join(code(str(address)) for address in hit)}" if hit else ""
            note = f" ({escape(change.note)})" if change.note else ""
            yield f"> - {what} {code(str(change.address))}{note}{written}"
        yield ""
    blocked = plan.blocked
    if blocked:
        yield "> [!WARNING]"
        for held in blocked:
            yield f"> - {code(str(held.address))} is blocked: {escape(held.why)}. {escape(held.way_out)}"
        yield ""


def _table(plan: Plan) -> Iterator[str]:
    yield "| | add | change | archive | destroy | blocked |"
    yield "|:--|--:|--:|--:|--:|--:|"
    for group in group_changes(plan):
        counts = summarise(group.changes)
        cells = (counts.add + counts.restore, counts.change, counts.archive, counts.destroy, counts.blocked)
        yield f"| {code(str(group.address))} | {' | '.join(str(cell or '') for cell in cells)} |"
    yield ""


def _assemble(head: str, sections: list[_Section], cut: int, tail: str) -> str:
    parts = [head]
    for risk in RISKS:
        chosen = [section for section in _by_risk(sections) if section.risk == risk]
        if chosen:
            parts.append("\n".join(_details(risk, chosen)))
    if cut:
        parts.append(
            f"_{cut} resources of the lowest risk do not fit here; the whole plan is in the job's artefact._\n"
        )
    parts.append(tail)
    return "\n".join(part for part in parts if part).rstrip() + "\n"


def _details(risk: Risk, sections: list[_Section]) -> Iterator[str]:
    counts = summarise(change for section in sections for change in section.group.changes)
    yield f"<details{' open' if risk == 'destructive' else ''}>"
    yield f"<summary>{risk.capitalize()}: {describe_counts(counts)}</summary>"
    yield ""
    for section in sections:
        lines = [_diff_line(line) for line in section.group.lines]
        fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", "\n".join(lines))), default=0))
        yield f"**{code(str(section.group.address))}**"
        yield f"{fence}diff"
        yield from lines
        yield fence
        yield ""
    yield "</details>"
    yield ""


def _diff_line(line: Line) -> str:
    """The sign in column 0, where GitHub colours it; a line of one value cannot break out of its line."""
    text = f"{line.text}  {line.remark}" if line.remark else line.text
    return f"{_SIGNS.get(line.symbol, ' ')} {'  ' * line.depth}{' '.join(text.split())}".rstrip()


def _tail(plan: Plan) -> Iterator[str]:
    checks: tuple[Problem, ...] = plan.checks
    if checks:
        yield f"<details><summary>Checks: {len(checks)}</summary>"
        yield ""
        for problem in checks:
            where = f"{code(str(problem.place))}: " if problem.place else ""
            yield f"- {problem.severity} {where}{escape(problem.message)} ({problem.code})"
        yield ""
        yield "</details>"
        yield ""
    if plan.unmanaged:
        yield f"<details><summary>Left alone: {len(plan.unmanaged)} in the workspace and in no file</summary>"
        yield ""
        yield from (f"- {code(str(address))}" for address in plan.unmanaged)
        yield ""
        yield "</details>"


def escape(text: str) -> str:
    """Text that may hold anything, as Markdown that shows it: no markup, no HTML, no mention, no line break."""
    flat = " ".join(text.split())
    quoted = re.sub(r"([\\`*_{}\[\]()#+!|~>])", r"\\\1", flat.replace("&", "&amp;").replace("<", "&lt;"))
    return quoted.replace("@", "@\u200d")


def code(text: str) -> str:
    """Text as a code span, with as many backticks around it as it needs; safe within a table cell."""
    flat = " ".join(text.split()).replace("|", "\\|")
    ticks = "`" * (1 + max((len(run) for run in re.findall(r"`+", flat)), default=0))
    pad = " " if flat.startswith("`") or flat.endswith("`") else ""
    return f"{ticks}{pad}{flat}{pad}{ticks}"
