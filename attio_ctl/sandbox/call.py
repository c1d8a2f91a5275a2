"""One request on its way through a handler, and the table of routes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal
from urllib.parse import unquote

from attio_ctl.sandbox.errors import Fault, invalid_query
from attio_ctl.sandbox.faults import NONE, Effects
from attio_ctl.sandbox.ids import derived_id
from attio_ctl.sandbox.model import Actor, Json
from attio_ctl.sandbox.shape import Shape, check, wrong_type
from attio_ctl.sandbox.store.store import Store

REMEMBERED: Final = 4096
"""Paths whose route is kept; a path may hold an id, so there is no end of them."""


@dataclass(frozen=True, slots=True)
class Token:
    """A key and what it may do: `scopes` None is everything."""

    text: str
    scopes: frozenset[str] | None
    actor: Actor

    @classmethod
    def of(cls, text: str, scopes: frozenset[str] | None) -> Token:
        """The same text is the same actor in every process and on every file."""
        return cls(text, scopes, Actor("api-token", derived_id("token", text)))

    def lacks(self, needed: tuple[str, ...]) -> list[str]:
        """The needed scopes that it does not hold; `x:read-write` holds `x:read` too."""
        if self.scopes is None:
            return []
        return [
            scope
            for scope in needed
            if scope not in self.scopes and not (scope.endswith(":read") and f"{scope}-write" in self.scopes)
        ]


@dataclass(slots=True)
class Call:
    """What a handler gets: the workspace, who asks, and the request taken apart."""

    store: Store
    token: Token
    params: Mapping[str, str]
    query: Mapping[str, str]
    body: Json = None
    effects: Effects = NONE

    def checked(self, shape: Shape) -> Json:
        """
        The body, once it has the shape.

        Raises:
            RefusedError: 400 with every fault.
        """
        return check(shape, self.body)

    def flag(self, name: str) -> bool:
        """
        A boolean of the query string, False when absent.

        Raises:
            RefusedError: 400 for anything but `true` and `false`.
        """
        text = self.query.get(name, "false")
        if text not in ("true", "false"):
            raise invalid_query([wrong_type("boolean", text, [name])])
        return text == "true"

    def count(self, name: str, default: int | None, *, minimum: int = 0, maximum: int | None = None) -> int | None:
        """
        A whole number of the query string; `5.0` is whole.

        Raises:
            RefusedError: 400 for anything else, or beyond the bounds.
        """
        text = self.query.get(name)
        if text is None:
            return default
        try:
            number = float(text)
            whole = int(number)
        except (ValueError, OverflowError):
            raise invalid_query([wrong_type("number", text, [name])]) from None
        faults: list[Fault] = []
        if whole != number:
            faults.append(wrong_type("integer", text, [name]))
        elif whole < minimum or (maximum is not None and whole > maximum):
            bounds = f"at least {minimum}" if maximum is None else f"between {minimum} and {maximum}"
            faults.append({"code": "invalid", "path": [name], "message": f"Number must be {bounds}"})
        if faults:
            raise invalid_query(faults)
        return whole


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that is not simply 200 with JSON."""

    status: int
    body: bytes = b""
    media_type: bytes | None = None


Handler = Callable[[Call], Json | Answer]


@dataclass(frozen=True, slots=True)
class Route:
    """
    One operation.

    `path` has its parameters in braces; a write runs inside one transaction; `limit` is what a request counts against
    where that is not its kind; `is_query` says that it has a score besides; `of_schema` that path, query string and
    schema decide the answer, so that it need not be made again while the schema stays.
    """

    method: str
    path: str
    handler: Handler
    scopes: tuple[str, ...] = ()
    kind: Literal["read", "write"] = "read"
    limit: Literal["read", "write"] | None = None
    is_query: bool = False
    of_schema: bool = False


Found = tuple[Route, Mapping[str, str]]
"""A route and the parameters that a path has for it."""


@dataclass(slots=True)
class _Node:
    fixed: dict[str, _Node] = field(default_factory=dict)
    named: dict[str, _Node] = field(default_factory=dict)
    routes: dict[str, Route] = field(default_factory=dict)


class RouteTable:
    """Routes by path and method; a fixed segment wins over a parameter."""

    def __init__(self, routes: list[Route]) -> None:
        self.routes = tuple(routes)
        self._found: dict[tuple[str, str], Found] = {}
        self._root = _Node()
        for route in routes:
            node = self._root
            for part in route.path.strip("/").split("/"):
                inner = node.named if part.startswith("{") else node.fixed
                node = inner.setdefault(part.strip("{}"), _Node())
            node.routes[route.method] = route

    def find(self, method: str, path: str) -> Found | None:
        """The route of a path, as it stands in the request line, and its parameters."""
        found = self._found.get((method, path))
        if found is None:
            found = _find(self._root, method, [unquote(part) for part in path.strip("/").split("/")], 0)
            if found is not None:
                if len(self._found) >= REMEMBERED:
                    self._found.clear()
                self._found[method, path] = found
        return found


def _find(node: _Node, method: str, parts: list[str], at: int) -> Found | None:
    if at == len(parts):
        route = node.routes.get(method)
        return (route, {}) if route else None
    part = parts[at]
    if part in node.fixed:
        found = _find(node.fixed[part], method, parts, at + 1)
        if found:
            return found
    for name, inner in node.named.items() if part else ():
        found = _find(inner, method, parts, at + 1)
        if found:
            return found[0], {**found[1], name: part}
    return None
