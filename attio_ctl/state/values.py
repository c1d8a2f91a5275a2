"""Canonical forms of plain data, so that both sides of a comparison agree on what is equal."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from attio_ctl.attribute_types import ATTRIBUTE_TYPES


def plain_number(value: Any) -> Any:
    """Whole floats as integers: JSON does not tell `5.0` from `5`, and neither does Attio."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def sorted_by_json(items: Iterable[Any]) -> list[Any]:
    """Sets that Attio keeps as lists, in one order."""
    return sorted(items, key=lambda item: json.dumps(item, sort_keys=True))


def humanise(slug: str) -> str:
    """The title that a slug gets when a file names none: `lead_source` becomes `Lead source`."""
    words = slug.replace("_", " ").replace("-", " ").strip()
    return words[:1].upper() + words[1:]


def plain_default(attribute_type: str, default: Mapping[str, Any] | None) -> Any:
    """
    Attio's `default_value` in canonical form: None, `{"static": [value, …]}` or `{"dynamic": "P1M"}`.

    A static template holds value objects (`{"value": 5}`, `{"option": {"title": …}}`); they become bare values, titles
    for options and statuses. Source: `default_value` of the attribute schema in the OpenAPI document.
    """
    if default is None:
        return None
    template = default.get("template")
    if default.get("type") == "dynamic":
        return {"dynamic": template}
    key = ATTRIBUTE_TYPES[attribute_type].value_key if attribute_type in ATTRIBUTE_TYPES else "value"
    values = template if isinstance(template, list) else [template]
    return {"static": [_bare(item, key) for item in values]}


def _bare(item: Any, key: str) -> Any:
    value = item.get(key, item) if isinstance(item, Mapping) else item
    if isinstance(value, Mapping) and "title" in value:
        value = value["title"]
    return plain_number(value)


def default_body(attribute_type: str, default: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The inverse of `plain_default`: the `default_value` that a create or update sends."""
    if default is None:
        return None
    if "dynamic" in default:
        return {"type": "dynamic", "template": default["dynamic"]}
    key = ATTRIBUTE_TYPES[attribute_type].value_key
    return {"type": "static", "template": [{key: value} for value in default["static"]]}
