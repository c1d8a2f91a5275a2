"""What points at an object or list that is neither in the files nor in the workspace: Attio would refuse it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from attio_ctl.address import Address
from attio_ctl.attribute_types import STANDARD_OBJECTS
from attio_ctl.plan.changes import Blocked, Change, Create, Update
from attio_ctl.state.resource import Json, State


def block_unknown_targets(changes: Iterable[Change], desired: State, live: State) -> Iterator[Change]:
    """The changes, those that name something unknown blocked; a state that was read in part proves nothing."""
    for change in changes:
        unknown = [] if live.incomplete else list(_unknown(change, desired, live))
        yield _blocked(change, unknown) if unknown and isinstance(change, Create | Update) else change


def _unknown(change: Change, desired: State, live: State) -> Iterator[str]:
    for target in targets_of(getattr(change, "after", {})):
        known = target in desired.resources or target in live.resources or target.name in STANDARD_OBJECTS
        if not known:
            yield str(target)


def targets_of(fields: Mapping[str, Json]) -> Iterator[Address]:
    """The objects and lists that the fields of a resource name."""
    for slug in fields.get("allowed_objects") or ():
        yield Address.root("object", slug)
    if fields.get("relationship"):
        yield Address.root("object", fields["relationship"]["object"])
    if fields.get("parent_object"):
        yield Address.root("object", fields["parent_object"])
    for subscription in fields.get("subscriptions") or ():
        for kind in ("object", "list"):
            if kind in subscription:
                yield Address.root(kind, subscription[kind])


def _blocked(change: Create | Update, unknown: list[str]) -> Blocked:
    names = ", ".join(f"`{name}`" for name in dict.fromkeys(unknown))
    return Blocked(
        address=change.address,
        reason="unknown_target",
        place=change.place,
        ids=change.ids,
        why=f"it names {names}, which is neither in the files nor in the workspace",
        way_out="mend the slug, or add it to the files",
        absent=isinstance(change, Create),
        before={} if isinstance(change, Create) else change.before,
        after=change.after,
    )
