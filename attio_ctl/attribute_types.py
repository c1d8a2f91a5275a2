"""
The attribute types of Attio: what each may be, and under which keys its value is written and read.

The one table that config, plan checks, mapping and sandbox share; a new type begins as a row here.

Source: docs.attio.com/docs/attribute-types/* and the create-attribute endpoint of the OpenAPI document (2026-08);
cells where Attio says nothing are the reading that the sandbox and the checks use, listed in docs/sandbox.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Default = Literal["none", "static", "duration", "current-user"]


@dataclass(frozen=True, slots=True)
class AttributeType:
    """
    One row of the table.

    `value_key` is the key of the write object (`{"value": …}`, `{"option": …}`), which is also the field that a
    shorthand filter compares; `default` names what a default may be besides nothing: a fixed value, a fixed value or
    an ISO duration from now, or a fixed value or the acting member.
    """

    name: str
    value_key: str
    creatable: bool = True
    multiselect: bool = False
    unique: bool = False
    default: Default = "static"


ATTRIBUTE_TYPES: Final[dict[str, AttributeType]] = {
    row.name: row
    for row in (
        AttributeType("text", "value", unique=True),
        AttributeType("number", "value", unique=True),
        AttributeType("checkbox", "value"),
        AttributeType("currency", "currency_value"),
        AttributeType("date", "value", default="duration"),
        AttributeType("timestamp", "value", default="duration"),
        AttributeType("rating", "value"),
        AttributeType("status", "status"),
        AttributeType("select", "option", multiselect=True),
        AttributeType("record-reference", "target_record_id", multiselect=True),
        AttributeType("actor-reference", "referenced_actor_id", multiselect=True, default="current-user"),
        AttributeType("location", "line_1"),
        AttributeType("domain", "domain", multiselect=True, unique=True),
        AttributeType("email-address", "email_address", multiselect=True, unique=True),
        AttributeType("phone-number", "original_phone_number", multiselect=True),
        AttributeType("interaction", "interaction_type", creatable=False, default="none"),
        AttributeType("personal-name", "full_name", creatable=False, default="none"),
    )
}

CREATABLE: Final = tuple(name for name, row in ATTRIBUTE_TYPES.items() if row.creatable)

# Slugs are the same in every workspace; the three others exist only once an admin has switched them on, for which the
# API has no call. Source: docs.attio.com/docs/standard-objects, and the missing path in the OpenAPI document.
STANDARD_OBJECTS: Final = ("people", "companies", "deals", "users", "workspaces")
ACTIVATED_BY_HAND: Final = frozenset({"deals", "users", "workspaces"})

# `Cannot set attribute as unique.` and no default values on these two. Source: seen 2026-08 and 2026-10, help pages.
WITHOUT_CUSTOM_UNIQUE: Final = frozenset({"people", "companies"})

# The 43 codes that the API takes as of 2026-08. NTD is theirs (ISO says TWD).
# fmt: off
CURRENCIES: Final = (
    "ARS", "AUD", "BRL", "BGN", "CAD", "CLP", "CNY", "COP", "CZK", "DKK", "EUR", "FJD", "HKD", "HUF",
    "ISK", "INR", "IDR", "ILS", "JPY", "KES", "KRW", "MYR", "MXN", "NTD", "NZD", "NGN", "NOK", "XPF",
    "PEN", "PHP", "PLN", "GBP", "RWF", "SAR", "SGD", "ZAR", "SEK", "CHF", "THB", "TRY", "AED", "UYU",
    "USD",
)
# fmt: on
CURRENCY_DISPLAYS: Final = ("code", "name", "narrowSymbol", "symbol")
