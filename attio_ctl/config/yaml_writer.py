"""
A tree to YAML text, in the one canonical layout.

Two spaces of indentation, quotes only where the text needs them, one empty line at most, comments one space behind
their value or above their entry. What asks for brackets gets them while it fits on a line.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import takewhile
from typing import Final

from attio_ctl.config.yaml_core import resolve_core
from attio_ctl.config.yaml_tree import Alias, Collection, Comment, Entry, Node, Scalar, Tree, entries_of

WIDTH: Final = 120
"""Columns that a bracketed collection may reach."""

# What can neither stand in YAML as it is nor be told from the end of a line.
_ESCAPED = re.compile("[^ -~\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_NEVER_PLAIN = re.compile(r"""[\[\]{},#&*!|>'"%@`]|[-?:](?:\s|$)|---|\.\.\.|.*(?::(?:\s|$)|\s#)""", re.DOTALL)
_NOT_IN_FLOW = re.compile(r"[\[\]{},]|^[-?:]")
# What YAML 1.1 calls truth values, and many tools still do; as values they are quoted, so that all agree.
_OLD_TRUTH = re.compile(r"y|n|yes|no|on|off", re.IGNORECASE)


def write_tree(tree: Tree) -> str:
    """The text of a file; empty for an empty one."""
    lines = list(_comments(tree.head, 0))
    match tree.root:
        case Collection(entries=[_, *_]) as root:
            lines += [""] * bool(lines)
            lines += _block(root, 0)
        case Scalar(text="", is_text=False):
            pass
        case root:
            lines += _inline_or_block(root, "", 0)
    while lines and not lines[0]:
        del lines[0]
    return "".join(f"{line}\n" for line in lines)


def scalar_text(scalar: Scalar, *, flow: bool = False) -> str:
    """A value on one line, without its anchor."""
    if scalar.is_text:
        text = scalar.text
        plain = _can_be_plain(text, flow=flow) and not _OLD_TRUTH.fullmatch(text)
        return text if plain and isinstance(resolve_core(text), str) else _quoted(text)
    value = resolve_core(scalar.text)
    return json.dumps(value) if value is None or isinstance(value, bool) else scalar.text


def _block(collection: Collection, indent: int) -> list[str]:
    lines: list[str] = []
    for entry in collection.entries:
        above = list(_comments(entry.above, indent))
        body = _entry(entry, indent)
        lead = list(takewhile(_is_comment, body)) if entry.key is None else []
        gap = [""] if entry.blank and not above else []
        lines += [*gap, *above, *(line[2:] for line in lead), *body[len(lead) :]]
    while lines and not lines[0]:
        del lines[0]
    return [*lines, *_comments(collection.foot, indent)]


def _entry(entry: Entry, indent: int) -> list[str]:
    """The lines of an entry; those of an item whose first lines are comments begin with them, indented too far."""
    pad = " " * indent
    head = "-" if entry.key is None else f"{_key(entry)}:"
    value = entry.value
    unnamed = isinstance(value, Collection) and value.anchor is None and entry.beside is None
    if entry.key is None and unnamed and isinstance(value, Collection) and not _is_inline(value, indent + 2):
        inner = _block(value, indent + 2)
        lead = sum(1 for _ in takewhile(_is_comment, inner))
        return [*inner[:lead], f"{pad}- {inner[lead][indent + 2 :]}", *inner[lead + 1 :]]
    first, *rest = _inline_or_block(value, head, indent)
    return [f"{pad}{first}{f' {entry.beside}' if entry.beside else ''}", *rest]


def _inline_or_block(value: Node, head: str, indent: int) -> list[str]:
    """The first line without its indentation, and the others."""
    anchor = f"&{value.anchor}" if not isinstance(value, Alias) and value.anchor else ""
    start = " ".join(part for part in (head, anchor) if part)
    match value:
        case Collection() if not _is_inline(value, indent + len(start) + 1):
            return [start, *_block(value, indent + 2)] if start else _block(value, indent)
        case Scalar(folded=folded) if len(folded) > 1:
            return [f"{start} {folded[0]}", *_indented(folded[1:], indent + 2)]
        case Scalar(text=text, is_text=True) if head and _can_be_literal(text):
            mark = "|" if text.endswith("\n") else "|-"
            return [f"{start} {mark}", *_indented(text.removesuffix("\n").split("\n"), indent + 2)]
        case Scalar():
            return [f"{start} {scalar_text(value)}".lstrip()]
        case _:
            return [f"{start} {_inline(value)}".lstrip()]


def _indented(lines: tuple[str, ...] | list[str], indent: int) -> list[str]:
    return [f"{' ' * indent}{line}" if line else "" for line in lines]


def _is_inline(collection: Collection, column: int) -> bool:
    if not collection.entries:
        return True
    return collection.flow and _is_bare(collection) and column + len(_inline(collection)) <= WIDTH


def _is_bare(collection: Collection) -> bool:
    """Whether nothing is said of it, or in it, that brackets have no room for."""
    inner = list(entries_of(collection))
    return not collection.foot and not any(
        entry.above
        or entry.beside
        or entry.merges
        or (isinstance(entry.value, Collection) and entry.value.foot)
        or (isinstance(entry.value, Scalar) and (entry.value.folded or "\n" in entry.value.text))
        for entry in inner
    )


def _inline(node: Node) -> str:
    """A node within brackets, without the anchor of the node itself."""
    match node:
        case Alias(name=name):
            return f"*{name}"
        case Scalar():
            return scalar_text(node, flow=True)
        case Collection(is_list=True, entries=entries):
            return f"[{', '.join(_named(entry.value) for entry in entries)}]"
        case Collection(entries=entries):
            return f"{{{', '.join(f'{_key(entry, flow=True)}: {_named(entry.value)}' for entry in entries)}}}"


def _named(node: Node) -> str:
    named = not isinstance(node, Alias) and node.anchor
    return f"&{node.anchor} {_inline(node)}" if named else _inline(node)  # type: ignore[union-attr]


def _key(entry: Entry, *, flow: bool = False) -> str:
    """Keys are text whatever they look like, so only their syntax decides about quotes."""
    assert entry.key is not None, "an item has no key"
    if entry.merges:
        return "<<"
    return entry.key if entry.key != "<<" and _can_be_plain(entry.key, flow=flow) else _quoted(entry.key)


def _can_be_plain(text: str, *, flow: bool) -> bool:
    if not text or text != text.strip() or _ESCAPED.search(text) or _NEVER_PLAIN.match(text):
        return False
    return not (flow and _NOT_IN_FLOW.search(text))


def _can_be_literal(text: str) -> bool:
    lines = text.removesuffix("\n").split("\n")
    return (
        "\n" in text
        and bool(lines[0])
        and not lines[0].startswith(" ")
        and bool(lines[-1].strip())
        and not any(_ESCAPED.search(line) or (line and not line.strip()) for line in lines)
    )


def _quoted(text: str) -> str:
    if ('"' in text or "\\" in text) and "'" not in text and not _ESCAPED.search(text):
        return f"'{text}'"
    escaped = json.dumps(text, ensure_ascii=False)
    return _ESCAPED.sub(_escape, escaped)


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _comments(comments: list[Comment], indent: int) -> Iterator[str]:
    for comment in comments:
        if comment.blank:
            yield ""
        yield " " * indent + comment.text


def _is_comment(line: str) -> bool:
    return not line or line.lstrip().startswith("#")
