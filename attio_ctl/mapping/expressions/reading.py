"""
How expressions are read: what is at fault is collected, with the path to it.

Two dialects share the directives. In Segment's a text is itself. In ours, a text that starts with `$.` is a path and
one that holds `{{path}}` is a template; text right under `@literal` is always itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from attio_ctl.mapping.expressions.node import Broken, Expression, Fields, Items, Literal

Steps = tuple[str | int, ...]
Read = Callable[["Reader", Any, Steps], Expression]
"""Reads the operand of one directive."""


@dataclass(frozen=True, slots=True)
class Fault:
    """
    One thing wrong with an expression as it is written.

    `path` leads to it from the value that was read. A `late` one is in a place that Segment's own check does not look
    at: there it shows only when an event is resolved, and only sometimes.
    """

    path: Steps
    message: str
    late: bool = False


@dataclass(slots=True)
class Reader:
    """
    Reads one mapping.

    `directives` reads the operand of each by name, `read_text` is the dialect. `unchecked` counts the places around
    the current one that Segment's check skips.
    """

    directives: Mapping[str, Read]
    read_text: Callable[[str], Expression]
    faults: list[Fault] = field(default_factory=list)
    unchecked: int = 0

    def fault(self, path: Steps, message: str) -> Expression:
        """Note what is wrong and stand in for it."""
        self.faults.append(Fault(path, message, late=self.unchecked > 0))
        return Broken(message)

    def late_fault(self, path: Steps, message: str) -> Expression:
        """Note what Segment would find out only with an event."""
        self.faults.append(Fault(path, message, late=True))
        return Broken(message)

    def read(self, value: Any, path: Steps) -> Expression:
        """Any value of a mapping: a directive, an object or list of such, a text in the dialect, or itself."""
        if isinstance(value, dict):
            return self.read_object(value, path)
        if isinstance(value, list):
            return self.read_unchecked(Items, value, path)
        return self.read_text(value) if isinstance(value, str) else Literal(value)

    def read_object(self, value: dict[str, Any], path: Steps) -> Expression:
        names = [key for key in value if key.startswith("@")]
        if not names:
            return Fields(tuple((key, self.read(inner, (*path, key))) for key, inner in value.items()))
        others = [key for key in value if not key.startswith("@") and key != "_metadata"]
        if others and self.unchecked:
            self.fault(path, f"`{names[0]}` beside `{others[0]}` is sent as it stands: a directive stands alone")
            return Fields(tuple((key, self.read(inner, (*path, key))) for key, inner in value.items()))
        if others:
            return self.fault(path, f"`{names[0]}` cannot stand beside `{others[0]}`: a directive stands alone")
        if len(names) > 1:
            self.fault(path, f"`{names[0]}` and `{names[1]}` in one object: a directive stands alone")
        read = self.directives.get(names[0])
        if read is None:
            known = ", ".join(f"`{name}`" for name in sorted(self.directives))
            return self.fault(path, f"`{names[0]}` is no directive; there are {known}")
        return read(self, value[names[0]], (*path, names[0]))

    def read_unchecked(self, kind: type[Items], values: list[Any], path: Steps) -> Expression:
        self.unchecked += 1
        items = tuple(self.read(value, (*path, index)) for index, value in enumerate(values))
        self.unchecked -= 1
        return kind(items)

    def read_loose(self, value: Any, path: Steps) -> Expression:
        """What stands under `@literal` and `@excludeWhenNull`: Segment's check does not look into objects there."""
        if isinstance(value, str):
            return Literal(value)
        if isinstance(value, dict) and any(key.startswith("@") for key in value):
            return self.read_object(value, path)
        self.unchecked += 1
        read = self.read(value, path)
        self.unchecked -= 1
        return read

    def read_text_or_directive(self, value: Any, path: Steps, what: str) -> Expression:
        """An operand that has to be a text, or a directive that gives one."""
        if isinstance(value, str):
            return Literal(value)
        if isinstance(value, dict) and any(key.startswith("@") for key in value):
            return self.read_object(value, path)
        return self.fault(path, f"{what} takes a text or a directive, not {kind_of(value)}")

    def options(self, value: Any, path: Steps, known: Mapping[str, str]) -> dict[str, Any] | None:
        """
        The options of a directive, None if they are no object; `known` goes from name to the kind that it must be.

        A kind is `text`, `bool` or `any`; an option of another kind is at fault, an unknown one is at fault late.
        """
        name = path[-1]
        if not isinstance(value, dict) or any(key.startswith("@") for key in value):
            self.fault(path, f"`{name}` takes an object with {', '.join(f'`{key}`' for key in known)}")
            return None
        for key, inner in value.items():
            kind = known.get(key)
            if kind is None:
                self.late_fault((*path, key), f"`{name}` has no option `{key}`")
                self.read(inner, (*path, key))
            elif kind == "text" and not isinstance(inner, str):
                self.fault((*path, key), f"`{key}` of `{name}` has to be a text, not {kind_of(inner)}")
            elif kind == "bool" and not isinstance(inner, bool):
                self.fault((*path, key), f"`{key}` of `{name}` has to be true or false, not {kind_of(inner)}")
        return value


def kind_of(value: Any) -> str:
    """A JSON value's kind in plain words."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return {int: "a number", float: "a number", str: "a text", list: "a list"}.get(type(value), "an object")
