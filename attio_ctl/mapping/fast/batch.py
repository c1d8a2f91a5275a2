"""
Lines straight to the body of one `batch/records` call: no writes are made in between, and JSON is written once.

For who sends events as they come. Delivery folds the writes of many events into one before it sends, so it needs the
writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from attio_ctl.mapping.encode import batch_assertion
from attio_ctl.mapping.expressions.node import ExpressionError
from attio_ctl.mapping.fast.header import Undecodable
from attio_ctl.mapping.fast.program import UNFIT, FastMapping, FastProgram
from attio_ctl.mapping.writes import NOT_SUBSCRIBED, Mapped, NotSubscribed, Reject, Rejected, Writes


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
    lines = list(lines)
    names = [mapping.name for mapping in program.program.mappings] or [""]
    width = len(names)
    outcomes: list[Any] = [NOT_SUBSCRIBED] * (len(lines) * width)  # line by line, one of each mapping
    numbers, events = _read(program, lines)
    for place, fast in enumerate(program.mappings or ()):
        column = _column(fast, events, received_at)
        if len(numbers) == len(lines):
            outcomes[place::width] = column
        else:
            for number, outcome in zip(numbers, column, strict=True):
                outcomes[number * width + place] = outcome
    left = {place // width for place, outcome in enumerate(outcomes) if outcome is None}
    left |= set(range(len(lines))).difference(numbers) if len(numbers) < len(lines) else set()
    for number in left:
        outcomes[number * width : (number + 1) * width] = _slowly(program, lines[number], received_at)
    refused = [
        Refused(place // width, names[place % width] if isinstance(outcome, Rejected) else "", outcome)
        for place, outcome in enumerate(outcomes)
        if isinstance(outcome, Rejected | Undecodable)
    ]
    assertions = [outcome for outcome in outcomes if outcome.__class__ not in _NOTHING]
    return Batch(msgspec.json.encode({"assertions": assertions}), len(assertions), tuple(refused))


_NOTHING: Final = frozenset({NotSubscribed, Rejected, Undecodable})


def _read(program: FastProgram, lines: Sequence[bytes]) -> tuple[Sequence[int], list[Any]]:
    """The events that generated code can read, and the numbers of their lines."""
    if program.mappings is None:
        return (), []
    read = program.decoder.decode
    try:
        if all(map(bytes.isascii, lines)):
            return range(len(lines)), list(map(read, lines))
    except UNFIT:
        pass
    numbers: list[int] = []
    events: list[Any] = []
    for number, line in enumerate(lines):
        try:
            event = read(line)
            line.decode()  # as in `FastProgram.run_each`
        except UNFIT:
            continue
        numbers.append(number)
        events.append(event)
    return numbers, events


def _slowly(program: FastProgram, line: bytes, received_at: str) -> list[Any]:
    """What each mapping makes of a line on the slower rungs of the ladder."""
    head, mapped = program.run_dict(line)
    if isinstance(head, Undecodable):
        return [head, *(NOT_SUBSCRIBED for _ in program.program.mappings[1:])]
    received = head.received_at if isinstance(head.received_at, str) else received_at
    return [assertion_of(each, received) for _, each in mapped] or [NOT_SUBSCRIBED]


def _column(fast: FastMapping, events: list[Any], received_at: str) -> list[Any]:
    """What a mapping makes of each event: all at once, or one by one if some event is refused."""
    if fast.columns is not None:
        try:
            taken, assertions = fast.columns.call(events, received_at)
        except (Reject, ExpressionError, RecursionError):
            pass
        else:
            if len(taken) == len(events):
                return assertions  # type: ignore[no-any-return]
            outcomes: list[Any] = [NOT_SUBSCRIBED] * len(events)
            for number, assertion in zip(taken, assertions, strict=True):
                outcomes[number] = assertion
            return outcomes
    return [_single(fast, event, received_at) for event in events]


def _single(fast: FastMapping, event: Any, received_at: str) -> Any:
    """As `assertion_of` the outcome of one event; None where it nests too deeply for generated code."""
    try:
        mapped = fast.run(event)
    except RecursionError:
        return None
    return assertion_of(mapped, event.received_at if event.received_at.__class__ is str else received_at)


def assertion_of(mapped: Mapped, received_at: str) -> Any:
    """The outcome of an event, with one assertion in the place of its writes: of the last, the others nested in it."""
    if not isinstance(mapped, Writes):
        return mapped
    *others, last = mapped.writes
    return batch_assertion(last, received_at, {write.key: write for write in others})
