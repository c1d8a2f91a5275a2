"""
What an FQL statement says about an event; nothing here can fail on any JSON value.

A field that is missing is null; values of different kinds are never equal and never ordered; only true counts as true.
Source: twilio.com/docs/segment/api/public-api/fql (2026-08).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, assert_never

from attio_ctl.mapping.fql.glob import Glob
from attio_ctl.mapping.fql.tree import And, Call, Compare, Constant, Field, In, Many, Node, Not, Or
from attio_ctl.state.resource import Json

Predicate = Callable[[Any], bool]


def matches(tree: Node, event: Json) -> bool:
    """Whether the statement takes the event."""
    return value_of(tree, event) is True


def value_of(node: Node, event: Json) -> Json:
    """The value of any part of a statement for an event."""
    match node:
        case Constant(value):
            return value
        case Field(path):
            return field(event, path)
        case Many(items):
            return [value_of(item, event) for item in items]
        case Compare(operator, left, right):
            return compare(operator, value_of(left, event), value_of(right, event))
        case In(item, among):
            return contained(value_of(item, event), value_of(among, event))
        case Not(inside):
            return value_of(inside, event) is not True
        case And(parts):
            return all(value_of(part, event) is True for part in parts)
        case Or(parts):
            return any(value_of(part, event) is True for part in parts)
        case Call(name, arguments):
            return CALLS[name](*(value_of(argument, event) for argument in arguments))
        case _:
            assert_never(node)


def field(event: Json, path: tuple[str, ...]) -> Json:
    """The value at a path, null where it leads nowhere; a step into a list is an index."""
    value = event
    for step in path:
        if isinstance(value, dict):
            value = value.get(step)
        elif (
            isinstance(value, list)
            and step.isdecimal()
            and step.isascii()
            and len(step) < 10
            and int(step) < len(value)
        ):
            value = value[int(step)]
        else:
            return None
    return value


def kind(value: Json) -> str:
    """`typeof`: string, number, list, bool or null, as documented; `object` for the kind that the page leaves out."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "bool"
    return {str: "string", int: "number", float: "number", list: "list"}.get(type(value), "object")


def equal(left: Json, right: Json) -> bool:
    """Same kind and same value; a number equals a number however it is written, a boolean never equals one."""
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(equal(value, right[key]) for key, value in left.items())
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


def compare(operator: str, left: Json, right: Json) -> bool:
    """`=` and `!=` on any values; the others only on two numbers."""
    if operator == "=":
        return equal(left, right)
    if operator == "!=":
        return not equal(left, right)
    if kind(left) != "number" or kind(right) != "number":
        return False
    if operator == "<":
        return bool(left < right)
    if operator == "<=":
        return bool(left <= right)
    return bool(left > right) if operator == ">" else bool(left >= right)


def contained(item: Json, among: Json) -> bool:
    """`in`: whether a list has an equal value."""
    return isinstance(among, list) and any(equal(item, member) for member in among)


def contains(value: Json, part: Json) -> bool:
    return isinstance(value, str) and isinstance(part, str) and part in value


def length(value: Json) -> int:
    """Members of a list, or bytes of a text in UTF-8; 0 for anything else."""
    if isinstance(value, str):
        return len(value.encode("utf-8", "surrogatepass"))
    return len(value) if isinstance(value, list) else 0


def lowercase(value: Json) -> Json:
    return value.lower() if isinstance(value, str) else None


def match(value: Json, pattern: Json) -> bool:
    """Whether the whole text fits the glob pattern; false for anything but two texts."""
    return isinstance(value, str) and isinstance(pattern, str) and Glob.of(pattern).fits(value)


CALLS: dict[str, Callable[..., Json]] = {
    "contains": contains,
    "length": length,
    "lowercase": lowercase,
    "match": match,
    "typeof": kind,
}
