"""
Drift: what somebody changed in Attio since the last apply, told apart from what somebody changed in the files. Pure.

The lock file holds what the last apply left; what differs from it now was changed in Attio.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from attio_ctl.address import Address
from attio_ctl.plan.fingerprint import holds
from attio_ctl.state.lock import Lock
from attio_ctl.state.resource import Json, Resource, State, own_id
from attio_ctl.state.sealing import is_sealed, seal


@dataclass(frozen=True, slots=True)
class Drift:
    """
    One managed field that is not as the last apply left it.

    `field` is `api_slug` for a changed slug, `is_archived` for an archived resource, and None for one that is gone.
    """

    address: Address
    field: str | None
    applied: Json
    live: Json


def find_drift(lock: Lock, live: State) -> tuple[Drift, ...]:
    """Every difference between the lock file and Attio, by address."""
    by_id = {own_id(resource): resource for resource in live.resources.values()}
    return tuple(drift for address in sorted(lock.resources) for drift in _drift(address, lock, by_id))


def _drift(address: Address, lock: Lock, by_id: Mapping[str, Resource]) -> Iterator[Drift]:
    locked = lock.resources[address]
    if not locked.id:  # protection is all that is known of it
        return
    found = by_id.get(locked.id)
    if found is None:
        yield Drift(address, None, "present", "gone")
        return
    if found.archived:
        yield Drift(address, "is_archived", False, True)
    if address.kind in ("object", "list", "attribute") and found.address.name != address.name:
        yield Drift(address, "api_slug", address.name, found.address.name)
    for name, applied in sorted(locked.fields.items()):
        now = found.fields.get(name)
        if not holds(applied, now):
            yield Drift(address, name, applied, seal(now) if is_sealed(applied) else now)
