"""
Whether a record holds what was written: neutral values against values as Attio shows them.

A batch is taken without a word on what becomes of its assertions, so this is how a dropped one is known: the record is
not there, or a value that was written does not stand in it. An assertion is carried out whole or not at all, so one
value is enough. A value that Attio shows in a form of its own counts as not standing, which costs a request and no
more: the write is sent again, singly. What cannot be compared at all (`INCOMPARABLE`) has no business in a batch.

Source: read and write shapes of the attribute types, docs.attio.com/docs/attribute-types/*.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import ciso8601

from attio_ctl.attribute_types import ATTRIBUTE_TYPES
from attio_ctl.mapping.writes import PersonalName, RecordId, RecordKey, Value
from attio_ctl.state.schema import AttributeSchema

Shown = Mapping[str, Any]
"""One value in the shape in which Attio answers."""

RecordIds = Mapping[RecordKey, str]
"""Attio's ids of records, as far as they are known."""

_FRACTION: Final = re.compile(r"\.(\d+)")


INCOMPARABLE: Final = frozenset({"location", "actor-reference"})
"""Types of which a read does not tell what was written: an address in one line, a member's e-mail address."""


def references_in(values: Mapping[str, Value]) -> Iterable[RecordKey]:
    """The records that are named by a key, whose ids `stands` needs."""
    for value in values.values():
        for item in value if isinstance(value, list) else (value,):
            if isinstance(item, RecordKey):
                yield item


def stands(
    values: Mapping[str, Value],
    shown: Mapping[str, Sequence[Shown]],
    attributes: Mapping[str, AttributeSchema],
    ids: RecordIds,
) -> bool:
    """
    Whether every value is in the record: all values of a multiselect among its values, any other one alone.

    Args:
        values: Neutral ones, by slug; multiselects are added to.
        shown: The record's values as Attio answers them.
        ids: Of the records that `values` refer to; a reference whose id is missing does not stand.
    """
    return all(_stands(value, shown.get(slug, ()), attributes[slug], ids) for slug, value in values.items())


def _stands(value: Value, shown: Sequence[Shown], attribute: AttributeSchema, ids: RecordIds) -> bool:
    holds = _HOLDS.get(attribute.type, _same_value)
    if isinstance(value, list):
        return all(any(_holds(each, item, holds, attribute, ids) for each in shown) for item in value)
    if value is None or value == "":
        return not shown or (value == "" and shown[0].get("value") == "")
    return len(shown) == 1 and _holds(shown[0], value, holds, attribute, ids)


_Holds = Callable[[Shown, Any, AttributeSchema], bool]


def _holds(shown: Shown, value: Value, holds: _Holds, attribute: AttributeSchema, ids: RecordIds) -> bool:
    match value:
        case RecordKey():
            return value in ids and shown.get("target_record_id") == ids[value]
        case RecordId(_, record_id):
            return shown.get("target_record_id") == record_id
    return holds(shown, value, attribute)


def _same_value(shown: Shown, value: Value, attribute: AttributeSchema) -> bool:
    return bool(shown.get(ATTRIBUTE_TYPES[attribute.type].value_key) == value)


def _same_choice(shown: Shown, value: str, attribute: AttributeSchema) -> bool:
    """By title or id; Attio shows the whole option or status, and its document allows for the id alone."""
    key = ATTRIBUTE_TYPES[attribute.type].value_key
    match shown.get(key):
        case {"title": title, "id": {**ids}}:
            return value in (title, ids.get(f"{key}_id"))
        case found:
            return bool(found == value)


def _same_text(shown: Shown, value: str, attribute: AttributeSchema) -> bool:
    """E-mail addresses and domains are the same in any case."""
    found = shown.get(ATTRIBUTE_TYPES[attribute.type].value_key)
    return isinstance(found, str) and found.lower() == value.lower()


def _same_phone(shown: Shown, value: str, _: AttributeSchema) -> bool:
    """In E.164; a page of 2025 names the key otherwise. Source: docs.attio.com, attribute-types-phone-number."""
    return value in (shown.get("phone_number"), shown.get("normalized_phone_number"))


def _same_name(shown: Shown, value: PersonalName, _: AttributeSchema) -> bool:
    return all((shown.get(part) or "") == value[part] for part in ("first_name", "last_name"))


def _same_number(shown: Shown, value: float, attribute: AttributeSchema) -> bool:
    """As 64-bit floats, which is what Attio keeps; its document shows amounts as numbers, an example of it as texts."""
    try:
        return float(shown[ATTRIBUTE_TYPES[attribute.type].value_key]) == float(value)
    except (KeyError, TypeError, ValueError, OverflowError):
        return False


def _same_moment(shown: Shown, value: str, _: AttributeSchema) -> bool:
    """To the nanosecond, in whatever number of digits."""
    found = shown.get("value")
    return isinstance(found, str) and _moment(found) == _moment(value)


def _moment(text: str) -> tuple[Any, str]:
    fraction = _FRACTION.search(text)
    try:
        whole = ciso8601.parse_datetime(_FRACTION.sub("", text))
    except ValueError:
        return text, ""
    return whole, fraction[1].rstrip("0") if fraction else ""


_HOLDS: Final[Mapping[str, _Holds]] = {
    "select": _same_choice,
    "status": _same_choice,
    "email-address": _same_text,
    "domain": _same_text,
    "phone-number": _same_phone,
    "personal-name": _same_name,
    "number": _same_number,
    "currency": _same_number,
    "timestamp": _same_moment,
}
