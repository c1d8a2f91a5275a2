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
from attio_ctl.config.patterns import SLUG_PATTERN

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
    """The name that people see, and that it is told apart by."""
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
    """The currency of all its values, as an ISO 4217 code that Attio knows; changing it converts nothing."""
    display: Literal[CURRENCY_DISPLAYS] = "symbol"  # type: ignore[valid-type]
    """How the currency is shown beside the amount."""


class Relationship(Spec):
    """The other side of a two-way reference, made in the same call."""

    slug: Slug
    """The slug of the reverse attribute."""
    title: Title
    """The name of the reverse attribute."""
    multiselect: bool = False
    """Whether a record over there may be pointed at by several records here."""


class AttributeBase(Spec):
    """What every attribute may say."""

    title: Title | None = None
    """The name people see; by default made from the slug when the attribute is created."""
    description: str | None = None
    """A note for people, shown in Attio's settings."""
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
    """Any text."""

    type: Literal["text"]
    """What kind of value it holds; cannot be changed later."""


class NumberAttribute(AttributeBase, UniqueMixin, DefaultMixin):
    """A number, whole or not."""

    type: Literal["number"]
    """What kind of value it holds; cannot be changed later."""


class CheckboxAttribute(AttributeBase, DefaultMixin):
    """True or false."""

    type: Literal["checkbox"]
    """What kind of value it holds; cannot be changed later."""


class CurrencyAttribute(AttributeBase, DefaultMixin):
    """An amount of money, with at most four decimals."""

    type: Literal["currency"]
    """What kind of value it holds; cannot be changed later."""
    currency: Currency
    """How it counts and shows money."""


class DateAttribute(AttributeBase, DynamicDefaultMixin):
    """A calendar day."""

    type: Literal["date"]
    """What kind of value it holds; cannot be changed later."""


class TimestampAttribute(AttributeBase, DynamicDefaultMixin):
    """A moment in time."""

    type: Literal["timestamp"]
    """What kind of value it holds; cannot be changed later."""


class RatingAttribute(AttributeBase, DefaultMixin):
    """A rating of zero to five stars."""

    type: Literal["rating"]
    """What kind of value it holds; cannot be changed later."""


class StatusAttribute(AttributeBase, DefaultMixin):
    """The stage of a pipeline; one of its statuses."""

    type: Literal["status"]
    """What kind of value it holds; cannot be changed later."""
    statuses: tuple[Status, ...] = ()
    """Its statuses: bare titles, or mappings that say more; those in Attio that are not listed are left alone."""

    @field_validator("statuses", mode="before", json_schema_input_type=tuple[Title | Status, ...])
    @classmethod
    def _a_bare_title_is_a_status(cls, value: Any) -> Any:
        return _titles_as_objects(value)

    @model_validator(mode="after")
    def _titles_are_distinct(self) -> StatusAttribute:
        _refuse_repeats("statuses", self.statuses)
        return self


class SelectAttribute(AttributeBase, MultiselectMixin, DefaultMixin):
    """One option of a list, or several."""

    type: Literal["select"]
    """What kind of value it holds; cannot be changed later."""
    options: tuple[Option, ...] = ()
    """Its options: bare titles, or mappings that say more; those in Attio that are not listed are left alone."""

    @field_validator("options", mode="before", json_schema_input_type=tuple[Title | Option, ...])
    @classmethod
    def _a_bare_title_is_an_option(cls, value: Any) -> Any:
        return _titles_as_objects(value)

    @model_validator(mode="after")
    def _titles_are_distinct(self) -> SelectAttribute:
        _refuse_repeats("options", self.options)
        return self


class RecordReferenceAttribute(AttributeBase, MultiselectMixin, DefaultMixin):
    """Points at records, of one object or several."""

    type: Literal["record-reference"]
    """What kind of value it holds; cannot be changed later."""
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
    """Points at members of the Attio workspace."""

    type: Literal["actor-reference"]
    """What kind of value it holds; cannot be changed later."""


class LocationAttribute(AttributeBase, DefaultMixin):
    """A postal address with coordinates."""

    type: Literal["location"]
    """What kind of value it holds; cannot be changed later."""


class DomainAttribute(AttributeBase, UniqueMixin, MultiselectMixin, DefaultMixin):
    """An internet domain."""

    type: Literal["domain"]
    """What kind of value it holds; cannot be changed later."""


class EmailAddressAttribute(AttributeBase, UniqueMixin, MultiselectMixin, DefaultMixin):
    """An e-mail address."""

    type: Literal["email-address"]
    """What kind of value it holds; cannot be changed later."""


class PhoneNumberAttribute(AttributeBase, MultiselectMixin, DefaultMixin):
    """A phone number, with its country."""

    type: Literal["phone-number"]
    """What kind of value it holds; cannot be changed later."""


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
