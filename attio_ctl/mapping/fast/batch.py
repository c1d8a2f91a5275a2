"""
Lines straight to the bodies of `batch/records` calls: no writes are made in between, and JSON is written once.

For who sends events as they come. Delivery folds the writes of many events into one before it sends, so it needs the
writes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from attio_ctl.mapping.encode import MAX_ASSERTIONS, Assertion
from attio_ctl.mapping.fast.header import Undecodable
from attio_ctl.mapping.fast.program import FastProgram
from attio_ctl.mapping.writes import Rejected


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that gives no assertion: its number among the lines, counted from 0, and the mapping, '' if all."""

    line: int
    mapping: str
    why: Rejected | Undecodable


@dataclass(frozen=True, slots=True)
class Bodies:
    """The bodies of calls with so many assertions in all, in the order of the lines, and what gives none."""

    bodies: tuple[bytes, ...]
    assertions: int
    refused: tuple[Refused, ...]


def make_bodies(program: FastProgram, lines: Iterable[bytes], now: str) -> Bodies:
    """
    All records of some lines in as few calls as hold them; those of one event and mapping are nested in the last.

    Never raises, whatever the bytes are.

    Args:
        now: ISO 8601, for events that have no `receivedAt` of their own.
    """
    assertions: list[Assertion] = []
    refused: list[Refused] = []
    for number, (head, outcomes) in enumerate(program.assert_each(lines, now)):
        for name, outcome in outcomes:
            if outcome.__class__ is Assertion:
                assertions.append(outcome)
            elif isinstance(outcome, Rejected) and not isinstance(head, Undecodable):
                refused.append(Refused(number, name, outcome))
        if head.__class__ is Undecodable:
            refused.append(Refused(number, "", head))
    calls = (assertions[at : at + MAX_ASSERTIONS] for at in range(0, len(assertions), MAX_ASSERTIONS))
    bodies = tuple(msgspec.json.encode({"assertions": call}) for call in calls)
    return Bodies(bodies, len(assertions), tuple(refused))
