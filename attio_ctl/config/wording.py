"""Words for messages: paths as addresses, values as they may be shown, and the nearest known spelling."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Final

from attio_ctl.config.nodes import DataPath, ListNode, MappingNode, Node, ScalarNode

_SINGULAR: Final[Mapping[str | int, str]] = {
    "objects": "object",
    "lists": "list",
    "webhooks": "webhook",
    "mappings": "mapping",
}
_MAX_SHOWN: Final = 60


def split_path(path: DataPath) -> tuple[DataPath, DataPath]:
    """A path in two: down to the resource that it lies in (empty where it lies in none), and the rest."""
    if len(path) < 2 or path[0] not in _SINGULAR:
        return (), path
    cut = 4 if len(path) >= 4 and path[0] in ("objects", "lists") and path[2] == "attributes" else 2
    return path[:cut], path[cut:]


def address_of(path: DataPath) -> tuple[str | None, str]:
    """The address of the resource that a path lies in, None where there is none, and the rest as `options[0].title`."""
    resource, inside = split_path(path)
    address = None
    if resource:
        address = f"{_SINGULAR[resource[0]]}.{resource[1]}"
        address += f".attribute.{resource[3]}" if len(resource) == 4 else ""
    return address, dotted(inside)


def dotted(path: DataPath) -> str:
    """A path as people write it: `options[0].title`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def shown(node: Node, *, by_kind: bool) -> str:
    """A value for a message: what kind it is, or the value itself; one from the environment as it was written."""
    match node:
        case MappingNode():
            return "a mapping"
        case ListNode():
            return "a list" if node.items else "an empty list"
        case ScalarNode(written=str() as written):
            return f"the value of `{written}`"
        case ScalarNode(value=None):
            return "nothing"
        case ScalarNode(value=bool() as value):
            return f"`{str(value).lower()}`"
        case ScalarNode(value=str() as value):
            return "text" if by_kind else f"`{value if len(value) <= _MAX_SHOWN else value[:_MAX_SHOWN] + '…'}`"
        case ScalarNode(value=value):
            return f"the number `{value}`"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The end of a message that suggests the nearest known spelling, empty where none is near."""
    near = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return f"; did you mean `{near[0]}`?" if near else ""


def quote_all(words: Iterable[str]) -> str:
    """Literals in a sentence."""
    return ", ".join(f"`{word}`" for word in words)
