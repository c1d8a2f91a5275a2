"""Whether a default can be the value of its attribute: what is certain without asking Attio."""

from __future__ import annotations

import math
import re
from datetime import date, datetime
from typing import Any, Final

from attio_ctl.attribute_types import ATTRIBUTE_TYPES
from attio_ctl.config.models import Attribute, DynamicDefault

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_MAX_RATING: Final = 5
_WANTED: Final = {
    "text": "text",
    "number": "a number",
    "checkbox": "`true` or `false`",
    "currency": "an amount, as a number",
    "date": "a date such as `2026-11-30`",
    "timestamp": "a time such as `2026-11-30T09:00:00Z`",
    "rating": "a whole number from 0 to 5",
    "status": "the title of a status",
    "select": "the title of an option",
    "record-reference": "the id of a record",
    "actor-reference": "a member's e-mail address or `{dynamic: current-user}`",
    "location": "an address in one line",
    "domain": "a domain",
    "email-address": "an e-mail address",
    "phone-number": "a phone number with its country code, in quotes",
}


def fault_of_default(attribute: Attribute) -> str | None:
    """Why an attribute cannot have the default that it says, None where it can (or says none)."""
    default: Any = getattr(attribute, "default", None)
    wanted = _WANTED[attribute.type]
    match default:
        case None:
            return None
        case DynamicDefault(dynamic=dynamic):
            kind = "current-user" if dynamic == "current-user" else "duration"
            fits = ATTRIBUTE_TYPES[attribute.type].default == kind
            return None if fits else f"a `{attribute.type}` attribute takes no dynamic default `{dynamic}`"
        case list() if not getattr(attribute, "multiselect", False):
            return "a list of defaults needs `multiselect: true`"
        case list():
            return None if all(_fits(attribute.type, one) for one in default) else f"each default must be {wanted}"
        case _:
            return None if _fits(attribute.type, default) else f"the default must be {wanted}"


def titles_in_default(attribute: Attribute) -> tuple[str, ...]:
    """The options or statuses that a default names."""
    default: Any = getattr(attribute, "default", None)
    if attribute.type not in ("select", "status"):
        return ()
    return tuple(one for one in (default if isinstance(default, list) else [default]) if isinstance(one, str))


def _fits(kind: str, value: Any) -> bool:
    match kind:
        case "checkbox":
            return isinstance(value, bool)
        case "number" | "currency":
            return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        case "rating":
            return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MAX_RATING
        case "date":
            return isinstance(value, str) and _DATE.fullmatch(value) is not None and _parses(date, value)
        case "timestamp":
            return isinstance(value, str) and _parses(datetime, value)
        case "email-address":
            return isinstance(value, str) and "@" in value
        case _:
            return isinstance(value, str) and value != ""


def _parses(kind: type[date], value: str) -> bool:
    try:
        kind.fromisoformat(value)
    except ValueError:
        return False
    return True
