"""
The order of apply, as a table. A change waits for every stage above it that holds something it depends on.

    objects
      └─ attributes ─┐
           └─ references and relationships   (need both objects)
                └─ options and statuses
                     └─ lists
                          └─ attributes of lists, their references, their options and statuses
                               └─ webhooks                 (filters name objects, lists, attributes)
                                    └─ late defaults       (name an option or status)
                                         └─ archives, deletes
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from enum import IntEnum

from attio_ctl.address import Address
from attio_ctl.plan.changes import Archive, Blocked, Change, Delete, Update
from attio_ctl.state.resource import Json


class Stage(IntEnum):
    """The stages of apply, first to last."""

    BLOCKED = 0
    OBJECTS = 1
    ATTRIBUTES = 2
    REFERENCES = 3
    TITLES = 4
    LISTS = 5
    LIST_ATTRIBUTES = 6
    LIST_REFERENCES = 7
    LIST_TITLES = 8
    WEBHOOKS = 9
    LATE_DEFAULTS = 10
    ARCHIVES = 11
    DELETES = 12


def stage_of(address: Address, fields: Mapping[str, Json]) -> Stage:
    """The stage at which a resource is made or changed; `fields` tell a reference from other attributes."""
    of_list = address.top.kind == "list"
    match address.kind:
        case "object":
            return Stage.OBJECTS
        case "list":
            return Stage.LISTS
        case "attribute" if fields.get("type") == "record-reference":
            return Stage.LIST_REFERENCES if of_list else Stage.REFERENCES
        case "attribute":
            return Stage.LIST_ATTRIBUTES if of_list else Stage.ATTRIBUTES
        case "option" | "status":
            return Stage.LIST_TITLES if of_list else Stage.TITLES
        case _:
            return Stage.WEBHOOKS


def change_stage(change: Change) -> Stage:
    """The stage of a change."""
    match change:
        case Blocked():
            return Stage.BLOCKED
        case Archive():
            return Stage.ARCHIVES
        case Delete():
            return Stage.DELETES
        case Update(reason="default_after_titles"):
            return Stage.LATE_DEFAULTS
        case _:
            return stage_of(change.address, getattr(change, "after", {}))


def in_order(changes: Iterable[Change]) -> tuple[Change, ...]:
    """
    By stage, then as they come; but never before something that the change depends on.

    A rename may have to wait for a later stage (a slug that another resource frees); cycles keep the plain order.
    """
    items = sorted(changes, key=change_stage)
    position = {id(change): index for index, change in enumerate(items)}
    by_address: dict[Address, list[Change]] = {}
    for change in items:
        by_address.setdefault(change.address, []).append(change)
    waiting = {id(c): {id(o) for a in c.depends_on for o in by_address.get(a, ()) if o is not c} for c in items}
    followers: dict[int, list[Change]] = {}
    for change in items:
        for needed in waiting[id(change)]:
            followers.setdefault(needed, []).append(change)
    ready = [position[id(change)] for change in items if not waiting[id(change)]]
    heapq.heapify(ready)
    placed: list[Change] = []
    while ready:
        change = items[heapq.heappop(ready)]
        placed.append(change)
        for follower in followers.get(id(change), ()):
            waiting[id(follower)].discard(id(change))
            if not waiting[id(follower)]:
                heapq.heappush(ready, position[id(follower)])
    done = {id(change) for change in placed}
    return (*placed, *(change for change in items if id(change) not in done))
