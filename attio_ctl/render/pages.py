"""
What the HTML pages have in common: one file that needs nothing else, from which no request goes out.

jinja2 escapes every value; besides, a page's own content security policy admits its style and its script by their
hashes, and nothing from anywhere.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined, Template

from attio_ctl.render.escaping import visible
from attio_ctl.render.view import show_value


def page_file(name: str) -> str:
    """The text of a file in `page/`."""
    return (files("attio_ctl.render") / "page" / name).read_text(encoding="utf-8")


def source_hash(text: str) -> str:
    """A hash source of a content security policy: base64 of the SHA-256 of what stands between the tags."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


@cache
def page_template(name: str) -> Template:
    """A template of `page/`; `visible` makes text safe to look at, `shown` a value of a plan."""
    filters: dict[str, Any] = {
        "visible": lambda value: visible(str(value)),
        "shown": lambda value: visible(show_value(value)),
    }
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(filters)
    return environment.from_string(page_file(name))
