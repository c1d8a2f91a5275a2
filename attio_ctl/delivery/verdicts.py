"""
What became of each event of a window, in one byte per event.

Events are numbered from 0 in the order of the input. Marks are made while the window is read and sent; verdicts are
read off the marks at the end.
"""

from __future__ import annotations

from typing import Final

from attio_ctl.delivery.account import VERDICTS, Account, EventVerdict

MAPPED: Final = 1
"""Some mapping made a write of it."""
LIVE: Final = 2
"""Some of its content stands in Attio."""
REFUSED: Final = 4
"""There is a dead letter of it."""
UNSENT: Final = 8
"""Some of its content was not sent."""
DUPLICATE: Final = 16
"""It was accounted for before."""
CLAMPED: Final = 32
"""Its stamp lay in the future."""
UNREADABLE: Final = 64
"""It has a `timestamp` that cannot be read."""


class Marks:
    """The marks of the events of one window."""

    def __init__(self) -> None:
        self._marks = bytearray()
        self.any_unsent = False
        self.refused = 0

    def __len__(self) -> int:
        return len(self._marks)

    def extend(self, marks: bytes | bytearray) -> None:
        """The marks of the next events."""
        self._marks += marks
        self.refused += sum(marks.count(mark) for mark in set(marks) if mark & REFUSED)

    def add(self, event: int, mark: int) -> None:
        before = self._marks[event]
        self._marks[event] = before | mark
        self.refused += (mark & ~before & REFUSED) > 0

    def leave(self, event: int) -> None:
        """Note that content of an event was not sent; while there is any such event, no dead letter is kept."""
        self._marks[event] |= UNSENT
        self.any_unsent = True

    def has(self, event: int, mark: int) -> bool:
        return bool(self._marks[event] & mark)

    def account(self, start: int = 0, stop: int | None = None) -> Account:
        """The verdicts on some consecutive events, all by default."""
        marks = memoryview(self._marks)[start:stop]  # ten million events are not copied to be counted
        counts = dict.fromkeys(VERDICTS, 0)
        clamped = unreadable = 0
        for each in set(marks):
            count = self._marks.count(each, start, stop)
            counts[self._verdict(each)] += count
            clamped += count if each & CLAMPED else 0
            unreadable += count if each & UNREADABLE else 0
        return Account(
            read=len(marks),
            clamped=clamped,
            unreadable_timestamps=unreadable,
            delivered=counts["delivered"],
            duplicate=counts["duplicate"],
            superseded=counts["superseded"],
            filtered=counts["filtered"],
            dead_lettered=counts["dead_lettered"],
            pending=counts["pending"],
        )

    def _verdict(self, marks: int) -> EventVerdict:
        if marks & DUPLICATE:
            return "duplicate"
        if marks & UNSENT:
            return "pending"
        if marks & REFUSED:
            return "pending" if self.any_unsent else "dead_lettered"
        if marks & LIVE:
            return "delivered"
        return "superseded" if marks & MAPPED else "filtered"
