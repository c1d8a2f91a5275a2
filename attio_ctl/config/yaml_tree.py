"""
A YAML file as something to be written: nodes with their comments, whichever way they were laid out before.

`yaml_comments` makes a tree of a text, `yaml_writer` a text of a tree, and an import builds trees of its own. For
reading what a file means there is `yaml_reader`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment on a line of its own, with its `#`; `blank` says that an empty line stands above it."""

    text: str
    blank: bool = False


@dataclass(slots=True)
class Scalar:
    """
    A single value.

    `text` is the value itself where `is_text`, else how a number, truth value or nothing is written. `folded` holds the
    lines of a `>` block, header first, without their indentation: where they were broken is the author's choice.
    """

    text: str
    is_text: bool = True
    folded: tuple[str, ...] = ()
    anchor: str | None = None


@dataclass(slots=True)
class Alias:
    """`*name`."""

    name: str


@dataclass(slots=True)
class Entry:
    """One key of a mapping, or (without key) one item of a list, and the comments that belong to it."""

    key: str | None
    value: Node
    above: list[Comment] = field(default_factory=list)
    beside: str | None = None
    blank: bool = False
    merges: bool = False


@dataclass(slots=True)
class Collection:
    """A mapping or list; `flow` asks for brackets on one line, `foot` holds the comments after its last entry."""

    is_list: bool = False
    entries: list[Entry] = field(default_factory=list)
    flow: bool = False
    foot: list[Comment] = field(default_factory=list)
    anchor: str | None = None


Node = Scalar | Alias | Collection


@dataclass(slots=True)
class Tree:
    """One file: the comments at its head, and its document."""

    root: Node
    head: list[Comment] = field(default_factory=list)


def entries_of(node: Node) -> Iterator[Entry]:
    """Every entry in and below a node, in the order of the file."""
    if isinstance(node, Collection):
        for entry in node.entries:
            yield entry
            yield from entries_of(entry.value)


def has_anchors(node: Node) -> bool:
    """Whether anything in or below a node is named for an alias."""
    values = [node, *(entry.value for entry in entries_of(node))]
    return any(not isinstance(value, Alias) and value.anchor is not None for value in values)
