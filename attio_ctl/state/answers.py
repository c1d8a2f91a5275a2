"""Attio's answers as resources in the one shape of `state.resource`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from attio_ctl.address import Address
from attio_ctl.state.resource import Json, Resource, State
from attio_ctl.state.values import plain_default, sorted_by_json

Item = Mapping[str, Any]
"""One object, attribute, option, status, list or webhook as the API describes it."""

TITLED_BY_TYPE = {"select": "option", "status": "status"}


@dataclass(frozen=True, slots=True)
class Names:
    """
    What ids stand for, since files know slugs and e-mail addresses only.

    `slugs` of objects and lists, `attributes` their attributes' slugs, `emails` of members; each by id.
    """

    slugs: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)
    emails: Mapping[str, str] = field(default_factory=dict)


def names_of(live: State) -> Names:
    """The names that a live state knows."""
    slugs: dict[str, str] = {}
    attributes: dict[str, str] = {}
    for address, resource in live.resources.items():
        if address.kind in ("object", "list"):
            slugs[resource.ids[f"{address.kind}_id"]] = address.name
        elif address.kind == "attribute":
            attributes[resource.ids["attribute_id"]] = address.name
    return Names(slugs, attributes, {member_id: email for email, member_id in live.members.items()})


def known(names: Mapping[str, str], own_id: str) -> str:
    """The name of an id, or the id itself where it has none (an object that is not active)."""
    return names.get(own_id, own_id)


def slug_of(answer: Item, id_name: str) -> str:
    """An object's slug may be null by the OpenAPI document; its id then stands in."""
    return str(answer["api_slug"] or answer["id"][id_name])


def object_resource(answer: Item) -> Resource:
    """An object that is active; Attio lists no others."""
    return Resource(
        address=Address.root("object", slug_of(answer, "object_id")),
        fields={"singular_noun": answer["singular_noun"], "plural_noun": answer["plural_noun"]},
        ids=answer["id"],
    )


def list_resource(answer: Item, names: Names) -> Resource:
    """A list, its grants by e-mail address."""
    parents = answer["parent_object"]
    granted = (
        {
            "member": names.emails.get(grant["workspace_member_id"], grant["workspace_member_id"]),
            "level": grant["level"],
        }
        for grant in answer.get("workspace_member_access") or ()
    )
    fields = {
        "name": answer["name"],
        # An array on read, a string on write. Source: list schema of the OpenAPI document, live captures.
        "parent_object": parents[0] if isinstance(parents, list) and parents else parents,
        "workspace_access": answer["workspace_access"],
        "workspace_member_access": sorted_by_json(granted),
    }
    return Resource(address=Address.root("list", slug_of(answer, "list_id")), fields=fields, ids=answer["id"])


def attribute_resource(parent: Address, answer: Item, names: Names) -> Resource:
    """An attribute of an object or list, its targets by slug."""
    config = answer.get("config") or {}
    fields: dict[str, Json] = {
        "type": answer["type"],
        "title": answer["title"],
        "description": answer["description"] or None,
        "is_required": answer["is_required"],
        "is_unique": answer["is_unique"],
        "is_multiselect": answer["is_multiselect"],
        "default_value": plain_default(answer["type"], answer["default_value"]),
    }
    if answer["type"] == "currency":
        currency = config.get("currency") or {}
        fields["currency"] = {"code": currency.get("default_currency_code"), "display": currency.get("display_type")}
    if answer["type"] == "record-reference":
        allowed = (config.get("record_reference") or {}).get("allowed_object_ids")
        # Ids of objects that are not active cannot be looked up, so they stay ids.
        fields["allowed_objects"] = sorted(known(names.slugs, object_id) for object_id in allowed or ()) or None
        other = answer.get("relationship")
        if other:
            fields["relationship"] = {
                "object": other.get("object_slug") or known(names.slugs, other["id"]["object_id"]),
                "api_slug": other["api_slug"],
                "title": other["title"],
                "is_multiselect": other["is_multiselect"],
            }
    return Resource(
        address=parent.child("attribute", answer["api_slug"]),
        fields=fields,
        ids=answer["id"],
        archived=answer["is_archived"],
        system=answer["is_system_attribute"],
        writable=answer["is_writable"],
    )


def titled_resource(attribute: Address, attribute_type: str, answer: Item) -> Resource:
    """An option or status."""
    kind = TITLED_BY_TYPE[attribute_type]
    names = ("title", "celebration_enabled", "target_time_in_status") if kind == "status" else ("title",)
    return Resource(
        address=attribute.child(kind, answer["title"]),
        fields={name: answer[name] for name in names},
        ids=answer["id"],
        archived=answer["is_archived"],
    )


def webhook_resource(answer: Item, names: Names) -> Resource:
    """Webhooks have no name in Attio, so the id stands in for it; `plan.match` pairs them by what they do."""
    subscriptions = sorted_by_json(_subscription(s, names) for s in answer["subscriptions"])
    return Resource(
        address=Address.root("webhook", answer["id"]["webhook_id"]),
        fields={"target_url": answer["target_url"], "subscriptions": subscriptions},
        ids=answer["id"],
    )


FILTER_FIELDS = {"id.object_id": "object", "id.list_id": "list", "id.attribute_id": "attribute"}


def _subscription(answer: Item, names: Names) -> dict[str, Json]:
    """A filter of equalities on object, list and attribute becomes their slugs; any other is kept as it is."""
    subscription: dict[str, Json] = {"event_type": answer["event_type"]}
    conditions = answer.get("filter")
    if not conditions:
        return subscription
    narrowed: dict[str, str] = {}
    for condition in conditions.get("$and") or ():
        name = FILTER_FIELDS.get(condition.get("field"))
        if name is None or condition.get("operator") != "equals" or name in narrowed:
            return subscription | {"filter": conditions}
        narrowed[name] = known(names.attributes if name == "attribute" else names.slugs, condition["value"])
    return subscription | (narrowed or {"filter": conditions})
