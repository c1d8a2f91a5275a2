"""
An event told apart from its repetitions, and placed in time.

Nothing here reads a file or a clock.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeAlias

import ciso8601
from msgspec import Struct

from attio_ctl.delivery.recent import FINGERPRINT_BYTES, Fingerprint
from attio_ctl.mapping.expressions.javascript import MISSING
from attio_ctl.mapping.fast.header import Header

Micros: TypeAlias = int
"""Microseconds since 1970, UTC."""

UNTIMED: Final[Micros] = -(2**62)
"""An event that names no time is older than all that do; among such events the later in the input is the newer."""

TOLERANCE: Final = timedelta(minutes=10)
"""How far a stamp may lie ahead before it is clamped: ordinary skew of a client's clock."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class EventTime(Struct, frozen=True, gc=False):
    """
    When an event happened.

    `clamped` when its stamp lay in the future and was set to the time of receipt; `unreadable` when it has a
    `timestamp` that is none, so that something else was taken.
    """

    micros: Micros
    clamped: bool = False
    unreadable: bool = False


class Recogniser:
    """Makes the fingerprints of events: what one is recognised by when it comes again."""

    def __init__(self, mappings: bytes) -> None:
        """
        Args:
            mappings: At most 64 bytes that stand for the mappings; an event counts as seen only by the mappings that
                saw it, so that a file can be delivered again after one of them changed.
        """
        self._salted = hashlib.blake2b(digest_size=FINGERPRINT_BYTES, key=mappings)

    def by_message_id(self, message_id: str) -> Fingerprint:
        """Of an event that names itself."""
        salted = self._salted.copy()
        salted.update(b"m" + message_id.encode("utf-8", "replace"))
        return salted.digest()

    def by_bytes(self, raw: bytes) -> Fingerprint:
        """Of a line without a `messageId`, and without white space around it."""
        salted = self._salted.copy()
        salted.update(b"r" + raw)
        return salted.digest()


def event_time(event: Header, now: datetime) -> EventTime:
    """
    When an event happened, by the clock of whoever received it.

    `timestamp` counts as it stands, since Segment has corrected it already. Without it, the sender's stamp
    `originalTimestamp` is moved by the skew between the sender's clock and the receiver's:
    `receivedAt - (sentAt - originalTimestamp)`. Then any one of the three. A stamp that cannot be read is no stamp,
    and flagged where it is the `timestamp`.

    Args:
        now: Takes the place of `receivedAt` when a stamp that lies ahead is clamped.

    Source: segment.com/docs/connections/spec/common, "Timestamps" (as of 2026-08).
    """
    stamped, unreadable = _stamp(event.timestamp), False
    if stamped is None:
        stamped, unreadable = _corrected(event), event.timestamp is not MISSING and event.timestamp is not None
    if stamped is None:
        return EventTime(UNTIMED, unreadable=unreadable)
    if stamped > now + TOLERANCE:
        received = _stamp(event.received_at)
        return EventTime(_micros(min(received, now) if received else now), clamped=True, unreadable=unreadable)
    return EventTime(_micros(stamped), unreadable=unreadable)


def plain_times(events: Sequence[Header], now: datetime) -> list[Micros] | None:
    """
    The `event_time` of each of some events, one at least, none of which is clamped; None where that takes a closer
    look.
    """
    try:
        stamps = [ciso8601.parse_datetime(event.timestamp) for event in events]
    except (TypeError, ValueError):
        return None
    if any(stamp.tzinfo is not UTC for stamp in stamps) or max(stamps) > now + TOLERANCE:
        return None
    return [(stamp - _EPOCH) // _MICROSECOND for stamp in stamps]


def _corrected(event: Header) -> datetime | None:
    original, sent, received = _stamp(event.original_timestamp), _stamp(event.sent_at), _stamp(event.received_at)
    if original and sent and received:
        try:
            return received - (sent - original)
        except OverflowError:
            return received
    return original or received or sent


def _stamp(value: Any) -> datetime | None:
    if value.__class__ is not str:
        return None
    try:
        parsed = ciso8601.parse_datetime(value)
        if parsed.tzinfo is UTC:
            return parsed
        return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _micros(stamp: datetime) -> Micros:
    return (stamp - _EPOCH) // _MICROSECOND
