"""Which scopes of the token a plan needs, so that a missing one is told before the first write. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from attio_ctl.attio.scopes import missing_scopes
from attio_ctl.plan.changes import Blocked, Change, Delete

CONFIGURE_OBJECTS = "object_configuration:read-write"
CONFIGURE_LISTS = "list_configuration:read-write"


def needed_scopes(changes: Iterable[Change]) -> tuple[str, ...]:
    """
    The scopes that carrying out some changes takes, sorted.

    Source: `security` and descriptions per endpoint in the OpenAPI document (2026-08); deleting an object also takes
    `record_permission:read-write`, since it deletes records (docs.attio.com, autumn 2026).
    """
    needed: set[str] = set()
    for change in changes:
        if isinstance(change, Blocked):
            continue
        match change.address.top.kind, change.address.kind:
            case "webhook", _:
                needed.add("webhook:read-write")
            case "list", "list":
                needed.add(CONFIGURE_LISTS)
            case "list", _:
                needed |= {CONFIGURE_LISTS, CONFIGURE_OBJECTS}
            case _:
                needed.add(CONFIGURE_OBJECTS)
        if isinstance(change, Delete) and change.address.kind == "object":
            needed.add("record_permission:read-write")
    return tuple(sorted(needed))


def find_missing_scopes(changes: Iterable[Change], granted: frozenset[str]) -> tuple[str, ...]:
    """What the token lacks for some changes."""
    return missing_scopes(needed_scopes(changes), granted)
