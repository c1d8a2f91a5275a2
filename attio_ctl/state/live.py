"""The live side: what Attio says now, read whole and concurrently, in the shape of `state.resource`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from attio_ctl.address import Address
from attio_ctl.attio.errors import NotFoundError
from attio_ctl.attio.reader import AttioReader
from attio_ctl.attio.types import Target
from attio_ctl.errors import AttioCtlError, CredentialsError, first_of
from attio_ctl.state.answers import (
    Item,
    Names,
    attribute_resource,
    list_resource,
    object_resource,
    slug_of,
    titled_resource,
    webhook_resource,
)
from attio_ctl.state.resource import ID_NAMES, Resource, State, Workspace

Read = Callable[[], Awaitable[Sequence[Item]]]
Attempt = Callable[[str, Read], Awaitable[Sequence[Item]]]
"""A read with its name, for the report of what could not be read."""


@dataclass(frozen=True, slots=True)
class Part:
    """
    An object or list that has been read whole, while others are still on their way.

    `below` are its attributes, each followed by its options or statuses; `outline` is the workspace as far as it is
    known by then: all objects and lists with all their attributes.
    """

    top: Resource
    below: Sequence[Resource]
    outline: State


async def read_live(
    attio: AttioReader, workspace: Workspace, on_part: Callable[[Part], Awaitable[None]] | None = None
) -> State:
    """
    Read all that a plan may touch: objects, lists, their attributes with options and statuses, webhooks, members.

    A read that fails does not end the others: the state says in `incomplete` what is missing, and a plan made from it
    can be shown but never applied. A token that is dead or lacks a scope ends the read at once.

    Args:
        on_part: Told of every object and list once it is whole, in the time that the read limit leaves.

    Raises:
        CredentialsError: Attio answered 401 or 403.
    """
    failed: list[str] = []

    async def attempt(what: str, call: Read) -> Sequence[Item]:
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
        names = Names(
            slugs={
                answer["id"][f"{kind}_id"]: slug_of(answer, f"{kind}_id")
                for kind, answers in (("object", objects), ("list", lists))
                for answer in answers
            },
            emails={m["id"]["workspace_member_id"]: m["email_address"] for m in reading_members.result()},
        )
        tops = [object_resource(answer) for answer in objects] + [list_resource(answer, names) for answer in lists]
        known = State(
            resources=_by_address(tops),
            workspace=workspace,
            active_objects={slug_of(o, "object_id"): True for o in objects},
            members={email: member_id for member_id, email in names.emails.items()},
        )
        async with asyncio.TaskGroup() as group:
            listings = [group.create_task(_read_attributes(attio, attempt, top.address, names)) for top in tops]
            outlining = group.create_task(_outline(known, listings))

            async def whole(top: Resource, listing: asyncio.Task[list[Resource]]) -> list[Resource]:
                below = await _with_titles(attio, attempt, await listing)
                if on_part is not None:
                    await on_part(Part(top, below, await outlining))
                return below

            reads = [group.create_task(whole(*each)) for each in zip(tops, listings, strict=True)]
    except* CredentialsError as errors:
        raise first_of(errors) from None

    parts = [resource for task in reads for resource in task.result()]
    slugs = {part.ids["attribute_id"]: part.address.name for part in parts if part.address.kind == "attribute"}
    webhooks = [webhook_resource(each, replace(names, attributes=slugs)) for each in reading_webhooks.result()]
    return replace(known, resources=_by_address([*tops, *parts, *webhooks]), incomplete=tuple(sorted(failed)))


def _by_address(resources: Iterable[Resource]) -> dict[Address, Resource]:
    """Where an archived option has the title of an active one, the active one is meant."""
    return {resource.address: resource for resource in sorted(resources, key=lambda one: not one.archived)}


async def _outline(known: State, listings: Iterable[asyncio.Task[list[Resource]]]) -> State:
    """The state with all attributes, as soon as these have been read."""
    attributes = [attribute for listing in listings for attribute in await listing]
    return replace(known, resources=_by_address([*known.resources.values(), *attributes]))


def _target(top: Address) -> Target:
    return "objects" if top.kind == "object" else "lists"


async def _read_attributes(attio: AttioReader, attempt: Attempt, own: Address, names: Names) -> list[Resource]:
    """The attributes of one object or list."""
    answers = await attempt(f"attributes of {own}", lambda: attio.attributes(_target(own), own.name))
    return [attribute_resource(own, answer, names) for answer in answers]


async def _with_titles(attio: AttioReader, attempt: Attempt, attributes: Sequence[Resource]) -> list[Resource]:
    """
    The attributes of one object or list, each followed by its options or statuses.

    They are made of the answers as these come, in the time that the read limit leaves.
    """

    async def whole(attribute: Resource) -> list[Resource]:
        address, kind = attribute.address, attribute.fields["type"]
        path = (_target(address.top), address.top.name, address.name)
        titled: Sequence[Item] = ()
        if kind == "select":
            titled = await attempt(f"options of {address}", lambda: attio.options(*path))
        elif kind == "status":
            titled = await attempt(f"statuses of {address}", lambda: attio.statuses(*path))
        return [attribute, *(titled_resource(address, kind, answer) for answer in titled)]

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(whole(attribute)) for attribute in attributes]
    return [resource for task in tasks for resource in task.result()]


async def read_one(attio: AttioReader, address: Address, ids: Mapping[str, str], names: Names) -> Resource | None:
    """
    One resource as it is at this moment, whatever its slug or title is by now; None when it is gone.

    Args:
        address: Where it was; its parents are still called so, or are named by `ids`.
        ids: Attio's ids, as a live resource holds them.
    """
    own = ids[ID_NAMES[address.kind]]
    target = _target(address.top)
    parent = ids.get("object_id", address.top.name)  # holds the list's id for attributes of lists
    try:
        match address.kind:
            case "object":
                return object_resource(await attio.object(own))
            case "attribute":
                answer = await attio.attribute(target, parent, own)
                return attribute_resource(address.top, answer, names)
            case "option":
                options = await attio.options(target, parent, ids["attribute_id"])
                return _among(options, "option_id", own, lambda a: titled_resource(_parent(address), "select", a))
            case "status":
                statuses = await attio.statuses(target, parent, ids["attribute_id"])
                return _among(statuses, "status_id", own, lambda a: titled_resource(_parent(address), "status", a))
            case "list":
                return _among(await attio.lists(), "list_id", own, lambda a: list_resource(a, names))
            case _:
                return _among(await attio.webhooks(), "webhook_id", own, lambda a: webhook_resource(a, names))
    except NotFoundError:
        return None


def _among(answers: Sequence[Item], id_name: str, own: str, convert: Callable[[Item], Resource]) -> Resource | None:
    return next((convert(answer) for answer in answers if answer["id"][id_name] == own), None)


def _parent(address: Address) -> Address:
    assert address.parent is not None
    return address.parent
