"""
The events that were accounted for lately, in eight bytes each.

An event that comes again is a duplicate if it is still remembered, and at worst superseded or unchanged if it is not:
what it wrote stands in the cells of its records. So remembering is bounded. The last million events are remembered for
certain and up to three million at most, by the luck of the draw; the ledger grows with records, not with events.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, TypeAlias

Fingerprint: TypeAlias = bytes
"""80 bits of an event's identity (`events.Recogniser`): two bytes name the bucket, the other eight stand in it."""

FINGERPRINT_BYTES: Final = 10

_BUCKETS: Final = 1 << 16
_WIDTH: Final = 8
_KEPT: Final = 48
"""Events in a bucket. With a million events a bucket holds 15 on average, and 48 with a probability of 10^-11."""
_ROOM: Final = (_KEPT - 1) * _WIDTH


class Recent:
    """A set of fingerprints that forgets the oldest ones; each bucket is a row of the ledger."""

    def __init__(self, buckets: Iterable[tuple[int, bytes]] = ()) -> None:
        self._buckets = [b""] * _BUCKETS
        for number, marks in buckets:
            self._buckets[number] = bytes(memoryview(marks))  # a damaged row may hold anything
        self._is_changed = bytearray(_BUCKETS)

    def __len__(self) -> int:
        """How many events are remembered."""
        return sum(map(len, self._buckets)) // _WIDTH

    def repeated(self, events: Iterable[Fingerprint]) -> set[int]:
        """Remember some events; the numbers, counted from 0, of those that were known already."""
        buckets, is_changed, found = self._buckets, self._is_changed, set[int]()
        for at, event in enumerate(events):
            number, mark = event[0] << 8 | event[1], event[2:]
            bucket = buckets[number]
            if mark in bucket:  # a find at an odd place would be one in 2^64 as well
                found.add(at)
                continue
            buckets[number] = bucket[-_ROOM:] + mark  # as bytes these take 5 MB less than as bytearrays
            is_changed[number] = 1
        return found

    def changed(self) -> Iterator[tuple[int, bytes]]:
        """The buckets that changed since `keep`, with their numbers."""
        for number, bucket in enumerate(self._buckets):
            if self._is_changed[number]:
                yield number, bucket

    def keep(self) -> None:
        """Note that what changed is in the ledger."""
        self._is_changed = bytearray(_BUCKETS)
