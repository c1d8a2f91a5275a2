"""
A plan as a comment for a pull request: the verdict, what is taken away, the counts; details by risk, folded if long.

The body stays within the budget. What must not be missed (verdict, counts, every address that is archived or deleted)
is laid out first; then come whole resources, the riskiest first, while there is room. What is left out is counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from attio_ctl.errors import Problem
from attio_ctl.plan.changes import Change
from attio_ctl.plan.document import plan_id
from attio_ctl.plan.drift import Drift
from attio_ctl.plan.model import Plan, summarise
from attio_ctl.render.alerts import alerts
from attio_ctl.render.classes import CLASSES, Class, class_of, groups_of, verdict
from attio_ctl.render.escaping import at_most, cell, code, escape, fenced, prose, shorten
from attio_ctl.render.view import Group, Line, describe_counts, group_changes, show_value, summary_line

BUDGET: Final = 60_000
"""UTF-8 bytes, and so at most as many characters. GitHub refuses a comment above 65,536 characters."""

RESOURCE_BUDGET: Final = 12_000
"""Bytes that one resource may take when not everything fits; the rest of its lines are counted."""

OPEN_LINES: Final = 50
"""Up to so many, which is about ten resources, additions stand open too: what is that short need not be looked for."""

_TABLE_BUDGET: Final = 5_000
_CHECKS_BUDGET: Final = 4_000
_UNMANAGED_BUDGET: Final = 3_000
_NOTICE: Final = 1_500
"""Bytes of the table of counts, of the two lists at the end, and of all that stands around what is shown."""

LINE_LIMIT: Final = 1_000
"""Characters of one line when not everything fits."""

_SIGNS: Final = {"+": "+", "~": "!", "-a": "-", "-": "-", "!": "!"}
"""GitHub colours `+`, `-` and `!` in the first column of a `diff` fence; a change in place is shown as `!`."""


@dataclass(frozen=True, slots=True)
class Section:
    """Something more for the comment, folded: `summary` is plain text, `body` is Markdown that is safe already."""

    summary: str
    body: str

    @property
    def size(self) -> int:
        """Bytes with the fold around it."""
        return _size(_folded(self.summary, self.body)) + 2


def render_markdown(
    plan: Plan, *, sections: Sequence[Section] = (), run_url: str | None = None, budget: int = BUDGET
) -> str:
    """
    The whole comment; its first line is a marker by which an older comment is found.

    Args:
        sections: What else to show, the most important first; each is shown whole or left out.
        run_url: The CI job that made the plan.
        budget: UTF-8 bytes; more than the default is for places that take more than a comment does.
    """
    head = "\n".join([*_head(plan, run_url), *alerts(plan, budget), *_counts(plan)])
    closing = list(_within([*_drift(plan), *_checks(plan), *_unmanaged(plan)], budget - _size(head) - _NOTICE))
    pieces = [piece for kind in CLASSES for piece in _pieces(plan, kind)]
    room = budget - _size(head) - sum(section.size for section in closing) - _NOTICE
    if sum(piece.size for piece in pieces) > room:
        pieces = [piece.shortened() for piece in pieces]
    kept = _fitting(pieces, room)
    room -= sum(piece.size for piece in kept)
    extra = list(_within(sections, room)) if len(kept) == len(pieces) else []
    parts = [head, *_by_class(plan, kept), *_notice(pieces[len(kept) :], len(sections) - len(extra))]
    parts += [_folded(section.summary, section.body) for section in (*extra, *closing)]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


@dataclass(frozen=True, slots=True)
class _Piece:
    """One resource with its changes of one class."""

    kind: Class
    group: Group
    lines: tuple[str, ...]
    left_out: int = 0

    @property
    def text(self) -> str:
        more = f"\n  … {self.left_out:,} more lines of this resource" if self.left_out else ""
        return f"**{code(str(self.group.address))}**\n{fenced('diff', chr(10).join(self.lines) + more)}\n"

    @property
    def size(self) -> int:
        return _size(self.text)

    def shortened(self) -> _Piece:
        """The same, with as many of its first lines as its own budget takes, none of them very long."""
        lines = tuple(shorten(line, LINE_LIMIT) for line in self.lines)
        room, kept = RESOURCE_BUDGET, 0
        for line in lines:
            room -= _size(line) + 1
            if room < 0:
                break
            kept += 1
        return _Piece(self.kind, self.group, lines[:kept], len(lines) - kept)


def _pieces(plan: Plan, kind: Class) -> list[_Piece]:
    return [_Piece(kind, group, tuple(_diff_line(line) for line in group.lines)) for group in groups_of(plan, kind)]


def _fitting(pieces: Sequence[_Piece], room: int) -> list[_Piece]:
    kept: list[_Piece] = []
    for piece in pieces:
        room -= piece.size + 2
        if room < 0:
            break
        kept.append(piece)
    return kept


def _within(sections: Iterable[Section], room: int) -> Iterator[Section]:
    for section in sections:
        if section.size <= room:
            room -= section.size
            yield section


def _size(text: str) -> int:
    return len(text.encode())


def _head(plan: Plan, run_url: str | None) -> Iterator[str]:
    identity = plan_id(plan).removeprefix("sha256:")
    yield f"<!-- attio-ctl:plan workspace={quote(plan.name, safe='').replace('--', '%2D%2D')} -->"
    yield f"<!-- plan-id={identity} -->"
    yield f"## attio-ctl plan · {escape(shorten(plan.name, 80))}: {verdict(plan)}"
    yield ""
    facts = [f"workspace **{escape(shorten(plan.workspace.name, 80))}**"]
    if plan.source.git_sha:
        facts.append(f"commit {plan.source.git_sha[:7]}{' with uncommitted changes' if plan.source.dirty else ''}")
    facts.append(f"plan `{identity[:12]}`")
    if run_url is not None:
        facts.append(f"[CI run](<{quote(run_url, safe='/:?&=#%')}>)")
    hours = round((plan.expires_at - plan.created_at).total_seconds() / 3600)
    facts.append(f"expires in {hours} h ({plan.expires_at:%Y-%m-%d %H:%M} UTC)")
    yield " · ".join(facts)
    yield ""


def _counts(plan: Plan) -> Iterator[str]:
    if not plan.changes:
        yield "`No changes.`"
        return
    yield f"`{summary_line(plan)}`"
    yield ""
    yield "| | add | change | archive | destroy | blocked |"
    yield "|:--|--:|--:|--:|--:|--:|"
    groups = sorted(group_changes(plan), key=lambda group: min(CLASSES.index(class_of(c)) for c in group.changes))
    rows = (_row(cell(code(shorten(str(group.address), 80))), group.changes) for group in groups)
    yield from at_most(_TABLE_BUDGET, rows, "| … and {} more | | | | | |")


def _row(name: str, changes: Iterable[Change]) -> str:
    counts = summarise(changes)
    cells = (counts.add + counts.restore, counts.change, counts.archive, counts.destroy, counts.blocked)
    return f"| {name} | {' | '.join(f'{cell:,}' if cell else '' for cell in cells)} |"


def _by_class(plan: Plan, kept: Sequence[_Piece]) -> Iterator[str]:
    for kind in CLASSES:
        pieces = [piece for piece in kept if piece.kind == kind]
        if pieces:
            counts = summarise((c for c in plan.changes if class_of(c) == kind), plan.waiting)
            opened = kind != "additive" or sum(len(piece.lines) for piece in pieces) <= OPEN_LINES
            body = "\n".join(piece.text for piece in pieces)
            yield _folded(f"{kind.capitalize()}: {describe_counts(counts)}", body, opened=opened)


def _folded(summary: str, body: str, *, opened: bool = False) -> str:
    plain = summary.replace("&", "&amp;").replace("<", "&lt;")
    return f"<details{' open' if opened else ''}><summary>{plain}</summary>\n\n{body.strip()}\n\n</details>"


def _diff_line(line: Line) -> str:
    """The sign in column 0, where GitHub colours it."""
    text = f"{line.text}  {line.remark}" if line.remark else line.text
    return f"{_SIGNS.get(line.symbol, ' ')} {'  ' * line.depth}{text}".rstrip()


def _notice(cut: Sequence[_Piece], sections: int) -> Iterator[str]:
    """What is left out, and where it is."""
    if cut:
        changes = sum(len(piece.group.changes) for piece in cut)
        kinds = "lowest risk" if {piece.kind for piece in cut} == {"additive"} else "lower risk"
        yield (
            f"**{len(cut):,} resources of the {kinds} with {changes:,} changes do not fit here;** "
            "the whole plan is in the job's summary and artefact."
        )
    elif sections:
        yield f"_{sections} more sections do not fit here; they are in the job's summary and artefact._"


def _drift(plan: Plan) -> Iterator[Section]:
    if plan.drift:
        lines = at_most(_CHECKS_BUDGET, map(_drifted, plan.drift), "- … and {} more")
        summary = f"Drift: {len({drift.address for drift in plan.drift})} changed in Attio since the last apply"
        yield Section(summary, "\n".join(lines))


def _drifted(drift: Drift) -> str:
    if drift.field is None:
        return f"- {code(str(drift.address))} is gone"
    before, after = shorten(show_value(drift.applied), 200), shorten(show_value(drift.live), 200)
    return f"- {code(str(drift.address))} {escape(drift.field)}: {code(before)} → {code(after)}"


def _checks(plan: Plan) -> Iterator[Section]:
    found = sorted(plan.checks, key=lambda problem: problem.severity)  # errors stand first
    if found:
        lines = at_most(_CHECKS_BUDGET, map(render_check, found), "- … and {} more")
        yield Section(f"Checks: {len(found)}", "\n".join(lines))


def render_check(problem: Problem) -> str:
    """One finding as an item of a list."""
    where = f"{code(str(problem.place))}: " if problem.place else ""
    return f"- {problem.severity} {where}{prose(shorten(problem.message, 300))} ({problem.code})"


def _unmanaged(plan: Plan) -> Iterator[Section]:
    if plan.unmanaged:
        names = (f"- {code(shorten(str(address), 100))}" for address in plan.unmanaged)
        lines = at_most(_UNMANAGED_BUDGET, names, "- … and {} more")
        yield Section(f"Left alone: {len(plan.unmanaged):,} in the workspace and in no file", "\n".join(lines))
