"""
One change carried out: the call it needs, and what to do when the answer to a create is lost.

A create is never sent twice blindly. After a lost answer it is looked up by slug, title or target; only when it is
surely not there is it sent again.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from attio_ctl.address import Address
from attio_ctl.apply import bodies
from attio_ctl.apply.outcomes import Applied
from attio_ctl.attio.errors import LostAnswerError
from attio_ctl.attio.types import Target
from attio_ctl.attio.writer import AttioWriter
from attio_ctl.errors import AttioCtlError
from attio_ctl.plan.changes import Archive, Change, Create, Delete, Doable, Restore, Update
from attio_ctl.plan.fingerprint import is_done
from attio_ctl.plan.match import Renames
from attio_ctl.plan.removal import taken_along
from attio_ctl.state.answers import (
    Item,
    Names,
    attribute_resource,
    list_resource,
    names_of,
    object_resource,
    titled_resource,
    webhook_resource,
)
from attio_ctl.state.live import read_one
from attio_ctl.state.resource import ID_NAMES, Resource, State, own_id

LOST_ANSWER = (
    "its answer was lost, and with it the secret that Attio shows once: delete the webhook in Attio and apply again"
)


Performed = tuple[Applied, Resource | None]
"""What was done, and the resource as the answer shows it, None where it shows nothing."""


class Operations:
    """Carries out changes on one workspace; knows the ids of what was there and of what it has made."""

    def __init__(self, attio: AttioWriter, live: State, *, root: Path, changes: Iterable[Change] = ()) -> None:
        """
        Args:
            live: The workspace as it is before the first change.
            root: The folder that secret files are relative to.
            changes: All that will be carried out; what they rename is known by its new name from the start.
        """
        renames = Renames({c.previous: c.address for c in changes if isinstance(c, Update) and c.previous is not None})
        names = renamed_names(names_of(live), live, renames)
        self._attio = attio
        self._root = root
        self._renames = renames
        self._ids: dict[Address, Mapping[str, str]] = {renames.address(a): r.ids for a, r in live.resources.items()}
        self._types = {renames.address(a): r.fields["type"] for a, r in live.resources.items() if a.kind == "attribute"}
        self._members = live.members
        self._slugs, self._attributes = dict(names.slugs), dict(names.attributes)  # grow with what is made
        self._names = Names(self._slugs, self._attributes, names.emails)

    async def read_now(self, change: Doable) -> Resource | None:
        """The resource that a change is about, read at this moment; None for one that is yet to be made, or gone."""
        if not change.ids:
            return None
        previous = change.previous if isinstance(change, Update) else None
        return await read_one(self._attio, previous or change.address, change.ids, self._names)

    async def find_done(self, change: Doable, live: State) -> Applied | None:
        """
        What an earlier run, which was cut off, has done of a change; None when it is still to do.

        Args:
            live: The workspace, read after that run.
        """
        if not isinstance(change, Create):
            done = is_done(change, await self.read_now(change))
            return Applied(change, adopted=True, ids=change.ids) if done else None
        made = self.find_made(change, live)
        if made is None or not is_done(change, replace(made, address=change.address)):
            return None
        note = LOST_ANSWER if change.address.kind == "webhook" else None
        return Applied(change, adopted=True, note=note, ids=made.ids)

    def find_made(self, change: Create, live: State) -> Resource | None:
        """What is there already in the place of a create; a webhook has no name, so it is known by what it does."""
        if change.address.kind == "webhook":
            hooks = (r for a, r in live.resources.items() if a.kind == "webhook" and r.fields == change.after)
            return next(hooks, None)
        return live.resources.get(change.address)

    def taken_besides(self, change: Delete, live: State) -> tuple[Address, ...]:
        """What a deletion would take along by now that the plan does not say."""
        found = live.resources.get(change.address)
        known = {self._renames.address(address) for address in change.takes_along}
        taken = (self._renames.address(address) for address in (taken_along(found, live) if found else ()))
        return tuple(address for address in taken if address not in known)

    async def perform(self, change: Doable) -> Performed:
        """
        Carry out one change.

        Raises:
            ApiError: Attio refused, or did not answer.
        """
        left: Resource | None = None
        match change:
            case Create():
                return await self._create(change)
            case Update() | Restore():
                left = self._as_resource(change.address, await self._update(change))
            case Archive():
                left = self._as_resource(change.address, await self._set_archived(change))
            case Delete():
                delete = self._attio.delete_object if change.address.kind == "object" else self._attio.delete_webhook
                await delete(self._own_id(change))
        return Applied(change, ids=change.ids or self.ids_of(change.address)), left

    # Creates

    async def _create(self, change: Create) -> Performed:
        try:
            answer, adopted = await self._send_create(change), False
        except LostAnswerError:
            found = await self._look_up(change)
            answer, adopted = (found, True) if found else (await self._send_create(change), False)
        self._learn(change, answer)
        lost = adopted and change.address.kind == "webhook"
        applied = Applied(change, adopted, LOST_ANSWER if lost else None, answer["id"])
        return applied, self._as_resource(change.address, answer)

    def _learn(self, change: Create, answer: Item) -> None:
        """From here on what was made is known by its id, as what was there before."""
        address, ids = change.address, answer["id"]
        self._ids[address] = ids
        if address.kind == "attribute":
            self._types[address] = change.after["type"]
            self._attributes[ids["attribute_id"]] = address.name
            relationship = answer.get("relationship")
            if change.with_mirror is not None and relationship:
                self._ids[change.with_mirror] = relationship["id"]
                self._attributes[relationship["id"]["attribute_id"]] = change.with_mirror.name
        elif address.kind in ("object", "list"):
            self._slugs[ids[ID_NAMES[address.kind]]] = address.name

    async def _send_create(self, change: Create) -> Item:
        address, after, attio = change.address, change.after, self._attio
        match address.kind:
            case "object":
                return await attio.create_object(
                    api_slug=address.name, singular_noun=after["singular_noun"], plural_noun=after["plural_noun"]
                )
            case "attribute":
                target, parent = self._parent(address)
                return await attio.create_attribute(target, parent, **cast(Any, bodies.attribute_create(change)))
            case "option":
                return await attio.create_option(*self._titled_parent(address), title=address.name)
            case "status":
                return await attio.create_status(
                    *self._titled_parent(address),
                    title=address.name,
                    celebration_enabled=after["celebration_enabled"],
                    target_time_in_status=after["target_time_in_status"],
                )
            case "list":
                body = bodies.list_body({**after, "api_slug": address.name}, self._member_id)
                return await attio.create_list(**body)
            case _:
                return await self._create_webhook(change)

    async def _create_webhook(self, change: Create) -> Item:
        """
        The secret is in this answer only, so the place for it is made sure of before the call.

        An older secret stays until the new one is there: a create that is refused takes nothing away.
        """
        assert change.secret_file is not None, "the plan blocks a webhook that has nowhere to put its secret"
        path = self._root / change.secret_file
        beside = path.with_name(f".{path.name}.new")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        except OSError as error:
            raise AttioCtlError(f"its secret cannot be written to `{path}`: {error.strerror}") from error
        try:
            with os.fdopen(descriptor, "w") as file:
                os.fchmod(descriptor, 0o600)
                answer = await self._attio.create_webhook(**cast(Any, bodies.webhook_body(change.after, self.ids_of)))
                file.write(answer["secret"] + "\n")
                file.flush()
                os.fsync(descriptor)
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
        return answer

    async def _look_up(self, change: Create) -> Item | None:
        """What Attio has under an address, read fresh; a webhook is known by what it does."""
        attio, address = self._attio, change.address
        read: Callable[[], Awaitable[Sequence[Any]]]
        match address.kind:
            case "object":
                read, key = attio.objects, "api_slug"
            case "list":
                read, key = attio.lists, "api_slug"
            case "attribute":
                target, parent = self._parent(address)
                read, key = lambda: attio.attributes(target, parent), "api_slug"
            case "option":
                read, key = lambda: attio.options(*self._titled_parent(address)), "title"
            case "status":
                read, key = lambda: attio.statuses(*self._titled_parent(address)), "title"
            case _:
                hooks = await attio.webhooks()
                found = (hook for hook in hooks if webhook_resource(hook, self._names).fields == change.after)
                return next(found, None)
        answers: Sequence[Item] = await read()
        return next((answer for answer in answers if answer[key] == address.name), None)

    # Updates

    async def _update(self, change: Update | Restore) -> Item:
        address, attio = change.address, self._attio
        self._ids[address] = change.ids or self._ids[address]
        match address.kind:
            case "object":
                names = ("api_slug", "singular_noun", "plural_noun")
                changed = {name: change.after[name] for name in names if name in change.after}
                return await attio.update_object(self._own_id(change), **cast(Any, changed))
            case "attribute":
                target, parent = self._parent(address)
                body = bodies.attribute_update(change, self._types[address])
                return await attio.update_attribute(target, parent, self._own_id(change), **cast(Any, body))
            case "option" | "status":
                return await self._update_titled(change)
            case "list":
                body = bodies.list_body(change.after, self._member_id)
                return await attio.update_list(self._own_id(change), **cast(Any, body))
            case _:
                body = bodies.webhook_body(change.after, self.ids_of)
                return await attio.update_webhook(self._own_id(change), **cast(Any, body))

    async def _update_titled(self, change: Update | Restore) -> Item:
        parent = self._titled_parent(change.address)
        changed: dict[str, Any] = dict(change.after)
        if isinstance(change, Restore):
            changed["is_archived"] = False
        if change.address.kind == "option":
            return await self._attio.update_option(*parent, self._own_id(change), **cast(Any, changed))
        return await self._attio.update_status(*parent, self._own_id(change), **cast(Any, changed))

    async def _set_archived(self, change: Archive) -> Item:
        address = change.address
        if address.kind == "attribute":
            target, parent = self._parent(address)
            return await self._attio.update_attribute(target, parent, self._own_id(change), is_archived=True)
        parents, own = self._titled_parent(address), self._own_id(change)
        if address.kind == "option":
            return await self._attio.update_option(*parents, own, is_archived=True)
        return await self._attio.update_status(*parents, own, is_archived=True)

    def _as_resource(self, address: Address, answer: Item) -> Resource:
        match address.kind, address.parent:
            case "object", _:
                return object_resource(answer)
            case "attribute", _:
                return attribute_resource(address.top, answer, self._names)
            case "list", _:
                return list_resource(answer, self._names)
            case "option" | "status" as kind, Address() as parent:
                return titled_resource(parent, "select" if kind == "option" else "status", answer)
            case _:
                return webhook_resource(answer, self._names)

    # Names

    def ids_of(self, address: Address) -> Mapping[str, str]:
        """
        Attio's ids of a resource that was there or was made by this run.

        Raises:
            AttioCtlError: there is none.
        """
        if address not in self._ids:
            raise AttioCtlError(f"`{address}` is not in the workspace", hint="add it to the files, or correct the name")
        return self._ids[address]

    def _own_id(self, change: Doable) -> str:
        """The id names a resource in paths even while its slug changes."""
        ids = change.ids or self.ids_of(change.address)
        return ids[ID_NAMES[change.address.kind]]

    def _parent(self, attribute: Address) -> tuple[Target, str]:
        top = attribute.top
        return ("objects", self._id(top)) if top.kind == "object" else ("lists", self._id(top))

    def _titled_parent(self, titled: Address) -> tuple[Target, str, str]:
        assert titled.parent is not None
        return *self._parent(titled), self._id(titled.parent)

    def _id(self, address: Address) -> str:
        return self.ids_of(address)[ID_NAMES[address.kind]]

    def _member_id(self, email: str) -> str:
        if email not in self._members:
            raise AttioCtlError(f"`{email}` is no member of the workspace", hint="members are invited in Attio")
        return self._members[email]


def renamed_names(names: Names, live: State, renames: Renames) -> Names:
    """The names of ids as they will be once the renames of a plan are done."""
    slugs, attributes = dict(names.slugs), dict(names.attributes)
    for address, resource in live.resources.items():
        new = renames.address(address).name
        if address.kind in ("object", "list"):
            slugs[own_id(resource)] = new
        elif address.kind == "attribute":
            attributes[own_id(resource)] = new
    return Names(slugs, attributes, names.emails)
