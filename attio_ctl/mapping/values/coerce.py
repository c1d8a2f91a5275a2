"""
One value for one attribute: checked against its type and the workspace, and turned into its neutral form.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from attio_ctl.attribute_types import ATTRIBUTE_TYPES
from attio_ctl.mapping.expressions.javascript import MISSING, number_text
from attio_ctl.mapping.values.choices import member_coercer, title_coercer
from attio_ctl.mapping.values.contacts import coerce_domain, coerce_email
from attio_ctl.mapping.values.faults import shown
from attio_ctl.mapping.values.names import coerce_location, coerce_name
from attio_ctl.mapping.values.numbers import (
    coerce_checkbox,
    coerce_currency,
    coerce_number,
    coerce_rating,
    coerce_text,
)
from attio_ctl.mapping.values.phones import phone_coercer
from attio_ctl.mapping.values.references import reference_coercer
from attio_ctl.mapping.values.times import coerce_date, coerce_timestamp
from attio_ctl.mapping.writes import Reject, Value
from attio_ctl.state.schema import AttributeSchema, ObjectSchema, Schema

Coerce = Callable[[Any], Value]
"""
A raw JSON value to a neutral one.

Raises:
    Reject: Attio would refuse the value.

`MISSING` comes back for a value that holds nothing to write.
"""

_SIMPLE: dict[str, Coerce] = {
    "text": coerce_text,
    "number": coerce_number,
    "checkbox": coerce_checkbox,
    "currency": coerce_currency,
    "date": coerce_date,
    "timestamp": coerce_timestamp,
    "rating": coerce_rating,
    "domain": coerce_domain,
    "email-address": coerce_email,
    "location": coerce_location,
    "personal-name": coerce_name,
}

# These read objects of their own; of all others, an object with just Attio's key for the value is unwrapped.
_TAKE_OBJECTS = frozenset({"location", "personal-name", "phone-number", "record-reference", "actor-reference"})


# Texts of these come again and again in a stream of events, and take longer to check than to look up.
_REPEATED = frozenset({"domain", "phone-number", "record-reference", "date", "personal-name"})
_REMEMBERED: Final = 16_384


@dataclass(frozen=True, slots=True)
class Coercer:
    """
    What turns raw values of one attribute into neutral ones.

    `one` takes a single text, `whole` any JSON value. `kind` is the attribute's type, empty when it takes no value at
    all; `titles` are those of its options or statuses; `several` tells that it holds a list.
    """

    kind: str
    one: Coerce
    whole: Coerce
    several: bool = False
    titles: frozenset[str] = frozenset()


def coercer(attribute: AttributeSchema, schema: Schema, region: str | None = None) -> Coercer:
    """
    The coercer of one attribute; `region` (ISO 3166 alpha-2) is where national phone numbers are from.

    Null unsets. A multiselect attribute takes one value or several and gives a list without repeats; nulls in it are
    left out. A single one takes a list of one, and an empty list as null.
    """
    if attribute.archived:
        return refuser(Reject("archived_attribute", "the attribute is archived"))
    if not attribute.writable or attribute.type not in ATTRIBUTE_TYPES or attribute.type == "interaction":
        return refuser(Reject("not_writable", "the attribute is filled by Attio and cannot be written"))
    one = _one(attribute, schema, region)
    any_form = one if attribute.type in _TAKE_OBJECTS else _unwrapping(one, attribute.type)
    whole = _several(any_form) if attribute.multiselect else _single(any_form)
    whole = _required(whole) if attribute.required else whole
    if attribute.type in _REPEATED:
        one = remembering(one)
    return Coercer(attribute.type, one, whole, attribute.multiselect, attribute.titles)


def remembering(coerce: Callable[[str], Value]) -> Callable[[str], Value]:
    """The same, with what it made of the latest texts at hand: in half the time that `functools.lru_cache` takes."""
    return _Made(coerce).__getitem__


class _Made(dict[str, Value]):
    def __init__(self, coerce: Callable[[str], Value]) -> None:
        super().__init__()
        self._coerce = coerce

    def __missing__(self, text: str) -> Value:
        made = self._coerce(text)
        if len(self) >= _REMEMBERED:
            self.clear()
        self[text] = made
        return made


def _one(attribute: AttributeSchema, schema: Schema, region: str | None) -> Coerce:
    match attribute.type:
        case "select" | "status":
            return title_coercer(attribute)
        case "actor-reference":
            return member_coercer(schema.members)
        case "record-reference":
            return reference_coercer(attribute, schema, key_text)
        case "phone-number":
            return phone_coercer(region)
        case kind:
            return _SIMPLE[kind]


def refuser(reject: Reject) -> Coercer:
    """A coercer for an attribute that takes no value at all."""

    def refuse(_: Any) -> Value:
        raise Reject(reject.code, reject.reason)

    return Coercer("", refuse, refuse)


def _unwrapping(coerce: Coerce, kind: str) -> Coerce:
    key = ATTRIBUTE_TYPES[kind].value_key

    def unwrapped(value: Any) -> Value:
        return coerce(value[key] if isinstance(value, dict) and len(value) == 1 and key in value else value)

    return unwrapped


def _single(coerce: Coerce) -> Coerce:
    def single(value: Any) -> Value:
        if isinstance(value, list):
            if len(value) > 1:
                raise Reject("too_many_values", f"the attribute holds one value, not {len(value)}")
            value = value[0] if value else None
        return None if value is None else coerce(value)

    return single


def _several(coerce: Coerce) -> Coerce:
    def several(value: Any) -> Value:
        if value is None:
            return None
        if not isinstance(value, list):
            return [coerce(value)]
        values: list[Value] = []
        for item in value:
            coerced = MISSING if item is None else coerce(item)
            if coerced is not MISSING and coerced not in values:
                values.append(coerced)
        return values

    return several


def _required(coerce: Coerce) -> Coerce:
    def required(value: Any) -> Value:
        coerced = coerce(value)
        if coerced is None or coerced == []:
            raise Reject("missing_required_value", "the attribute is required and cannot be unset")
        return coerced

    return required


def key_text(_: ObjectSchema, attribute: AttributeSchema, value: Any) -> str:
    """
    The value of a unique attribute as the text of a `RecordKey`.

    Raises:
        Reject: it is none, several, or not one that the attribute can have.
    """
    coerce = _SIMPLE.get(attribute.type)
    if coerce is None:
        raise Reject("invalid_reference", f"an attribute of type `{attribute.type}` names no record")
    if isinstance(value, list) and len(value) == 1:
        (value,) = value
    key = ATTRIBUTE_TYPES[attribute.type].value_key
    coerced = coerce(value[key] if isinstance(value, dict) and len(value) == 1 and key in value else value)
    return match_text(coerced)


def match_text(value: Value) -> str:
    """
    The text that names a record, of a neutral value of its matching attribute; of several values, the first.

    Raises:
        Reject: the value is empty, or no text or number.
    """
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, str):
        if not value.strip():
            raise Reject("missing_match_value", "the value to match by is empty")
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number_text(value)
    why = (
        "there is no value to match by"
        if value is None
        else f"a text or number is needed to match by, not {shown(value)}"
    )
    raise Reject("missing_match_value", why)
