"""Rewrites the expectations of mapping tests in a workspace file; comments and all else stay as they are."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from ruamel.yaml import YAML

from attio_ctl.state.resource import Json


def rewrite_expectations(text: str, actual: Mapping[tuple[str, int], Json]) -> str:
    """
    The text of a YAML file with `expect` replaced where it differs; `actual` goes from mapping and index of the test.

    A mapping that is not in this file is passed over, so the same `actual` serves every file of a workspace.
    """
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 120
    sequence = "\n  - " in text or "\n      - " in text
    yaml.indent(mapping=2, sequence=4 if sequence else 2, offset=2 if sequence else 0)
    document = yaml.load(text)
    mappings = document.get("mappings") if isinstance(document, dict) else None
    changed = False
    for (name, index), expect in actual.items():
        tests = (mappings or {}).get(name, {}).get("tests") or []
        if index < len(tests) and tests[index].get("expect") != expect:
            _replace(tests[index], expect)
            changed = True
    if not changed:
        return text
    out = io.StringIO()
    yaml.dump(document, out)
    return out.getvalue()


def _replace(test: Any, expect: Json) -> None:
    """Change only the leaves that differ, so that comments beside the others survive."""
    old = test.get("expect")
    if not isinstance(old, dict) or not isinstance(expect, dict):
        test["expect"] = expect
        return
    for key in [key for key in old if key not in expect]:
        del old[key]
    for key, value in expect.items():
        if isinstance(old.get(key), dict) and isinstance(value, dict):
            _replace({"expect": old[key]}, value)
        elif key not in old or old[key] != value:
            old[key] = value
