"""
Values from the environment stay out of plans, lock files and everything that is shown.

In what is to be written, such a value stands as its file has it (`https://hooks.example.com/${KEY}`), and is filled in
right before the write. In what was there before, it stands as a hash, by which it can still be recognised.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from attio_ctl.config.load import Loaded
from attio_ctl.config.nodes import scalars
from attio_ctl.state.resource import Json

SEAL: Final = "sealed"
HIDDEN: Final = "(hidden)"

Placeholders = Mapping[str, str]
"""A value with something from the environment in it, to the text that stands for it in the file."""

NOTHING_HIDDEN: Final[Placeholders] = MappingProxyType({})


def placeholders_in(loaded: Loaded) -> Placeholders:
    """The values of a workspace that must not be shown."""
    secrets = [value for value in loaded.substituted.values() if value]
    return {
        node.value: node.written
        for node in scalars(loaded.places.root)
        if node.written is not None and isinstance(node.value, str) and any(secret in node.value for secret in secrets)
    }


def as_written(value: Json, placeholders: Placeholders) -> Json:
    """A value as the files have it, at every depth."""
    return map_text(value, lambda text: placeholders.get(text, text))


def seal(value: Json) -> dict[str, str]:
    """A value that can be recognised and not be read."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return {SEAL: hashlib.sha256(text.encode()).hexdigest()}


def is_sealed(value: Json) -> bool:
    """Whether a value was sealed."""
    return isinstance(value, dict) and value.keys() == {SEAL}


def map_text(value: Json, change: Callable[[str], Any]) -> Json:
    """A value with every text in it changed, at every depth."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [map_text(item, change) for item in value]
    if isinstance(value, Mapping):
        return {key: map_text(item, change) for key, item in value.items()}
    return value
