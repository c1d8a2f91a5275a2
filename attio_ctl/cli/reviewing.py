"""What the plan for a pull request has besides the changes: mappings by what they do to events, and a picture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from attio_ctl.cli import behaving, planning
from attio_ctl.config.load import Loaded
from attio_ctl.errors import AttioCtlError, Problem
from attio_ctl.mapping.behaviour import Behaviour
from attio_ctl.render.graph import Graph, around_changes, build_graph
from attio_ctl.render.review import MappingReview, Review
from attio_ctl.state.schema import build_schema
from attio_ctl.state.standard import standard_state


@dataclass(frozen=True, slots=True)
class Comparison:
    """What to compare the mappings with: a git revision, over files of sample events or the mappings' own tests."""

    base: str
    events: tuple[Path, ...]
    workspace: str | None

    def run(self, loaded: Loaded, made: planning.Made) -> Behaviour:
        """
        Both versions of the mappings against what the workspace will be.

        Raises:
            AttioCtlError: the base or the events cannot be read.
        """
        schema = build_schema(standard_state(), made.live, made.desired)
        return behaving.compare_with(self.base, self.workspace, loaded, self.events, schema)


def review(made: planning.Made, loaded: Loaded, findings: tuple[Problem, ...], comparison: Comparison | None) -> Review:
    """All that a reviewer is shown besides; a base that cannot be read is no reason to have no plan."""
    graph = _graph(made)
    if comparison is None:
        return Review(findings=findings, graph=graph)
    try:
        behaviour = comparison.run(loaded, made)
    except AttioCtlError as error:
        return Review(not_compared=str(error), findings=findings, graph=graph)
    is_news = behaviour.compared or behaviour.unseen
    mappings = MappingReview(behaviour, comparison.base) if is_news else None
    return Review(mappings, findings=findings, graph=graph)


def _graph(made: planning.Made) -> Graph | None:
    """What changes, and what is linked to it; None where nothing does."""
    if not made.plan.changes:
        return None
    graph = around_changes(build_graph(made.desired, made.live, made.plan))
    return graph if graph.nodes else None
