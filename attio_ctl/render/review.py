"""What a reviewer is shown beside the changes of a plan: what mappings do otherwise, what checks found, a picture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from attio_ctl.errors import Problem
from attio_ctl.mapping.behaviour import Behaviour
from attio_ctl.render.behaviour import render_mapping_changes
from attio_ctl.render.escaping import at_most, escape, fenced
from attio_ctl.render.graph import Graph
from attio_ctl.render.markdown import Section, render_check
from attio_ctl.render.mermaid import render_mermaid

_FINDINGS_BUDGET: Final = 4_000


@dataclass(frozen=True, slots=True)
class MappingReview:
    """What the mappings do to sample events otherwise than at `against`, a revision as a person wrote it."""

    behaviour: Behaviour
    against: str


@dataclass(frozen=True, slots=True)
class Review:
    """
    None of it is in the plan document, so `show` has none.

    `not_compared` says why there are no `mappings` though somebody asked for them; `findings` are of the mappings
    against the sample events; `graph` is what changes, and what is linked to it.
    """

    mappings: MappingReview | None = None
    not_compared: str | None = None
    findings: tuple[Problem, ...] = ()
    graph: Graph | None = None


NO_REVIEW: Final = Review()


def sections(review: Review) -> tuple[Section, ...]:
    """The sections of a comment, the most important first."""
    return tuple(_sections(review))


def _sections(review: Review) -> Iterator[Section]:
    if review.not_compared is not None:
        yield Section("Mappings: not compared", escape(review.not_compared))
    if review.mappings is not None:
        yield render_mapping_changes(review.mappings.behaviour, review.mappings.against)
    if review.findings:
        lines = at_most(_FINDINGS_BUDGET, map(render_check, review.findings), "- … and {} more")
        yield Section(f"Sample events: {len(review.findings)} to look at", "\n".join(lines))
    if review.graph is not None:
        picture = fenced("mermaid", render_mermaid(review.graph).strip())
        yield Section("Picture: what changes, and what is linked to it", picture)
