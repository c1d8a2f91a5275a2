"""Plain data to a tree: what an import and a scaffold write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attio_ctl.config.yaml_tree import Collection, Entry, Node, Scalar


def build_tree(data: Any, *, opened: int) -> Node:
    """
    Plain data as a tree.

    Args:
        data: None, bool, int, float, str, or lists and dicts of them. A `${` of a text becomes `$${`, so that no
            environment variable is put in when it is read.
        opened: How many levels of mappings stand on lines of their own; those below, and lists of single values, ask
            for brackets.
    """
    match data:
        case Mapping():
            entries = [Entry(str(key), build_tree(value, opened=opened - 1)) for key, value in data.items()]
            return Collection(False, entries, flow=opened <= 0)
        case list() | tuple():
            items = [Entry(None, build_tree(item, opened=0)) for item in data]
            return Collection(True, items, flow=not any(isinstance(item, Mapping) for item in data))
        case str():
            return Scalar(data.replace("${", "$${"))
        case None:
            return Scalar("null", is_text=False)
        case bool():
            return Scalar("true" if data else "false", is_text=False)
        case _:
            return Scalar(repr(data), is_text=False)


def entry_at(node: Node, *keys: str) -> Entry:
    """
    The entry under a path of keys.

    Raises:
        KeyError: there is none.
    """
    key, *rest = keys
    for entry in node.entries if isinstance(node, Collection) else ():
        if entry.key == key:
            return entry_at(entry.value, *rest) if rest else entry
    raise KeyError(key)
