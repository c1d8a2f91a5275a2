"""
Which scopes a call needs, to name the missing one after a 403 and to check a token before a run.

Source: the OpenAPI document's descriptions and `security` per endpoint (2026-08), and the page on deleting objects
(autumn 2026). That a `:read-write` scope includes `:read` is how Attio's settings offer them.
"""

from __future__ import annotations

import re
from typing import Final

from attio_ctl.attio.messages import Request

_CONFIGURATION: Final = "object_configuration:read"
_CONFIGURE: Final = "object_configuration:read-write"

# The first row whose method and path fit decides; `{}` is one segment of the path.
_TABLE: Final[tuple[tuple[str, str, tuple[str, ...]], ...]] = (
    ("GET", "/v2/self", ()),
    ("POST", "/v2/lists/{}/attributes", (_CONFIGURE, "list_configuration:read-write")),
    ("GET", "/v2/{}/{}/views", ("view:read",)),
    ("GET", "/v2/{}/{}/attributes**", (_CONFIGURATION,)),
    ("*", "/v2/{}/{}/attributes**", (_CONFIGURE,)),
    ("POST", "/v2/objects/{}/records/query", ("record_permission:read", _CONFIGURATION)),
    ("POST", "/v2/objects/records/search", ("record_permission:read", _CONFIGURATION)),
    ("GET", "/v2/objects/{}/records**", ("record_permission:read", _CONFIGURATION)),
    ("*", "/v2/objects/{}/records**", ("record_permission:read-write", _CONFIGURATION)),
    ("PUT", "/v2/batch/records", ("record_permission:read-write", _CONFIGURATION)),
    ("DELETE", "/v2/objects/{}", (_CONFIGURE, "record_permission:read-write")),
    ("GET", "/v2/objects**", (_CONFIGURATION,)),
    ("*", "/v2/objects**", (_CONFIGURE,)),
    ("GET", "/v2/lists**", ("list_configuration:read",)),
    ("*", "/v2/lists**", ("list_configuration:read-write",)),
    ("GET", "/v2/workspace_members**", ("user_management:read",)),
    ("GET", "/v2/webhooks**", ("webhook:read",)),
    ("*", "/v2/webhooks**", ("webhook:read-write",)),
)


def scopes_of(request: Request) -> tuple[str, ...]:
    """The scopes that a call needs, all of them together; empty for a call that needs none or is not in the table."""
    for method, pattern, scopes in _TABLE:
        if method in ("*", request.method) and _fits(pattern, request.path):
            return scopes
    return ()


def missing_scopes(needed: tuple[str, ...], granted: frozenset[str]) -> tuple[str, ...]:
    """What is needed and not granted; `x:read-write` grants `x:read` too."""
    return tuple(scope for scope in needed if scope not in granted and f"{scope}-write" not in granted)


def _fits(pattern: str, path: str) -> bool:
    expression = re.escape(pattern).replace(r"\{\}", "[^/]+").replace(r"\*\*", "(/.*)?")
    return re.fullmatch(expression, path) is not None
