"""The object model as a picture."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plans import add, archive, attribute, delete, plan_of, retitle

from attio_ctl.address import Address
from attio_ctl.plan.changes import Blocked, Change, Create, Update
from attio_ctl.render.graph import Graph, around_changes, build_graph, limited
from attio_ctl.render.mermaid import render_dot, render_mermaid
from attio_ctl.state.resource import Resource, State

PEOPLE, COMPANIES, DEALS = (Address.root("object", slug) for slug in ("people", "companies", "deals"))


def state(*resources: tuple[Address, dict]) -> State:
    return State(resources={address: Resource(address, fields) for address, fields in resources})


def reference(source: Address, name: str, *to: str) -> tuple[Address, dict]:
    return source.child("attribute", name), {"type": "record-reference", "allowed_objects": sorted(to)}


def relation(source: Address, name: str, target: str, back: str) -> tuple[Address, dict]:
    other = {"object": target, "api_slug": back}
    return source.child("attribute", name), {"allowed_objects": [target], "relationship": other}


LIVE = state(
    (PEOPLE, {"plural_noun": "People"}),
    (COMPANIES, {"plural_noun": "Companies"}),
    (DEALS, {"plural_noun": "Deals"}),
    relation(PEOPLE, "company", "companies", "team"),
    relation(COMPANIES, "team", "people", "company"),
    reference(DEALS, "buyer", "people", "companies"),
    (Address.root("list", "renewals"), {"name": "Renewals", "parent_object": "companies"}),
)
NOTHING = State(resources={})


def graph(*changes: Change, desired: State = NOTHING, live: State = LIVE) -> Graph:
    return build_graph(desired, live, plan_of(*changes))


def drawn(found: Graph) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(edge.source.name, edge.target.name, edge.names) for edge in found.edges]


def test_references_relationships_and_lists_are_edges_each_once():
    assert drawn(graph()) == [
        ("renewals", "companies", ("list of",)),
        ("companies", "people", ("team ↔ company",)),
        ("deals", "companies", ("buyer",)),
        ("deals", "people", ("buyer",)),
    ]


@pytest.mark.parametrize(
    ("change", "mark"),
    [
        (Create(address=DEALS, reason="not_in_workspace", after={}), "new"),
        (add(attribute("deals.x")), "changed"),
        (delete(DEALS), "gone"),
        (archive(attribute("deals.buyer")), "changed"),
        (Blocked(address=DEALS, reason="needs_activation", why="", way_out="", absent=True), "blocked"),
    ],
)
def test_a_node_is_marked_by_what_happens_to_it(change, mark):
    marks = {node.address: node.mark for node in graph(change).nodes}

    assert marks == {PEOPLE: "same", COMPANIES: "same", DEALS: mark, Address.root("list", "renewals"): "same"}


def test_a_reference_that_goes_is_drawn_as_going():
    edges = graph(archive(attribute("deals.buyer"))).edges

    assert {edge.mark for edge in edges if edge.source == DEALS} == {"gone"}


def test_an_old_name_is_not_drawn_beside_the_new_one():
    cars = Address.root("object", "cars")
    desired = state((cars, {"plural_noun": "Cars"}))
    renamed = Update(address=cars, previous=DEALS, reason="renamed_from", before={}, after={"api_slug": "cars"})
    found = graph(renamed, desired=desired)

    assert "deals" not in {node.address.name for node in found.nodes}
    assert "cars" in {node.address.name for node in found.nodes}


def test_an_object_that_is_still_to_be_activated_has_a_node():
    users = Address.root("object", "users")
    found = graph(Blocked(address=users, reason="needs_activation", why="", way_out="", absent=True))

    assert users in {node.address for node in found.nodes}


def test_around_changes_keeps_the_neighbours_and_leaves_the_rest():
    found = around_changes(graph(retitle(attribute("people.x"), "a", "b")))

    assert [node.address.name for node in found.nodes] == ["companies", "deals", "people"]


def test_a_large_model_is_limited_to_what_changes_and_what_is_linked_most():
    objects = [Address.root("object", f"o{n:03}") for n in range(200)]
    live = state(*((o, {}) for o in objects), *(reference(o, "hub", "o007") for o in objects))
    found = limited(graph(add(objects[150].child("attribute", "x")), live=live), 10)

    assert (len(found.nodes), found.left_out) == (10, 190)
    assert {"o150", "o007"} <= {node.address.name for node in found.nodes}
    assert '  rest["… and 190 more"]' in render_mermaid(graph(live=live), 10)


TEXTS = st.text(min_size=1, max_size=30)


@given(TEXTS, TEXTS)
def test_no_name_leaves_its_quotes_in_mermaid(title, slug):
    live = state((PEOPLE, {"plural_noun": title}), (COMPANIES, {}), reference(PEOPLE, slug, "companies"))

    for line in render_mermaid(graph(live=live)).splitlines()[1:]:
        assert re.fullmatch(r'  n\d+(\["[^"`<>{}|&]*(<br/>[^"`<>{}|&]*)?"\]| -->\|"[^"`<>{}|&]*"\| n\d+)', line), line


@given(TEXTS)
def test_no_name_leaves_its_quotes_in_dot(title):
    line = render_dot(graph(live=state((PEOPLE, {"plural_noun": title})))).splitlines()[2]

    assert re.fullmatch(r'  n0 \[label="(?:[^"\\]|\\.)*"\];', line)


def test_changes_are_told_by_a_sign_as_well_as_by_colour():
    text = render_mermaid(graph(delete(DEALS), add(attribute("people.x"))))

    assert '["#45; Deals<br/>1 to destroy"]' in text
    assert '["#126; People<br/>1 to add"]' in text
    assert "classDef gone stroke:#cf222e,stroke-width:3px,stroke-dasharray:6 4" in text
