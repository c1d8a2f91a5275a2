"""Which live resource is meant by a desired one: a pinned id, an older name, the same name, a webhook's target."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby

from attio_ctl.address import Address
from attio_ctl.state.answers import TITLED_BY_TYPE
from attio_ctl.state.resource import Json, Resource, State, own_id

Pairs = dict[Address, Resource | None]


def match(desired: State, live: State) -> Pairs:
    """
    Pair every desired resource with its live one, or None; no live one is paired twice.

    A pinned id wins; then `renamed_from`, as long as nothing has the new name yet; then the same slug or title; then
    `renamed_from` once more, for what a chain of renames leaves. Parts are looked up under their matched parent, so
    that renaming an object keeps its attributes.
    """
    pairs: Pairs = {}
    claimed: set[str] = set()
    by_id = {own_id(resource): resource for resource in live.resources.values()}

    def claim(addresses: Iterable[Address], find: Callable[[Resource], Resource | None]) -> None:
        for address in addresses:
            found = None if pairs.get(address) else find(desired.resources[address])
            if found is not None and own_id(found) not in claimed:
                pairs[address] = found
                claimed.add(own_id(found))

    def pinned(resource: Resource) -> Resource | None:
        found = by_id.get(resource.pinned_id or "")
        return found if found is not None and found.address.kind == resource.address.kind else None

    def same_name(resource: Resource) -> Resource | None:
        address = _live_address(resource, pairs)
        return live.resources.get(address) if address is not None else None

    def old_name(resource: Resource) -> Resource | None:
        if resource.renamed_from is None:
            return None
        address = _live_address(resource, pairs)
        return live.resources.get(address.renamed(resource.renamed_from)) if address is not None else None

    def only_old_name(resource: Resource) -> Resource | None:
        found = old_name(resource)
        return found if found is not None and same_name(resource) is None else None

    def same_webhook(resource: Resource) -> Resource | None:
        return next(_webhooks(live, lambda fields: fields == resource.fields), None)

    def same_target(resource: Resource) -> Resource | None:
        target = resource.fields["target_url"]
        others = [hook for hook in _webhooks(live, lambda f: f["target_url"] == target) if own_id(hook) not in claimed]
        return others[0] if len(others) == 1 else None

    for _, level in groupby(sorted(desired.resources, key=_depth), key=_depth):
        addresses = list(level)
        hooks = [address for address in addresses if address.kind == "webhook"]
        named = [address for address in addresses if address.kind != "webhook"]
        renamed = [address for address in named if desired.resources[address].renamed_from is not None]
        claim((address for address in addresses if desired.resources[address].pinned_id is not None), pinned)
        claim(renamed, only_old_name)
        claim(named, same_name)
        claim(renamed, old_name)
        for find in (same_webhook, same_target):
            claim(hooks, find)
    return {address: pairs.get(address) for address in desired.resources}


def _depth(address: Address) -> int:
    return len(address.steps)


def _live_address(resource: Resource, pairs: Pairs) -> Address | None:
    """Where a resource would stand under its live parent; None when its parent is not there."""
    address, parent = resource.address, resource.address.parent
    if parent is None or parent not in pairs:
        return address
    live_parent = pairs[parent]
    if live_parent is None:
        return None
    return address if live_parent.address == parent else live_parent.address.child(address.kind, address.name)


def _webhooks(live: State, fits: Callable[[Mapping[str, Json]], bool]) -> Iterator[Resource]:
    """
    The live webhooks that fit, in a fixed order.

    Attio refuses a second webhook with the same target and subscriptions. Source: 409 `uniqueness_conflict`, 2026-10.
    """
    hooks = sorted(address for address in live.resources if address.kind == "webhook")
    return (hook for address in hooks if fits((hook := live.resources[address]).fields))


@dataclass(frozen=True, slots=True)
class Renames:
    """
    What a plan renames: old addresses to new ones.

    Fields of other resources name objects, lists and attributes by slug, and a default names options or statuses by
    title; while nothing but the name changes, they must not look different.
    """

    moved: Mapping[Address, Address] = field(default_factory=dict)

    def address(self, old: Address) -> Address:
        """The new address of a live resource, whose own name or whose parents' names may change."""
        if not self.moved:
            return old
        for length in range(len(old.steps), 0, -1):
            new = self.moved.get(Address(old.steps[:length]))
            if new is not None:
                return Address((*new.steps, *old.steps[length:]))
        return old

    def renamed(self, found: Resource) -> Resource:
        """A live resource, whose fields say the new names of what they point at."""
        if not self.moved:
            return found
        new = dict(found.fields)
        if new.get("allowed_objects"):
            new["allowed_objects"] = sorted(self._object(slug) for slug in new["allowed_objects"])
        if new.get("parent_object"):
            new["parent_object"] = self._object(new["parent_object"])
        if new.get("relationship"):
            new["relationship"] = self._relationship(new["relationship"])
        if new.get("subscriptions"):
            new["subscriptions"] = [self._subscription(each) for each in new["subscriptions"]]
        if new.get("type") in TITLED_BY_TYPE and new.get("default_value"):
            kind = TITLED_BY_TYPE[new["type"]]
            titles = (self.address(found.address.child(kind, title)).name for title in new["default_value"]["static"])
            new["default_value"] = {"static": list(titles)}
        return replace(found, fields=new)

    def _object(self, slug: str) -> str:
        return self.address(Address.root("object", slug)).name

    def _relationship(self, old: Mapping[str, Json]) -> Json:
        far = self.address(Address.root("object", old["object"]).child("attribute", old["api_slug"]))
        return {**old, "object": far.top.name, "api_slug": far.name}

    def _subscription(self, old: Mapping[str, Json]) -> Json:
        new = dict(old)
        for kind in ("object", "list"):
            if kind in old:
                top = Address.root(kind, old[kind])
                new[kind] = self.address(top).name
                if "attribute" in old:
                    new["attribute"] = self.address(top.child("attribute", old["attribute"])).name
        return new


def renames_of(pairs: Mapping[Address, Resource | None]) -> Renames:
    """The renames among matched pairs."""
    return Renames(
        {
            found.address: address
            for address, found in pairs.items()
            if found is not None and found.address != address and address.kind != "webhook"
        }
    )
