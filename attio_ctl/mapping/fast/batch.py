"""
Lines straight to the body of one `batch/records` call: no writes are made in between, and JSON is written once.

For who sends events as they come. Delivery folds the writes of many events into one before it sends, so it needs the
writes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from attio_ctl.mapping.encode import Assertion
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
class Batch:
    """The body of a call with this many assertions, in the order of the lines; lines that are not taken leave none."""

    body: bytes
    assertions: int
    refused: tuple[Refused, ...]


def make_batch(program: FastProgram, lines: Iterable[bytes], now: str) -> Batch:
    """
    All records of some lines in one call; the records of one event and mapping are nested in the last of them.

    Never raises, whatever the bytes are. Attio takes up to 10,000 assertions in a call.

    Args:
        now: ISO 8601, for events that have no `receivedAt` of their own.
    """
    assertions: list[Assertion] = []
    refused: list[Refused] = []
    for number, (head, outcomes) in enumerate(program.assert_each(lines, now)):
        if head.__class__ is Undecodable:
            refused.append(Refused(number, "", head))
            continue
        for name, outcome in outcomes:
            if outcome.__class__ is Assertion:
                assertions.append(outcome)
            elif isinstance(outcome, Rejected):
                refused.append(Refused(number, name, outcome))
    return Batch(msgspec.json.encode({"assertions": assertions}), len(assertions), tuple(refused))
