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
from attio_ctl.plan.changes import Archive, Create, Delete, Doable, Restore, Update
from attio_ctl.plan.diff import equal
from attio_ctl.state.resource import Json, Resource
from attio_ctl.state.sealing import HIDDEN, is_sealed, seal

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
        now = HIDDEN if is_sealed(self.planned) else show_json(self.now)
        return f"`{self.address}`: `{self.field}` is {now}, but the plan saw {show_json(self.planned)}"


def find_moves(change: Doable, now: Resource | None) -> tuple[Move, ...]:
    """
    What moved under a change since the plan was made; empty when it still holds.

    Args:
        now: For a create, what is at the address; else the resource with the change's id. None when there is none.
    """
    if isinstance(change, Create):
        return () if now is None else (Move(change.address, None, "absent", _presence(now)),)
    if now is None:
        return (Move(change.address, None, "present", "gone"),)
    fields = {**now.fields, "api_slug": now.address.name, "is_archived": now.archived}
    return tuple(
        Move(change.address, name, planned, fields.get(name))
        for name, planned in expected_fields(change).items()
        if not holds(planned, fields.get(name))
    )


def holds(then: Json, now: Json) -> bool:
    """Whether a value is what it was, when it may have been sealed then."""
    return equal(then, seal(now) if is_sealed(then) else now)


def is_done(change: Doable, now: Resource | None) -> bool:
    """Whether a resource is already what the change would make of it; `now` as for `find_moves`."""
    match change, now:
        case Delete(), found:
            return found is None
        case _, None:
            return False
        case Archive(), Resource(archived=archived):
            return archived
        case Create() | Update() | Restore(), Resource(archived=False, fields=fields, address=address):
            now_fields = {**fields, "api_slug": address.name}
            return all(equal(value, now_fields.get(name)) for name, value in change.after.items())
        case _:
            return False


def _presence(resource: Resource) -> str:
    return "archived" if resource.archived else "there already"


def show_json(value: Json) -> str:
    """A value in backticks; one that was sealed stays hidden."""
    return HIDDEN if is_sealed(value) else f"`{json.dumps(value, ensure_ascii=False)}`"
