"""
What a workspace file may say of an attribute, as frozen models: one per type, each with the fields that its type has.

A field that a file leaves out is not managed: `model_fields_set` tells it from a field that is set to its default.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

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

from attio_ctl.attribute_types import CURRENCIES, CURRENCY_DISPLAYS

# Attio asks for snake case and refuses little; what breaks a path or an address is refused here, the rest is linted.
SLUG_PATTERN: Final = r"^[A-Za-z][A-Za-z0-9_-]{0,63}$"
UUID_PATTERN: Final = r"^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$"
# Source: pattern of `target_time_in_status` in the OpenAPI document.
_DAYS: Final = r"(\d+Y(\d+M)?(\d+W)?(\d+D)?|\d+M(\d+W)?(\d+D)?|\d+W(\d+D)?|\d+D)"
_TIME: Final = r"T(\d+H(\d+M)?(\d+S)?|\d+M(\d+S)?|\d+S)"
DURATION_PATTERN: Final = rf"^P({_DAYS}({_TIME})?|{_TIME})$"

Slug = Annotated[str, StringConstraints(pattern=SLUG_PATTERN)]
Title = Annotated[str, StringConstraints(min_length=1, max_length=255)]
Uuid = Annotated[str, StringConstraints(pattern=UUID_PATTERN)]
Duration = Annotated[str, StringConstraints(pattern=DURATION_PATTERN)]
Scalar = bool | int | float | str


class Spec(BaseModel):
    """The base of every model: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


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
