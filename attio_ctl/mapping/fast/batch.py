"""
Lines straight to the body of one `batch/records` call: no writes are made in between, and JSON is written once.

For who sends events as they come. Delivery folds the writes of many events into one before it sends, so it needs the
writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from attio_ctl.mapping.encode import batch_assertion
from attio_ctl.mapping.expressions.node import ExpressionError
from attio_ctl.mapping.fast.header import Undecodable
from attio_ctl.mapping.fast.program import UNFIT, FastMapping, FastProgram
from attio_ctl.mapping.writes import NOT_SUBSCRIBED, SWITCHED_OFF, Mapped, Reject, Rejected, Writes


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


def make_batch(program: FastProgram, lines: Iterable[bytes], received_at: str) -> Batch:
    """
    All records of some lines in one call; the records of one event and mapping are nested in the last of them.

    Never raises, whatever the bytes are. Attio takes up to 10,000 assertions in a call.

    Args:
        received_at: ISO 8601, for events that have no `receivedAt` of their own.
    """
    assertions: list[Any] = []
    refused: list[Refused] = []
    for number, line in enumerate(lines):
        outcomes = _outcomes(program, line, received_at)
        if isinstance(outcomes, Undecodable):
            refused.append(Refused(number, "", outcomes))
            continue
        for place, outcome in enumerate(outcomes):
            if outcome.__class__ is Rejected:
                refused.append(Refused(number, program.program.mappings[place].name, outcome))
            elif outcome is not NOT_SUBSCRIBED and outcome is not SWITCHED_OFF:
                assertions.append(outcome)
    return Batch(msgspec.json.encode({"assertions": assertions}), len(assertions), tuple(refused))


def _outcomes(program: FastProgram, line: bytes, received_at: str) -> Sequence[Any] | Undecodable:
    """What each mapping makes of a line, with an assertion in the place of writes."""
    if program.mappings is not None:
        try:
            event = program.decoder.decode(line)
            if not line.isascii():
                line.decode()  # as in `FastProgram.run_each`
            received = event.received_at if event.received_at.__class__ is str else received_at
            return [_assertion(fast, event, received) for fast in program.mappings]
        except UNFIT:
            pass
    head, mapped = program.run_dict(line)
    if isinstance(head, Undecodable):
        return head
    received = head.received_at if isinstance(head.received_at, str) else received_at
    return [assertion_of(each, received) for _, each in mapped]


def _assertion(fast: FastMapping, event: Any, received_at: str) -> Any:
    """As `assertion_of` the outcome of `FastMapping.run`."""
    if fast.nested is None:
        return assertion_of(fast.run(event), received_at)
    try:
        return fast.nested.call(event, received_at)
    except (Reject, ExpressionError) as error:
        return fast.nested.rejected(error)


def assertion_of(mapped: Mapped, received_at: str) -> Any:
    """The outcome of an event, with one assertion in the place of its writes: of the last, the others nested in it."""
    if not isinstance(mapped, Writes):
        return mapped
    *others, last = mapped.writes
    return batch_assertion(last, received_at, {write.key: write for write in others})
