"""A plan as one page that needs nothing else: no request leaves it, and no value in it can run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from attio_ctl.errors import Place
from attio_ctl.plan.document import plan_id
from attio_ctl.plan.model import Plan, summarise
from attio_ctl.render.alerts import going
from attio_ctl.render.behaviour import count_events, diff_lines, headline
from attio_ctl.render.classes import CLASSES, MEANINGS, Class, class_of, groups_of, verdict
from attio_ctl.render.pages import page_file, page_template, source_hash
from attio_ctl.render.review import NO_REVIEW, Review
from attio_ctl.render.svg import render_svg
from attio_ctl.render.view import VERBS, Group, Symbol, describe_counts, mapping_remark, summary_line

_MARKS: Final[dict[str, Symbol]] = {"+": "+", "-": "-", "!": "~", " ": ""}
"""The marks of the page for those of a `diff` fence, which has one less."""


def render_html(plan: Plan, *, review: Review | None = None, run_url: str | None = None) -> str:
    """
    The whole page, searchable, foldable and filtered by class; readable without its script.

    Args:
        review: What to show beside the changes; the picture is drawn as SVG.
        run_url: The CI job that made the plan.
    """
    review = review or NO_REVIEW
    style, script = page_file("base.css") + page_file("plan.css"), page_file("plan.js")
    return page_template("plan.html.j2").render(
        plan=plan,
        identity=plan_id(plan).removeprefix("sha256:")[:12],
        hours=round((plan.expires_at - plan.created_at).total_seconds() / 3600),
        run_url=run_url if run_url and run_url.startswith(("https://", "http://")) else None,
        verdict=verdict(plan),
        summary=summary_line(plan) if plan.changes else "No changes.",
        going=going(plan),
        chapters=[chapter for kind in CLASSES if (chapter := _chapter(plan, kind)).resources],
        words=VERBS,
        review=review,
        mapped=_mapped(review),
        mappings=[(note.address, mapping_remark(note)) for note in plan.mappings if note.status != "unchanged"],
        picture=Markup(render_svg(review.graph)) if review.graph else None,  # noqa: S704  every text in it is escaped
        style=style,
        script=script,
        style_hash=source_hash(style),
        script_hash=source_hash(script),
    )


@dataclass(frozen=True, slots=True)
class _Resource:
    """One object, list or webhook with its changes of one class, and the first place in the files that causes one."""

    group: Group
    counts: str
    place: Place | None


@dataclass(frozen=True, slots=True)
class _Chapter:
    kind: Class
    meaning: str
    counts: str
    resources: tuple[_Resource, ...]


def _chapter(plan: Plan, kind: Class) -> _Chapter:
    waiting = plan.waiting
    resources = tuple(
        _Resource(
            group,
            describe_counts(summarise(group.changes, waiting)),
            min((change.place for change in group.changes if change.place), default=None),
        )
        for group in groups_of(plan, kind)
    )
    counts = summarise((change for change in plan.changes if class_of(change) == kind), waiting)
    return _Chapter(kind, MEANINGS[kind], describe_counts(counts), resources)


@dataclass(frozen=True, slots=True)
class _Mapped:
    """What mappings do otherwise; an example is its mapping, its headline, and its lines with the mark apart."""

    against: str
    count: str
    examples: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...]
    unseen: tuple[str, ...]


def _mapped(review: Review) -> _Mapped | None:
    if review.mappings is None:
        return None
    behaviour = review.mappings.behaviour
    examples = (
        (f"mapping.{each.mapping}", headline(each), tuple((_MARKS[line[0]], line[2:]) for line in diff_lines(each)))
        for each in behaviour.examples
    )
    return _Mapped(review.mappings.against, count_events(behaviour), tuple(examples), behaviour.unseen)
