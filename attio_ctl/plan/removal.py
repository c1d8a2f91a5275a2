"""Removal needs intent: a `removed:` entry, and for an object a switch on the command line besides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from attio_ctl.address import Address
from attio_ctl.attribute_types import STANDARD_OBJECTS
from attio_ctl.errors import Place
from attio_ctl.plan.changes import Archive, Blocked, Change, Delete, Reason
from attio_ctl.plan.match import Pairs, Renames, renames_of
from attio_ctl.plan.targets import targets_of
from attio_ctl.plan.wording import with_article
from attio_ctl.state.resource import Resource, State, own_id

ARCHIVABLE = frozenset({"attribute", "option", "status"})


@dataclass(frozen=True, slots=True)
class Removal:
    """
    One `removed:` entry; `forget` stops managing and changes nothing.

    `id` is Attio's id of what an earlier apply has made under this address, for webhooks, which have no name there.
    """

    address: Address
    action: Literal["archive", "delete", "forget"]
    note: str | None = None
    place: Place | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Guards:
    """
    What a removal has to get past.

    `allow_destroy` are the objects whose deletion is confirmed on the command line; `protected` is what the files or
    the lock file protect.
    """

    allow_destroy: frozenset[Address] = frozenset()
    protected: frozenset[Address] = frozenset()


NO_GUARDS = Guards()


def plan_removals(
    removals: Iterable[Removal], desired: State, live: State, guards: Guards, pairs: Pairs
) -> Iterator[Change]:
    """
    One change per entry that still has something to remove; an entry that is done is harmless.

    What an entry names may lie in something that the same plan renames: its old address is good, and so is its new one.
    """
    removals = tuple(removals)
    if not removals:
        return
    renames = renames_of(pairs)
    named_by = {target: address for address, r in desired.resources.items() for target in targets_of(r.fields)}
    defined = {own_id(resource): address for address, resource in pairs.items() if resource is not None}
    by_new_name = {renames.address(address): resource for address, resource in live.resources.items()}
    for removal in removals:
        found = live.resources.get(removal.address) or by_new_name.get(removal.address) or _by_id(removal, live)
        if found is None or removal.action == "forget" or (found.archived and removal.action == "archive"):
            continue
        by = named_by.get(removal.address) if removal.action == "delete" else None
        if by is not None:
            yield _still_there(removal, found, f"the files still define `{by}`, which names it")
            continue
        if own_id(found) in defined:
            yield _still_there(removal, found, f"the files still define it, as `{defined[own_id(found)]}`")
            continue
        takes_along = taken_along(found, live) if removal.action == "delete" else ()
        yield _removal(removal, renames.renamed(found), guards, renames, takes_along)


def _by_id(removal: Removal, live: State) -> Resource | None:
    if removal.id is None:
        return None
    return next((r for r in live.resources.values() if own_id(r) == removal.id), None)


def _still_there(removal: Removal, found: Resource, why: str) -> Blocked:
    return Blocked(
        address=removal.address,
        reason="still_in_files",
        place=removal.place,
        ids=found.ids,
        why=why,
        way_out="take that out of the files, or drop the `removed:` entry",
        absent=False,
    )


def taken_along(resource: Resource, live: State) -> tuple[Address, ...]:
    """
    What the deletion of a live resource takes along elsewhere: an object's lists, the far sides of its relationships.

    Source: inferred, since lists and far sides cannot be without the object; Attio documents the records only.
    """
    if resource.address.kind != "object":
        return ()
    slug = resource.address.name
    taken = (
        address
        for address, other in live.resources.items()
        if other.fields.get("parent_object") == slug
        or (address.top != resource.address and (other.fields.get("relationship") or {}).get("object") == slug)
    )
    return tuple(sorted(taken))


def _removal(
    removal: Removal, found: Resource, guards: Guards, renames: Renames, takes_along: tuple[Address, ...]
) -> Change:
    address = removal.address if removal.address.kind == "webhook" else renames.address(found.address)

    def blocked(reason: Reason, why: str, way_out: str) -> Blocked:
        return Blocked(
            address=address, reason=reason, place=removal.place, ids=found.ids, why=why, way_out=way_out, absent=False
        )

    going = {address, *takes_along, *map(renames.address, takes_along)}
    kept = sorted(str(other) for other in guards.protected if any(other.is_within(each) for each in going))
    if kept:
        return blocked(
            "protected",
            f"{', '.join(f'`{each}`' for each in kept)} is protected",
            "set `protect: false` (or forget it) in one commit, and remove it in the next",
        )
    match removal.action, address.kind:
        case "archive", kind if kind in ARCHIVABLE and found.system:
            return blocked("system_attribute", "a system attribute cannot be archived", "drop the `removed:` entry")
        case "archive", kind if kind in ARCHIVABLE:
            return Archive(
                address=address,
                reason="removed",
                place=removal.place,
                ids=found.ids,
                before={**found.fields, "is_archived": False},
                note=removal.note,
            )
        case "delete", "object" if address.name in STANDARD_OBJECTS:
            return blocked("no_such_call", "a standard object cannot be deleted", "drop the `removed:` entry")
        case "delete", "object" if address not in guards.allow_destroy:
            return blocked(
                "needs_allow_destroy",
                f"deleting `{address}` deletes all its records{_with(takes_along)}",
                f"confirm with `--allow-destroy {address}`",
            )
        case "delete", "object" | "webhook":
            return Delete(
                address=address,
                reason="removed",
                place=removal.place,
                ids=found.ids,
                before=found.fields,
                note=removal.note,
                takes_along=takes_along,
            )
        case "archive", kind:
            return blocked(
                "no_such_call", f"Attio cannot archive {with_article(kind)}", "use `forget` to stop managing it"
            )
        case _:
            return blocked(
                "no_such_call",
                f"Attio cannot delete {with_article(address.kind)} through the API",
                "use `archive`" if address.kind in ARCHIVABLE else "delete it in Attio, or use `forget`",
            )


def _with(addresses: tuple[Address, ...]) -> str:
    return f", and {', '.join(f'`{address}`' for address in addresses)} with them" if addresses else ""
