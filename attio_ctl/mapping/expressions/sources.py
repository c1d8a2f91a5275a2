"""What an expression reads from the event."""

from __future__ import annotations

from collections.abc import Iterator

from attio_ctl.mapping.expressions.node import Expression, walk
from attio_ctl.mapping.expressions.paths import Path
from attio_ctl.mapping.expressions.texts import Template


def paths_in(expression: Expression) -> Iterator[tuple[str, ...]]:
    """The fixed paths that it reads from the event itself, in order; one that it reads twice comes twice."""
    for node in walk(expression):
        if isinstance(node, Path):
            yield node.steps
        elif isinstance(node, Template):
            yield from (part for part in node.parts if isinstance(part, tuple))
