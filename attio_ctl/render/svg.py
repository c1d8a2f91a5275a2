"""
A graph of the object model as an SVG drawing within a page: it needs no library, no request and no script.

Colours come from the style of the page, by class; every text is escaped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import Final

from attio_ctl.render.graph import NODES, Edge, Graph, Node, edge_label, limited, node_lines
from attio_ctl.render.layout import Layout, lay_out

_LETTER: Final = 7.2
"""Pixels that a letter of the page's 13 pixels takes, rather more than less."""

_HEIGHT: Final = 48
_ROW: Final = 76
_PASSAGE: Final = 36
"""Pixels from one row to the next: of nodes, and of an edge that passes a column."""

_PADDING: Final = 12
_MARGIN: Final = 16
_GAP: Final = 60
"""Pixels between two columns, beside the longest label that stands there."""

_FITS: Final = 1_700
"""Up to so many pixels a drawing is made smaller for the window; a wider one is scrolled, or nobody could read it."""


@dataclass(frozen=True, slots=True)
class _Box:
    """Where a slot is: its left side, its middle from above, and how wide it is."""

    x: float
    middle: float
    width: float

    @property
    def right(self) -> float:
        return self.x + self.width


def render_svg(graph: Graph, nodes: int = NODES) -> str:
    """One `<svg>` element with at most so many nodes; the rest is counted."""
    shown = limited(graph, nodes)
    index = {node.address: number for number, node in enumerate(shown.nodes)}
    layout = lay_out(len(shown.nodes), [(index[edge.source], index[edge.target]) for edge in shown.edges])
    return "".join(_elements(shown, layout, _boxes(shown, layout)))


def _boxes(graph: Graph, layout: Layout) -> dict[int, _Box]:
    rows = {slot: _ROW if slot < len(graph.nodes) else _PASSAGE for column in layout.columns for slot in column}
    tallest = max((sum(rows[slot] for slot in column) for column in layout.columns), default=0)
    boxes: dict[int, _Box] = {}
    x = float(_MARGIN)
    for column in layout.columns:
        nodes = [graph.nodes[slot] for slot in column if slot < len(graph.nodes)]
        width = max(_width(line) for node in nodes for line in node_lines(node)) + 2 * _PADDING
        y = _MARGIN + (tallest - sum(rows[slot] for slot in column)) / 2
        for slot in column:
            boxes[slot] = _Box(x, y + rows[slot] / 2, width)
            y += rows[slot]
        begun = (edge for edge, chain in zip(graph.edges, layout.chains, strict=True) if chain[0] in column)
        x += width + _GAP + max((_width(edge_label(edge)) for edge in begun), default=0.0)
    return boxes


def _width(text: str) -> float:
    return len(text) * _LETTER


def _elements(graph: Graph, layout: Layout, boxes: Mapping[int, _Box]) -> Iterator[str]:
    loops = [_width(edge_label(e)) for e, chain in zip(graph.edges, layout.chains, strict=True) if len(chain) == 1]
    width = max((box.right for box in boxes.values()), default=0) + _MARGIN + max(loops, default=0)
    height = max((box.middle for box in boxes.values()), default=0) + _ROW / 2 + _MARGIN
    yield f'<svg class="graph{" fits" if width <= _FITS else ""}" viewBox="0 0 {width:.0f} {height:.0f}" '
    yield f'width="{width:.0f}" height="{height:.0f}" role="img" aria-label="{escape(_in_words(graph))}">'
    yield '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="9" markerHeight="9" '
    yield 'markerUnits="userSpaceOnUse" '
    yield 'orient="auto-start-reverse"><path d="M0 0 8 4 0 8z"/></marker></defs>'
    ports = _ports(layout, boxes)
    for number, (edge, chain) in enumerate(zip(graph.edges, layout.chains, strict=True)):
        if len(chain) == 1:
            yield from _loop(edge, boxes[chain[0]])
        else:
            tip = "marker-start" if number in layout.backward else "marker-end"
            ends = ports[number, chain[0]], ports[number, chain[-1]]
            yield from _line(edge, ends, [boxes[slot] for slot in chain], tip)
    for number, node in enumerate(graph.nodes):
        yield from _node(node, boxes[number])
    if graph.left_out:
        yield f'<text class="rest" x="{_MARGIN}" y="{height - 4:.0f}">… and {graph.left_out:,} more</text>'
    yield "</svg>"


def _in_words(graph: Graph) -> str:
    """The drawing for those who do not see it."""
    titles = {node.address: node_lines(node)[0] for node in graph.nodes}
    nodes = (", ".join(node_lines(node)) for node in graph.nodes)
    edges = (f"{titles[edge.source]} to {titles[edge.target]} by {edge_label(edge)}" for edge in graph.edges)
    return "; ".join([*nodes, *edges])


def _node(node: Node, box: _Box) -> Iterator[str]:
    corner = _HEIGHT // 2 if node.address.kind == "list" else 6
    yield f'<g class="node mark-{node.mark}"><rect x="{box.x:.0f}" y="{box.middle - _HEIGHT / 2:.0f}" '
    yield f'width="{box.width:.0f}" height="{_HEIGHT}" rx="{corner}"/>'
    lines = node_lines(node)
    for index, line in enumerate(lines):
        y = box.middle + 5 + (index - (len(lines) - 1) / 2) * 18
        kind = ' class="note"' if index else ""
        yield f'<text{kind} x="{box.x + box.width / 2:.0f}" y="{y:.0f}">{escape(line)}</text>'
    yield "</g>"


def _ports(layout: Layout, boxes: Mapping[int, _Box]) -> dict[tuple[int, int], float]:
    """
    At what height an edge touches the nodes at its ends, by edge and slot: those of one side stand apart.

    An edge at a node's right side is told from one at its left side by its chain, which only runs to the right.
    """
    sides: dict[tuple[int, bool], list[tuple[float, int]]] = {}
    for number, chain in enumerate(layout.chains):
        if len(chain) > 1:
            sides.setdefault((chain[0], True), []).append((boxes[chain[1]].middle, number))
            sides.setdefault((chain[-1], False), []).append((boxes[chain[-2]].middle, number))
    ports: dict[tuple[int, int], float] = {}
    for (slot, _), found in sides.items():
        step = min(12.0, (_HEIGHT - 12) / len(found))
        for index, (_, number) in enumerate(sorted(found)):
            ports[number, slot] = boxes[slot].middle + (index - (len(found) - 1) / 2) * step
    return ports


def _loop(edge: Edge, box: _Box) -> Iterator[str]:
    """A reference of a node to itself, at its right upper corner."""
    top, left, right = box.middle - _HEIGHT / 2, box.right - 34, box.right - 12
    path = f"M{left:.0f} {top:.0f}C{left:.0f} {top - 22:.0f} {right:.0f} {top - 22:.0f} {right:.0f} {top:.0f}"
    yield f'<g class="edge mark-{edge.mark}"><path d="{path}" marker-end="url(#tip)"/>'
    yield f'<text class="loop" x="{right + 6:.0f}" y="{top - 6:.0f}">{escape(edge_label(edge))}</text></g>'


def _line(edge: Edge, ends: tuple[float, float], boxes: list[_Box], tip: str) -> Iterator[str]:
    """
    From the right side of the first slot to the left side of the last; the label is in the first gap.

    Args:
        ends: The heights at which it begins and ends.
    """
    heights = [ends[0], *(box.middle for box in boxes[1:-1]), ends[1]]
    path = f"M{boxes[0].right:.0f} {heights[0]:.0f}"
    for (left, up), (right, down) in pairwise(zip(boxes, heights, strict=True)):
        half = (left.right + right.x) / 2
        path += f"C{half:.0f} {up:.0f} {half:.0f} {down:.0f} {right.x:.0f} {down:.0f}"
        path += f"H{right.right:.0f}" if right is not boxes[-1] else ""
    x, y = (boxes[0].right + boxes[1].x) / 2, (heights[0] + heights[1]) / 2
    yield f'<g class="edge mark-{edge.mark}"><path d="{path}" {tip}="url(#tip)"/>'
    yield f'<text x="{x:.0f}" y="{y - 5:.0f}">{escape(edge_label(edge))}</text></g>'
