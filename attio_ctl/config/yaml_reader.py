"""
YAML text to nodes, with every fault of the text named at its place.

One pass over the parser's events with a stack of its own: neither deep nesting nor nested aliases can exhaust the
machine. libyaml's parser is used where PyYAML has it compiled in: it reads a megabyte in about a second, with places.
It is older than YAML 1.2 in one way that shows: between brackets, a plain value cannot begin with `:` or `?`; that is
refused, never misread.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from attio_ctl.config import rules
from attio_ctl.config.nodes import Entry, ListNode, MappingNode, Node, ScalarNode
from attio_ctl.config.yaml_core import resolve_core
from attio_ctl.errors import Place, Problem

MAX_BYTES: Final = 5_000_000
MAX_DEPTH: Final = 64
MAX_NODES: Final = 500_000

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG: Final = "tag:yaml.org,2002:"
_RESOLVED_TAGS: Final = frozenset(_TAG + name for name in ("null", "bool", "int", "float"))
# The complement of YAML's printable characters (1.2.2, production 1), and a byte order mark after the beginning.
_UNPRINTABLE = re.compile("[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Document:
    """One file as read; no root where the text cannot be used at all."""

    root: MappingNode | None
    problems: tuple[Problem, ...] = ()


def read_yaml(raw: bytes, file: str) -> Document:
    """
    Read one file of a workspace.

    Args:
        raw: The bytes of the file: UTF-8, with or without a byte order mark.
        file: Its name as it shall stand in places.

    Returns:
        The document with every fault that could be found; a syntax error ends the reading of the file.
    """
    if len(raw) > MAX_BYTES:
        return Document(None, (rules.LIMIT.problem(f"{len(raw):,} bytes are more than {MAX_BYTES:,}", Place(file)),))
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return Document(None, (_not_utf8(raw, error.start, file),))
    unprintable = _UNPRINTABLE.search(text)
    if unprintable is not None:
        what = f"character U+{ord(unprintable[0]):04X} cannot stand in YAML"
        return Document(None, (rules.SYNTAX.problem(what, _place_after(text[: unprintable.start()], file)),))
    reader = _Reader(file)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            reader.take(event)
    except yaml.MarkedYAMLError as error:
        return Document(None, (*reader.problems, _syntax(error, text, file)))
    except _StopReading as stop:
        return Document(None, (*reader.problems, stop.problem))
    return Document(reader.root or MappingNode({}, Place(file)), tuple(reader.problems))


class _StopReading(Exception):  # noqa: N818 (control flow inside this module)
    """The rest of the file cannot be read sensibly."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass(slots=True)
class _Key:
    """A key that waits for its value."""

    text: str
    place: Place
    merges: bool


@dataclass(slots=True)
class _Open:
    """A list (`items`) or mapping (`entries`) whose end has not been read yet."""

    place: Place
    anchor: str | None
    items: list[Node] | None = None
    entries: dict[str, Entry] = field(default_factory=dict)
    merge_place: Place | None = None
    merged: list[MappingNode] = field(default_factory=list)
    key: _Key | None = None
    size: int = 1
    height: int = 0

    @property
    def wants_key(self) -> bool:
        return self.items is None and self.key is None

    def node(self) -> Node:
        if self.items is not None:
            return ListNode(tuple(self.items), self.place)
        # What stands here wins over what is merged in, an earlier merge over a later one.
        below: dict[str, Entry] = {}
        for mapping in reversed(self.merged):
            below.update(mapping.entries)
        return MappingNode({**below, **self.entries}, self.place)


@dataclass(frozen=True, slots=True)
class _Anchored:
    """What an anchor names, how many nodes that is and how deep; no node while it is still open."""

    node: Node | None
    size: int = 1
    height: int = 0


class _Reader:
    """Builds one document from the parser's events."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.root: MappingNode | None = None
        self.problems: list[Problem] = []
        self._open: list[_Open] = []
        self._anchors: dict[str, _Anchored] = {}
        self._documents = 0

    def take(self, event: Any) -> None:
        """Read one event."""
        kind = type(event)
        if kind is yaml.ScalarEvent:
            self._scalar(event)
        elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
            self._start(event)
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            self._end()
        elif kind is yaml.AliasEvent:
            self._alias(event)
        elif kind is yaml.DocumentStartEvent:
            self._documents += 1
            if self._documents > 1:
                what = "a second document begins here; one file is one document"
                raise _StopReading(rules.DOCUMENT.problem(what, self._place(event)))

    def _place(self, event: Any) -> Place:
        mark = event.start_mark
        return Place(self.file, mark.line + 1, mark.column + 1)

    def _scalar(self, event: Any) -> None:
        place = self._place(event)
        if self._open and self._open[-1].wants_key:
            self._key(self._open[-1], event, place)
            return
        node = ScalarNode(self._resolve(event, place), place)
        if event.anchor:
            self._anchors[event.anchor] = _Anchored(node)
        self._close(node, 1, 0)

    def _key(self, parent: _Open, event: Any, place: Place) -> None:
        text: str = event.value
        merges = text == "<<" and event.implicit[0]
        first = parent.merge_place if merges else parent.entries[text].place if text in parent.entries else None
        if first is not None:
            self.problems.append(rules.DUPLICATE_KEY.problem(f"`{text}` stands twice: first at {first}", place))
        if merges:
            parent.merge_place = place
        parent.key = _Key(text, place, merges)

    def _resolve(self, event: Any, place: Place) -> bool | int | float | str | None:
        text: str = event.value
        if event.tag in _RESOLVED_TAGS or (event.tag is None and event.implicit[0]):
            try:
                return resolve_core(text)
            except ValueError as error:
                self.problems.append(rules.LIMIT.problem(str(error), place))
        elif event.tag not in (None, "!", _TAG + "str"):
            self.problems.append(_foreign_tag(event.tag, place))
        return text

    def _start(self, event: Any) -> None:
        place = self._place(event)
        is_list = type(event) is yaml.SequenceStartEvent
        if event.tag not in (None, "!", _TAG + ("seq" if is_list else "map")):
            self.problems.append(_foreign_tag(event.tag, place))
        if len(self._open) >= MAX_DEPTH:
            raise _StopReading(rules.LIMIT.problem(f"nested more than {MAX_DEPTH} levels deep", place))
        if self._open and self._open[-1].wants_key:
            raise _StopReading(rules.DOCUMENT.problem("a key must be text, not a list or a mapping", place))
        if event.anchor:
            self._anchors[event.anchor] = _Anchored(None)
        self._open.append(_Open(place, event.anchor, items=[] if is_list else None))

    def _end(self) -> None:
        done = self._open.pop()
        node = done.node()
        if done.anchor:
            self._anchors[done.anchor] = _Anchored(node, done.size, done.height)
        self._close(node, done.size, done.height)

    def _alias(self, event: Any) -> None:
        place = self._place(event)
        if self._open and self._open[-1].wants_key:
            raise _StopReading(rules.ALIAS.problem(f"a key must be text, not the alias `*{event.anchor}`", place))
        known = self._anchors.get(event.anchor)
        if known is None:
            raise _StopReading(rules.ALIAS.problem(f"no anchor `&{event.anchor}` stands before this alias", place))
        if known.node is None:
            raise _StopReading(rules.ALIAS.problem(f"`*{event.anchor}` stands inside what it names", place))
        if len(self._open) + known.height > MAX_DEPTH:
            raise _StopReading(rules.LIMIT.problem(f"nested more than {MAX_DEPTH} levels deep", place))
        if self._open[-1].size + known.size > MAX_NODES:
            raise _StopReading(rules.LIMIT.problem(f"aliases expand to more than {MAX_NODES:,} values", place))
        self._close(known.node, known.size, known.height)

    def _close(self, node: Node, size: int, height: int) -> None:
        if not self._open:
            self._finish(node)
            return
        parent = self._open[-1]
        parent.size += size
        parent.height = max(parent.height, height + 1)
        if parent.size > MAX_NODES:
            raise _StopReading(rules.LIMIT.problem(f"holds more than {MAX_NODES:,} values", parent.place))
        if parent.items is not None:
            parent.items.append(node)
            return
        key, parent.key = parent.key, None
        assert key is not None, "a mapping's value follows its key"
        if key.merges:
            self._merge(parent, node, key.place)
        else:
            parent.entries.setdefault(key.text, Entry(key.place, node))

    def _merge(self, parent: _Open, node: Node, place: Place) -> None:
        for source in node.items if isinstance(node, ListNode) else (node,):
            if isinstance(source, MappingNode):
                parent.merged.append(source)
            else:
                self.problems.append(rules.ALIAS.problem("`<<` merges mappings, as in `<<: *name`", place))

    def _finish(self, node: Node) -> None:
        match node:
            case MappingNode():
                self.root = node
            case ScalarNode(value=None):
                self.root = MappingNode({}, node.place)
            case _:
                raise _StopReading(rules.DOCUMENT.problem("a file must hold keys such as `objects:`", node.place))


def _foreign_tag(tag: str, place: Place) -> Problem:
    return rules.TAG.problem(f"`{tag.replace(_TAG, '!!')}` is no tag of plain data", place)


def _syntax(error: yaml.MarkedYAMLError, text: str, file: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    if mark is None:
        return rules.SYNTAX.problem(str(error.problem or "cannot be read"), Place(file))
    place = Place(file, mark.line + 1, mark.column + 1)
    rows = text.split("\n")
    row = rows[mark.line] if mark.line < len(rows) else ""
    if "\t" in row[: len(row) - len(row.lstrip())]:
        return rules.SYNTAX.problem("a tab cannot indent YAML; use spaces", place)
    said = " ".join(part for part in (error.context, error.problem) if part)
    return rules.SYNTAX.problem(said.replace("'", "`"), place)


def _not_utf8(raw: bytes, start: int, file: str) -> Problem:
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return rules.ENCODING.problem("this is UTF-16 text, not UTF-8", Place(file, 1, 1))
    before = raw[:start].decode("utf-8-sig", "replace")
    return rules.ENCODING.problem(f"byte 0x{raw[start]:02X} is no UTF-8", _place_after(before, file))


def _place_after(before: str, file: str) -> Place:
    return Place(file, before.count("\n") + 1, len(before) - before.rfind("\n"))
