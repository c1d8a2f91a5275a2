"""Rewrites the expectations of mapping tests in a workspace file; comments and all else stay as they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attio_ctl.config.edit import RoundTrip
from attio_ctl.config.nodes import plain
from attio_ctl.config.yaml_reader import read_yaml
from attio_ctl.errors import AttioCtlError
from attio_ctl.state.resource import Json

Actual = Mapping[tuple[str, int], Json]
"""What tests should expect, by mapping and index of the test."""


def rewrite_expectations(text: str, file: str, actual: Actual) -> str:
    """
    The text of a YAML file with `expect` replaced where it differs.

    A mapping or test that is not in this file is passed over.

    Args:
        file: Its name as it shall stand in messages.

    Raises:
        AttioCtlError: the file could not be changed without changing anything else; it is to be edited by hand.
    """
    edited = RoundTrip(text)
    if not _put(edited.document, actual, _merge):
        return text
    made = edited.text()
    _check(text, made, file, actual)
    return made


def _check(before: str, after: str, file: str, actual: Actual) -> None:
    """Both texts read by our own reader: they must differ in the expectations only."""
    was, now = (read_yaml(text.encode(), file) for text in (before, after))
    if was.root is not None and now.root is not None and not now.problems:
        wanted = plain(was.root)
        _put(wanted, actual, lambda test, expect: test.update(expect=expect))
        if wanted == plain(now.root):
            return
    what = "the expectations cannot be rewritten without changing more of the file"
    raise AttioCtlError(what, where=file, hint="edit them by hand")


def _put(document: Any, actual: Actual, put: Callable[[Any, Json], None]) -> bool:
    """Put each expectation into its test; whether there was any to change."""
    mappings = document.get("mappings") if isinstance(document, dict) else None
    changed = False
    for (name, index), expect in actual.items():
        tests = (mappings or {}).get(name, {}).get("tests") or []
        if index < len(tests) and tests[index].get("expect") != expect:
            put(tests[index], expect)
            changed = True
    return changed


def _merge(test: Any, expect: Json) -> None:
    """Change only the leaves that differ, so that comments beside the others survive."""
    old = test.get("expect")
    if not isinstance(old, dict) or not isinstance(expect, dict):
        test["expect"] = expect
        return
    for key in [key for key in old if key not in expect]:
        del old[key]
    for key, value in expect.items():
        if isinstance(old.get(key), dict) and isinstance(value, dict):
            _merge({"expect": old[key]}, value)
        elif key not in old or old[key] != value:
            old[key] = value
