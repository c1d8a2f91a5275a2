"""What goes out and what comes back, as plain data; nothing here holds the token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Literal
from urllib.parse import quote

from attio_ctl.attio.limiter import Kind

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]

NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Request:
    """
    One call of the API.

    Attributes:
        path: From `/v2` on, percent-encoded.
        query: Query parameters, not yet encoded.
        body: What is sent as JSON, None for no body.
    """

    method: Method
    path: str
    query: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    body: Any = None

    @property
    def kind(self) -> Kind:
        """A request that changes nothing is a read, whatever its method."""
        asks = self.method == "POST" and self.path.endswith(("/query", "/search"))
        return "read" if self.method == "GET" or asks else "write"

    @property
    def repeatable(self) -> bool:
        """
        Whether sending it twice is the same as sending it once.

        A PATCH is: a value that is already there is not added again. Only a POST that creates is not.
        """
        return self.kind == "read" or self.method != "POST"

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server sent; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    @property
    def execution_id(self) -> str | None:
        """Attio's own name of the request, which its support asks for. Source: seen live 2025-07."""
        return self.headers.get("x-attio-execution-id")


@dataclass(frozen=True, slots=True)
class Exchange:
    """One attempt, for a log: no header, no body, no query. `status` is None when no answer came."""

    request: str
    kind: Kind
    attempt: int
    seconds: float
    status: int | None
    execution_id: str | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """
    Requests sent so far, every attempt counted.

    Attributes:
        reads: Attempts that change nothing.
        writes: All other attempts.
        retries: How many of both were not the first attempt of their call.
        throttled: How many of both were answered with 429; `failed` with a 5xx or a 408, `unanswered` not at all, or
            with an answer that broke off.
    """

    reads: int = 0
    writes: int = 0
    retries: int = 0
    throttled: int = 0
    failed: int = 0
    unanswered: int = 0


def path_of(*segments: str) -> str:
    """`/v2/…` from segments that may hold anything: slugs, ids, or titles with slashes and umlauts."""
    return "/v2/" + "/".join(quote(segment, safe="") for segment in segments)
