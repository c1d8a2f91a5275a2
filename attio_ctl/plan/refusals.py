"""What Attio would refuse to change, said at plan time with the reason and the way out. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from attio_ctl.attribute_types import WITHOUT_CUSTOM_UNIQUE
from attio_ctl.plan.changes import Blocked, Reason
from attio_ctl.plan.wording import with_article
from attio_ctl.state.resource import Json, Resource

# What Attio cannot change once it is there. Source: body schemas of the update endpoints, which lack these fields.
IMMUTABLE: Mapping[str, str] = {
    "type": "make a new attribute under another slug, move the values, then archive this one",
    "is_multiselect": "make a new attribute under another slug, move the values, then archive this one",
    "relationship": "make a new attribute under another slug, move the values, then archive this one",
    "parent_object": "move the list to its parent object in Attio, or make a new list",
}


# What means nothing, or something else, under another type; so are options and statuses, which then have to wait.
BOUND_TO_TYPE = frozenset(
    ("type", "is_multiselect", "is_unique", "default_value", "currency", "allowed_objects", "relationship")
)


def refusals(
    resource: Resource, found: Resource, before: Mapping[str, Json], after: Mapping[str, Json]
) -> tuple[Blocked, ...]:
    """The differences that Attio would refuse, each with the reason and the way out."""

    def blocked(reason: Reason, names: list[str], why: str, way_out: str) -> Blocked:
        return Blocked(
            address=resource.address,
            reason=reason,
            place=resource.place,
            ids=found.ids,
            why=why,
            way_out=way_out,
            absent=False,
            before={name: before[name] for name in names},
            after={name: after[name] for name in names},
        )

    if found.system and after:
        names = ", ".join(f"`{name}`" for name in after)
        why = f"a system attribute cannot be edited through the API ({names})"
        held = blocked("system_attribute", list(after), why, "drop these keys from the file; options can be managed")
        return (replace(held, absent="type" in after),)
    if "type" in after:
        bound = [name for name in after if name in BOUND_TO_TYPE]
        why = f"it is {with_article(before['type'])} attribute, and Attio cannot change the type"
        return (replace(blocked("immutable_field", bound, why, IMMUTABLE["type"]), absent=True),)
    refused = [
        blocked("immutable_field", [name], f"Attio cannot change `{name}` of an existing {resource.address.kind}", hint)
        for name, hint in IMMUTABLE.items()
        if name in after
    ]
    if "allowed_objects" in after and after["allowed_objects"] is None:
        why = "Attio takes no empty list of objects, so a reference cannot be widened to any object"
        refused.append(blocked("immutable_field", ["allowed_objects"], why, "name the objects in `to`"))
    if resource.address.kind == "attribute" and resource.address.top.name in WITHOUT_CUSTOM_UNIQUE:
        top = resource.address.top.name
        if after.get("is_unique") is True:
            why = f"attributes of `{top}` cannot be made unique"
            refused.append(blocked("unique_refused", ["is_unique"], why, "drop `unique: true`"))
        if after.get("default_value") is not None:
            why = f"attributes of `{top}` cannot have a default value"
            refused.append(blocked("default_refused", ["default_value"], why, "drop `default`"))
    return tuple(refused)
