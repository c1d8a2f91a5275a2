"""
What a change takes for granted about the live workspace, and whether it still holds.

A fingerprint covers exactly the fields that a change touches, so an edit to another field of the same resource does not
make a plan stale.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from attio_ctl.address import Address
from attio_ctl.plan.changes import Create, Doable, Restore
from attio_ctl.plan.diff import equal
from attio_ctl.plan.match import ID_NAMES
from attio_ctl.state.resource import Json, Resource, State

ABSENT = "absent"


def expected_fields(change: Doable) -> Mapping[str, Json]:
    """The touched fields as the plan saw them, with `is_archived` among them; empty for a create."""
    if isinstance(change, Create):
        return {}
    return {**change.before, "is_archived": isinstance(change, Restore)}


def fingerprint(change: Doable) -> str:
    """`absent` for a create, else `sha256:` over the touched fields."""
    fields = expected_fields(change)
    if not fields:
        return ABSENT
    text = json.dumps(fields, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


@dataclass(frozen=True, slots=True)
class Move:
    """One field of one resource that is not what the plan saw; `field` None means the resource itself came or went."""

    address: Address
    field: str | None
    planned: Json
    now: Json

    def __str__(self) -> str:
        if self.field is None:
            return f"`{self.address}` is {self.now}, but the plan saw it {self.planned}"
        return f"`{self.address}`: `{self.field}` is {_show(self.now)}, but the plan saw {_show(self.planned)}"


def find_moves(change: Doable, live: State) -> tuple[Move, ...]:
    """What moved under a change since the plan was made; empty when it still holds."""
    if isinstance(change, Create):
        there = live.resources.get(change.address)
        return () if there is None else (Move(change.address, None, "absent", _presence(there)),)
    if not change.ids:  # a late default: its resource is made by the same plan
        return ()
    found = _by_id(change, live)
    if found is None:
        return (Move(change.address, None, "present", "gone"),)
    now = {**found.fields, "api_slug": found.address.name, "is_archived": found.archived}
    return tuple(
        Move(change.address, name, planned, now.get(name))
        for name, planned in expected_fields(change).items()
        if not equal(planned, now.get(name))
    )


def _by_id(change: Doable, live: State) -> Resource | None:
    name = ID_NAMES[change.address.kind]
    return next((r for r in live.resources.values() if r.ids.get(name) == change.ids[name] and _kind(r, change)), None)


def _kind(resource: Resource, change: Doable) -> bool:
    return resource.address.kind == change.address.kind


def _presence(resource: Resource) -> str:
    return "archived" if resource.archived else "there already"


def _show(value: Json) -> str:
    return f"`{json.dumps(value, ensure_ascii=False)}`"
