"""What the plan for a pull request has besides the changes: mappings by what they do to events, and a picture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from attio_ctl.cli import behaving, planning
from attio_ctl.config.load import Loaded
from attio_ctl.errors import AttioCtlError
from attio_ctl.mapping.behaviour import Behaviour
from attio_ctl.render.behaviour import render_mapping_changes
from attio_ctl.render.escaping import escape, fenced
from attio_ctl.render.graph import around_changes, build_graph
from attio_ctl.render.markdown import Section
from attio_ctl.render.mermaid import render_mermaid
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


def sections(made: planning.Made, loaded: Loaded, comparison: Comparison | None) -> tuple[Section, ...]:
    """The sections of a comment, the most important first; a base that cannot be read is no reason to have no plan."""
    return tuple(_sections(made, loaded, comparison))


def _sections(made: planning.Made, loaded: Loaded, comparison: Comparison | None) -> Iterator[Section]:
    if comparison is not None:
        try:
            behaviour = comparison.run(loaded, made)
        except AttioCtlError as error:
            yield Section("Mappings: not compared", escape(str(error)))
        else:
            if behaviour.compared:
                yield render_mapping_changes(behaviour, comparison.base)
    if made.plan.changes:
        graph = around_changes(build_graph(made.desired, made.live, made.plan))
        if graph.nodes:
            yield Section(
                "Picture: what changes, and what is linked to it", fenced("mermaid", render_mermaid(graph).strip())
            )
