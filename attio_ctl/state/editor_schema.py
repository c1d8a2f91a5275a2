"""
The editor's schema with what one workspace holds: its slugs, titles, members and addresses are offered while one types.

It offers and explains, and marks no more than the general schema does, but for the type of an attribute that exists,
which Attio cannot change. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from attio_ctl.address import Address
from attio_ctl.config.schema_export import Schema, workspace_schema
from attio_ctl.state.resource import Resource, State

_ROLES: Final = {
    "IdentifyUser": {"person": "people", "user": "users"},
    "GroupWorkspace": {"company": "companies", "workspace": "workspaces"},
}
_ADDRESSED: Final = frozenset({"attribute", "option", "status"})


@dataclass(slots=True)
class _Known:
    """One attribute and the titles of its options or statuses."""

    resource: Resource
    titles: list[str] = field(default_factory=list)


_Parents = dict[str, dict[str, _Known]]
"""Slug of an object or list to its attributes by slug."""


def editor_schema(*layers: State) -> Schema:
    """
    The schema of `workspace.schema.json`, filled in.

    Args:
        layers: States laid over each other, the later ones on top: what is live, then what the files want.
    """
    resources: dict[Address, Resource] = {}
    for state in layers:
        for address, one in state.resources.items():
            if not one.archived:
                below = resources.get(address, one)
                resources[address] = replace(below, fields={**below.fields, **one.fields})
    parents = {kind: _parents(kind, resources) for kind in ("object", "list")}
    members = sorted({email for state in layers for email in state.members})
    schema = workspace_schema()
    _fill_blocks(schema, parents)
    _fill_slugs(schema["definitions"], parents, members)
    _fill_mappings(schema["definitions"], parents["object"])
    addresses = (str(a) for a, one in resources.items() if a.kind in _ADDRESSED and not one.system)
    _offer(schema["definitions"]["Removal"]["properties"], "address", sorted(addresses))
    return schema


def _parents(kind: str, resources: Mapping[Address, Resource]) -> _Parents:
    found: _Parents = {a.name: {} for a in sorted(resources) if a.kind == kind}
    for address, resource in resources.items():
        if address.top.kind != kind or address.top.name not in found:
            continue
        attributes = found[address.top.name]
        if address.kind == "attribute":
            attributes[address.name] = _Known(resource)
        elif address.parent is not None and address.parent.name in attributes:
            attributes[address.parent.name].titles.append(address.name)
    return found


def _fill_blocks(schema: Schema, parents: Mapping[str, _Parents]) -> None:
    for kind, block in (("object", "objects"), ("list", "lists")):
        target = schema["properties"][block]
        named: dict[str, Any] = target.setdefault("properties", {})
        (whole,) = target["patternProperties"].values()
        for slug, attributes in parents[kind].items():
            own = {name: _attribute(known) for name, known in attributes.items() if not known.resource.system}
            about = named.get(slug, {"allOf": [whole]})
            named[slug] = {**about, "properties": {"attributes": {"properties": own}}}


def _attribute(known: _Known) -> Schema:
    """An attribute that exists, under its slug."""
    fields = known.resource.fields
    inside: dict[str, Any] = {"type": {"const": fields["type"]}}
    if known.titles:
        inside["default"] = _one_of(known.titles, {})
        inside["options" if fields["type"] == "select" else "statuses"] = {"items": _one_of(known.titles, {})}
    return {"description": _describe(known), "properties": inside}


def _describe(known: _Known) -> str:
    fields = known.resource.fields
    title = fields.get("title") or known.resource.address.name
    flags = [word for word in ("unique", "required", "multiselect") if fields.get(f"is_{word}")]
    about = f"{title} ({', '.join([str(fields['type']), *flags])})"
    return f"{about}: {fields['description']}" if fields.get("description") else about


def _fill_slugs(definitions: Schema, parents: Mapping[str, _Parents], members: list[str]) -> None:
    objects, lists = list(parents["object"]), list(parents["list"])
    attributes = sorted({slug for kind in parents.values() for each in kind.values() for slug in each})
    _offer(definitions["RecordReferenceAttribute"]["properties"]["to"], "items", objects)
    _offer(definitions["ListSpec"]["properties"], "parent", objects)
    _offer(definitions["AssertRecord"]["properties"], "object", objects)
    _offer(definitions["Subscription"]["properties"], "object", objects)
    _offer(definitions["Subscription"]["properties"], "list", lists)
    _offer(definitions["Subscription"]["properties"], "attribute", attributes)
    _offer(definitions["MemberAccess"]["properties"], "member", members)


def _fill_mappings(definitions: Schema, objects: _Parents) -> None:
    for action, roles in _ROLES.items():
        for role, slug in roles.items():
            definitions[action]["properties"][role]["properties"] = _values(objects.get(slug, {}))
    definitions["AssertRecord"]["allOf"] = [
        {
            "if": {"required": ["object"], "properties": {"object": {"const": slug}}},
            "then": {
                "properties": {
                    "match": _one_of([name for name, one in attributes.items() if _is_unique(one)], {}),
                    "values": {"properties": _values(attributes)},
                }
            },
        }
        for slug, attributes in objects.items()
    ]


def _values(attributes: Mapping[str, _Known]) -> dict[str, Schema]:
    """What a mapping may write into each attribute; a path or template fits as well as a title."""
    return {
        slug: {"description": _describe(known), **(_one_of(known.titles, {}) if known.titles else {})}
        for slug, known in attributes.items()
        if known.resource.writable
    }


def _is_unique(known: _Known) -> bool:
    return bool(known.resource.fields.get("is_unique")) and known.resource.writable


def _offer(block: Schema, key: str, words: list[str]) -> None:
    """Offer some words for a value, beside all that it may be."""
    if words:
        about = {"description": block[key]["description"]} if "description" in block[key] else {}
        block[key] = {**about, **_one_of(words, block[key])}


def _one_of(words: Iterable[str], otherwise: Schema) -> Schema:
    return {"anyOf": [{"enum": list(dict.fromkeys(words))}, otherwise]}
