"""Folded writes made by hand, and the network between a transport and the sandbox."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from typing import Any

import httpx

from attio_ctl.delivery.cells import Cell
from attio_ctl.delivery.fold import Contribution, Due, compare, fold
from attio_ctl.delivery.transport import Transport, Verdict
from attio_ctl.mapping.writes import PersonalName, RecordKey, Write
from attio_ctl.state.live import read_live
from attio_ctl.state.schema import build_schema

from .conftest import Place, create_attribute

SPEED = 100
Answer = Callable[[httpx.Request], httpx.Response | None]


def due(key: RecordKey, append: Iterable[str] = (), **values: Any) -> Due:
    """What is due when an event writes these values to a record of which nothing is known."""
    identity: Any = [key.value] if key.attribute in ("email_addresses", "domains") else key.value
    write = Write(key, {key.attribute: identity, **values}, frozenset((*append, key.attribute)) & values.keys())
    known: Mapping[str, Cell] = {}
    return compare(fold(key, [Contribution(0, 0, "m", write)]), known)


def person(who: str, /, append: Iterable[str] = ("tags",), **values: Any) -> Due:
    """Multiselects in `append` gain values, unless they are emptied with None."""
    gaining = [slug for slug in append if values.get(slug) is not None]
    return due(RecordKey("people", "email_addresses", f"{who}@example.com"), gaining, **values)


def user(who: str, /, **values: Any) -> Due:
    needed = {"primary_email_address": f"{who}@example.com"}
    return due(RecordKey("users", "user_id", who), **{**needed, **values})


def name_of(first: str, last: str) -> PersonalName:
    return PersonalName({"first_name": first, "last_name": last, "full_name": f"{first} {last}"})


async def sent(transport: Transport, writes: Sequence[Due]) -> dict[str, Verdict]:
    """The verdict on each write, by the value of its key; there is exactly one for each."""
    found: list[tuple[str, Verdict]] = []
    async with aclosing(transport.send(writes)) as verdicts:
        async for write, verdict in verdicts:
            found.append((write.key.value, verdict))
    assert len(found) == len(writes)
    return dict(found)


class Network(httpx.AsyncBaseTransport):
    """The way to the sandbox, on which some requests are answered otherwise; counts what went by, by kind."""

    def __init__(self, answer: Answer = lambda _: None) -> None:
        self.answer = answer
        self._network = httpx.AsyncHTTPTransport()
        self.seen: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        await asyncio.sleep(0)
        return self.answer(request) or await self._network.handle_async_request(request)

    async def aclose(self) -> None:
        await self._network.aclose()

    def count(self, kind: str) -> int:
        """How many were `batch`, `simple`, `assert`, `patch` or `query`."""
        return sum(kind_of(request) == kind for request in self.seen)

    @property
    def counts(self) -> dict[str, int]:
        """All that was asked but queries."""
        kinds = [kind_of(request) for request in self.seen]
        return {kind: kinds.count(kind) for kind in sorted(set(kinds)) if kind != "query"}


def kind_of(request: httpx.Request) -> str:
    path = request.url.path
    if path == "/v2/batch/records":
        return "batch"
    if path.endswith("/records/simple"):
        return "simple"
    if path.endswith("/records/query"):
        return "query"
    return {"PUT": "assert", "PATCH": "patch"}.get(request.method, "other")


class QuickClock:
    """
    A hundred seconds pass in one.

    Attributes:
        longest: The longest sleep that was asked for, in its own seconds.
    """

    longest = 0.0

    def monotonic(self) -> float:
        return time.monotonic() * SPEED

    def wall(self) -> float:
        return time.time()

    async def sleep(self, seconds: float) -> None:
        self.longest = max(self.longest, seconds)
        await asyncio.sleep(seconds / SPEED)


def refuse(status: int, code: str, message: str) -> httpx.Response:
    kind = "auth_error" if status in (401, 403) else "invalid_request_error"
    body = {"status_code": status, "type": kind, "code": code, "message": message}
    return httpx.Response(status, json=body)


async def add_attribute(
    place: Place, parent: str, slug: str, kind: str, *, several: bool = False, unique: bool = False,
    options: Sequence[str] = (),
) -> None:  # fmt: skip
    """An attribute in the sandbox and in the place's schema."""
    async with place.writer() as attio:
        await create_attribute(attio, parent, slug, kind, several=several, unique=unique)
        for title in options:
            await attio.create_option("objects", parent, slug, title=title)
        place.schema = build_schema(await read_live(attio, await attio.whoami()))
