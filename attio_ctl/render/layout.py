"""
Where the nodes of a directed graph stand: in columns, so that edges lead to the right where they can. Pure.

The usual four steps of a layered drawing: break circles, find the columns, give long edges a place in every column that
they pass, and order each column so that few lines cross. Source: Sugiyama, Tagawa and Toda, 1981.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

_SWEEPS: Final = 8

Columns = list[list[int]]


@dataclass(frozen=True, slots=True)
class Layout:
    """
    Slots by column, from left to right and from top to bottom.

    Slots below the number of nodes are those nodes, the others are where an edge passes a column. `chains` has the
    slots of each edge from left to right, and `backward` the indexes of the edges that so run from their end to their
    beginning. An edge from a node to itself has a chain of one.
    """

    columns: tuple[tuple[int, ...], ...]
    chains: tuple[tuple[int, ...], ...]
    backward: frozenset[int]


def lay_out(nodes: int, edges: Sequence[tuple[int, int]]) -> Layout:
    """
    Columns for nodes that are counted from 0.

    Args:
        edges: Source and target; several between two nodes are welcome.
    """
    order = _sources_first(nodes, edges)
    place = {node: index for index, node in enumerate(order)}
    backward = frozenset(index for index, (source, target) in enumerate(edges) if place[source] > place[target])
    rightward = [
        (target, source) if index in backward else (source, target) for index, (source, target) in enumerate(edges)
    ]
    depth = _depths(order, rightward)
    columns: Columns = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for node in range(nodes):
        columns[depth[node]].append(node)
    chains: list[tuple[int, ...]] = []
    fresh = nodes
    for source, target in rightward:
        passed = range(depth[source] + 1, depth[target])
        between = range(fresh, fresh + len(passed))
        for column, slot in zip(passed, between, strict=True):
            columns[column].append(slot)
        fresh += len(passed)
        chains.append((source,) if source == target else (source, *between, target))
    _order(columns, chains)
    return Layout(tuple(map(tuple, columns)), tuple(chains), backward)


def _sources_first(nodes: int, edges: Sequence[tuple[int, int]]) -> list[int]:
    """Every node before those that it leads to; circles are cut where a walk along the edges comes back to itself."""
    targets: list[list[int]] = [[] for _ in range(nodes)]
    for source, target in edges:
        targets[source].append(target)
    order: list[int] = []
    seen: set[int] = set()
    for start in range(nodes):
        pending = [] if start in seen else [(start, iter(targets[start]))]
        seen.add(start)
        while pending:
            node, rest = pending[-1]
            following = next((target for target in rest if target not in seen), None)
            if following is None:
                order.append(node)
                pending.pop()
            else:
                seen.add(following)
                pending.append((following, iter(targets[following])))
    return order[::-1]


def _depths(order: Sequence[int], edges: Sequence[tuple[int, int]]) -> dict[int, int]:
    """Every node one column right of the rightmost that leads to it."""
    depth = dict.fromkeys(order, 0)
    leaving: dict[int, list[int]] = {node: [] for node in order}
    for source, target in edges:
        if source != target:
            leaving[source].append(target)
    for node in order:
        for target in leaving[node]:
            depth[target] = max(depth[target], depth[node] + 1)
    return depth


def _order(columns: Columns, chains: Sequence[Sequence[int]]) -> None:
    """Sort each column by the mean height of its neighbours, to the right and back, a few times over."""
    before: dict[int, list[int]] = {}
    after: dict[int, list[int]] = {}
    for chain in chains:
        for left, right in pairwise(chain):
            after.setdefault(left, []).append(right)
            before.setdefault(right, []).append(left)
    for sweep in range(_SWEEPS):
        near, walk = (before, columns) if sweep % 2 == 0 else (after, columns[::-1])
        height: dict[int, float] = {}
        for column in walk:
            own = {slot: index - len(column) / 2 for index, slot in enumerate(column)}
            means = {slot: _mean([height[other] for other in near.get(slot, ())], own[slot]) for slot in column}
            column.sort(key=lambda slot: means[slot])
            height |= {slot: index - len(column) / 2 for index, slot in enumerate(column)}


def _mean(heights: Sequence[float], otherwise: float) -> float:
    return sum(heights) / len(heights) if heights else otherwise
