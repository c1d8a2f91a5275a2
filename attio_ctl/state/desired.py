"""The desired side: what the files say, in the shape of `state.resource`. Pure."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import PurePath
from typing import Any

from attio_ctl.address import Address
from attio_ctl.config import models
from attio_ctl.errors import Place
from attio_ctl.state.resource import Json, Resource, State
from attio_ctl.state.values import plain_number, sorted_by_json

Path = tuple[str | int, ...]
PlaceOf = Callable[[Path], Place | None]
HERE = PurePath()


def build_desired(spec: models.WorkspaceSpec, place_of: PlaceOf, folder: PurePath = HERE) -> State:
    """
    The desired state of one workspace.

    Args:
        spec: The merged files.
        place_of: The position of a path in the merged files, such as `("objects", "users", "attributes", "plan")`.
        folder: The workspace's own, which the files of secrets are relative to, also where a base names them.
    """
    resources = {resource.address: resource for resource in _resources(spec, place_of, folder)}
    active = {slug: obj.active for slug, obj in spec.objects.items() if obj.active is not None}
    return State(resources=resources, active_objects=active)


def _resources(spec: models.WorkspaceSpec, place_of: PlaceOf, folder: PurePath) -> Iterator[Resource]:
    for slug, obj in spec.objects.items():
        address, path = Address.root("object", slug), ("objects", slug)
        fields = _given(obj, {"singular": "singular_noun", "plural": "plural_noun"})
        yield _resource(address, fields, obj, place_of(path))
        yield from _attributes(address, obj.attributes, (*path, "attributes"), place_of)
    for slug, lst in spec.lists.items():
        address, path = Address.root("list", slug), ("lists", slug)
        fields = _given(lst, {"name": "name"}) | {"parent_object": lst.parent}
        if {"access", "members"} & lst.model_fields_set:
            fields["workspace_access"] = None if lst.access == "private" else lst.access
            fields["workspace_member_access"] = sorted_by_json(m.model_dump() for m in lst.members)
        yield _resource(address, fields, lst, place_of(path))
        yield from _attributes(address, lst.attributes, (*path, "attributes"), place_of)
    for name, hook in spec.webhooks.items():
        fields = {"target_url": hook.url, "subscriptions": sorted_by_json(_subscription(s) for s in hook.on)}
        resource = _resource(Address.root("webhook", name), fields, hook, place_of(("webhooks", name)))
        secret_file = posixpath.normpath(folder / hook.secret.file) if hook.secret else None
        yield replace(resource, secret_file=secret_file)


def _attributes(
    parent: Address, attributes: Mapping[str, models.Attribute], path: Path, place_of: PlaceOf
) -> Iterator[Resource]:
    for slug, attribute in attributes.items():
        address = parent.child("attribute", slug)
        yield _resource(address, _attribute_fields(attribute), attribute, place_of((*path, slug)))
        match attribute:
            case models.SelectAttribute():
                for index, option in enumerate(attribute.options):
                    place = place_of((*path, slug, "options", index))
                    yield _resource(address.child("option", option.title), {"title": option.title}, option, place)
            case models.StatusAttribute():
                for index, status in enumerate(attribute.statuses):
                    place = place_of((*path, slug, "statuses", index))
                    fields = _given(
                        status, {"celebration": "celebration_enabled", "target_time": "target_time_in_status"}
                    )
                    fields["title"] = status.title
                    yield _resource(address.child("status", status.title), fields, status, place)
            case _:
                pass


def _attribute_fields(attribute: models.Attribute) -> dict[str, Json]:
    names = {
        "title": "title",
        "description": "description",
        "required": "is_required",
        "unique": "is_unique",
        "multiselect": "is_multiselect",
    }
    fields = _given(attribute, names) | {"type": attribute.type}
    if "description" in fields:
        fields["description"] = fields["description"] or None
    if "default" in attribute.model_fields_set:
        fields["default_value"] = _default(attribute.default)
    match attribute:
        case models.CurrencyAttribute():
            fields["currency"] = {"code": attribute.currency.code, "display": attribute.currency.display}
        case models.RecordReferenceAttribute():
            if "to" in attribute.model_fields_set:
                fields["allowed_objects"] = sorted(attribute.to) or None
            if attribute.relationship is not None:
                fields["relationship"] = {
                    "object": attribute.to[0],
                    "api_slug": attribute.relationship.slug,
                    "title": attribute.relationship.title,
                    "is_multiselect": attribute.relationship.multiselect,
                }
        case _:
            pass
    return fields


def _default(value: models.DynamicDefault | models.Scalar | list[models.Scalar] | None) -> Json:
    match value:
        case None:
            return None
        case models.DynamicDefault():
            return {"dynamic": value.dynamic}
        case list():
            return {"static": [plain_number(item) for item in value]}
        case _:
            return {"static": [plain_number(value)]}


def _subscription(subscription: models.Subscription) -> dict[str, str]:
    named = subscription.model_dump(exclude_none=True, exclude={"event"})
    return {"event_type": subscription.event, **named}


def _given(spec: models.Spec, names: Mapping[str, str]) -> dict[str, Any]:
    """The fields that the file sets, under Attio's names; what it leaves out is not managed."""
    return {theirs: getattr(spec, ours) for ours, theirs in names.items() if ours in spec.model_fields_set}


def _resource(
    address: Address,
    fields: Mapping[str, Json],
    spec: models.ObjectSpec | models.ListSpec | models.WebhookSpec | models.AttributeBase | models.Titled,
    place: Place | None,
) -> Resource:
    return Resource(
        address=address,
        fields=fields,
        place=place,
        renamed_from=getattr(spec, "renamed_from", None),
        pinned_id=spec.id,
        protect=spec.protect,
    )
