"""
Whether to send again, and after how long: decided from what happened, without a clock or a socket.

A small loop around one pure decision, rather than a retry library's decorator: the wait after a 429 belongs to the
limiter that all calls share, and whether a create may be repeated depends on whether it can have reached Attio.

Source: a 429 means that the request was not processed, and its `Retry-After` is an HTTP-date, usually the start of the
next second: docs.attio.com/rest-api/guides/rate-limiting (as of 2026-10). Bodies and headers of 5xx are undocumented.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final, Literal

DEFAULT_WAIT: Final = 1.0
"""Seconds to wait after a 429 that names no time."""

BACKOFF_BASE: Final = 0.5
BACKOFF_CAP: Final = 30.0
"""Seconds: the n-th retry waits a random share of `base * 2**(n-1)`, up to the cap."""

EPOCH_FROM: Final = 1_000_000_000
"""An `X-RateLimit-Reset` from here on is seconds since 1970, below it seconds from now."""


@dataclass(frozen=True, slots=True)
class Throttled:
    """429: not processed; `wait` is the number of seconds that Attio named."""

    wait: float


@dataclass(frozen=True, slots=True)
class ServerFault:
    """5xx or 408: processed or not, nobody knows; `wait` is what the answer asked for, 0.0 if nothing."""

    status: int
    wait: float = 0.0


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """No usable answer; `reached` is False only when the request surely never left (no connection)."""

    reason: str
    reached: bool


Failure = Throttled | ServerFault | NoAnswer
"""What may be worth another try; every other answer is final."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Send again after this many seconds."""

    after: float


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Do not send again: the time is used up, or the request may have been carried out and cannot be repeated."""

    why: Literal["budget", "unsure"]


def decide(
    failure: Failure, *, repeatable: bool, attempt: int, elapsed: float, budget: float, draw: float
) -> Retry | GiveUp:
    """
    Decide on one failed attempt.

    Args:
        failure: What happened to this attempt.
        repeatable: Doing it twice is the same as doing it once (reads, PUT, PATCH, DELETE; no create).
        attempt: Counted from 1.
        elapsed: Seconds since the first attempt was sent.
        budget: Seconds after the first attempt within which the last retry must be sent.
        draw: A random number in [0, 1) for full jitter.
    """
    if maybe_done(failure) and not repeatable:
        return GiveUp("unsure")
    backoff = draw * min(BACKOFF_CAP, BACKOFF_BASE * 2 ** min(attempt - 1, 16))
    match failure:
        case Throttled(wait):
            after = wait
        case ServerFault(_, wait):
            after = max(wait, backoff)
        case NoAnswer():
            after = backoff
    return Retry(after) if elapsed + after <= budget else GiveUp("budget")


def maybe_done(failure: Failure) -> bool:
    """Whether Attio may have carried the request out."""
    match failure:
        case Throttled():
            return False
        case ServerFault():
            return True
        case NoAnswer(reached=reached):
            return reached


def wait_of(headers: Mapping[str, str], wall: float) -> float | None:
    """
    The seconds that an answer asks to wait, None when it asks for nothing.

    `Retry-After` as an HTTP-date (any of the three forms of RFC 9110) is measured against the answer's own `Date`, so
    a wrong local clock changes nothing; as whole seconds it is taken as it stands. Without it, `X-RateLimit-Reset`
    counts.

    Args:
        headers: Lower-case names.
        wall: Local seconds since 1970, used only for an answer without a `Date`.
    """
    sent = _http_date(headers.get("date", ""))
    now = wall if sent is None else sent
    asked = headers.get("retry-after", "").strip()
    until = _http_date(asked)
    if until is not None:
        return max(0.0, until - now)
    if asked.isascii() and asked.isdigit():
        return float(asked)
    reset = _number(headers.get("x-ratelimit-reset", ""))
    if reset is not None:
        return max(0.0, reset - now if reset >= EPOCH_FROM else reset)
    return None


def exhausted(headers: Mapping[str, str]) -> bool:
    """Whether the answer says that the next request would be one too many; Attio sends no such header as of 2026-10."""
    return headers.get("x-ratelimit-remaining", "").strip() == "0"


def _http_date(text: str) -> float | None:
    try:
        parsed = parsedate_to_datetime(text)
    except (ValueError, IndexError, OverflowError):
        return None
    aware = parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    return (aware - datetime.fromtimestamp(0, UTC)).total_seconds()


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if 0 <= number < float("inf") else None
