"""
The fields of Segment's three actions, and how a resolved payload is emptied, checked and coerced before it is sent.

Source: `@segment/action-destinations` 3.497 (Attio), as seen to run: its JSON schemas are checked by ajv with
`coerceTypes: "array"`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from attio_ctl.mapping.expressions.javascript import MISSING, is_number, text
from attio_ctl.mapping.presets import PUBLISHED, Action
from attio_ctl.mapping.segment.datetimes import is_date_like
from attio_ctl.state.resource import Json

FieldKind = Literal["string", "email", "object", "boolean", "number", "datetime"]


class InvalidPayload(Exception):  # noqa: N818  it never leaves this folder
    """A payload that Segment refuses to send; `faults` has one sentence per field."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an action."""

    kind: FieldKind
    required: bool = False
    default: Json = None


_COMMON: Final = {
    "enable_batching": Field("boolean", default=False),
    "batch_size": Field("number", default=1000),
    "received_at": Field("datetime", default={"@path": "$.receivedAt"}),
}


def _fields(action: Action, kinds: Mapping[str, Field]) -> dict[str, Field]:
    published = PUBLISHED[action].fields
    known = {
        name: Field(field.kind, field.required, published.get(name, field.default)) for name, field in kinds.items()
    }
    return {**known, **_COMMON}


FIELDS: Final[Mapping[Action, Mapping[str, Field]]] = {
    "identify-user": _fields(
        "identify-user",
        {
            "email_address": Field("email", required=True),
            "user_id": Field("string", required=True),
            "user_attributes": Field("object", default={}),
            "person_attributes": Field("object", default={}),
        },
    ),
    "group-workspace": _fields(
        "group-workspace",
        {
            "domain": Field("string", required=True),
            "workspace_id": Field("string", required=True),
            "user_id": Field("string"),
            "company_attributes": Field("object", default={}),
            "workspace_attributes": Field("object", default={}),
        },
    ),
    "assert-record": _fields(
        "assert-record",
        {
            "object": Field("string", required=True, default="person"),
            "matching_attribute": Field("string", required=True, default="email_addresses"),
            "attributes": Field("object", default={}),
        },
    ),
}
"""The fields of each action, with the defaults of the published destination."""

_EMAIL = re.compile(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]*[a-z0-9])?",
    re.ASCII | re.IGNORECASE,
)
_HOLDS_TEXT: Final = frozenset({"string", "email", "datetime"})


def payload_of(action: Action, resolved: Any, *, batched: bool) -> dict[str, Any]:
    """
    The payload that Segment sends, from what the mapping gave.

    Null fields are taken out, and so are '' ones: all of them of a single event, in a batch those that hold no text.
    What is inside the attributes is not looked at.

    Raises:
        InvalidPayload: a required field is missing, or a field cannot be made what it has to be.
    """
    if not isinstance(resolved, dict):
        raise InvalidPayload(("the mapping gives no object",))
    faults: list[str] = []
    payload: dict[str, Any] = {}
    for name, field in FIELDS[action].items():
        value = resolved.get(name)
        empty = value == "" and (not batched or field.kind not in _HOLDS_TEXT)
        if value is None or empty:
            if field.required:
                faults.append(f"`{name}` is required and missing")
            continue
        try:
            payload[name] = _COERCE[field.kind](value)
        except ValueError as error:
            faults.append(f"`{name}` {error}")
    if faults:
        raise InvalidPayload(tuple(faults))
    return payload


def _unwrapped(value: Any) -> Any:
    """The member of a list of one, as ajv takes it for a scalar."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _string(value: Any) -> str:
    value = _unwrapped(value)
    if isinstance(value, list | dict) or value is MISSING:
        raise ValueError("has to be a text")
    return text(value)


def _email(value: Any) -> str:
    address = _string(value)
    if not _EMAIL.fullmatch(address):
        raise ValueError("has to be an e-mail address")
    return address


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("has to be an object")  # noqa: TRY004
    return value


def _boolean(value: Any) -> bool:
    value = _unwrapped(value)
    if value is None:
        return False
    if isinstance(value, bool):
        return value
    if value in ("true", "false"):
        return bool(value == "true")
    if is_number(value) and value in (0, 1):
        return bool(value)
    raise ValueError("has to be true or false")


def _number(value: Any) -> float:
    value = _unwrapped(value)
    if value is None or isinstance(value, bool):
        return 1 if value else 0
    if is_number(value):
        return value  # type: ignore[no-any-return]
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ValueError("has to be a number") from None


def _datetime(value: Any) -> Json:
    value = _unwrapped(value)
    if is_number(value):
        return value
    if isinstance(value, str) and is_date_like(value):
        return value
    raise ValueError("has to be a date")


_COERCE: Final[Mapping[FieldKind, Callable[[Any], Any]]] = {
    "string": _string,
    "email": _email,
    "object": _object,
    "boolean": _boolean,
    "number": _number,
    "datetime": _datetime,
}
