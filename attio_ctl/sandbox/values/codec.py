"""
What a type of attribute knows about its values.

A value is held as a small JSON payload: `parse` turns what a client wrote into one, `read` turns it into the fields of
an answer, `key` says which two payloads are the same value.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from attio_ctl.sandbox.errors import Fault
from attio_ctl.sandbox.model import Attribute, Json, Member, Payload, Schema
from attio_ctl.sandbox.shape import invalid, kind_of, unrecognized, wrong_type


class InvalidValueError(Exception):
    """A value that the attribute cannot hold; `faults` have paths that start at the value."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(faults)
        self.faults = list(faults)


class Finder(Protocol):
    """What parsing may look up; references need the rows, everything else only the schema."""

    @property
    def schema(self) -> Schema: ...

    def find_target(self, attribute: Attribute, raw: Json) -> Payload:
        """The pk of the record that a record reference means."""
        ...

    def find_member(self, raw: str) -> Member | None: ...


@dataclass(frozen=True, slots=True)
class Codec:
    """The three functions of one type; `read` gives the fields between the value's dates and `attribute_type`."""

    parse: Callable[[Json, Attribute, Finder], Payload]
    read: Callable[[Payload, Attribute, Schema], dict[str, Json]]
    key: Callable[[Payload], str]


def key_of(payload: Payload) -> str:
    """The identity of a payload that is a string or number."""
    return payload if isinstance(payload, str) else repr(payload)


def unwrap(raw: Json, name: str, expected: str, *, closed: bool = True) -> Json:
    """
    The bare value out of `{name: value}`, or the value itself when it came bare.

    Raises:
        InvalidValueError: the object has other keys, or lacks `name`.
    """
    if not isinstance(raw, dict):
        return raw
    if name not in raw:
        faults: list[Fault] = [
            {
                "code": "invalid_type",
                "path": [name],
                "message": "Required",
                "expected": expected,
                "received": "undefined",
            }
        ]
        if extra := [key for key in raw if key != name]:
            faults.append(unrecognized(extra, []))
        raise InvalidValueError(faults)
    if closed and len(raw) > 1:
        raise InvalidValueError([unrecognized([key for key in raw if key != name], [])])
    return raw[name]


def must(expected: str, raw: Json, path: Sequence[str | int] = ()) -> InvalidValueError:
    """The complaint about a value of another JSON type."""
    return InvalidValueError([wrong_type(expected, raw, path)])


def bad(message: str, path: Sequence[str | int] = ()) -> InvalidValueError:
    """The complaint about a value of the right type that is no good."""
    return InvalidValueError([invalid(path, message)])


def text_of(raw: Json, path: Sequence[str | int] = ()) -> str:
    """
    A string.

    Raises:
        InvalidValueError: it is something else.
    """
    if not isinstance(raw, str):
        raise InvalidValueError(
            [wrong_type("string", raw, path)]
            if kind_of(raw) != "object"
            else [wrong_type("string", raw, path) | {"message": "Expected string, received object"}]
        )
    return raw
