"""Values as they are shown in reasons: short, and the kind instead of what is long."""

from __future__ import annotations

from typing import Any


def shown(value: Any) -> str:
    """A value in a sentence: a short text or number in backticks, anything else by its kind."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, str):
        head = value.encode("utf-8", "replace").decode()[:60]
        return f"`{head}`" if len(value) <= 60 else f"`{head}…`"
    if isinstance(value, int | float):
        return f"`{value!r}`" if not isinstance(value, int) or abs(value) < 10**30 else "a very large number"
    return "a list" if isinstance(value, list) else "an object"
