"""
Two ways of putting documents together.

`join` makes one document of the files of a workspace, which have no order: a thing may stand in one of them only.
`overlay` lays a workspace over the base that it extends: the upper one wins, key by key.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from attio_ctl.config import rules
from attio_ctl.config.nodes import Entry, ListNode, MappingNode, Node, ScalarNode
from attio_ctl.errors import Problem

# Mappings that several files may fill together; anything below them is one thing and stands in one file. `*` is a slug.
_SHARED: Final = frozenset(
    {
        (),
        ("objects",),
        ("objects", "*"),
        ("objects", "*", "attributes"),
        ("lists",),
        ("lists", "*"),
        ("lists", "*", "attributes"),
        ("webhooks",),
        ("mappings",),
    }
)
_CONCATENATED: Final = frozenset({("removed",)})


def join(documents: Iterable[MappingNode]) -> tuple[MappingNode | None, list[Problem]]:
    """
    One document of several that have no order, None of none.

    Returns:
        The document (of what stands twice it holds the first), and a problem for everything that stands twice.
    """
    problems: list[Problem] = []
    whole: MappingNode | None = None
    for document in documents:
        whole = document if whole is None else _join_mappings(whole, document, (), problems)
    return whole, problems


def _join_mappings(
    first: MappingNode, second: MappingNode, path: tuple[str, ...], problems: list[Problem]
) -> MappingNode:
    entries = dict(first.entries)
    for key, entry in second.entries.items():
        known = entries.get(key)
        entries[key] = entry if known is None else _join_entries(known, entry, (*path, key), problems)
    return replace(first, entries=entries)


def _join_entries(first: Entry, second: Entry, path: tuple[str, ...], problems: list[Problem]) -> Entry:
    level = tuple("*" if index == 1 and path[0] in ("objects", "lists") else key for index, key in enumerate(path))
    match first.node, second.node:
        case MappingNode() as one, MappingNode() as other if level in _SHARED:
            return Entry(first.place, _join_mappings(one, other, path, problems))
        case ListNode() as one, ListNode() as other if level in _CONCATENATED:
            return Entry(first.place, ListNode((*one.items, *other.items), one.place))
        case _:
            message = f"`{'.'.join(path)}` is defined twice: first at {first.place}"
            problems.append(rules.DEFINED_TWICE.problem(message, second.place))
            return first


def overlay(base: Node, above: Node) -> Node:
    """
    A document laid over its base.

    Mappings merge key by key, anything else is replaced whole, and `null` takes a key of the base away.
    """
    if not (isinstance(base, MappingNode) and isinstance(above, MappingNode)):
        return above
    entries = dict(base.entries)
    for key, entry in above.entries.items():
        known = entries.get(key)
        if known is None:
            entries[key] = entry
        elif entry.node == ScalarNode(None, entry.node.place):
            del entries[key]
        else:
            entries[key] = Entry(entry.place, overlay(known.node, entry.node))
    return MappingNode(entries, above.place)
