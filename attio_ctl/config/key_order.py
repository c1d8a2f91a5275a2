"""The order in which the keys of each block are written: what it is first, then what it says, bookkeeping last."""

from __future__ import annotations

from typing import Final

from attio_ctl.config.nodes import DataPath
from attio_ctl.config.yaml_tree import Collection

_IDENTITY: Final = ("renamed_from", "id", "protect")
_ATTRIBUTE: Final = (
    "type", "title", "description", "unique", "required", "multiselect", "currency", "to", "relationship", "options",
    "statuses", "default", *_IDENTITY,
)  # fmt: skip
_WORKSPACE: Final = (
    "workspace", "workspace_id", "extends", "api", "objects", "lists", "webhooks", "removed", "mappings", "alerts",
)  # fmt: skip
_MAPPING: Final = (
    "action", "preset", "object", "match", "when", "multiselect", "default_region", "batch", "email_address", "user_id",
    "domain", "workspace_id", "person", "user", "company", "workspace", "values", "tests",
)  # fmt: skip
_PARTS: Final = {
    (): _ATTRIBUTE,
    ("currency",): ("code", "display"),
    ("relationship",): ("slug", "title", "multiselect"),
    ("options", "*"): ("title", *_IDENTITY),
    ("statuses", "*"): ("title", "celebration", "target_time", *_IDENTITY),
    ("default",): ("dynamic",),
}

KEY_ORDER: Final[dict[tuple[str, ...], tuple[str, ...]]] = {
    (): _WORKSPACE,
    ("api",): ("sandbox", "limits", "token", "base_url"),
    ("api", "token"): ("env", "file", "command"),
    ("api", "limits"): ("reads", "writes"),
    ("objects", "*"): ("active", "singular", "plural", *_IDENTITY, "attributes"),
    ("lists", "*"): ("name", "parent", "access", "members", *_IDENTITY, "attributes"),
    ("lists", "*", "members", "*"): ("member", "level"),
    **{(kind, "*", "attributes", "*", *part): keys for kind in ("objects", "lists") for part, keys in _PARTS.items()},
    ("webhooks", "*"): ("url", "secret", "on", "id", "protect"),
    ("webhooks", "*", "secret"): ("file",),
    ("webhooks", "*", "on", "*"): ("event", "object", "list", "attribute"),
    ("removed", "*"): ("address", "action", "reason"),
    ("mappings", "*"): _MAPPING,
    ("mappings", "*", "tests", "*"): ("given", "expect"),
    ("alerts",): ("after", "on", "command", "webhook"),
    ("alerts", "webhook"): ("url",),
}
"""Blocks by their path, in which `*` is a slug or an index; those that are not named keep the order of the file."""


def sort_keys(collection: Collection, path: DataPath = ()) -> None:
    """Put the keys of a document into their order, in place; keys that have none follow in the order of the file."""
    order = {key: rank for rank, key in enumerate(KEY_ORDER.get(_pattern(path), ()))}
    if order and not collection.is_list:
        collection.entries.sort(key=lambda entry: order.get(entry.key or "", len(order)))
    for index, entry in enumerate(collection.entries):
        if isinstance(entry.value, Collection):
            sort_keys(entry.value, (*path, index if entry.key is None else entry.key))


def _pattern(path: DataPath) -> tuple[str, ...]:
    """The path with `*` for slugs and indexes: the second step, an attribute's slug, and every number."""
    slugs = {1, 3} if len(path) > 2 and path[2] == "attributes" else {1}
    return tuple("*" if index in slugs or isinstance(step, int) else step for index, step in enumerate(path))
