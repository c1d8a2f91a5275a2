"""What a sandbox is started with."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from attio_ctl.sandbox.faults import Rule

# The scopes of the OpenAPI document's `security` entries, each with the reading and the writing form.
SCOPES: Final = (
    "comment:read-write",
    "list_configuration:read-write",
    "list_entry:read-write",
    "note:read-write",
    "object_configuration:read-write",
    "record_permission:read-write",
    "task:read-write",
    "user_management:read",
    "webhook:read-write",
)


@dataclass(frozen=True, slots=True)
class Limits:
    """
    Requests per second and token, and the score of queries per ten seconds; 0 switches one off.

    Source: docs.attio.com/rest-api/guides/rate-limiting (100 reads and 25 writes; the scores' figures are not public).
    """

    reads: int = 100
    writes: int = 25
    score: int = 100_000


NO_LIMITS: Final = Limits(reads=0, writes=0, score=0)


@dataclass(frozen=True, slots=True)
class MemberSpec:
    """A member that a fresh workspace begins with."""

    email_address: str
    first_name: str
    last_name: str
    access_level: Literal["admin", "member", "suspended"] = "member"


MEMBERS: Final = (
    MemberSpec("ada@example.com", "Ada", "Lovelace", "admin"),
    MemberSpec("grace@example.com", "Grace", "Hopper"),
    MemberSpec("alan@example.com", "Alan", "Turing"),
)


@dataclass(frozen=True, slots=True)
class Options:
    """
    How a sandbox behaves.

    `tokens` maps each token to its scopes, None for all; `max_objects` is the plan's limit on objects, people and
    companies counted, None for none; `seed` is what a fresh workspace grows from (see portable.py); `sink` keeps no
    records and counts what it is sent; `admin_token` opens the console at `/`, which is not there without one;
    `deliver_to` sends webhook events elsewhere, by the beginning of the target URL (`{"https://hooks.example.com":
    "http://127.0.0.1:9000"}`), because targets must be https; `retry_pace` multiplies the waits between their retries;
    `clock` gives seconds since 1970. Name, slug and members only matter to a fresh file: afterwards the file says who
    it is.
    """

    tokens: Mapping[str, frozenset[str] | None] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    activate: tuple[str, ...] = ()
    workspace_name: str = "Demo"
    workspace_slug: str = "demo"
    members: tuple[MemberSpec, ...] = MEMBERS
    max_objects: int | None = None
    seed: Any = None
    sink: bool = False
    admin_token: str | None = None
    faults: tuple[Rule, ...] = ()
    deliver_to: Mapping[str, str] = field(default_factory=dict)
    retry_pace: float = 1.0
    clock: Callable[[], float] = time.time
