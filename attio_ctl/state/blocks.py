"""Live resources as the blocks of a file that say them: the inverse of `state.desired`. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from attio_ctl.attribute_types import CREATABLE, WITHOUT_CUSTOM_UNIQUE
from attio_ctl.config import models
from attio_ctl.config.defaults import fault_of_default, titles_in_default
from attio_ctl.state.resource import Json, Resource, own_id

Block = dict[str, Any]

_SLUG: Final = re.compile(models.SLUG_PATTERN)
_ATTRIBUTE: Final[TypeAdapter[models.Attribute]] = TypeAdapter(models.Attribute)
_TITLES: Final = ("options", "statuses")
_FLAGS: Final = {"unique": "is_unique", "required": "is_required", "multiselect": "is_multiselect"}


class UnsayableError(Exception):
    """A file has no words for this; the message says why, as the end of a sentence."""


def is_slug(name: str) -> bool:
    """Whether a file can name something so."""
    return _SLUG.match(name) is not None


def object_block(resource: Resource) -> Block:
    """A custom object, without its attributes."""
    block = {"singular": resource.fields["singular_noun"], "plural": resource.fields["plural_noun"]}
    return _checked(models.ObjectSpec, {key: noun for key, noun in block.items() if noun})


def list_block(resource: Resource) -> Block:
    """
    A list, without its attributes and without who may see it.

    Raises:
        UnsayableError: its parent has no slug.
    """
    return _checked(models.ListSpec, {"name": resource.fields["name"], "parent": resource.fields["parent_object"]})


def with_access(block: Block, resource: Resource) -> Block:
    """
    The block of a list with who may see it, which is said even where it is everybody.

    Raises:
        UnsayableError: a member has left, or nobody has full access.
    """
    access: Block = {"access": resource.fields["workspace_access"] or "private"}
    members = resource.fields["workspace_member_access"]
    return _checked(models.ListSpec, block | access | ({"members": members} if members else {}))


def webhook_block(resource: Resource) -> Block:
    """
    A webhook, without its name.

    Raises:
        UnsayableError: its filter is more than an object, a list and an attribute.
    """
    subscriptions = resource.fields["subscriptions"]
    if any("filter" in subscription for subscription in subscriptions):
        raise UnsayableError("files cannot say its filter")
    on = [{"event" if key == "event_type" else key: value for key, value in one.items()} for one in subscriptions]
    return _checked(models.WebhookSpec, {"url": resource.fields["target_url"], "on": on})


def attribute_block(resource: Resource, titled: Iterable[Resource], objects: frozenset[str], *, pin: bool) -> Block:
    """
    An attribute with its options or statuses, what Attio gives by default left out.

    Args:
        titled: Its active options or statuses, in their order.
        objects: The slugs of the objects that a file can name; references to others are left out.
        pin: Name the ids of the titles.

    Raises:
        UnsayableError: its type or configuration has no words in a file.
    """
    fields = resource.fields
    if fields["type"] not in CREATABLE:
        raise UnsayableError(f"only Attio makes attributes of type `{fields['type']}`")
    block: Block = {"type": fields["type"], "title": fields["title"]}
    if fields["description"]:
        block["description"] = fields["description"]
    known = _fields_of_type(fields["type"])
    block |= {ours: True for ours, theirs in _FLAGS.items() if fields[theirs] and ours in known}
    match fields["type"]:
        case "currency":
            block["currency"] = dict(fields["currency"])
        case "record-reference":
            block |= _reference(fields, objects)
        case "select" | "status" as kind:
            titles = [_title(one, pin=pin) for one in titled]
            block |= {"options" if kind == "select" else "statuses": titles} if titles else {}
    top = resource.address.top
    if top.kind == "object" and top.name in WITHOUT_CUSTOM_UNIQUE:
        block.pop("unique", None)
    elif fields["default_value"] is not None:
        return _with_default(block, fields["default_value"])
    return _checked(_ATTRIBUTE, block)


def _with_default(block: Block, default: Mapping[str, Json]) -> Block:
    match default:
        case {"dynamic": template}:
            value: Json = {"dynamic": template}
        case {"static": [one]} if not block.get("multiselect"):
            value = one
        case _:
            value = default["static"]
    try:
        whole = _checked(_ATTRIBUTE, {**block, "default": value})
    except UnsayableError:
        return _checked(_ATTRIBUTE, block)
    attribute = _ATTRIBUTE.validate_python(whole)
    titles = {one if isinstance(one, str) else one["title"] for key in _TITLES for one in block.get(key, ())}
    fits = fault_of_default(attribute) is None and titles.issuperset(titles_in_default(attribute))
    return whole if fits else block


def _reference(fields: Mapping[str, Json], objects: frozenset[str]) -> Block:
    allowed = fields["allowed_objects"] or []
    if not allowed or not objects.issuperset(allowed):
        return {}
    relationship = fields.get("relationship")
    if relationship is None or allowed != [relationship["object"]] or not is_slug(relationship["api_slug"]):
        return {"to": allowed}
    other = {"slug": relationship["api_slug"], "title": relationship["title"]}
    return {
        "to": allowed,
        "relationship": other | ({"multiselect": True} if relationship["is_multiselect"] else {}),
    }


def _title(resource: Resource, *, pin: bool) -> str | Block:
    fields = resource.fields
    more: Block = {"celebration": True} if fields.get("celebration_enabled") else {}
    if fields.get("target_time_in_status") is not None:
        more["target_time"] = fields["target_time_in_status"]
    if pin:
        more["id"] = own_id(resource)
    title: str = fields["title"]
    return {"title": title, **more} if more else title


@cache
def _fields_of_type(name: str) -> frozenset[str]:
    smallest = {"type": name, **({"currency": {"code": "USD"}} if name == "currency" else {})}
    return frozenset(type(_ATTRIBUTE.validate_python(smallest)).model_fields)


def _checked(model: type[models.Spec] | TypeAdapter[models.Attribute], block: Block) -> Block:
    """The block, once it is known that a file may say it."""
    try:
        model.validate_python(block) if isinstance(model, TypeAdapter) else model.model_validate(block)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = next((str(step) for step in reversed(first["loc"]) if isinstance(step, str) and step in block), "")
        raise UnsayableError(f"a file cannot say {f'its `{key}`' if key else 'it'} as it is") from None
    return block
