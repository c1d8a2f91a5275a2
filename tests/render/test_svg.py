"""The picture of the HTML page."""

from __future__ import annotations

from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attio_ctl.address import Address
from attio_ctl.render.graph import Edge, Graph, Node
from attio_ctl.render.layout import Layout, lay_out
from attio_ctl.render.svg import render_svg

EDGES = st.integers(1, 12).flatmap(
    lambda n: st.tuples(st.just(n), st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=30))
)


def column_of(layout: Layout) -> dict[int, int]:
    return {slot: index for index, column in enumerate(layout.columns) for slot in column}


@given(EDGES)
def test_every_node_stands_somewhere_once_and_every_edge_steps_from_column_to_column(drawing):
    nodes, edges = drawing
    layout = lay_out(nodes, edges)
    columns = column_of(layout)

    assert sum(map(len, layout.columns)) == len(columns)
    assert set(range(nodes)) <= set(columns)
    for number, (chain, (source, target)) in enumerate(zip(layout.chains, edges, strict=True)):
        ends = (target, source) if number in layout.backward else (source, target)
        assert (chain[0], chain[-1]) == ends
        assert all(columns[right] == columns[left] + 1 for left, right in pairwise(chain))


@given(EDGES)
def test_without_a_circle_nothing_runs_backward(drawing):
    nodes, edges = drawing
    forward = [(min(ends), max(ends)) for ends in edges if ends[0] != ends[1]]

    assert lay_out(nodes, forward).backward == frozenset()


def test_a_crossing_that_can_be_avoided_is_avoided():
    layout = lay_out(4, [(0, 3), (1, 2)])
    left, right = layout.columns

    assert [left.index(0), left.index(1)] == [right.index(3), right.index(2)]


def graph(title: str, edges: list[tuple[int, int]] | None = None, nodes: int = 3) -> Graph:
    addresses = [Address.root("object", f"o{n:03}") for n in range(nodes)]
    return Graph(
        tuple(Node(address, title, "changed", "1 to add") for address in addresses),
        tuple(Edge(addresses[a], addresses[b], (title,), "new") for a, b in edges or [(0, 1), (1, 2), (2, 0), (1, 1)]),
    )


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=30))
def test_any_title_is_text_of_a_well_formed_drawing(title):
    root = ElementTree.fromstring(render_svg(graph(title)))

    assert {element.tag for element in root.iter()} == {"svg", "defs", "marker", "g", "path", "rect", "text"}
    assert not [name for element in root.iter() for name in element.attrib if name.startswith(("on", "style", "href"))]


def test_a_reader_of_the_screen_hears_the_nodes_and_the_references():
    said = ElementTree.fromstring(render_svg(graph("Cars", [(0, 1)]))).attrib["aria-label"]

    assert said == "~ Cars, 1 to add; ~ Cars, 1 to add; ~ Cars, 1 to add; ~ Cars to ~ Cars by + Cars"


@pytest.mark.parametrize(("nodes", "fits"), [(3, True), (30, False)])
def test_a_drawing_too_wide_to_be_read_is_scrolled(nodes, fits):
    chain = render_svg(graph("A rather long title", list(pairwise(range(nodes))), nodes))

    assert ('class="graph fits"' in chain) is fits


def test_what_is_left_out_is_counted():
    assert "… and 40 more" in render_svg(graph("x", [(0, 1)], 100))
    assert render_svg(Graph((), ())).startswith("<svg")
