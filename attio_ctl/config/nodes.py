"""Plain data that knows where each key and value stands: what the reader of YAML makes, and what merging works on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from attio_ctl.errors import Place

DataPath = Sequence[str | int]
"""Keys and list indexes from the top of a document, such as `("objects", "people", "attributes", "plan")`."""


@dataclass(frozen=True, slots=True)
class ScalarNode:
    """A single value; `written` is its text before `${…}` was replaced, None where nothing was."""

    value: bool | int | float | str | None
    place: Place
    written: str | None = None


@dataclass(frozen=True, slots=True)
class ListNode:
    """A list."""

    items: tuple[Node, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Entry:
    """One key of a mapping: where the key stands, and its value."""

    place: Place
    node: Node


@dataclass(frozen=True, slots=True)
class MappingNode:
    """A mapping, its entries in the order of the file."""

    entries: dict[str, Entry]
    place: Place


Node = ScalarNode | ListNode | MappingNode


def plain(node: Node) -> Any:
    """The data without its places: None, bool, int, float, str, or lists and dicts of them."""
    match node:
        case MappingNode():
            return {key: plain(entry.node) for key, entry in node.entries.items()}
        case ListNode():
            return [plain(item) for item in node.items]
        case ScalarNode():
            return node.value


def scalars(node: Node) -> Iterator[ScalarNode]:
    """Every single value of a document, in its order."""
    match node:
        case MappingNode():
            for entry in node.entries.values():
                yield from scalars(entry.node)
        case ListNode():
            for item in node.items:
                yield from scalars(item)
        case ScalarNode():
            yield node


def without(node: Node, path: DataPath) -> Node:
    """The document without what stands at a path; itself where nothing does."""
    if not path:
        return node
    step, *rest = path
    match node, step:
        case MappingNode(), str() if step in node.entries:
            entry = node.entries[step]
            kept = {step: Entry(entry.place, without(entry.node, rest))} if rest else {}
            return MappingNode({**{k: v for k, v in node.entries.items() if k != step}, **kept}, node.place)
        case ListNode(), int() if step < len(node.items):
            middle = (without(node.items[step], rest),) if rest else ()
            return ListNode((*node.items[:step], *middle, *node.items[step + 1 :]), node.place)
        case _:
            return node


@dataclass(frozen=True, slots=True)
class Places:
    """Where everything of a document stands."""

    root: Node

    def at(self, path: DataPath) -> Place:
        """The key (or list item) at a path; where the path leads further than the file, the last part that exists."""
        return self._walk(path)[0]

    def value_at(self, path: DataPath) -> Place:
        """As `at`, but the place of the value rather than of its key."""
        return self._walk(path)[1].place

    def node_at(self, path: DataPath) -> Node:
        """The deepest part of the document that lies on a path."""
        return self._walk(path)[1]

    def _walk(self, path: DataPath) -> tuple[Place, Node]:
        node, place = self.root, self.root.place
        for step in path:
            if isinstance(node, MappingNode) and isinstance(step, str) and step in node.entries:
                entry = node.entries[step]
                place, node = entry.place, entry.node
            elif isinstance(node, ListNode) and isinstance(step, int) and 0 <= step < len(node.items):
                node = node.items[step]
                place = node.place
            else:
                break
        return place, node
