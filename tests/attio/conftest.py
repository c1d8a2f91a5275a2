"""A scripted Attio behind the client's transport, and a clock that only moves when somebody sleeps."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from attio_ctl.attio.reader import AttioReader
from attio_ctl.attio.writer import AttioWriter

TOKEN = "0123456789abcdef" * 4

Reply = httpx.Response | Exception


def reply(status: int = 200, body: Any = None, **headers: str) -> httpx.Response:
    """An answer as Attio gives it; header names with underscores."""
    return httpx.Response(
        status,
        json={"data": {}} if body is None else body,
        headers={name.replace("_", "-"): value for name, value in headers.items()},
    )


def refused(status: int, code: str, message: str, **more: Any) -> httpx.Response:
    """An error in Attio's words."""
    kind = "auth_error" if status in (401, 403) else "invalid_request_error"
    return httpx.Response(status, json={"status_code": status, "type": kind, "code": code, "message": message, **more})


class ManualClock:
    """Time that stands still until everybody sleeps, and then jumps to the first to wake."""

    def __init__(self) -> None:
        self.now = 1000.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = itertools.count()
        self._waker: asyncio.Task[None] | None = None

    def monotonic(self) -> float:
        return self.now

    def wall(self) -> float:
        return 1_800_000_000.0 + self.now

    async def sleep(self, seconds: float) -> None:
        wake: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.now + seconds, next(self._count), wake))
        if self._waker is None or self._waker.done():
            self._waker = asyncio.create_task(self._wake())
        await wake

    async def _wake(self) -> None:
        while self._sleepers:
            for _ in range(10):  # whoever can still run without time passing, runs
                await asyncio.sleep(0)
            moment, _, wake = heapq.heappop(self._sleepers)
            if not wake.done():
                self.now = max(self.now, moment)
                wake.set_result(None)


@dataclass
class Script:
    """Answers requests from a list and keeps what it was asked; the last reply is repeated."""

    replies: list[Reply]
    clock: ManualClock
    seen: list[httpx.Request] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        self.times.append(self.clock.now)
        answer = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    @property
    def lines(self) -> list[str]:
        """What was asked, one `METHOD path?query` each."""
        return [f"{request.method} {request.url.raw_path.decode()}" for request in self.seen]

    def body(self, index: int = -1) -> Any:
        return json.loads(self.seen[index].content)


@dataclass
class Talk:
    """A client and the script that it talks to."""

    attio: AttioWriter
    script: Script
    clock: ManualClock


@pytest.fixture
def token() -> str:
    return TOKEN


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def talk(clock: ManualClock) -> Callable[..., Talk]:
    """`talk(reply(…), …)`: a writer whose server answers so, in this order."""

    def start(*replies: Reply, client: type[AttioReader] = AttioWriter, **options: Any) -> Talk:
        script = Script(list(replies), clock)
        attio = client.connect(
            base_url="https://api.attio.com",
            token=TOKEN,
            transport=httpx.MockTransport(script),
            clock=clock,
            **options,
        )
        return Talk(attio, script, clock)  # type: ignore[arg-type]

    return start


@pytest.fixture
def answers() -> Any:
    """The makers of replies, for tests of this folder."""

    class Answers:
        ok = staticmethod(reply)
        refused = staticmethod(refused)

        @staticmethod
        def rows(rows: Iterable[Any]) -> httpx.Response:
            return reply(200, {"data": list(rows)})

    return Answers
