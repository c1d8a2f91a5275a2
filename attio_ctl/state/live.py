"""The live side: what Attio says now, read whole and concurrently, in the shape of `state.resource`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from attio_ctl.address import Address
from attio_ctl.attio.reader import AttioReader
from attio_ctl.attio.types import Target
from attio_ctl.errors import AttioCtlError, CredentialsError
from attio_ctl.state.resource import Json, Resource, State, Workspace
from attio_ctl.state.values import plain_default, sorted_by_json

Answer = Mapping[str, Any]
Read = Callable[[], Awaitable[Sequence[Answer]]]
Attempt = Callable[[str, Read], Awaitable[Sequence[Answer]]]
"""A read with its name, for the report of what could not be read."""
Ids = Mapping[str, str]
"""Attio's id of an object or list to its slug, or of a member to their e-mail address."""

TITLED_BY_TYPE = {"select": "option", "status": "status"}


async def read_live(attio: AttioReader, workspace: Workspace) -> State:
    """
    Read all that a plan may touch: objects, lists, their attributes with options and statuses, webhooks, members.

    A read that fails does not end the others: the state says in `incomplete` what is missing, and a plan made from it
    can be shown but never applied. A token that is dead or lacks a scope ends the read at once.

    Raises:
        CredentialsError: Attio answered 401 or 403.
    """
    failed: list[str] = []

    async def attempt(what: str, call: Read) -> Sequence[Answer]:
        try:
            return await call()
        except CredentialsError:
            raise
        except AttioCtlError as error:
            failed.append(f"{what}: {error.what}")
            return ()

    try:
        async with asyncio.TaskGroup() as group:
            reading_objects = group.create_task(attempt("objects", attio.objects))
            reading_lists = group.create_task(attempt("lists", attio.lists))
            reading_webhooks = group.create_task(attempt("webhooks", attio.webhooks))
            reading_members = group.create_task(attempt("members", attio.members))
        objects, lists = reading_objects.result(), reading_lists.result()
        parents: list[tuple[Target, str, str]] = [
            *(("objects", answer["id"]["object_id"], _slug(answer, "object_id")) for answer in objects),
            *(("lists", answer["id"]["list_id"], _slug(answer, "list_id")) for answer in lists),
        ]
        async with asyncio.TaskGroup() as group:
            reads = [
                (target, slug, group.create_task(_read_attributes(attio, attempt, target, slug)))
                for target, _, slug in parents
            ]
    except* CredentialsError as errors:
        raise _first(errors) from None

    slugs = {parent_id: slug for _, parent_id, slug in parents}
    emails = {m["id"]["workspace_member_id"]: m["email_address"] for m in reading_members.result()}
    attribute_slugs: dict[str, str] = {}
    resources = [_object(answer) for answer in objects] + [_list(answer, emails) for answer in lists]
    for target, slug, task in reads:
        for attribute, titled in task.result():
            attribute_slugs[attribute["id"]["attribute_id"]] = attribute["api_slug"]
            parent = Address.root(target.removesuffix("s"), slug)
            resource = _attribute(parent, attribute, slugs)
            resources.append(resource)
            resources += [_titled(resource.address, attribute["type"], answer) for answer in titled]
    resources += [_webhook(answer, slugs, attribute_slugs) for answer in reading_webhooks.result()]
    return State(
        resources={resource.address: resource for resource in resources},
        workspace=workspace,
        active_objects={_slug(o, "object_id"): True for o in objects},
        members={email: member_id for member_id, email in emails.items()},
        incomplete=tuple(sorted(failed)),
    )


async def _read_attributes(
    attio: AttioReader, attempt: Attempt, target: Target, parent: str
) -> list[tuple[Answer, Sequence[Answer]]]:
    """The attributes of one object or list, each with its options or statuses."""
    where = str(Address.root(target.removesuffix("s"), parent))
    attributes = await attempt(f"attributes of {where}", lambda: attio.attributes(target, parent))

    async def titled(attribute: Answer) -> Sequence[Answer]:
        slug = attribute["api_slug"]
        match attribute["type"]:
            case "select":
                return await attempt(
                    f"options of {where}.attribute.{slug}", lambda: attio.options(target, parent, slug)
                )
            case "status":
                return await attempt(
                    f"statuses of {where}.attribute.{slug}", lambda: attio.statuses(target, parent, slug)
                )
            case _:
                return ()

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(titled(attribute)) for attribute in attributes]
    return [(attribute, task.result()) for attribute, task in zip(attributes, tasks, strict=True)]


def _first(errors: BaseExceptionGroup[CredentialsError]) -> CredentialsError:
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, CredentialsError)
    return error


def _slug(answer: Answer, id_name: str) -> str:
    """An object's slug may be null by the OpenAPI document; its id then stands in."""
    return str(answer["api_slug"] or answer["id"][id_name])


def _object(answer: Answer) -> Resource:
    return Resource(
        address=Address.root("object", _slug(answer, "object_id")),
        fields={"singular_noun": answer["singular_noun"], "plural_noun": answer["plural_noun"]},
        ids=answer["id"],
    )


def _list(answer: Answer, emails: Ids) -> Resource:
    parents = answer["parent_object"]
    granted = (
        {"member": emails.get(grant["workspace_member_id"], grant["workspace_member_id"]), "level": grant["level"]}
        for grant in answer.get("workspace_member_access") or ()
    )
    fields = {
        "name": answer["name"],
        # An array on read, a string on write. Source: list schema of the OpenAPI document, live captures.
        "parent_object": parents[0] if isinstance(parents, list) and parents else parents,
        "workspace_access": answer["workspace_access"],
        "workspace_member_access": sorted_by_json(granted),
    }
    return Resource(address=Address.root("list", _slug(answer, "list_id")), fields=fields, ids=answer["id"])


def _attribute(parent: Address, answer: Answer, slugs: Ids) -> Resource:
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
        fields["allowed_objects"] = sorted(slugs.get(object_id, object_id) for object_id in allowed or ()) or None
        other = answer.get("relationship")
        if other:
            fields["relationship"] = {
                "object": other.get("object_slug") or slugs.get(other["id"]["object_id"], other["id"]["object_id"]),
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


def _titled(attribute: Address, attribute_type: str, answer: Answer) -> Resource:
    kind = TITLED_BY_TYPE[attribute_type]
    names = ("title", "celebration_enabled", "target_time_in_status") if kind == "status" else ("title",)
    return Resource(
        address=attribute.child(kind, answer["title"]),
        fields={name: answer[name] for name in names},
        ids=answer["id"],
        archived=answer["is_archived"],
    )


def _webhook(answer: Answer, slugs: Ids, attribute_slugs: Ids) -> Resource:
    """Webhooks have no name in Attio, so the id stands in for it; `plan.match` pairs them by what they do."""
    subscriptions = sorted_by_json(_subscription(s, slugs, attribute_slugs) for s in answer["subscriptions"])
    return Resource(
        address=Address.root("webhook", answer["id"]["webhook_id"]),
        fields={"target_url": answer["target_url"], "subscriptions": subscriptions},
        ids=answer["id"],
    )


FILTER_FIELDS = {"id.object_id": "object", "id.list_id": "list", "id.attribute_id": "attribute"}


def _subscription(answer: Answer, slugs: Ids, attribute_slugs: Ids) -> dict[str, Json]:
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
        known = attribute_slugs if name == "attribute" else slugs
        narrowed[name] = known.get(condition["value"], condition["value"])
    return subscription | (narrowed or {"filter": conditions})
