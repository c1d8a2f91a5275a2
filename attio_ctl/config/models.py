"""
What a workspace file may say, as frozen models; anything else is an error.

A field that a file leaves out is not managed: `model_fields_set` tells it from a field that is set to its default.
The field names are those of the file; `state.desired` turns them into Attio's.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    field_validator,
    model_validator,
)

from attio_ctl.attribute_types import CURRENCIES, CURRENCY_DISPLAYS, STANDARD_OBJECTS

# Attio asks for snake case and refuses little; what breaks a path or an address is refused here, the rest is linted.
SLUG_PATTERN: Final = r"^[A-Za-z][A-Za-z0-9_-]{0,63}$"
UUID_PATTERN: Final = r"^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$"
# Source: pattern of `target_time_in_status` in the OpenAPI document.
DURATION_PATTERN: Final = r"^P(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(\d+H)?(\d+M)?(\d+S)?)?$"
EMAIL_PATTERN: Final = r"^[^@\s]+@[^@\s]+$"
REGION_PATTERN: Final = r"^[A-Z]{2}$"
HTTPS_PATTERN: Final = r"^https://\S+$"
BASE_URL_PATTERN: Final = r"^https?://\S+[^/]$"

Slug = Annotated[str, StringConstraints(pattern=SLUG_PATTERN)]
Title = Annotated[str, StringConstraints(min_length=1, max_length=255)]
Uuid = Annotated[str, StringConstraints(pattern=UUID_PATTERN)]
Duration = Annotated[str, StringConstraints(pattern=DURATION_PATTERN, min_length=3)]
Scalar = bool | int | float | str


class Spec(BaseModel):
    """The base of every model: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


# --- attributes -----------------------------------------------------------------------------------------------------


class DynamicDefault(Spec):
    """A default that Attio computes when a record is created."""

    dynamic: Literal["current-user"] | Duration
    """`current-user` (actor-reference), or an ISO 8601 duration from now (date and timestamp), such as `P1M`."""


def _kind_of_default(value: Any) -> str:
    if isinstance(value, dict | DynamicDefault):
        return "DynamicDefault"
    return "list" if isinstance(value, list) else "value"


StaticDefault = Scalar | list[Scalar]
AnyDefault = Annotated[
    Annotated[DynamicDefault, Tag("DynamicDefault")]
    | Annotated[list[Scalar], Tag("list")]
    | Annotated[Scalar, Tag("value")],
    Discriminator(_kind_of_default),
]


class Titled(Spec):
    """A select option or a status, told apart by its title."""

    title: Title
    renamed_from: Title | None = None
    """The title it had before; the rename keeps its id and every value."""
    id: Uuid | None = None
    """Attio's id, which recognises it after a rename in Attio's own settings."""
    protect: bool = False
    """Refuse to archive it, also after its block is gone from the file."""


class Option(Titled):
    """A select option."""


class Status(Titled):
    """A status of a pipeline."""

    celebration: bool = False
    """Confetti in Attio when a record reaches it."""
    target_time: Duration | None = None
    """How long a record should stay in it, as an ISO 8601 duration."""


class Currency(Spec):
    """How a currency attribute counts and shows money."""

    code: Literal[CURRENCIES]  # type: ignore[valid-type]
    display: Literal[CURRENCY_DISPLAYS] = "symbol"  # type: ignore[valid-type]


class Relationship(Spec):
    """The other side of a two-way reference, made in the same call."""

    slug: Slug
    title: Title
    multiselect: bool = False


class AttributeBase(Spec):
    """What every attribute may say."""

    title: Title | None = None
    """The name people see; by default made from the slug when the attribute is created."""
    description: str | None = None
    required: bool = False
    """Whether new records must have a value; old records are left alone."""
    renamed_from: Slug | None = None
    """The slug it had before; the rename keeps its id and every value."""
    id: Uuid | None = None
    """Attio's id, which recognises it after a rename in Attio's own settings."""
    protect: bool = False
    """Refuse to archive it, also after its block is gone from the file."""


class UniqueMixin(Spec):
    unique: bool = False
    """Whether two records may not share a value; not on people and companies."""


class MultiselectMixin(Spec):
    multiselect: bool = False
    """Whether a record may hold several values; cannot be changed later."""


class DefaultMixin(Spec):
    default: StaticDefault | None = None
    """The value of a new record that is given none; not on people and companies."""


class DynamicDefaultMixin(Spec):
    default: AnyDefault | None = None
    """The value of a new record that is given none; not on people and companies."""


class TextAttribute(AttributeBase, UniqueMixin, DefaultMixin):
    type: Literal["text"]


class NumberAttribute(AttributeBase, UniqueMixin, DefaultMixin):
    type: Literal["number"]


class CheckboxAttribute(AttributeBase, DefaultMixin):
    type: Literal["checkbox"]


class CurrencyAttribute(AttributeBase, DefaultMixin):
    type: Literal["currency"]
    currency: Currency


class DateAttribute(AttributeBase, DynamicDefaultMixin):
    type: Literal["date"]


class TimestampAttribute(AttributeBase, DynamicDefaultMixin):
    type: Literal["timestamp"]


class RatingAttribute(AttributeBase, DefaultMixin):
    type: Literal["rating"]


class StatusAttribute(AttributeBase, DefaultMixin):
    type: Literal["status"]
    statuses: tuple[Status, ...] = ()

    @field_validator("statuses", mode="before")
    @classmethod
    def _a_bare_title_is_a_status(cls, value: Any) -> Any:
        return _titles_as_objects(value)

    @model_validator(mode="after")
    def _titles_are_distinct(self) -> StatusAttribute:
        _refuse_repeats("statuses", self.statuses)
        return self


class SelectAttribute(AttributeBase, MultiselectMixin, DefaultMixin):
    type: Literal["select"]
    options: tuple[Option, ...] = ()

    @field_validator("options", mode="before")
    @classmethod
    def _a_bare_title_is_an_option(cls, value: Any) -> Any:
        return _titles_as_objects(value)

    @model_validator(mode="after")
    def _titles_are_distinct(self) -> SelectAttribute:
        _refuse_repeats("options", self.options)
        return self


class RecordReferenceAttribute(AttributeBase, MultiselectMixin, DefaultMixin):
    type: Literal["record-reference"]
    to: tuple[Slug, ...] = ()
    """The objects whose records it may point at; none means any."""
    relationship: Relationship | None = None
    """Makes the reverse attribute on the other object; needs exactly one object in `to`, cannot be changed later."""

    @model_validator(mode="after")
    def _a_relationship_has_one_target(self) -> RecordReferenceAttribute:
        if self.relationship is not None and len(self.to) != 1:
            raise ValueError("a relationship needs exactly one object in `to`")
        return self


class ActorReferenceAttribute(AttributeBase, MultiselectMixin, DynamicDefaultMixin):
    type: Literal["actor-reference"]


class LocationAttribute(AttributeBase, DefaultMixin):
    type: Literal["location"]


class DomainAttribute(AttributeBase, UniqueMixin, MultiselectMixin, DefaultMixin):
    type: Literal["domain"]


class EmailAddressAttribute(AttributeBase, UniqueMixin, MultiselectMixin, DefaultMixin):
    type: Literal["email-address"]


class PhoneNumberAttribute(AttributeBase, MultiselectMixin, DefaultMixin):
    type: Literal["phone-number"]


Attribute = Annotated[
    TextAttribute
    | NumberAttribute
    | CheckboxAttribute
    | CurrencyAttribute
    | DateAttribute
    | TimestampAttribute
    | RatingAttribute
    | StatusAttribute
    | SelectAttribute
    | RecordReferenceAttribute
    | ActorReferenceAttribute
    | LocationAttribute
    | DomainAttribute
    | EmailAddressAttribute
    | PhoneNumberAttribute,
    Field(discriminator="type"),
]


def _titles_as_objects(value: Any) -> Any:
    return [{"title": item} if isinstance(item, str) else item for item in value] if isinstance(value, list) else value


def _refuse_repeats(what: str, items: tuple[Titled, ...]) -> None:
    titles = [item.title for item in items]
    repeated = sorted({title for title in titles if titles.count(title) > 1})
    if repeated:
        raise ValueError(f"{what} repeat: {', '.join(repeated)}")


# --- objects, lists, webhooks, removals -----------------------------------------------------------------------------


class ObjectSpec(Spec):
    """An object: a standard one, of which only what is named is managed, or a custom one."""

    active: bool | None = None
    """Asserts that a standard object is switched on in Attio's settings, for which the API has no call."""
    singular: Title | None = None
    plural: Title | None = None
    attributes: dict[Slug, Attribute] = {}
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
    attributes: dict[Slug, Attribute] = {}
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
    person: Values = {}
    user: Values = {}


class GroupWorkspace(MappingBase):
    """A company, and the workspace that belongs to it."""

    OBJECTS: ClassVar = {"company": "companies", "workspace": "workspaces"}

    action: Literal["group-workspace"]
    domain: Any = None
    workspace_id: Any = None
    user_id: Any = None
    company: Values = {}
    workspace: Values = {}


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
    objects: dict[Slug, ObjectSpec] = {}
    lists: dict[Slug, ListSpec] = {}
    webhooks: dict[Slug, WebhookSpec] = {}
    removed: tuple[Removal, ...] = ()
    mappings: dict[Slug, Mapping] = {}

    @field_validator("objects")
    @classmethod
    def _only_custom_objects_are_named(cls, value: dict[str, ObjectSpec]) -> dict[str, ObjectSpec]:
        for slug, spec in value.items():
            if slug in STANDARD_OBJECTS and spec.renamed_from:
                raise ValueError(f"`{slug}` is a standard object and cannot be renamed")
            if slug not in STANDARD_OBJECTS and spec.active is not None:
                raise ValueError(f"`{slug}` is no standard object; `active` is for {', '.join(STANDARD_OBJECTS)}")
        return value
