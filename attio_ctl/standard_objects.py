"""
The standard objects that every workspace begins with, and their attributes: what can be known without asking Attio.

The sandbox plants them, and offline checks look slugs up in them. Keys per attribute: `slug`, `title`, `type`, and
where they are not false or empty `multiselect`, `unique`, `required`, `writable`, `to`, `mirror`, `options`,
`statuses`, `currency`, `default`, `visible_when_active`.

Source: captures of live workspaces (2025-07 to 2026-10) and docs.attio.com/docs/standard-objects. Lists of options that
are not public in full hold the titles that are.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any


@cache
def read_standard_objects() -> tuple[dict[str, Any], ...]:
    """The five objects in Attio's order; shared, so not to be changed."""
    text = (resources.files("attio_ctl") / "standard_objects.json").read_text("utf-8")
    return tuple(json.loads(text))
