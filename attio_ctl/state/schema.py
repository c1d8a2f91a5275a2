"""What values a workspace takes: objects and attributes by slug, as the mapping engine and its checks need them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from attio_ctl.address import Address
from attio_ctl.state.resource import EMPTY, Resource, State


@dataclass(frozen=True, slots=True)
class AttributeSchema:
    """
    One attribute as something that takes values.

    `titles` are the titles of its active options or statuses, `archived_titles` those that are archived, both empty
    where nobody has asked the workspace for them; `targets` the slugs of the objects that a record reference may point
    at, None for any.
    """

    slug: str
    type: str
    multiselect: bool = False
    unique: bool = False
    required: bool = False
    has_default: bool = False
    writable: bool = True
    archived: bool = False
    titles: frozenset[str] = frozenset()
    archived_titles: frozenset[str] = frozenset()
    targets: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class ObjectSchema:
    """One object: its attributes by slug, and by id where Attio has given one."""

    slug: str
    active: bool = True
    attributes: Mapping[str, AttributeSchema] = field(default_factory=lambda: EMPTY)


@dataclass(frozen=True, slots=True)
class Schema:
    """All objects by slug, and the e-mail addresses of the workspace's members (None when they are not known)."""

    objects: Mapping[str, ObjectSchema] = field(default_factory=lambda: EMPTY)
    members: frozenset[str] | None = None


def build_schema(*layers: State) -> Schema:
    """
    The schema of several states laid over each other, the later ones on top, field by field.

    `build_schema(live, desired)` is what the workspace will be after the apply; `build_schema(live)` what it is. Over
    `standard_state()` without a live layer, the options and statuses of Attio's own attributes are unknown: their lists
    are not public in full, and people change them.
    """
    merged: dict[Address, Resource] = {}
    active: dict[str, bool] = {}
    members: set[str] | None = None
    for state in layers:
        active.update(state.active_objects)
        if state.members:
            members = (members or set()) | set(state.members)
        for address, resource in state.resources.items():
            below = merged.get(address)
            merged[address] = resource if below is None else _overlay(below, resource)
    titles: dict[Address, dict[bool, set[str]]] = {}
    attributes: dict[str, dict[str, AttributeSchema]] = {}
    for address, resource in merged.items():
        if address.kind in ("option", "status") and address.parent is not None:
            titles.setdefault(address.parent, {False: set(), True: set()})[resource.archived].add(address.name)
    for address, resource in merged.items():
        if address.kind == "object":
            attributes.setdefault(address.name, {})
        elif address.kind == "attribute" and address.top.kind == "object":
            known = titles.get(address, {False: set(), True: set()})
            attribute = _attribute(resource, known)
            names = (address.name, resource.ids.get("attribute_id", address.name))
            attributes.setdefault(address.top.name, {}).update(dict.fromkeys(names, attribute))
    objects = {slug: ObjectSchema(slug, active.get(slug, True), known) for slug, known in attributes.items()}
    return Schema(objects, None if members is None else frozenset(members))


def _overlay(below: Resource, above: Resource) -> Resource:
    return Resource(
        address=below.address,
        fields={**below.fields, **above.fields},
        ids=above.ids or below.ids,
        archived=above.archived,
        system=below.system,
        writable=below.writable,
    )


def _attribute(resource: Resource, titles: Mapping[bool, set[str]]) -> AttributeSchema:
    fields = resource.fields
    targets = fields.get("allowed_objects")
    if resource.system and not resource.ids:
        titles = {False: set(), True: set()}
    return AttributeSchema(
        slug=resource.address.name,
        type=fields["type"],
        multiselect=bool(fields.get("is_multiselect")),
        unique=bool(fields.get("is_unique")),
        required=bool(fields.get("is_required")),
        has_default=fields.get("default_value") is not None,
        writable=resource.writable,
        archived=resource.archived,
        titles=frozenset(titles[False]),
        archived_titles=frozenset(titles[True] - titles[False]),
        targets=None if targets is None else frozenset(targets),
    )
