"""Which live resource is meant by a desired one: the same address, an older name, a pinned id, a webhook's target."""

from __future__ import annotations

from collections.abc import Mapping

from attio_ctl.address import Address
from attio_ctl.state.resource import Resource, State, own_id


def match(desired: State, live: State) -> dict[Address, Resource | None]:
    """
    Pair every desired resource with its live one, or None.

    A pinned id wins; then the same slug or title; then `renamed_from`, which is harmless once the new name exists.
    Parts are looked up under their matched parent, so that renaming an object keeps its attributes.
    """
    by_id = {own_id(resource): resource for resource in live.resources.values()}
    pairs: dict[Address, Resource | None] = {}
    for address in sorted(desired.resources, key=lambda a: len(a.steps)):
        resource = desired.resources[address]
        if resource.pinned_id in by_id and by_id[resource.pinned_id].address.kind == address.kind:
            pairs[address] = by_id[resource.pinned_id]
        elif address.kind == "webhook":
            pairs[address] = _same_webhook(resource, live)
        else:
            pairs[address] = _by_name(resource, pairs, live)
    return pairs


def _by_name(resource: Resource, pairs: Mapping[Address, Resource | None], live: State) -> Resource | None:
    address, parent = resource.address, resource.address.parent
    if parent is not None:
        live_parent = pairs.get(parent)
        if live_parent is None and parent in pairs:
            return None
        if live_parent is not None:
            address = live_parent.address.child(address.kind, address.name)
    found = live.resources.get(address)
    if found is None and resource.renamed_from is not None:
        found = live.resources.get(address.renamed(resource.renamed_from))
    return found


def _same_webhook(resource: Resource, live: State) -> Resource | None:
    """
    A live webhook with the same target and subscriptions, else the only one with the same target.

    Attio refuses a second webhook that is the same in both. Source: 409 `uniqueness_conflict`, seen 2026-10.
    """
    hooks = [
        other
        for address, other in sorted(live.resources.items())
        if address.kind == "webhook" and other.fields["target_url"] == resource.fields["target_url"]
    ]
    exact = [other for other in hooks if other.fields["subscriptions"] == resource.fields["subscriptions"]]
    candidates = exact or hooks
    return candidates[0] if len(candidates) == 1 or exact else None
