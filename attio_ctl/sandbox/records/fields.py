"""Which fields of a value a filter or sort may name, and with which operators."""

from __future__ import annotations

from typing import Any, Final

from attio_ctl.sandbox.errors import RefusedError
from attio_ctl.sandbox.values.people import LOCATION_KEYS, NAME_KEYS
from attio_ctl.sandbox.values.times import read_moment

_TEXT_OPERATORS: Final = frozenset({"$eq", "$in", "$contains", "$starts_with", "$ends_with", "$not_empty"})
_RANGES: Final = frozenset({"$lt", "$lte", "$gt", "$gte"})

# Kind of field -> operators. Source: docs.attio.com/rest-api/guides/filtering-and-sorting and the pages of each type.
OPERATORS: Final[dict[str, frozenset[str]]] = {
    "text": _TEXT_OPERATORS,
    "number": frozenset({"$eq", "$in", "$not_empty"}) | _RANGES,
    "date": frozenset({"$eq", "$not_empty"}) | _RANGES,
    "timestamp": frozenset({"$eq", "$not_empty"}) | _RANGES,
    "flag": frozenset({"$eq", "$not_empty"}),
    "option": frozenset({"$eq", "$in", "$not_empty"}),
    "status": frozenset({"$eq", "$in", "$not_empty"}),
    "id": frozenset({"$eq", "$in", "$not_empty"}),
}

_TEXTS = dict.fromkeys
FIELDS: Final[dict[str, dict[str, str]]] = {
    "text": {"value": "text"},
    "number": {"value": "number"},
    "rating": {"value": "number"},
    "checkbox": {"value": "flag"},
    "currency": {"currency_value": "number", "currency_code": "text"},
    "date": {"value": "date"},
    "timestamp": {"value": "timestamp"},
    "select": {"option": "option"},
    "status": {"status": "status"},
    "record-reference": {"target_record_id": "id", "target_object": "id"},
    "actor-reference": {"referenced_actor_id": "id", "referenced_actor_type": "id"},
    "email-address": _TEXTS(
        ("email_address", "original_email_address", "email_domain", "email_root_domain", "email_local_specifier"),
        "text",
    ),
    "domain": _TEXTS(("domain", "root_domain"), "text"),
    "phone-number": _TEXTS(("phone_number", "country_code"), "text"),
    "personal-name": _TEXTS(("full_name", *NAME_KEYS), "text"),
    "location": _TEXTS(LOCATION_KEYS, "text"),
    "interaction": {"interacted_at": "timestamp", "interaction_type": "text"},
}
_DATES: Final = {"active_from": "timestamp", "active_until": "timestamp"}

# Types whose values have no one field to sort by. Source: `missing_sort_field` as seen in 2026-10; the set is inferred.
MANY_FIELDS: Final = frozenset({"personal-name", "location", "actor-reference", "record-reference", "interaction"})


def default_field(type_: str) -> str:
    """The field that a shorthand filter compares and a sort without `field` uses."""
    return next(iter(FIELDS[type_]))


def kind_of_field(type_: str, field: str) -> str:
    """
    What a field holds: a key of `OPERATORS`.

    Raises:
        RefusedError: 400 `invalid_filter_field`.
    """
    kind = FIELDS[type_].get(field) or _DATES.get(field)
    if kind is None:
        raise RefusedError(400, "invalid_filter_field", f'Invalid field "{field}" for attribute of type "{type_}"')
    return kind


def comparable(kind: str, value: Any) -> Any:
    """
    A value or operand in the form in which two of its kind compare, None when it is not of the kind.

    Text and ids are as they are; moments become texts of equal length; an option is any of its title and id.
    """
    match kind:
        case "number":
            return value if isinstance(value, int | float) and not isinstance(value, bool) else None
        case "flag":
            return value if isinstance(value, bool) else None
        case "date" | "timestamp":
            found = read_moment(value) if isinstance(value, str) else None
            if found is None:
                return None
            text = found[0].strftime("%Y-%m-%d" if kind == "date" else "%Y-%m-%dT%H:%M:%S").zfill(10)
            return text if kind == "date" else f"{text}.{found[1]}Z"
        case "option" | "status":
            if isinstance(value, dict):
                return (value["title"], value["id"][f"{kind}_id"])
            return value if isinstance(value, str) else None
        case _:
            return value if isinstance(value, str) else None
