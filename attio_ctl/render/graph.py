"""The object model as a graph: objects and lists, the references between them, and what a plan does to each. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from attio_ctl.address import Address
from attio_ctl.plan.changes import Archive, Blocked, Change, Create, Delete, Update
from attio_ctl.plan.model import Plan, summarise
from attio_ctl.render.escaping import visible
from attio_ctl.render.view import describe_counts
from attio_ctl.state.resource import Json, State

Mark = Literal["new", "changed", "gone", "blocked", "same"]

SIGNS: Final[dict[Mark, str]] = {"new": "+ ", "changed": "~ ", "gone": "- ", "blocked": "! ", "same": ""}
"""In front of a title, so that nothing is told by colour alone."""

NODES: Final = 60
"""What one can still read in a picture."""

_NAMES_SHOWN: Final = 4
_LABEL: Final = 60


@dataclass(frozen=True, slots=True)
class Node:
    """An object or list; `note` says what changes in it, empty where nothing does."""

    address: Address
    title: str
    mark: Mark
    note: str = ""


@dataclass(frozen=True, slots=True)
class Edge:
    """The references from one node to another by the names of their attributes; a list belongs to its parent."""

    source: Address
    target: Address
    names: tuple[str, ...]
    mark: Mark


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes and edges in a fixed order; `left_out` counts the nodes beyond the limit."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    left_out: int = 0


def build_graph(desired: State, live: State, plan: Plan) -> Graph:
    """What the workspace will be, with what goes away still in it."""
    fields = _laid_over(desired, live, plan)
    changes: dict[Address, list[Change]] = {}
    for change in plan.changes:
        changes.setdefault(change.address.top, []).append(change)
    marks: dict[Address, Mark] = {change.address: _mark_of(change) for change in plan.changes}
    taken = (address for change in plan.changes if isinstance(change, Delete) for address in change.takes_along)
    marks |= dict.fromkeys(taken, "gone")
    nodes = tuple(
        _node(address, own, changes.get(address, []), marks)
        for address, own in sorted(fields.items())
        if address.kind in ("object", "list") and len(address.steps) == 1
    )
    known = {node.address for node in nodes}
    links: dict[tuple[Address, Address], list[tuple[str, Mark]]] = {}
    for source, target, name, mark in _links(fields, marks):
        if source in known and target in known:
            links.setdefault((source, target), []).append((name, mark))
    return Graph(nodes, tuple(_edge(ends, parts) for ends, parts in sorted(links.items())))


def around_changes(graph: Graph) -> Graph:
    """What changes, and what is linked to it directly."""
    touched = {node.address for node in graph.nodes if node.mark != "same"}
    touched |= {end for edge in graph.edges if edge.mark != "same" for end in (edge.source, edge.target)}
    near = touched | {end for e in graph.edges if {e.source, e.target} & touched for end in (e.source, e.target)}
    return _only(graph, near)


def limited(graph: Graph, nodes: int) -> Graph:
    """At most so many nodes: what changes first, then what has most links."""
    if len(graph.nodes) <= nodes:
        return graph
    links: dict[Address, int] = {}
    for edge in graph.edges:
        for end in (edge.source, edge.target):
            links[end] = links.get(end, 0) + 1
    ranked = sorted(graph.nodes, key=lambda n: (n.mark == "same", -links.get(n.address, 0), n.address))
    kept = _only(graph, {node.address for node in ranked[:nodes]})
    return replace(kept, left_out=len(graph.nodes) - nodes)


def node_lines(node: Node) -> list[str]:
    """What stands in a node: its title, and below it what changes."""
    return [f"{SIGNS[node.mark]}{_cut(visible(node.title))}", *([node.note] if node.note else [])]


def edge_label(edge: Edge) -> str:
    """The names of the references that an edge stands for, the first few of many."""
    more = len(edge.names) - _NAMES_SHOWN
    names = ", ".join(_cut(visible(name)) for name in edge.names[:_NAMES_SHOWN])
    return SIGNS[edge.mark] + names + (f" and {more} more" if more > 0 else "")


def _cut(text: str) -> str:
    return text if len(text) <= _LABEL else text[: _LABEL - 1] + "…"


def _only(graph: Graph, addresses: set[Address]) -> Graph:
    return Graph(
        tuple(node for node in graph.nodes if node.address in addresses),
        tuple(edge for edge in graph.edges if {edge.source, edge.target} <= addresses),
        graph.left_out,
    )


def _laid_over(desired: State, live: State, plan: Plan) -> dict[Address, dict[str, Json]]:
    """Fields by address, desired over live, without old names and what was archived before."""
    renamed = {c.previous for c in plan.changes if isinstance(c, Update) and c.previous is not None}
    fields = {
        address: dict(resource.fields)
        for address, resource in live.resources.items()
        if not resource.archived and not any(address.is_within(old) for old in renamed)
    }
    for address, resource in desired.resources.items():
        fields[address] = {**fields.get(address, {}), **resource.fields}
    for change in plan.changes:
        if isinstance(change, Blocked) and len(change.address.steps) == 1:
            fields.setdefault(change.address, {})
    return fields


def _node(address: Address, fields: Mapping[str, Json], changes: list[Change], marks: Mapping[Address, Mark]) -> Node:
    title = str(fields.get("plural_noun") or fields.get("name") or address.name)
    mark = marks.get(address, "changed" if changes else "same")
    return Node(address, title, mark, describe_counts(summarise(changes)) if changes else "")


def _mark_of(change: Change) -> Mark:
    match change:
        case Create():
            return "new"
        case Archive() | Delete():
            return "gone"
        case Blocked():
            return "blocked"
        case _:
            return "changed"


def _links(
    fields: Mapping[Address, Mapping[str, Json]], marks: Mapping[Address, Mark]
) -> Iterator[tuple[Address, Address, str, Mark]]:
    """Every reference once: of the two sides of a relationship, the one that comes first."""
    drawn: set[Address] = set()
    for address, own in sorted(fields.items()):
        if address.kind == "list":
            parent = Address.root("object", str(own.get("parent_object")))
            yield address, parent, "list of", marks.get(address, "same")
        if address.kind != "attribute" or address in drawn:
            continue
        other = own.get("relationship")
        mark = marks.get(address, marks.get(address.top, "same"))
        if other:
            target = Address.root("object", other["object"])
            drawn.add(target.child("attribute", other["api_slug"]))
            yield address.top, target, f"{address.name} ↔ {other['api_slug']}", mark
        else:
            for slug in own.get("allowed_objects") or ():
                yield address.top, Address.root("object", slug), address.name, mark


def _edge(ends: tuple[Address, Address], parts: list[tuple[str, Mark]]) -> Edge:
    marks = {mark for _, mark in parts}
    return Edge(*ends, tuple(name for name, _ in parts), marks.pop() if len(marks) == 1 else "changed")
