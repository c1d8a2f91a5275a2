"""
What a workspace file may say, as frozen models; anything else is an error.

A field that a file leaves out is not managed: `model_fields_set` tells it from a field that is set to its default.
The field names are those of the file; `state.desired` turns them into Attio's. The models of attributes stand in
`attribute_models`, those of mappings in `mapping_models`, of alerts in `alert_models`, of the way to the workspace in
`api_models`; all are named here.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints, model_validator

from attio_ctl.config.alert_models import CHAT_PATTERN, Alerts, AlertWebhook
from attio_ctl.config.api_models import (
    Api,
    AttioApi,
    CommandToken,
    EnvironmentToken,
    FileToken,
    RateLimits,
    SandboxApi,
    Token,
)
from attio_ctl.config.attribute_models import (
    DURATION_PATTERN,
    UUID_PATTERN,
    ActorReferenceAttribute,
    AnyDefault,
    Attribute,
    AttributeBase,
    CheckboxAttribute,
    Currency,
    CurrencyAttribute,
    DateAttribute,
    DefaultMixin,
    DomainAttribute,
    Duration,
    DynamicDefault,
    DynamicDefaultMixin,
    EmailAddressAttribute,
    LocationAttribute,
    MultiselectMixin,
    NumberAttribute,
    Option,
    PhoneNumberAttribute,
    RatingAttribute,
    RecordReferenceAttribute,
    Relationship,
    Scalar,
    SelectAttribute,
    Slug,
    Spec,
    StaticDefault,
    Status,
    StatusAttribute,
    TextAttribute,
    TimestampAttribute,
    Title,
    Titled,
    UniqueMixin,
    Uuid,
)
from attio_ctl.config.mapping_models import (
    REGION_PATTERN,
    AssertRecord,
    GroupWorkspace,
    IdentifyUser,
    Mapping,
    MappingBase,
    MappingTest,
    MappingValue,
    Multiselect,
    Values,
)
from attio_ctl.config.patterns import BASE_URL_PATTERN, SLUG_PATTERN

__all__ = [
    "BASE_URL_PATTERN",
    "CHAT_PATTERN",
    "DURATION_PATTERN",
    "EMAIL_PATTERN",
    "HTTPS_PATTERN",
    "REGION_PATTERN",
    "SLUG_PATTERN",
    "UUID_PATTERN",
    "WEBHOOK_EVENTS",
    "Access",
    "ActorReferenceAttribute",
    "AlertWebhook",
    "Alerts",
    "AnyDefault",
    "Api",
    "AssertRecord",
    "AttioApi",
    "Attribute",
    "AttributeBase",
    "CheckboxAttribute",
    "CommandToken",
    "Currency",
    "CurrencyAttribute",
    "DateAttribute",
    "DefaultMixin",
    "DomainAttribute",
    "Duration",
    "DynamicDefault",
    "DynamicDefaultMixin",
    "EmailAddressAttribute",
    "EnvironmentToken",
    "FileToken",
    "GroupWorkspace",
    "IdentifyUser",
    "ListSpec",
    "LocationAttribute",
    "Mapping",
    "MappingBase",
    "MappingTest",
    "MappingValue",
    "MemberAccess",
    "Multiselect",
    "MultiselectMixin",
    "NumberAttribute",
    "ObjectSpec",
    "Option",
    "PhoneNumberAttribute",
    "RateLimits",
    "RatingAttribute",
    "RecordReferenceAttribute",
    "Relationship",
    "Removal",
    "SandboxApi",
    "Scalar",
    "SecretFile",
    "SelectAttribute",
    "Slug",
    "Spec",
    "StaticDefault",
    "Status",
    "StatusAttribute",
    "Subscription",
    "TextAttribute",
    "TimestampAttribute",
    "Title",
    "Titled",
    "Token",
    "UniqueMixin",
    "Uuid",
    "Values",
    "WebhookSpec",
    "WorkspaceSpec",
]

EMAIL_PATTERN: Final = r"^[^@\s]+@[^@\s]+$"
HTTPS_PATTERN: Final = r"^https://\S+$"


# --- objects, lists, webhooks, removals -----------------------------------------------------------------------------


class ObjectSpec(Spec):
    """An object: a standard one, of which only what is named is managed, or a custom one."""

    active: bool | None = None
    """Asserts that a standard object is switched on in Attio's settings, for which the API has no call."""
    singular: Title | None = None
    """What people see for one record: `Vehicle`. Needed to create the object."""
    plural: Title | None = None
    """What people see for several records: `Vehicles`. Needed to create the object."""
    attributes: dict[Slug, Attribute] = Field(default_factory=dict)
    """Its attributes by slug; those in Attio that are not named are left alone."""
    renamed_from: Slug | None = None
    """The slug it had before; the rename keeps its id and everything in it."""
    id: Uuid | None = None
    """Attio's id, which recognises it after a rename in Attio's own settings."""
    protect: bool = False
    """Refuse to remove it, also after its block is gone from the file."""


Access = Literal["full-access", "read-and-write", "read-only"]


class MemberAccess(Spec):
    """What one workspace member may do with a list."""

    member: Annotated[str, StringConstraints(pattern=EMAIL_PATTERN)]
    """The member's e-mail address."""
    level: Access
    """What they may do."""


class ListSpec(Spec):
    """A list of records of one object."""

    name: Title | None = None
    """The name people see; by default made from the slug when the list is created."""
    parent: Slug
    """The object whose records it lists; cannot be changed later."""
    access: Access | Literal["private"] = "full-access"
    """What the whole workspace may do with it; `private` leaves it to `members`."""
    members: tuple[MemberAccess, ...] = ()
    """What single members may do, beyond what everybody may."""
    attributes: dict[Slug, Attribute] = Field(default_factory=dict)
    """Its attributes by slug; those in Attio that are not named are left alone."""
    renamed_from: Slug | None = None
    """The slug it had before; the rename keeps its id and everything in it."""
    id: Uuid | None = None
    """Attio's id, which recognises it after a rename in Attio's own settings."""
    protect: bool = False
    """Refuse to remove it, also after its block is gone from the file."""

    @model_validator(mode="after")
    def _someone_has_full_access(self) -> ListSpec:
        if self.access != "full-access" and not any(m.level == "full-access" for m in self.members):
            raise ValueError("Attio wants full access for the workspace or at least one member")
        return self


# Source: enum of `event_type` in the OpenAPI document; `record.merged` and newer names from docs.attio.com/webhooks.
WEBHOOK_EVENTS = (
    "call-recording.created", "comment.created", "comment.deleted", "comment.resolved", "comment.unresolved",
    "list-attribute.created", "list-attribute.updated", "list-entry.created", "list-entry.deleted",
    "list-entry.updated", "list.created", "list.deleted", "list.updated", "note-content.updated", "note.created",
    "note.deleted", "note.updated", "object-attribute.created", "object-attribute.updated", "record.created",
    "record.deleted", "record.merged", "record.updated", "task.created", "task.deleted", "task.updated",
    "workspace-member.created",
)  # fmt: skip


class Subscription(Spec):
    """One kind of event that a webhook is told of; the object, list and attribute named narrow it."""

    event: Literal[WEBHOOK_EVENTS]  # type: ignore[valid-type]
    """What happened, in Attio's words."""
    object: Slug | None = None
    """Only records (or attributes) of this object."""
    list: Slug | None = None
    """Only entries (or attributes) of this list."""
    attribute: Slug | None = None
    """Only changes of this attribute."""


class SecretFile(Spec):
    """Where the signing secret goes that Attio shows once, when the webhook is created."""

    file: str
    """A path relative to the workspace's folder; keep it out of git."""


class WebhookSpec(Spec):
    """A webhook: where Attio sends events, and which."""

    url: Annotated[str, StringConstraints(pattern=HTTPS_PATTERN)]
    """Where Attio sends the events; must be `https`."""
    secret: SecretFile | None = None
    """Where the signing secret goes that Attio shows once."""
    on: tuple[Subscription, ...] = Field(min_length=1)
    """The events that it is told of."""
    id: Uuid | None = None
    """Attio's id, which recognises it after a rename in Attio's own settings."""
    protect: bool = False
    """Refuse to remove it, also after its block is gone from the file."""


class Removal(Spec):
    """The intent to remove something; without it, a block that is gone changes nothing."""

    address: str
    """What to remove, such as `object.people.attribute.old_score` or `webhook.billing`."""
    action: Literal["archive", "delete", "forget"]
    """`archive` attributes, options and statuses; `delete` custom objects and webhooks; `forget` stops managing."""
    reason: str | None = None
    """Why, for the plan and for those who read it later."""


# --- the whole ------------------------------------------------------------------------------------------------------


class WorkspaceSpec(Spec):
    """One workspace, merged from all its files."""

    workspace: Slug
    """A name for people, in plans and messages."""
    workspace_id: Uuid | None = None
    """Attio's id of the workspace; compared with the token's before any other request."""
    api: Api
    """A real workspace with a token, or the embedded sandbox."""
    objects: dict[Slug, ObjectSpec] = Field(default_factory=dict)
    """Objects by slug: standard ones (only what is named is managed) and custom ones."""
    lists: dict[Slug, ListSpec] = Field(default_factory=dict)
    """Lists by slug."""
    webhooks: dict[Slug, WebhookSpec] = Field(default_factory=dict)
    """Webhooks by a name of your own."""
    removed: tuple[Removal, ...] = ()
    """What may be archived, deleted or forgotten; a block that is merely gone changes nothing."""
    mappings: dict[Slug, Mapping] = Field(default_factory=dict)
    """How product events become records, by a name of your own."""
    alerts: Alerts | None = None
    """Who is told when deliveries go on failing."""
