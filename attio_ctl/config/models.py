"""
What a workspace file may say, as frozen models; anything else is an error.

A field that a file leaves out is not managed: `model_fields_set` tells it from a field that is set to its default.
The field names are those of the file; `state.desired` turns them into Attio's. The models of attributes stand in
`attribute_models` and are named here too.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import Discriminator, Field, StringConstraints, Tag, model_validator

from attio_ctl.config.attribute_models import (
    DURATION_PATTERN,
    SLUG_PATTERN,
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

__all__ = [
    "BASE_URL_PATTERN",
    "DURATION_PATTERN",
    "EMAIL_PATTERN",
    "HTTPS_PATTERN",
    "REGION_PATTERN",
    "SLUG_PATTERN",
    "UUID_PATTERN",
    "WEBHOOK_EVENTS",
    "Access",
    "ActorReferenceAttribute",
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
    "MemberAccess",
    "Multiselect",
    "MultiselectMixin",
    "NumberAttribute",
    "ObjectSpec",
    "Option",
    "PhoneNumberAttribute",
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

BASE_URL_PATTERN: Final = r"^https?://\S+[^/]$"
EMAIL_PATTERN: Final = r"^[^@\s]+@[^@\s]+$"
HTTPS_PATTERN: Final = r"^https://\S+$"
REGION_PATTERN: Final = r"^[A-Z]{2}$"


# --- objects, lists, webhooks, removals -----------------------------------------------------------------------------


class ObjectSpec(Spec):
    """An object: a standard one, of which only what is named is managed, or a custom one."""

    active: bool | None = None
    """Asserts that a standard object is switched on in Attio's settings, for which the API has no call."""
    singular: Title | None = None
    plural: Title | None = None
    attributes: dict[Slug, Attribute] = Field(default_factory=dict)
    renamed_from: Slug | None = None
    id: Uuid | None = None
    protect: bool = False


Access = Literal["full-access", "read-and-write", "read-only"]


class MemberAccess(Spec):
    """What one workspace member may do with a list."""

    member: Annotated[str, StringConstraints(pattern=EMAIL_PATTERN)]
    """The member's e-mail address."""
    level: Access


class ListSpec(Spec):
    """A list of records of one object."""

    name: Title | None = None
    parent: Slug
    access: Access | Literal["private"] = "full-access"
    """What the whole workspace may do with it; `private` leaves it to `members`."""
    members: tuple[MemberAccess, ...] = ()
    attributes: dict[Slug, Attribute] = Field(default_factory=dict)
    renamed_from: Slug | None = None
    id: Uuid | None = None
    protect: bool = False

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
    object: Slug | None = None
    list: Slug | None = None
    attribute: Slug | None = None


class SecretFile(Spec):
    """Where the signing secret goes that Attio shows once, when the webhook is created."""

    file: str


class WebhookSpec(Spec):
    """A webhook: where Attio sends events, and which."""

    url: Annotated[str, StringConstraints(pattern=HTTPS_PATTERN)]
    secret: SecretFile | None = None
    on: tuple[Subscription, ...] = Field(min_length=1)
    id: Uuid | None = None
    protect: bool = False


class Removal(Spec):
    """The intent to remove something; without it, a block that is gone changes nothing."""

    address: str
    action: Literal["archive", "delete", "forget"]
    reason: str | None = None


# --- where the workspace is -----------------------------------------------------------------------------------------


class EnvironmentToken(Spec):
    """The token is in an environment variable."""

    env: str


class FileToken(Spec):
    """The token is in a file, relative to the workspace file."""

    file: str


class CommandToken(Spec):
    """The token is what a command prints, such as `[op, read, op://vault/attio/token]`."""

    command: tuple[str, ...] = Field(min_length=1)


def _kind_of_token(value: Any) -> str:
    """The branch that a person meant: told by the key, so that a fault is said about that branch only."""
    if isinstance(value, FileToken | CommandToken):
        return type(value).__name__
    keys = value if isinstance(value, dict) else {}
    return "FileToken" if "file" in keys else "CommandToken" if "command" in keys else "EnvironmentToken"


Token = Annotated[
    Annotated[EnvironmentToken, Tag("EnvironmentToken")]
    | Annotated[FileToken, Tag("FileToken")]
    | Annotated[CommandToken, Tag("CommandToken")],
    Discriminator(_kind_of_token),
]


class AttioApi(Spec):
    """A real workspace (or any server that speaks Attio's API)."""

    token: Token
    base_url: Annotated[str, StringConstraints(pattern=BASE_URL_PATTERN)] = "https://api.attio.com"


class SandboxApi(Spec):
    """The embedded sandbox: a local Attio that needs no account; its state is kept under this name."""

    sandbox: Slug
    limits: bool = False
    """Imitate Attio's rate limits too; off, so that trying things is quick."""


def _kind_of_api(value: Any) -> str:
    if isinstance(value, SandboxApi) or (isinstance(value, dict) and "sandbox" in value):
        return "SandboxApi"
    return "AttioApi"


Api = Annotated[
    Annotated[AttioApi, Tag("AttioApi")] | Annotated[SandboxApi, Tag("SandboxApi")],
    Discriminator(_kind_of_api),
]


# --- mappings -------------------------------------------------------------------------------------------------------

Values = dict[str, Any]
"""Attribute slug to a path (`$.a.b`), a template (`{{a}} {{b}}`), a Segment directive (`{"@path": …}`) or a literal."""

Multiselect = Literal["append", "replace"]


class MappingTest(Spec):
    """An event and the records that it must produce."""

    given: dict[str, Any]
    expect: dict[str, Any]


class MappingBase(Spec):
    """What every mapping may say."""

    preset: Literal["segment", "customer-io", "datafly", "none"] = "segment"
    """Whose defaults fill what is left out."""
    when: str | None = None
    """Which events it takes, in Segment's FQL: `type = "track" and event = "Signed Up"`; by default the preset's."""
    multiselect: Multiselect | dict[str, Multiselect] = "append"
    """Whether several values are added to what is there or replace it: for all, or per attribute."""
    default_region: Annotated[str, StringConstraints(pattern=REGION_PATTERN)] | None = None
    """The country whose national phone numbers are understood, as ISO 3166 alpha-2."""
    batch: bool = False
    """Send through Attio's asynchronous batch and verify afterwards."""
    tests: tuple[MappingTest, ...] = ()


class IdentifyUser(MappingBase):
    """A person, and the user that belongs to them."""

    OBJECTS: ClassVar = {"person": "people", "user": "users"}

    action: Literal["identify-user"]
    email_address: Any = None
    """Overrides the preset's e-mail address."""
    user_id: Any = None
    """Overrides the preset's user id."""
    person: Values = Field(default_factory=dict)
    user: Values = Field(default_factory=dict)


class GroupWorkspace(MappingBase):
    """A company, and the workspace that belongs to it."""

    OBJECTS: ClassVar = {"company": "companies", "workspace": "workspaces"}

    action: Literal["group-workspace"]
    domain: Any = None
    workspace_id: Any = None
    user_id: Any = None
    company: Values = Field(default_factory=dict)
    workspace: Values = Field(default_factory=dict)


class AssertRecord(MappingBase):
    """A record of any object."""

    action: Literal["assert-record"]
    object: Slug
    match: Slug
    """The unique attribute that tells records apart; it must be among `values`."""
    values: Values


Mapping = Annotated[IdentifyUser | GroupWorkspace | AssertRecord, Field(discriminator="action")]


# --- the whole ------------------------------------------------------------------------------------------------------


class WorkspaceSpec(Spec):
    """One workspace, merged from all its files."""

    workspace: Slug
    """A name for people, in plans and messages."""
    workspace_id: Uuid | None = None
    """Attio's id of the workspace; compared with the token's before any other request."""
    api: Api
    objects: dict[Slug, ObjectSpec] = Field(default_factory=dict)
    lists: dict[Slug, ListSpec] = Field(default_factory=dict)
    webhooks: dict[Slug, WebhookSpec] = Field(default_factory=dict)
    removed: tuple[Removal, ...] = ()
    mappings: dict[Slug, Mapping] = Field(default_factory=dict)
