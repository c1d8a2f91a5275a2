"""The keyed walk over both sides: desired and live in, changes out. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from attio_ctl.address import Address
from attio_ctl.attribute_types import ACTIVATED_BY_HAND, STANDARD_OBJECTS
from attio_ctl.plan.changes import Blocked, Change, Create, Restore, Update
from attio_ctl.plan.dependencies import with_dependencies
from attio_ctl.plan.match import Pairs, match, renames_of
from attio_ctl.plan.order import in_order
from attio_ctl.plan.refusals import refusals
from attio_ctl.plan.removal import NO_GUARDS, Guards, Removal, plan_removals
from attio_ctl.plan.targets import block_unknown_targets
from attio_ctl.state.resource import Json, Resource, State
from attio_ctl.state.values import humanise

ACTIVATE = "in Attio, open Workspace settings → Objects and activate it (an admin must; the API has no call for it)"


def diff(
    desired: State,
    live: State,
    removals: tuple[Removal, ...] = (),
    guards: Guards = NO_GUARDS,
    pairs: Pairs | None = None,
) -> tuple[Change, ...]:
    """
    Everything that must happen so that `live` becomes `desired`, in the order of apply.

    Args:
        desired: Holds only managed fields; a field that is missing is not compared. Its order is that of the files,
            which statuses of a pipeline keep.
        live: What Attio says, archived resources included.
        removals: The `removed:` entries; nothing else ever archives or deletes.
        guards: What is protected, and what may be deleted.
        pairs: What `match` makes of both sides, where the caller has it already.
    """
    pairs = match(desired, live) if pairs is None else pairs
    renames = renames_of(pairs)
    changes: list[Change] = list(_activations(desired, live))
    mirrored: set[Address] = set()
    for address, resource in desired.resources.items():
        found = pairs[address]
        if found is None and (address in mirrored or _is_standard_object(address)):
            continue
        match resource, found:
            case Resource(secret_file=None), None if address.kind == "webhook":
                changes.append(_needs_secret_file(resource))
            case Resource(), None:
                create = _create(resource, note=_note_of_new(resource, pairs))
                mirror = create.with_mirror
                if mirror in pairs and pairs[mirror] is None:
                    mirrored.add(mirror)
                changes += _with_late_default(create)
            case Resource(), Resource(archived=True) if _is_held_by_old_name(resource, found, live):
                changes.append(_slug_taken(resource, found))
            case Resource(), Resource(archived=True):
                changes += _restore(resource, renames.renamed(found))
            case Resource(), Resource():
                changes += _update(resource, renames.renamed(found))
    changes = list(block_unknown_targets(changes, desired, live))
    changes += plan_removals(removals, desired, live, guards, pairs)
    return in_order(with_dependencies(changes))


def _is_standard_object(address: Address) -> bool:
    """Attio makes these itself; one that is not there is reported by `_activations`, never created."""
    return address.kind == "object" and address.name in STANDARD_OBJECTS


def _needs_activation(address: Address, live: State) -> bool:
    top = address.top
    return top.kind == "object" and top.name in ACTIVATED_BY_HAND and top.name not in live.active_objects


def _activations(desired: State, live: State) -> Iterator[Change]:
    """One `Blocked` per standard object that the files use or assert and that Attio does not list."""
    used = {address.name for address in desired.resources if address.kind == "object"}
    for slug in sorted(used | set(desired.active_objects)):
        address = Address.root("object", slug)
        resource = desired.resources.get(address)
        asserted = desired.active_objects.get(slug)
        place = resource.place if resource else None
        if _needs_activation(address, live) and asserted is not False:
            yield Blocked(
                address=address,
                reason="needs_activation",
                place=place,
                why=f"the standard object `{slug}` is not active in this workspace",
                way_out=ACTIVATE,
                absent=True,
            )
        elif asserted is False and slug in live.active_objects:
            yield Blocked(
                address=address,
                reason="active_false",
                place=place,
                why=f"`{slug}` is active; attio-ctl never switches an object off",
                way_out="deactivate it in Attio under Workspace settings → Objects, or drop `active: false`",
                absent=False,
            )


def _note_of_new(resource: Resource, pairs: Pairs) -> str | None:
    """What to say of a create that was meant to be a rename; nothing where what it is part of is new as well."""
    parent = resource.address.parent
    if resource.renamed_from is None or (parent in pairs and pairs[parent] is None):
        return None
    return f"nothing is there to rename from `{resource.renamed_from}`: this makes a new one, without values"


def _create(resource: Resource, *, note: str | None) -> Create:
    """A create sends whole resources: what the file leaves out gets the default that people expect."""
    fields = {**CREATE_DEFAULTS.get(resource.address.kind, _no_defaults)(resource), **resource.fields}
    relationship = fields.get("relationship")
    mirror = (
        Address.root("object", relationship["object"]).child("attribute", relationship["api_slug"])
        if relationship
        else None
    )
    return Create(
        address=resource.address,
        reason="not_in_workspace" if note is None else "renamed_from_nothing",
        place=resource.place,
        after=fields,
        note=note,
        with_mirror=mirror,
        secret_file=resource.secret_file,
    )


def _needs_secret_file(resource: Resource) -> Blocked:
    return Blocked(
        address=resource.address,
        reason="needs_secret_file",
        place=resource.place,
        why="Attio shows a webhook's signing secret once, and the file does not say where it should go",
        way_out="add `secret: {file: .secrets/NAME}`; it is written with mode 0600",
        absent=True,
        after=resource.fields,
    )


def _no_defaults(_: Resource) -> dict[str, Json]:
    return {}


CREATE_DEFAULTS: Mapping[str, Callable[[Resource], dict[str, Json]]] = {
    "object": lambda r: {
        "singular_noun": humanise(r.address.name).removesuffix("s"),
        "plural_noun": humanise(r.address.name),
    },
    "attribute": lambda r: {
        "title": humanise(r.address.name),
        "description": None,
        "is_required": False,
        "is_unique": False,
        "is_multiselect": False,
        **({"allowed_objects": None} if r.fields["type"] == "record-reference" else {}),
    },
    "status": lambda _: {"celebration_enabled": False, "target_time_in_status": None},
    "list": lambda r: {
        "name": humanise(r.address.name),
        "workspace_access": "full-access",
        "workspace_member_access": [],
    },
}


def _with_late_default(create: Create) -> Iterator[Change]:
    """A default that names an option or status can only be set once that exists, so it becomes a change of its own."""
    default = create.after.get("default_value")
    if create.after.get("type") not in ("select", "status") or default is None:
        yield create
        return
    yield replace(create, after={name: value for name, value in create.after.items() if name != "default_value"})
    yield Update(
        address=create.address,
        reason="default_after_titles",
        place=create.place,
        before={"default_value": None},
        after={"default_value": default},
    )


def _is_held_by_old_name(resource: Resource, found: Resource, live: State) -> bool:
    """Whether the new name belongs to something archived while the old name is still in use."""
    if resource.renamed_from is None or found.address.name == resource.renamed_from:
        return False
    old = live.resources.get(found.address.renamed(resource.renamed_from))
    return old is not None and not old.archived


def _slug_taken(resource: Resource, found: Resource) -> Blocked:
    kind, name = resource.address.kind, resource.address.name
    return Blocked(
        address=resource.address,
        reason="name_taken",
        place=resource.place,
        ids=found.ids,
        why=f"an archived {kind} has the name `{name}`, so `{resource.renamed_from}` cannot be renamed to it",
        way_out="give the archived one another name in Attio, or choose another name here",
        absent=True,
    )


def _restore(resource: Resource, found: Resource) -> Iterator[Change]:
    before, after = _differences(resource, found)
    refused = refusals(resource, found, before, after)
    yield from refused
    before, after = _without_held(before, after, refused)
    late, now = _split_default(resource, after)
    yield Restore(
        address=resource.address,
        reason="archived_in_workspace",
        place=resource.place,
        ids=found.ids,
        before={name: before[name] for name in now},
        after=now,
    )
    yield from _late_default(resource, found, before, late)


def _update(resource: Resource, found: Resource) -> Iterator[Change]:
    before, after = _differences(resource, found)
    if not after:
        return
    refused = refusals(resource, found, before, after)
    yield from refused
    before, after = _without_held(before, after, refused)
    late, now = _split_default(resource, after)
    if now:
        moved = found.address.name != resource.address.name and resource.address.kind != "webhook"
        yield Update(
            address=resource.address,
            reason=("pinned_id" if resource.pinned_id else "renamed_from") if moved else "fields_differ",
            place=resource.place,
            ids=found.ids,
            before={name: before[name] for name in now},
            after=now,
            previous=found.address if moved else None,
            unchanged=len(found.fields.keys() - now.keys()),
        )
    yield from _late_default(resource, found, before, late)


Fields = dict[str, Json]


def _without_held(before: Fields, after: Fields, refused: tuple[Blocked, ...]) -> tuple[Fields, Fields]:
    """Both sides without the fields that are blocked."""
    held = {name for blocked in refused for name in blocked.after}
    kept = [name for name in after if name not in held]
    return {name: before[name] for name in kept}, {name: after[name] for name in kept}


def _split_default(resource: Resource, after: Fields) -> tuple[Fields, Fields]:
    """A default that names or named a title, which may be new or renamed itself, apart from the other fields."""
    if resource.fields.get("type") not in ("select", "status") or "default_value" not in after:
        return {}, after
    return {"default_value": after["default_value"]}, {n: v for n, v in after.items() if n != "default_value"}


def _late_default(resource: Resource, found: Resource, before: Fields, late: Fields) -> Iterator[Change]:
    if late:
        yield Update(
            address=resource.address,
            reason="default_after_titles",
            place=resource.place,
            ids=found.ids,
            before={name: before[name] for name in late},
            after=late,
        )


SLUGGED = frozenset({"object", "attribute", "list"})


def _differences(resource: Resource, found: Resource) -> tuple[dict[str, Json], dict[str, Json]]:
    """The managed fields whose values differ, and a changed slug as the field `api_slug`."""
    before: dict[str, Json] = {}
    after: dict[str, Json] = {}
    if resource.address.kind in SLUGGED and resource.address.name != found.address.name:
        before["api_slug"], after["api_slug"] = found.address.name, resource.address.name
    for name, wanted in resource.fields.items():
        current = found.fields.get(name)
        if not equal(wanted, current):
            before[name], after[name] = current, wanted
    return before, after


def equal(one: Any, other: Any) -> bool:
    """Plain equality that, unlike Python's, tells `1` from `true`."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(equal, one, other))
    return one == other and isinstance(one, bool) == isinstance(other, bool)
