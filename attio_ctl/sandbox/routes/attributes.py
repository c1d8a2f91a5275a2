"""GET, POST and PATCH of attributes, on objects and lists alike."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from attio_ctl.attribute_types import ATTRIBUTE_TYPES, CREATABLE, CURRENCIES, CURRENCY_DISPLAYS, WITHOUT_CUSTOM_UNIQUE
from attio_ctl.sandbox.call import Call, Route
from attio_ctl.sandbox.errors import RefusedError, slug_conflict, validation
from attio_ctl.sandbox.events import announce_attribute
from attio_ctl.sandbox.ids import iso
from attio_ctl.sandbox.model import Attribute, Collection, Json, Schema
from attio_ctl.sandbox.records.unique import fill_unique
from attio_ctl.sandbox.routes.defaults import parse_default
from attio_ctl.sandbox.routes.lookup import attribute_of, target_of
from attio_ctl.sandbox.routes.objects import SLUG_TEXT
from attio_ctl.sandbox.shape import (
    AnyOf,
    Exactly,
    Fields,
    Flag,
    ListOf,
    Maybe,
    OneOf,
    Record,
    Text,
    check,
    data,
)
from attio_ctl.sandbox.values.types import CODECS

_CURRENCY: Final = Fields({"default_currency_code": OneOf(CURRENCIES), "display_type": OneOf(CURRENCY_DISPLAYS)})
_CONFIG: Final = Fields(
    {
        "currency": Maybe(_CURRENCY),
        "record_reference": Maybe(Fields({"allowed_objects": ListOf(Text(), min_length=1)})),
    },
    nullable=True,
)
_DEFAULT: Final = AnyOf(
    (
        Fields({"type": Exactly("dynamic"), "template": Text()}, nullable=True),
        Fields({"type": Exactly("static"), "template": ListOf(Record())}),
    )
)
_RELATIONSHIP: Final = Fields(
    {"object": Text(), "title": Text(min_length=1), "api_slug": SLUG_TEXT, "is_multiselect": Flag()},
    closed=True,
    nullable=True,
)
_TITLE: Final = Text(min_length=1)
# `description` and `config` may be left out: seen in 2026-08, against the document and a refusal of 2025-07.
_CREATE: Final = data(
    {
        "title": _TITLE,
        "description": Maybe(Text(nullable=True)),
        "api_slug": SLUG_TEXT,
        "type": OneOf(CREATABLE),
        "is_required": Flag(),
        "is_unique": Flag(),
        "is_multiselect": Flag(),
        "default_value": Maybe(_DEFAULT),
        "config": Maybe(_CONFIG),
        "relationship": Maybe(_RELATIONSHIP),
    },
    closed=True,
)
_UPDATE: Final = data(
    {
        "title": Maybe(_TITLE),
        "description": Maybe(Text(nullable=True)),
        "api_slug": Maybe(SLUG_TEXT),
        "is_required": Maybe(Flag()),
        "is_unique": Maybe(Flag()),
        "default_value": Maybe(_DEFAULT),
        "config": Maybe(_CONFIG),
        "is_archived": Maybe(Flag()),
    },
    closed=True,
)
_CURRENCY_CONFIG: Final = Fields({"data": Fields({"config": Fields({"currency": _CURRENCY})})})


def attribute_json(one: Attribute, schema: Schema) -> dict[str, Json]:
    """An attribute as every answer shows it; `config` always has both keys."""
    owner = schema.collections[one.collection]
    return {
        "id": {"workspace_id": schema.workspace_id, "object_id": owner.id, "attribute_id": one.id},
        "title": one.title,
        "description": one.description,
        "api_slug": one.slug,
        "type": one.type,
        "is_system_attribute": one.system,
        "is_writable": one.writable,
        "is_required": one.required,
        "is_unique": one.unique,
        "is_multiselect": one.multiselect,
        "is_default_value_enabled": one.default is not None,
        "is_archived": one.archived,
        "default_value": _default_json(one, schema),
        "relationship": _relationship_json(one, schema),
        "created_at": iso(one.created_at),
        "config": {
            "currency": {
                "default_currency_code": one.currency[0] if one.currency else None,
                "display_type": one.currency[1] if one.currency else None,
            },
            "record_reference": {
                "allowed_object_ids": None
                if one.allowed is None
                else [schema.collections[pk].id for pk in one.allowed if pk in schema.collections],
            },
        },
    }


def _default_json(one: Attribute, schema: Schema) -> Json:
    if one.default is None:
        return None
    if "dynamic" in one.default:
        return {"type": "dynamic", "template": one.default["dynamic"]}
    read = CODECS[one.type].read
    template = [{**read(payload, one, schema), "attribute_type": one.type} for payload in one.default["static"]]
    return {"type": "static", "template": template}


def _relationship_json(one: Attribute, schema: Schema) -> Json:
    other = schema.attributes.get(one.mirror) if one.mirror is not None else None
    if other is None:
        return None
    owner = schema.collections[other.collection]
    return {
        "id": {"workspace_id": schema.workspace_id, "object_id": owner.id, "attribute_id": other.id},
        "object_slug": owner.slug,
        "title": other.title,
        "api_slug": other.slug,
        "is_multiselect": other.multiselect,
    }


def list_attributes(call: Call) -> Json:
    archived = call.flag("show_archived")
    limit, offset = call.count("limit", None), call.count("offset", 0) or 0
    shown = [one for one in target_of(call).attributes if archived or not one.archived]
    end = None if limit is None else offset + limit
    return {"data": [attribute_json(one, call.store.schema) for one in shown[offset:end]]}


def get_attribute(call: Call) -> Json:
    found = attribute_of(target_of(call), call.params["attribute"])
    return {"data": attribute_json(found, call.store.schema)}


def _taken(target: Collection) -> RefusedError:
    return slug_conflict(
        f"An attribute with the same API slug already exists on this {target.kind}. Please choose a different API slug."
    )


def _allowed(schema: Schema, named: list[str]) -> tuple[int, ...]:
    for name in named:
        if name not in schema.objects:
            raise validation(f'Could not find an object with slug "{name}".')
    return tuple(dict.fromkeys(schema.objects[name].pk for name in named))


def _check_unique(target: Collection, type_: str) -> None:
    """Seen in 2026-08 and 2026-10 for people and companies; for types without uniqueness the wording is taken over."""
    if target.slug in WITHOUT_CUSTOM_UNIQUE and target.standard:
        raise validation("Cannot set attribute as unique.")
    if not ATTRIBUTE_TYPES[type_].unique:
        raise validation("Cannot set attribute as unique.")


def create_attribute(call: Call) -> Json:
    """
    Make an attribute, and for a relationship its other side in the same call.

    Raises:
        RefusedError: 409 for a slug in use (archived ones count), 400 for what the type cannot be.
    """
    target = target_of(call)
    fields = call.checked(_CREATE)["data"]
    store = call.store
    type_ = fields["type"]
    config = fields.get("config") or {}
    if type_ == "currency" and "currency" not in config:
        check(_CURRENCY_CONFIG, {"data": {"config": config}})
    if fields["is_multiselect"] and not ATTRIBUTE_TYPES[type_].multiselect:
        raise validation(f'Attributes of type "{type_}" cannot be multiselect.')
    if fields["is_unique"]:
        _check_unique(target, type_)
    if fields["api_slug"] in target.known:
        raise _taken(target)
    relationship = fields.get("relationship")
    allowed = _allowed_by(store.schema, type_, config, relationship)
    made = Attribute(
        pk=0,
        id="",
        collection=target.pk,
        slug=fields["api_slug"],
        type=type_,
        title=fields["title"],
        created_at=store.now(),
        description=fields.get("description"),
        required=fields["is_required"],
        unique=fields["is_unique"],
        multiselect=fields["is_multiselect"],
        currency=_currency(config) if type_ == "currency" else None,
        allowed=allowed,
    )
    if fields.get("default_value") is not None:
        made = replace(made, default=parse_default(call, target, made, fields["default_value"]))
    made = store.add_attribute(made)
    if relationship is not None:
        made = _add_mirror(call, target, made, relationship)
    announce_attribute(store, call.token.actor, "created", target, made.id)
    return {"data": attribute_json(made, store.schema)}


def _allowed_by(schema: Schema, type_: str, config: dict[str, Any], relationship: Json) -> tuple[int, ...] | None:
    named = (config.get("record_reference") or {}).get("allowed_objects")
    if type_ != "record-reference":
        if relationship is not None:
            raise validation("A relationship can only be used with attributes of type record-reference.")
        return None
    allowed = None if named is None else _allowed(schema, named)
    if relationship is None:
        return allowed
    other = _allowed(schema, [relationship["object"]])
    if allowed not in (None, other):
        raise validation("When relationship is provided, allowed_objects must contain only the relationship object.")
    return other


def _currency(config: dict[str, Any]) -> tuple[str, str | None]:
    return config["currency"]["default_currency_code"], config["currency"]["display_type"]


def _add_mirror(call: Call, target: Collection, made: Attribute, relationship: dict[str, Any]) -> Attribute:
    store = call.store
    if target.kind != "object":
        raise validation("Relationships can only be created between objects.")
    other = store.schema.objects[relationship["object"]]
    if relationship["api_slug"] in other.known:
        raise _taken(other)
    mirror = store.add_attribute(
        Attribute(
            pk=0,
            id="",
            collection=other.pk,
            slug=relationship["api_slug"],
            type="record-reference",
            title=relationship["title"],
            created_at=made.created_at,
            multiselect=relationship["is_multiselect"],
            allowed=(target.pk,),
            mirror=made.pk,
        )
    )
    announce_attribute(store, call.token.actor, "created", other, mirror.id)
    return store.save_attribute(replace(made, mirror=mirror.pk))


def update_attribute(call: Call) -> Json:
    """
    Raises:
        RefusedError: 400 `system_edit_unauthorized` for a system attribute, 409 for a slug in use.
    """
    target = target_of(call)
    found = attribute_of(target, call.params["attribute"])
    fields = call.checked(_UPDATE)["data"]
    if found.system:
        raise RefusedError(400, "system_edit_unauthorized", "Cannot update a System attribute.")
    config = fields.get("config") or {}
    slug = fields.get("api_slug", found.slug)
    if target.known.get(slug, found).pk != found.pk:
        raise _taken(target)
    unique = fields.get("is_unique", found.unique)
    if unique and not found.unique:
        _check_unique(target, found.type)
    changed = replace(
        found,
        slug=slug,
        title=fields.get("title", found.title),
        description=fields.get("description", found.description),
        required=fields.get("is_required", found.required),
        unique=unique,
        archived=fields.get("is_archived", found.archived),
    )
    if found.type == "currency" and "currency" in config:
        changed = replace(changed, currency=_currency(config))
    if found.type == "record-reference" and "record_reference" in config:
        changed = replace(changed, allowed=_new_allowed(call.store.schema, found, config))
    if "default_value" in fields:
        given = fields["default_value"]
        default = None if given is None else parse_default(call, target, changed, given)
        changed = replace(changed, default=default)
    saved = call.store.save_attribute(changed)
    if unique and not found.unique:
        fill_unique(call.store, saved)
    announce_attribute(call.store, call.token.actor, "updated", target, saved.id)
    return {"data": attribute_json(saved, call.store.schema)}


def _new_allowed(schema: Schema, found: Attribute, config: dict[str, Any]) -> tuple[int, ...]:
    allowed = _allowed(schema, config["record_reference"]["allowed_objects"])
    if found.mirror is not None and allowed != found.allowed:
        raise validation("The allowed objects of a relationship attribute cannot be changed.")
    return allowed


def _routes(base: str, writing: tuple[str, ...]) -> list[Route]:
    read, write = ("object_configuration:read",), ("object_configuration:read-write",)
    return [
        Route("GET", base, list_attributes, read, of_schema=True),
        Route("POST", base, create_attribute, writing, "write"),
        Route("GET", f"{base}/{{attribute}}", get_attribute, read, of_schema=True),
        Route("PATCH", f"{base}/{{attribute}}", update_attribute, write, "write"),
    ]


ROUTES: Final = [
    *_routes("/v2/objects/{object}/attributes", ("object_configuration:read-write",)),
    *_routes("/v2/lists/{list}/attributes", ("object_configuration:read-write", "list_configuration:read-write")),
]
