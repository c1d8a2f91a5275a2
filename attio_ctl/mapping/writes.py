"""
What comes out of a mapping: records to assert, or the reason why there is none.

Values are neutral: checked and coerced, but in no wire format; `encode` turns them into one. Per attribute type:

| type                                                 | neutral value                                               |
|------------------------------------------------------|-------------------------------------------------------------|
| text, domain, email-address, phone-number (E.164)    | str                                                         |
| number, currency · rating · checkbox                 | int or float · int · bool                                   |
| date · timestamp                                     | `YYYY-MM-DD` · ISO 8601 with offset or `Z`                  |
| select, status                                       | title or UUID                                               |
| record-reference                                     | `RecordKey` or `RecordId`                                   |
| actor-reference                                      | a member's e-mail address or id                             |
| personal-name                                        | `PersonalName`: `{first_name, last_name, full_name}`        |
| location                                             | one line of text, or a dict of the ten keys                 |

What is made once per event is a msgspec Struct: it is made five times as fast as a frozen dataclass, and is as frozen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from msgspec import Struct

from attio_ctl.state.resource import Json


class RecordKey(Struct, frozen=True, order=True, gc=False):
    """
    Names one record by a unique attribute: the identity that writes are folded by and the ledger counts by.

    `value` is normalised as Attio normalises it before it compares (e-mail addresses and domains in lower case, a
    domain without scheme and path), so that two spellings of one record are one key; a number is its shortest text.
    """

    object: str
    attribute: str
    value: str


class RecordId(Struct, frozen=True, order=True, gc=False):
    """Names one record by Attio's id of it."""

    object: str
    id: str


class PersonalName(dict[str, str]):
    """`first_name`, `last_name` and `full_name`, each of them there and perhaps empty; a dict apart, never changed."""


Value = Json | RecordKey | RecordId
"""One value of an attribute, a list of them for a multiselect attribute, or None to unset it."""


class Write(Struct, frozen=True, gc=False):
    """
    One record to assert, from one event and one mapping.

    `values` goes from slug to value and holds the matching attribute too; a multiselect attribute always has a list.
    `append` names the multiselect attributes whose values are added to what is there; the others replace it.
    """

    key: RecordKey
    values: Mapping[str, Value]
    append: frozenset[str] = frozenset()

    @property
    def references(self) -> tuple[RecordKey, ...]:
        """The records that this one refers to by a key, in the order of its values, each once."""
        found: dict[RecordKey, None] = {}
        for value in self.values.values():
            for item in value if isinstance(value, list) else (value,):
                if isinstance(item, RecordKey):
                    found[item] = None
        return tuple(found)


class Writes(Struct, frozen=True, gc=False):
    """The event gives these records, each after the ones of this event that it refers to."""

    writes: tuple[Write, ...]


@dataclass(frozen=True, slots=True)
class NotSubscribed:
    """The mapping does not take this event: its `when` says no, or the event's `integrations` switch us off."""

    by: Literal["when", "integrations"]


RejectCode = Literal[
    "ambiguous_reference",
    "archived_attribute",
    "expression_failed",
    "inactive_object",
    "invalid_currency",
    "invalid_date",
    "invalid_domain",
    "invalid_email",
    "invalid_location",
    "invalid_name",
    "invalid_number",
    "invalid_phone_number",
    "invalid_rating",
    "invalid_reference",
    "invalid_text",
    "invalid_timestamp",
    "missing_match_value",
    "missing_required_value",
    "not_an_event",
    "not_writable",
    "too_many_values",
    "unknown_attribute",
    "unknown_member",
    "unknown_object",
    "unknown_option",
    "unknown_status",
    "wrong_type",
]


@dataclass(frozen=True, slots=True)
class Rejected:
    """
    The event cannot be written as it is: a dead letter.

    `reason` is in plain words and names the attribute and the value's fault; `path` is what was being made, such as
    `users.plan` (object and attribute slug) or `email_address` (a field of the action).
    """

    code: RejectCode
    reason: str
    path: str


Mapped = Writes | NotSubscribed | Rejected

NOT_SUBSCRIBED: Final = NotSubscribed("when")
SWITCHED_OFF: Final = NotSubscribed("integrations")


class Reject(Exception):  # noqa: N818  it never leaves the folder: it carries a `Rejected` to the edge of one mapping
    """One value that cannot be written; becomes the mapping's `Rejected`."""

    def __init__(self, code: RejectCode, reason: str, path: str = "") -> None:
        super().__init__(reason)
        self.code: RejectCode = code
        self.reason = reason
        self.path = path

    def at(self, path: str) -> Rejected:
        """The outcome, once the place is known; a place that was named closer to the fault is kept."""
        return Rejected(self.code, self.reason, self.path or path)


def is_reference(value: Any) -> bool:
    """Whether a neutral value names a record."""
    return isinstance(value, RecordKey | RecordId)
