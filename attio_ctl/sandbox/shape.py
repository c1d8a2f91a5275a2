"""
What a request body must look like, and the complaints when it does not.

A shape checks one JSON value and adds every fault it finds, worded as Attio words them: code `invalid_type`, message
`Required`, `expected` and `received`; `invalid_option` for an enum; `invalid` with `Invalid input` for a union.
Source: error answers of the live API recorded in 2025-07.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from attio_ctl.sandbox.errors import Fault, invalid_body
from attio_ctl.sandbox.model import Json

Path = tuple[str | int, ...]

UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)


class Shape(Protocol):
    """Adds to `faults` what is wrong with `value` at `path`."""

    def check(self, value: Json, path: Path, faults: list[Fault]) -> None: ...


def kind_of(value: Json) -> str:
    """The name of a JSON type as JavaScript validators say it."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


def wrong_type(expected: str, value: Json, path: Sequence[str | int]) -> Fault:
    """The fault of a value of another JSON type."""
    received = kind_of(value)
    return {
        "code": "invalid_type",
        "path": list(path),
        "message": f"Expected {expected}, received {received}",
        "expected": expected,
        "received": received,
    }


def required(expected: str, path: Sequence[str | int]) -> Fault:
    """The fault of a key that is not there."""
    return {
        "code": "invalid_type",
        "path": list(path),
        "message": "Required",
        "expected": expected,
        "received": "undefined",
    }


def invalid(path: Sequence[str | int], message: str = "Invalid input") -> Fault:
    """The fault of a value that has the right type and is no good."""
    return {"code": "invalid", "path": list(path), "message": message}


def unrecognized(keys: Sequence[str], path: Sequence[str | int]) -> Fault:
    """The fault of keys that a closed object does not know."""
    named = ", ".join(f"'{key}'" for key in keys)
    return {"code": "unrecognized_keys", "path": list(path), "message": f"Unrecognized key(s) in object: {named}"}


@dataclass(frozen=True, slots=True)
class Text:
    """A string; lengths count characters, `said` is the message for one that does not match `pattern`."""

    min_length: int = 0
    max_length: int | None = None
    pattern: re.Pattern[str] | None = None
    said: str = "Invalid"
    nullable: bool = False
    expected: str = "string"

    def check(self, value: Json, path: Path, faults: list[Fault]) -> None:
        if value is None and self.nullable:
            return
        if not isinstance(value, str):
            faults.append(wrong_type("string", value, path))
        elif len(value) < self.min_length:
            message = f"String must contain at least {self.min_length} character(s)"
            faults.append({"code": "too_small", "path": list(path), "message": message})
        elif self.max_length is not None and len(value) > self.max_length:
            message = f"String must contain at most {self.max_length} character(s)"
            faults.append({"code": "too_big", "path": list(path), "message": message})
        elif self.pattern is not None and self.pattern.fullmatch(value) is None:
            faults.append({"code": "invalid_string", "path": list(path), "message": self.said})


@dataclass(frozen=True, slots=True)
class Flag:
    """A boolean."""

    expected: str = "boolean"

    def check(self, value: Json, path: Path, faults: list[Fault]) -> None:
        if not isinstance(value, bool):
            faults.append(wrong_type("boolean", value, path))


@dataclass(frozen=True, slots=True)
class Count:
    """A whole number within bounds; `5.0` is whole, as Attio's validators read JavaScript numbers."""

    minimum: int = 0
    maximum: int | None = None
    expected: str = "number"

    def check(self, value: Json, path: Path, faults: list[Fault]) -> None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            faults.append(wrong_type("number", value, path))
        elif value != int(value):
            faults.append(wrong_type("integer", value, path) | {"message": "Expected integer, received float"})
        elif value < self.minimum:
            message = f"Number must be greater than or equal to {self.minimum}"
            faults.append({"code": "too_small", "path": list(path), "message": message})
        elif self.maximum is not None and value > self.maximum:
            message = f"Number must be less than or equal to {self.maximum}"
            faults.append({"code": "too_big", "path": list(path), "message": message})


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of a few strings."""

    values: tuple[str, ...]
    nullable: bool = False
    expected: str = "string"

    def check(self, value: Json, path: Path, faults: list[Fault]) -> None:
        if (value is None and self.nullable) or (isinstance(value, str) and value in self.values):
            return
        listed = " | ".join(f"'{one}'" for one in self.values)
        shown = f"'{value}'" if isinstance(value, str) else kind_of(value)
        message = f"Invalid enum value. Expected {listed}, received {shown}"
        faults.append({"code": "invalid_option", "path": list(path), "message": message, "options": list(self.values)})


@dataclass(frozen=True, slots=True)
class ListOf:
    """An array."""

    item: Shape
    min_length: int = 0
    expected: str = "array"

    def check(self, value: Json, path: Path, faults: list[Fault]) -> None:
        if not isinstance(value, list):
            faults.append(wrong_type("array", value, path))
            return
        if len(value) < self.min_length:
            message = f"Array must contain at least {self.min_length} element(s)"
            faults.append({"code": "too_small", "path": list(path), "message": message})
        for index, item in enumerate(value):
            self.item.check(item, (*path, index), faults)


@dataclass(frozen=True, slots=True)
class Maybe:
    """A field that may be left out."""

    shape: Shape


@dataclass(frozen=True, slots=True)
class Fields:
    """An object; keys beside `fields` are ignored unless it is `closed`."""

    fields: Mapping[str, Shape | Maybe]
    closed: bool = False
    nullable: bool = False
    expected: str = "object"

    def check(self, value: Json, path: Path, faults: list[Fault]) -> None:
        if value is None and self.nullable:
            return
        if not isinstance(value, dict):
            faults.append(wrong_type("object", value, path))
            return
        for name, field_shape in self.fields.items():
            optional = isinstance(field_shape, Maybe)
            shape = field_shape.shape if isinstance(field_shape, Maybe) else field_shape
            if name in value:
                shape.check(value[name], (*path, name), faults)
            elif not optional:
                faults.append(required(getattr(shape, "expected", "object"), (*path, name)))
        extra = [key for key in value if key not in self.fields] if self.closed else []
        if extra:
            faults.append(unrecognized(extra, path))


@dataclass(frozen=True, slots=True)
class Record:
    """An object with any keys, whose values are looked at elsewhere."""

    expected: str = "object"

    def check(self, value: Json, path: Path, faults: list[Fault]) -> None:
        if not isinstance(value, dict):
            faults.append(wrong_type("object", value, path))


@dataclass(frozen=True, slots=True)
class AnyOf:
    """A union: the value must fit one shape; the complaint does not say which came nearest."""

    shapes: tuple[Shape, ...]
    expected: str = "object"

    def check(self, value: Json, path: Path, faults: list[Fault]) -> None:
        if not any(fits(shape, value) for shape in self.shapes):
            faults.append(invalid(path))


@dataclass(frozen=True, slots=True)
class Exactly:
    """One fixed value, as the tag of a union."""

    value: Json
    expected: str = field(default="string")

    def check(self, value: Json, path: Path, faults: list[Fault]) -> None:
        if value != self.value or type(value) is not type(self.value):
            faults.append(invalid(path, f'Invalid literal value, expected "{self.value}"'))


UUID_TEXT: Final = Text(pattern=UUID, said="Invalid uuid")


def fits(shape: Shape, value: Json) -> bool:
    """Whether a value has a shape, without saying why not."""
    faults: list[Fault] = []
    shape.check(value, (), faults)
    return not faults


def check(shape: Shape, body: Json) -> Json:
    """
    The body itself when it fits.

    Raises:
        RefusedError: 400 `Body payload validation error.` with every fault.
    """
    faults: list[Fault] = []
    shape.check(body, (), faults)
    if faults:
        raise invalid_body(faults)
    return body


def data(fields: Mapping[str, Shape | Maybe], *, closed: bool = False) -> Fields:
    """The usual envelope: an object under the key `data`."""
    return Fields({"data": Fields(fields, closed=closed)})
