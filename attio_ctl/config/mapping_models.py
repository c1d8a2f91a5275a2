"""
What a workspace file may say of a mapping, as frozen models: which events it takes, and which records they become.

The values themselves are left as they are written; the mapping engine compiles and checks them.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import Field, StringConstraints

from attio_ctl.config.attribute_models import Slug, Spec

REGION_PATTERN: Final = r"^[A-Z]{2}$"

_VALUE_FORMS: Final = (
    "A path into the event (`$.traits.plan`), a template (`{{traits.first_name}} at {{traits.company}}`), a Segment "
    "directive (an object with `@` keys, as copied from Segment), or any other value as it is; `null` unsets."
)
_VALUE_EXAMPLES: Final = ["$.traits.email", "{{traits.last_name}}, {{traits.first_name}}", {"@path": "$.traits.plan"}]

MappingValue = Annotated[Any, Field(description=_VALUE_FORMS, examples=_VALUE_EXAMPLES)]
"""One value of a mapping, of which anything is accepted here; the mapping engine compiles and checks it."""

Values = dict[str, MappingValue]
"""Attribute slug to value."""

Multiselect = Literal["append", "replace"]


class MappingTest(Spec):
    """An event and the records that it must produce."""

    given: dict[str, Any]
    """The event."""
    expect: dict[str, Any]
    """The records that it must give: object slug to the values written."""


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
    """Events with the records that they must give; run by `attio-ctl test`."""


class IdentifyUser(MappingBase):
    """A person, and the user that belongs to them."""

    OBJECTS: ClassVar = {"person": "people", "user": "users"}

    action: Literal["identify-user"]
    """Which records an event becomes."""
    email_address: MappingValue = None
    """Overrides the preset's e-mail address."""
    user_id: MappingValue = None
    """Overrides the preset's user id."""
    person: Values = Field(default_factory=dict)
    """More values for the person."""
    user: Values = Field(default_factory=dict)
    """More values for the user."""


class GroupWorkspace(MappingBase):
    """A company, and the workspace that belongs to it."""

    OBJECTS: ClassVar = {"company": "companies", "workspace": "workspaces"}

    action: Literal["group-workspace"]
    """Which records an event becomes."""
    domain: MappingValue = None
    """Overrides the preset's company domain."""
    workspace_id: MappingValue = None
    """Overrides the preset's workspace id."""
    user_id: MappingValue = None
    """Overrides the preset's id of the user who belongs to the workspace."""
    company: Values = Field(default_factory=dict)
    """More values for the company."""
    workspace: Values = Field(default_factory=dict)
    """More values for the workspace."""


class AssertRecord(MappingBase):
    """A record of any object."""

    action: Literal["assert-record"]
    """Which records an event becomes."""
    object: Slug
    """The object that the record belongs to."""
    match: Slug
    """The unique attribute that tells records apart; it must be among `values`."""
    values: Values
    """What is written, by attribute slug; the matching attribute must be among them."""


Mapping = Annotated[IdentifyUser | GroupWorkspace | AssertRecord, Field(discriminator="action")]
