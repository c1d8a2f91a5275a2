"""Removal needs intent: a `removed:` entry, and for an object a switch on the command line besides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from attio_ctl.address import Address
from attio_ctl.attribute_types import STANDARD_OBJECTS
from attio_ctl.errors import Place
from attio_ctl.plan.changes import Archive, Blocked, Change, Delete, Reason
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


def plan_removals(removals: Iterable[Removal], live: State, guards: Guards = NO_GUARDS) -> Iterator[Change]:
    """One change per entry that still has something to remove; an entry that is done is harmless."""
    for removal in removals:
        found = live.resources.get(removal.address) or _by_id(removal, live)
        if found is None or removal.action == "forget" or (found.archived and removal.action == "archive"):
            continue
        yield _removal(removal, found, guards)


def _by_id(removal: Removal, live: State) -> Resource | None:
    if removal.id is None:
        return None
    return next((r for r in live.resources.values() if own_id(r) == removal.id), None)


def _removal(removal: Removal, found: Resource, guards: Guards) -> Change:
    address = removal.address

    def blocked(reason: Reason, why: str, way_out: str) -> Blocked:
        return Blocked(
            address=address, reason=reason, place=removal.place, ids=found.ids, why=why, way_out=way_out, absent=False
        )

    kept = sorted(str(other) for other in guards.protected if other.is_within(address))
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
                f"deleting `{address}` deletes all its records",
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
            )
        case "archive", kind:
            return blocked("no_such_call", f"Attio cannot archive a {kind}", "use `forget` to stop managing it")
        case _:
            return blocked(
                "no_such_call",
                f"Attio cannot delete a {address.kind} through the API",
                "use `archive`" if address.kind in ARCHIVABLE else "delete it in Attio, or use `forget`",
            )
