"""What every change has to wait for: its parent, the objects it refers to, the titles that a default names. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from attio_ctl.address import Address
from attio_ctl.plan.changes import Blocked, Change, Create, Restore, Update
from attio_ctl.state.resource import Json


def with_dependencies(changes: list[Change]) -> Iterator[Change]:
    """Name, for every change, the changes of this plan that it has to wait for."""
    makers: dict[Address, Address] = {}
    for change in changes:
        match change:
            case Create() | Restore():
                makers[change.address] = change.address
                if isinstance(change, Create) and change.with_mirror is not None:
                    makers.setdefault(change.with_mirror, change.address)
            case Blocked(absent=True):
                makers[change.address] = change.address
            case Update(previous=Address()):
                makers.setdefault(change.address, change.address)
            case _:
                pass
    titles: dict[Address, list[Address]] = {}
    for address in makers:
        if address.kind in ("option", "status") and address.parent is not None:
            titles.setdefault(address.parent, []).append(address)
    frees = {c.previous: c.address for c in changes if isinstance(c, Update) and c.previous is not None}
    for change in changes:
        needs = {makers[a] for a in _needed_by(change) if a in makers}
        if isinstance(change, Update) and change.reason == "default_after_titles":
            needs |= {*titles.get(change.address, ()), *({change.address} & makers.keys())}
        else:
            needs.discard(change.address)
        if isinstance(change, Create | Update) and change.address in frees:
            needs.add(frees[change.address])  # the name must be given up before it can be taken
        yield replace(change, depends_on=tuple(sorted(needs))) if needs else change


def _needed_by(change: Change) -> Iterator[Address]:
    if change.address.parent is not None:
        yield change.address.parent
        yield change.address.top
    fields: Mapping[str, Json] = getattr(change, "after", {})
    relationship = fields.get("relationship")
    slugs = {*(fields.get("allowed_objects") or ()), *([relationship["object"]] if relationship else [])}
    if fields.get("parent_object"):
        slugs.add(fields["parent_object"])
    for subscription in fields.get("subscriptions") or ():
        target = _subscribed(subscription)
        if target is not None:
            yield target
            if "attribute" in subscription:
                yield target.child("attribute", subscription["attribute"])
    for slug in slugs:
        yield Address.root("object", slug)


def _subscribed(subscription: Mapping[str, str]) -> Address | None:
    for kind in ("object", "list"):
        if kind in subscription:
            return Address.root(kind, subscription[kind])
    return None
