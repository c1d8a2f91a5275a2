"""
YAML text to a tree that keeps the comments, each with the entry that it speaks of.

A comment beside a value belongs to that entry. One on a line of its own belongs to the entry below it, unless it is
indented like the block that ends above: then it is the foot of that block. So an entry can move, and takes along what
was said about it; a round trip of ruamel.yaml hangs comments on what stands before them, where they cannot.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from attio_ctl.config.yaml_core import resolve_core
from attio_ctl.config.yaml_tree import Alias, Collection, Comment, Entry, Node, Scalar, Tree

SCHEMA_LINE: Final = "# yaml-language-server:"

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_COMMENT = re.compile(r"(?<![^\s])#[^\n]*")
_BLOCK_HEADER = re.compile(r"[|>][-+0-9]*(?:[ \t]+(?P<comment>#[^\n]*))?\n")
_RESOLVED: Final = frozenset(f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float"))


@dataclass(frozen=True, slots=True)
class Remark:
    """A comment where it stands; `line` counts from 1, `column` from 0, and nothing precedes it where `own_line`."""

    text: str
    start: int
    line: int
    column: int
    own_line: bool
    blank: bool


def find_remarks(text: str) -> tuple[Remark, ...]:
    """
    Every comment of a YAML text that `read_yaml` finds no fault with.

    Args:
        text: With `\\n` at the end of its lines, and without a byte order mark.
    """
    return tuple(_remarks(text, _events(text)))


def parse_tree(text: str) -> Tree:
    """As `find_remarks`, with the document that the comments stand in."""
    events = _events(text)
    parser = _Parser(text)
    for event in events:
        parser.take(event)
    for remark in _remarks(text, events):
        parser.place(remark)
    return parser.tree()


def _events(text: str) -> list[Any]:
    return list(yaml.parse(text, Loader=_LOADER))


def _remarks(text: str, events: list[Any]) -> Iterator[Remark]:
    begin = 0
    breaks = [match.start() for match in re.finditer("\n", text)]
    scalars: list[Any] = [event for event in events if type(event) is yaml.ScalarEvent]
    for event in scalars:
        start, end = event.start_mark.index, event.end_mark.index
        yield from _between(text, begin, start, breaks)
        if event.style in ("|", ">"):
            header = _BLOCK_HEADER.search(text, start, end)
            if header is not None and header["comment"]:
                yield _remark(text, header.start("comment"), header["comment"], breaks)
        begin = max(begin, end)
    yield from _between(text, begin, len(text), breaks)


def _between(text: str, begin: int, end: int, breaks: list[int]) -> Iterator[Remark]:
    for match in _COMMENT.finditer(text, begin, end):
        yield _remark(text, match.start(), match[0], breaks)


def _remark(text: str, start: int, comment: str, breaks: list[int]) -> Remark:
    line_start = text.rfind("\n", 0, start) + 1
    before = text[line_start:start]
    return Remark(
        text=comment.rstrip(),
        start=start,
        line=bisect.bisect_left(breaks, start) + 1,
        column=start - line_start,
        own_line=not before.strip(" \t-"),
        blank=_is_blank_above(text, line_start),
    )


def _is_blank_above(text: str, line_start: int) -> bool:
    above = text[text.rfind("\n", 0, max(line_start - 1, 0)) + 1 : max(line_start - 1, 0)]
    return line_start > 0 and not above.strip()


@dataclass(slots=True, eq=False)
class _Level:
    """A collection while it is read; `end` is where it was closed, `owner` the entry whose value it is."""

    collection: Collection
    start: int
    column: int
    parent: _Level | None
    owner: _Spot | None
    end: int | None = None
    waiting: _Spot | None = None

    def chain(self) -> Iterator[_Level]:
        level: _Level | None = self
        while level is not None:
            yield level
            level = level.parent


@dataclass(slots=True, eq=False)
class _Spot:
    """Where an entry begins, and the collection that it is in."""

    entry: Entry
    level: _Level
    start: int
    column: int


@dataclass(slots=True)
class _Parser:
    """Builds the tree from events, then hangs the comments on it."""

    text: str
    root: Node = field(default_factory=lambda: Scalar("", is_text=False))
    head: list[Comment] = field(default_factory=list)
    spots: list[_Spot] = field(default_factory=list)
    flows: list[_Level] = field(default_factory=list)
    _open: list[_Level] = field(default_factory=list)

    def take(self, event: Any) -> None:
        """Read one event."""
        kind = type(event)
        if kind in (yaml.MappingEndEvent, yaml.SequenceEndEvent):
            self._open.pop().end = event.end_mark.index
        elif kind is yaml.AliasEvent:
            self._add(event, Alias(event.anchor))
        elif kind is yaml.ScalarEvent:
            level = self._open[-1] if self._open else None
            if level is not None and not level.collection.is_list and level.waiting is None:
                self._key(level, event)
            else:
                self._add(event, self._scalar(event))
        elif kind in (yaml.MappingStartEvent, yaml.SequenceStartEvent):
            node = Collection(kind is yaml.SequenceStartEvent, flow=bool(event.flow_style), anchor=event.anchor)
            owner = self._add(event, node)
            mark = event.start_mark
            parent = self._open[-1] if self._open else None
            self._open.append(_Level(node, mark.index, mark.column, parent, owner))
            if node.flow:
                self.flows.append(self._open[-1])

    def _key(self, level: _Level, event: Any) -> None:
        merges = event.value == "<<" and event.implicit[0]
        level.waiting = self._spot(level, Entry(event.value, Scalar("", is_text=False), merges=merges), event)

    def _add(self, event: Any, node: Node) -> _Spot | None:
        if not self._open:
            self.root = node
            return None
        level = self._open[-1]
        spot = level.waiting
        if spot is None:
            return self._spot(level, Entry(None, node), event)
        spot.entry.value = node
        level.waiting = None
        return spot

    def _spot(self, level: _Level, entry: Entry, event: Any) -> _Spot:
        start = event.start_mark.index
        line_start = self.text.rfind("\n", 0, start) + 1
        first_on_line = not self.text[line_start:start].strip(" \t-?")
        entry.blank = first_on_line and _is_blank_above(self.text, line_start)
        column = level.column if level.collection.is_list else event.start_mark.column
        spot = _Spot(entry, level, start, column)
        level.collection.entries.append(entry)
        self.spots.append(spot)
        return spot

    def _scalar(self, event: Any) -> Scalar:
        text: str = event.value
        plain = event.tag in _RESOLVED or (event.tag is None and event.implicit[0])
        is_text = not plain or isinstance(resolve_core(text), str)
        folded: tuple[str, ...] = ()
        if event.style == ">":
            source = self.text[event.start_mark.index : event.end_mark.index].rstrip().split("\n")
            header = ">-" if not text.endswith("\n") else ">"
            body = source[1:]
            first = next((line for line in body if line.strip()), "")
            indent = len(first) - len(first.lstrip(" "))
            folded = (header, *(line[indent:] for line in body))
        return Scalar(text, is_text, folded, event.anchor)

    def place(self, remark: Remark) -> None:
        """Hang a comment on the entry, or at the foot of the collection, that it belongs to."""
        comment = Comment(remark.text, remark.blank)
        index = bisect.bisect_left(self.spots, remark.start, key=lambda spot: spot.start)
        before = self.spots[index - 1] if index else None
        following = self.spots[index] if index < len(self.spots) else None
        if before is None and (following is None or following.level.start <= remark.start):
            self.head.append(comment)
        elif before is not None and not remark.own_line:
            self._beside(before, remark)
        elif following is not None and (before is None or self._speaks_of(following, before, remark)):
            following.entry.above.append(comment)
        else:
            assert before is not None, "a comment with no entry around it is the head's"
            level = self._block_above(before, remark)
            empty = level.owner if not level.collection.entries else None
            (level.collection.foot if empty is None else empty.entry.above).append(comment)

    def _beside(self, spot: _Spot, remark: Remark) -> None:
        while spot.level.collection.flow and spot.level.end is not None and spot.level.end <= remark.start:
            if spot.level.owner is None:
                spot.level.collection.foot.append(Comment(remark.text))
                return
            spot = spot.level.owner
        if spot.entry.beside is None:
            spot.entry.beside = remark.text
        else:
            spot.entry.above.append(Comment(remark.text))

    def _speaks_of(self, following: _Spot, before: _Spot, remark: Remark) -> bool:
        flow = self._flow_around(remark)
        if flow is not None:
            return flow in following.level.chain()
        return remark.column <= following.column or self._block_above(before, remark) in following.level.chain()

    def _block_above(self, before: _Spot, remark: Remark) -> _Level:
        flow = self._flow_around(remark)
        if flow is not None:
            return flow
        blocks = [level for level in before.level.chain() if not level.collection.flow] or [self.spots[0].level]
        return next((level for level in blocks if level.column <= remark.column), blocks[-1])

    def _flow_around(self, remark: Remark) -> _Level | None:
        index = bisect.bisect_left(self.flows, remark.start, key=lambda level: level.start)
        around = self.flows[index - 1].chain() if index else iter(())
        return next((level for level in around if level.collection.flow and remark.start < (level.end or 0)), None)

    def tree(self) -> Tree:
        """The tree, with what stands over the first entry split into the head of the file and what is said of it."""
        if self.spots:
            first = self.spots[0].entry
            above = [*self.head, *first.above]
            whole = len(above) if first.blank else 0
            split = whole or max((index for index, comment in enumerate(above) if comment.blank), default=0)
            self.head, first.above, first.blank = above[:split], above[split:], False
            schema = [comment for comment in first.above if comment.text.startswith(SCHEMA_LINE)]
            first.above = [comment for comment in first.above if comment not in schema]
            self.head = [*schema, *self.head]
        self.head.sort(key=lambda comment: not comment.text.startswith(SCHEMA_LINE))
        return Tree(self.root, self.head)
