"""
What can be changed in Attio: an `AttioReader` with the writes added.

Creates are sent once: when the answer is lost they raise `LostAnswerError`, and the caller looks the thing up. All
other writes are repeated until an answer comes, so a rename is best sent to the id, not to the slug that it changes.
"""
# ruff: noqa: A002  arguments are named as Attio names them (`object`, `type`)

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, NotRequired, TypedDict, Unpack

import msgspec

from attio_ctl.attio.messages import path_of
from attio_ctl.attio.reader import AttioReader
from attio_ctl.attio.session import ReadSession, WriteSession
from attio_ctl.attio.types import (
    Assertion,
    Attribute,
    AttributeChanges,
    CreatedWebhook,
    Json,
    List,
    ListChanges,
    MemberAccess,
    Object,
    ObjectChanges,
    Option,
    OptionChanges,
    Record,
    Status,
    StatusChanges,
    Subscription,
    Target,
    Webhook,
    WebhookChanges,
    WireRecord,
    record_of,
)


class NewRelationship(TypedDict):
    """The attribute to make at the other end, in the same call."""

    object: str
    title: str
    api_slug: str
    is_multiselect: bool


class NewAttribute(TypedDict):
    """Everything but the last two is asked for by Attio's validator of 2025, so everything is always sent."""

    title: str
    description: str | None
    api_slug: str
    type: str
    is_required: bool
    is_unique: bool
    is_multiselect: bool
    config: dict[str, Json]
    default_value: NotRequired[Json]
    relationship: NotRequired[NewRelationship]


class AttioWriter(AttioReader):
    """
    Asks and writes; keyword arguments are the fields of Attio's bodies.

    A write raises `RejectedError`, `ConflictError`, `NotFoundError`, … as `errors` says, and a create also
    `LostAnswerError`.
    """

    session_class: ClassVar[type[ReadSession]] = WriteSession
    _session: WriteSession

    # Objects

    async def create_object(self, *, api_slug: str, singular_noun: str, plural_noun: str) -> Object:
        """Raises `ConflictError` for a slug or noun in use and `QuotaError` beyond the plan's number of objects."""
        body = _data(api_slug=api_slug, singular_noun=singular_noun, plural_noun=plural_noun)
        return await self._session.send("POST", path_of("objects"), Object, body)

    async def update_object(self, object: str, **changes: Unpack[ObjectChanges]) -> Object:
        """Change at least one field; an empty change is refused."""
        return await self._session.send("PATCH", path_of("objects", object), Object, _data(**changes))

    async def delete_object(self, object: str) -> None:
        """
        Delete a custom object and ALL its records, for good; standard objects are refused.

        Source: docs.attio.com/rest-api/endpoint-reference/objects/delete-an-object (autumn 2026).
        """
        await self._session.send_unanswered("DELETE", path_of("objects", object))

    # Attributes, options, statuses

    async def create_attribute(self, target: Target, parent: str, **attribute: Unpack[NewAttribute]) -> Attribute:
        """Raises `ConflictError` when the slug is taken, also by an archived attribute."""
        path = path_of(target, parent, "attributes")
        return await self._session.send("POST", path, Attribute, _data(**attribute))

    async def update_attribute(
        self, target: Target, parent: str, attribute: str, **changes: Unpack[AttributeChanges]
    ) -> Attribute:
        """Change, archive (`is_archived=True`) or restore; a system attribute is refused."""
        path = path_of(target, parent, "attributes", attribute)
        return await self._session.send("PATCH", path, Attribute, _data(**changes))

    async def create_option(self, target: Target, parent: str, attribute: str, *, title: str) -> Option:
        path = path_of(target, parent, "attributes", attribute, "options")
        return await self._session.send("POST", path, Option, _data(title=title))

    async def update_option(
        self, target: Target, parent: str, attribute: str, option: str, **changes: Unpack[OptionChanges]
    ) -> Option:
        """Rename (id and data stay), archive or restore; `option` is an id or title."""
        path = path_of(target, parent, "attributes", attribute, "options", option)
        return await self._session.send("PATCH", path, Option, _data(**changes))

    async def create_status(
        self,
        target: Target,
        parent: str,
        attribute: str,
        *,
        title: str,
        celebration_enabled: bool = False,
        target_time_in_status: str | None = None,
    ) -> Status:
        """`target_time_in_status` is an ISO 8601 duration such as `P14D`."""
        path = path_of(target, parent, "attributes", attribute, "statuses")
        body = _data(title=title, celebration_enabled=celebration_enabled, target_time_in_status=target_time_in_status)
        return await self._session.send("POST", path, Status, body)

    async def update_status(
        self, target: Target, parent: str, attribute: str, status: str, **changes: Unpack[StatusChanges]
    ) -> Status:
        """Rename (id and data stay), change, archive or restore; `status` is an id or title."""
        path = path_of(target, parent, "attributes", attribute, "statuses", status)
        return await self._session.send("PATCH", path, Status, _data(**changes))

    # Lists

    async def create_list(
        self,
        *,
        name: str,
        api_slug: str,
        parent_object: str,
        workspace_access: str | None,
        workspace_member_access: Sequence[MemberAccess],
    ) -> List:
        """
        At least one full access is needed, for the workspace or for a member.

        Raises:
            QuotaError: the plan has no fine-grained access to lists.
        """
        body = _data(
            name=name,
            api_slug=api_slug,
            parent_object=parent_object,
            workspace_access=workspace_access,
            workspace_member_access=list(workspace_member_access),
        )
        return await self._session.send("POST", path_of("lists"), List, body)

    async def update_list(self, list: str, **changes: Unpack[ListChanges]) -> List:
        return await self._session.send("PATCH", path_of("lists", list), List, _data(**changes))

    # Webhooks

    async def create_webhook(self, *, target_url: str, subscriptions: Sequence[Subscription]) -> CreatedWebhook:
        """The answer holds the signing secret, which is never given again; raises `ConflictError` for a twin."""
        body = _data(target_url=target_url, subscriptions=list(subscriptions))
        return await self._session.send("POST", path_of("webhooks"), CreatedWebhook, body)

    async def update_webhook(self, webhook_id: str, **changes: Unpack[WebhookChanges]) -> Webhook:
        return await self._session.send("PATCH", path_of("webhooks", webhook_id), Webhook, _data(**changes))

    async def delete_webhook(self, webhook_id: str) -> None:
        await self._session.send_unanswered("DELETE", path_of("webhooks", webhook_id))

    # Records

    async def create_record(self, object: str, *, values: Mapping[str, Json]) -> Record:
        """Raises `ConflictError` when a unique value is on another record."""
        path = path_of("objects", object, "records")
        return record_of(await self._session.send("POST", path, WireRecord, _data(values=values)))

    async def assert_record(self, object: str, *, matching_attribute: str, values: Mapping[str, Json]) -> Record:
        """
        Create the record, or update the one that has the same value in a unique attribute.

        The matching attribute itself gains values, every other multiselect in `values` is replaced.
        """
        path, query = path_of("objects", object, "records"), {"matching_attribute": matching_attribute}
        return record_of(await self._session.send("PUT", path, WireRecord, _data(values=values), query))

    async def update_record(self, object: str, record_id: str, *, values: Mapping[str, Json]) -> Record:
        """Overwrite single values and add to multiselects, in front of what is there."""
        path = path_of("objects", object, "records", record_id)
        return record_of(await self._session.send("PATCH", path, WireRecord, _data(values=values)))

    async def replace_record(self, object: str, record_id: str, *, values: Mapping[str, Json]) -> Record:
        """Overwrite single values and whole multiselects; attributes that are not in `values` stay."""
        path = path_of("objects", object, "records", record_id)
        return record_of(await self._session.send("PUT", path, WireRecord, _data(values=values)))

    async def delete_record(self, object: str, record_id: str) -> None:
        """Delete for good."""
        await self._session.send_unanswered("DELETE", path_of("objects", object, "records", record_id))

    async def assert_simple(
        self,
        object: str,
        *,
        matching_attribute: str,
        values: Mapping[str, Json],
        append_to_existing_values: bool = True,
    ) -> Record:
        """
        Assert with flat values: text, numbers, null to unset, lists for multiselects, names as `Last, First`.

        Source: Segment's Attio destination, written by Attio's engineers; the endpoint is not in Attio's documents.
        """
        query = {"matching_attribute": matching_attribute}
        if append_to_existing_values:
            query["append_to_existing_values"] = "true"
        path = path_of("objects", object, "records", "simple")
        return record_of(await self._session.send("PUT", path, WireRecord, _data(values=values), query))

    async def assert_batch(self, assertions: Sequence[Assertion] | msgspec.Raw) -> None:
        """
        Hand over up to 10,000 assertions in one request; Attio carries them out afterwards, in order.

        Returning means that they were taken, not that they were done: Attio drops an invalid one without a word. They
        may come as the JSON list that they are sent as.

        Source: as `assert_simple`.
        """
        body = {"assertions": assertions if isinstance(assertions, msgspec.Raw) else list(assertions)}
        await self._session.send_unanswered("PUT", path_of("batch", "records"), body)


def _data(**fields: Json) -> dict[str, Json]:
    return {"data": fields}
