"""
The shapes that Attio answers with: only the fields that the program uses.

Every answer is checked against its shape when it is decoded, so a key that is not `NotRequired` here is there. Fields
beyond these are dropped. Where the OpenAPI document promises more than is seen in practice (null access levels, absent
`values`), the looser shape stands here.

Source: the OpenAPI document of 2026-08, and published captures of live answers (2025-07 to 2026-10).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NotRequired, TypedDict

Target = Literal["objects", "lists"]
"""What an attribute belongs to, as it stands in the path."""

Json = Any
"""None, bool, int, float, str, or lists and dicts of them."""


@dataclass(frozen=True, slots=True)
class Identity:
    """The workspace that a token belongs to and what the token may do, from `GET /v2/self`."""

    workspace_id: str
    workspace_slug: str
    workspace_name: str
    scopes: frozenset[str]


class ObjectId(TypedDict):
    workspace_id: str
    object_id: str


class Object(TypedDict):
    """An object that is switched on; inactive standard objects are not listed at all."""

    id: ObjectId
    api_slug: str | None
    singular_noun: str | None
    plural_noun: str | None
    created_at: str


class AttributeId(TypedDict):
    """`object_id` holds the list's id for an attribute of a list."""

    workspace_id: str
    object_id: str
    attribute_id: str


class CurrencyConfig(TypedDict):
    default_currency_code: str | None
    display_type: str | None


class ReferenceConfig(TypedDict):
    """Null means any object. Written as slugs or ids, always read as ids."""

    allowed_object_ids: list[str] | None


class AttributeConfig(TypedDict):
    currency: NotRequired[CurrencyConfig | None]
    record_reference: NotRequired[ReferenceConfig | None]


class DefaultValue(TypedDict):
    """`template` is a list of values when static, an ISO 8601 duration or `current-user` when dynamic."""

    type: str
    template: Json


class Relationship(TypedDict):
    """The attribute at the other end; the object and slug names are in the answer since 2026-02-25."""

    id: AttributeId
    object_slug: NotRequired[str]
    title: NotRequired[str]
    api_slug: NotRequired[str]
    is_multiselect: NotRequired[bool]


class Attribute(TypedDict):
    id: AttributeId
    title: str
    description: str | None
    api_slug: str
    type: str
    is_system_attribute: bool
    is_writable: bool
    is_required: bool
    is_unique: bool
    is_multiselect: bool
    is_default_value_enabled: NotRequired[bool]
    is_archived: bool
    default_value: NotRequired[DefaultValue | None]
    relationship: NotRequired[Relationship | None]
    config: NotRequired[AttributeConfig | None]
    created_at: NotRequired[str]


class OptionId(TypedDict):
    workspace_id: str
    object_id: str
    attribute_id: str
    option_id: str


class Option(TypedDict):
    id: OptionId
    title: str
    is_archived: bool


class StatusId(TypedDict):
    workspace_id: str
    object_id: str
    attribute_id: str
    status_id: str


class Status(TypedDict):
    """`target_time_in_status` is an ISO 8601 duration."""

    id: StatusId
    title: str
    is_archived: bool
    celebration_enabled: bool
    target_time_in_status: str | None


class ListId(TypedDict):
    workspace_id: str
    list_id: str


class MemberAccess(TypedDict):
    workspace_member_id: str
    level: str | None


class List(TypedDict):
    """`parent_object` is an array of slugs here, though it is written as one string."""

    id: ListId
    api_slug: str
    name: str
    parent_object: list[str]
    workspace_access: str | None
    workspace_member_access: list[MemberAccess]
    created_at: NotRequired[str]


class WebhookId(TypedDict):
    workspace_id: str
    webhook_id: str


class Subscription(TypedDict):
    """`filter` is null, or `{"$and"|"$or": [{field, operator, value}]}` with ids as values."""

    event_type: str
    filter: NotRequired[Json]


class Webhook(TypedDict):
    id: WebhookId
    target_url: str
    subscriptions: list[Subscription]
    status: str
    created_at: NotRequired[str]


class CreatedWebhook(Webhook):
    """The only answer that ever holds the signing secret."""

    secret: str


class MemberId(TypedDict):
    workspace_id: str
    workspace_member_id: str


class Member(TypedDict):
    """`access_level` is `admin`, `member` or `suspended`."""

    id: MemberId
    first_name: str | None
    last_name: str | None
    email_address: str
    access_level: str


class RecordId(TypedDict):
    workspace_id: str
    object_id: str
    record_id: str


class Record(TypedDict):
    """`values` maps each attribute's slug to its active values: always an array, empty when there is no value."""

    id: RecordId
    created_at: str
    web_url: str
    values: dict[str, list[dict[str, Json]]]


class WireRecord(TypedDict):
    """A record as it travels: `values` may be null or missing, against the OpenAPI document."""

    id: RecordId
    created_at: str
    web_url: NotRequired[str | None]
    values: NotRequired[dict[str, list[dict[str, Json]]] | None]


def record_of(wire: WireRecord) -> Record:
    """The record with `values` and `web_url` always there."""
    return Record(
        id=wire["id"], created_at=wire["created_at"], web_url=wire.get("web_url") or "", values=wire.get("values") or {}
    )


class View(TypedDict):
    id: dict[str, str]
    title: NotRequired[str | None]
    is_archived: NotRequired[bool]


class Sort(TypedDict):
    """One key of an order; types with several fields (names, locations) need `field`."""

    direction: Literal["asc", "desc"]
    attribute: str
    field: NotRequired[str]


class Assertion(TypedDict):
    """
    One upsert of a batch; a value may be another assertion in place of a record reference.

    Source: Segment's Attio destination, written by Attio's engineers; the endpoint is not in Attio's documents.
    """

    object: str
    mode: Literal["create-or-update"]
    matching_attribute: str
    multiselect_values: Literal["append"]
    values: dict[str, Json]
    received_at: str


class ObjectChanges(TypedDict, total=False):
    api_slug: str
    singular_noun: str
    plural_noun: str


class AttributeChanges(TypedDict, total=False):
    """Type, multiselect and relationship are missing because Attio cannot change them."""

    title: str
    description: str | None
    api_slug: str
    is_required: bool
    is_unique: bool
    default_value: Json
    config: dict[str, Json]
    is_archived: bool


class OptionChanges(TypedDict, total=False):
    title: str
    is_archived: bool


class StatusChanges(TypedDict, total=False):
    title: str
    celebration_enabled: bool
    target_time_in_status: str | None
    is_archived: bool


class ListChanges(TypedDict, total=False):
    """The parent object cannot be changed by API."""

    name: str
    api_slug: str
    workspace_access: str | None
    workspace_member_access: list[MemberAccess]


class WebhookChanges(TypedDict, total=False):
    """`subscriptions` replaces the whole list."""

    target_url: str
    subscriptions: list[Subscription]
