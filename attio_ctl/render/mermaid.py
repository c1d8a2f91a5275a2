"""A graph of the object model as Mermaid, which GitHub and GitLab draw, or as DOT for Graphviz."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final

from attio_ctl.render.graph import NODES, Graph, Mark, edge_label, limited, node_lines

_COLOURS: Final[dict[Mark, str]] = {"new": "#2da44e", "changed": "#bf8700", "gone": "#cf222e", "blocked": "#8250df"}
"""Lines only, in tones that show on white and on black: the reader's theme fills the boxes."""

_DASHED: Final = frozenset({"gone", "blocked"})


def render_mermaid(graph: Graph, nodes: int = NODES) -> str:
    """
    A flow chart; identifiers are our own, and every text is quoted and escaped.

    Mermaid refuses a text above 50,000 characters, which so many nodes do not reach.

    Source: mermaid.js.org, `maxTextSize`.
    """
    return "\n".join(_mermaid(limited(graph, nodes))) + "\n"


def _mermaid(graph: Graph) -> Iterator[str]:
    names = {node.address: f"n{index}" for index, node in enumerate(graph.nodes)}
    yield "flowchart LR"
    for node in graph.nodes:
        opened, closed = ("([", "])") if node.address.kind == "list" else ("[", "]")
        label = "<br/>".join(_entities(line) for line in node_lines(node))
        yield f'  {names[node.address]}{opened}"{label}"{closed}'
    if graph.left_out:
        yield f'  rest["… and {graph.left_out} more"]'
    for edge in graph.edges:
        yield f'  {names[edge.source]} -->|"{_entities(edge_label(edge))}"| {names[edge.target]}'
    for mark, colour in _COLOURS.items():
        dash = ",stroke-dasharray:6 4" if mark in _DASHED else ""
        marked = [names[node.address] for node in graph.nodes if node.mark == mark]
        if marked:
            yield f"  classDef {mark} stroke:{colour},stroke-width:3px{dash}"
            yield f"  class {','.join(marked)} {mark}"
        links = [str(index) for index, edge in enumerate(graph.edges) if edge.mark == mark]
        if links:
            yield f"  linkStyle {','.join(links)} stroke:{colour},stroke-width:2px{dash}"


def render_dot(graph: Graph) -> str:
    """The same for Graphviz, without a limit."""
    return "\n".join(_dot(graph)) + "\n"


def _dot(graph: Graph) -> Iterator[str]:
    names = {node.address: f"n{index}" for index, node in enumerate(graph.nodes)}
    yield "digraph attio {"
    yield '  rankdir=LR; node [shape=box, fontname="sans-serif"]; edge [fontname="sans-serif", fontsize=10];'
    for node in graph.nodes:
        shape = ", style=rounded" if node.address.kind == "list" else ""
        yield f"  {names[node.address]} [label={_quoted(chr(10).join(node_lines(node)))}{shape}{_colour(node.mark)}];"
    for edge in graph.edges:
        ends = f"{names[edge.source]} -> {names[edge.target]}"
        yield f"  {ends} [label={_quoted(edge_label(edge))}{_colour(edge.mark)}];"
    yield "}"


def _entities(text: str) -> str:
    """
    Everything but letters, digits and blanks as Mermaid's entities, such as `#34;`.

    Source: mermaid.js.org/syntax/flowchart.html, entity codes to escape characters.
    """
    return re.sub(r"[^\w ]", lambda found: f"#{ord(found[0])};", text)


def _quoted(text: str) -> str:
    """A DOT string; `\\n` within it is a line break, and so is JSON's."""
    return json.dumps(text, ensure_ascii=False)


def _colour(mark: Mark) -> str:
    return f', color="{_COLOURS[mark]}", penwidth=2' if mark in _COLOURS else ""
