"""
What a mapping takes and where it finds things when it does not say: the defaults of Segment, Customer.io and Datafly.

Each is data in the form of a mapping itself, so that everything that reads mappings reads these, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from attio_ctl.state.resource import EMPTY, Json

Action = Literal["identify-user", "group-workspace", "assert-record"]


@dataclass(frozen=True, slots=True)
class DefaultValue:
    """One attribute that a preset fills: the role of its record, its slug, from what, and for which events (FQL)."""

    role: str
    slug: str
    expression: Json
    when: str | None = None


@dataclass(frozen=True, slots=True)
class Defaults:
    """
    The defaults of one action.

    `when` is FQL, None to take every event. `fields` are the action's own (`email_address`, `user_id`, …); a field
    that is not there has no default. `values` are the attributes that are filled unless the mapping does.
    """

    when: str | None = None
    fields: Mapping[str, Json] = field(default_factory=lambda: EMPTY)
    values: tuple[DefaultValue, ...] = ()


def first(*paths: str) -> Json:
    """The value at the first path where there is one; '' is one, null is not."""
    *others, last = paths
    expression: Json = {"@path": last}
    for path in reversed(others):
        expression = {"@if": {"exists": {"@path": path}, "then": {"@path": path}, "else": expression}}
    return expression


IDENTIFY: Final = 'type = "identify"'
GROUP: Final = 'type = "group"'

# As the published destination has them, to the letter: `mapping eval` compares with it.
PUBLISHED: Final[Mapping[Action, Defaults]] = {
    "identify-user": Defaults(
        IDENTIFY,
        {"email_address": first("$.traits.email", "$.email"), "user_id": {"@path": "$.userId"}},
    ),
    "group-workspace": Defaults(
        GROUP,
        {
            "domain": first("$.traits.website", "$.website"),
            "workspace_id": first("$.groupId", "$.context.group_id"),
            "user_id": {"@path": "$.userId"},
        },
    ),
    "assert-record": Defaults(),
}

# Segment's page still tells of properties named `email_address`, `domain` and `id`; they come last, where the
# published destination would have refused the event.
SEGMENT: Final[Mapping[Action, Defaults]] = {
    "identify-user": Defaults(
        IDENTIFY,
        {
            "email_address": first(
                "$.traits.email", "$.email", "$.traits.email_address", "$.properties.email_address", "$.email_address"
            ),
            "user_id": first("$.userId", "$.traits.id", "$.properties.id", "$.id"),
        },
    ),
    "group-workspace": Defaults(
        GROUP,
        {
            "domain": first("$.traits.website", "$.website", "$.traits.domain", "$.properties.domain", "$.domain"),
            "workspace_id": first("$.groupId", "$.context.group_id", "$.traits.id", "$.properties.id", "$.id"),
            "user_id": {"@path": "$.userId"},
        },
    ),
    "assert-record": Defaults(),
}

CUSTOMER_IO: Final[Mapping[Action, Defaults]] = {
    "identify-user": Defaults(
        IDENTIFY, {"email_address": {"@path": "$.traits.email"}, "user_id": {"@path": "$.userId"}}
    ),
    "group-workspace": Defaults(
        GROUP,
        {
            "domain": {"@path": "$.traits.website"},
            "workspace_id": {"@path": "$.groupId"},
            "user_id": {"@path": "$.userId"},
        },
    ),
    "assert-record": Defaults(),
}


def _trait(name: str) -> Json:
    """A trait of the call itself, or one that the client sends along with a later event."""
    return first(f"$.traits.{name}", f"$.context.traits.{name}")


_DATAFLY_NAME: Final = {
    "@if": {
        "exists": first(
            *(
                f"$.{where}.{part}"
                for where in ("traits", "context.traits")
                for part in ("first_name", "last_name", "name")
            )
        ),
        "then": {"first_name": _trait("first_name"), "last_name": _trait("last_name"), "full_name": _trait("name")},
    }
}

# People only: a record of the user appears when the mapping gives a `user_id` of its own.
DATAFLY: Final[Mapping[Action, Defaults]] = {
    "identify-user": Defaults(
        'type = "identify" or type = "track" and event in ["Identified", "Signed Up", "Lead Generated", "Logged In"]',
        {"email_address": _trait("email")},
        (
            DefaultValue("person", "name", _DATAFLY_NAME),
            DefaultValue("person", "phone_numbers", _trait("phone")),
            DefaultValue("person", "job_title", _trait("job_title")),
            DefaultValue("person", "description", {"@path": "$.properties.lead_source"}, 'event = "Lead Generated"'),
        ),
    ),
    "assert-record": Defaults(),
}

PRESETS: Final[Mapping[str, Mapping[Action, Defaults]]] = {
    "segment": SEGMENT,
    "customer-io": CUSTOMER_IO,
    "datafly": DATAFLY,
    "none": {"identify-user": Defaults(), "group-workspace": Defaults(), "assert-record": Defaults()},
}


def defaults_of(preset: str, action: Action) -> Defaults | None:
    """The defaults of an action in a preset, None where the preset has no such action."""
    return PRESETS[preset].get(action)


def is_empty(value: Any) -> bool:
    """Null or '': what Segment removes from a field of an action before it checks it."""
    return value is None or value == ""
