"""
A naive reading of mappings, written apart from the engine and for clarity alone: the oracle of its tests.

It takes short forms, `@path`, `@template`, `@literal`, `@if`, `@case` and plain objects and lists, straight from the
spec for every event, and knows nothing of compiling.
"""

from __future__ import annotations

import re
from typing import Any

GONE = object()


def resolve(spec: Any, event: Any) -> Any:
    """The value of an expression, or `GONE`."""
    if isinstance(spec, str):
        return resolve_text(spec, event)
    if isinstance(spec, list):
        return [None if value is GONE else value for value in (resolve(item, event) for item in spec)]
    if not isinstance(spec, dict):
        return spec
    if "@path" in spec:
        return look_up(spec["@path"].replace("$.", "", 1), event)
    if "@template" in spec:
        return fill(spec["@template"], event)
    if "@literal" in spec:
        return spec["@literal"]
    if "@if" in spec:
        test = spec["@if"]
        key = "exists" if "exists" in test else "blank"
        value = resolve(test[key], event)
        holds = value is not GONE and value is not None
        if key == "blank":
            holds = holds and value not in ("", 0, [], [""]) and value is not False
        if holds:
            return resolve(test["then"], event) if "then" in test else GONE
        return resolve(test["else"], event) if test.get("else") else GONE
    if "@case" in spec:
        value = resolve(spec["@case"]["value"], event)
        return getattr(value, spec["@case"]["operator"])() if isinstance(value, str) else value
    resolved = {key: resolve(value, event) for key, value in spec.items()}
    return {key: value for key, value in resolved.items() if value is not GONE}


def resolve_text(text: str, event: Any) -> Any:
    if text.startswith("$.") and len(text) > 2:
        return look_up(text[2:], event)
    return fill(text, event)


def look_up(path: str, event: Any) -> Any:
    value = event
    for step in re.findall(r"[^.\[\]'\"]+", path):
        if isinstance(value, dict):
            value = value.get(step, GONE)
        elif value is GONE or value is None or value == "" or value is False or value == 0:
            return value
        elif step == "length" and isinstance(value, str | list):
            value = len(value)
        elif isinstance(value, str | list) and step.isdecimal() and str(int(step)) == step and int(step) < len(value):
            value = value[int(step)]
        else:
            value = GONE
    return value


def fill(template: str, event: Any) -> str:
    return re.sub(r"\{\{([^}]+)\}\}", lambda match: show(look_up(match[1].strip(), event)), template)


def show(value: Any) -> str:
    if value is GONE or value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ",".join(map(show, value))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "[object Object]" if isinstance(value, dict) else str(value)
