"""
A program over lines of NDJSON instead of decoded events: the same outcomes, several times as fast.

A line goes down a ladder: Structs of just the paths that are read, with generated code over many of them; where the
line or the mapping does not fit that, a dict and the mapping as it is; where the fast parsers refuse the line, Python's
own parser.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import filterfalse, groupby, islice, repeat
from operator import itemgetter
from typing import Any, Final, NamedTuple, TypeVar

import msgspec

from attio_ctl.mapping.fast.header import Head, Header, Undecodable, decode, head_of
from attio_ctl.mapping.fast.mapping import Asserted, FastMapping, Made, accelerate_mapping, asserted, received_at
from attio_ctl.mapping.fast.no_json import why_no_json
from attio_ctl.mapping.fast.reads import paths_of
from attio_ctl.mapping.fast.shape import CannotGenerate, shape_of
from attio_ctl.mapping.program import Program
from attio_ctl.mapping.writes import Mapped

Outcomes = Sequence[tuple[str, Mapped]]
"""What each mapping, by name, makes of an event."""


class EventPortion(NamedTuple):
    """Some consecutive events that go by columns."""

    heads: Sequence[Header]
    made: Sequence[Made]


_UNFIT: Final = (ValueError, RecursionError)
"""What a line raises that is for the slower rungs of the ladder to judge."""

_PORTION: Final = 256
"""Lines that go through the columns together: enough for what a column costs, few enough to stay in the cache."""


def lines_of(chunk: bytes) -> Iterator[bytes]:
    """The lines of a chunk but for blank ones. `split` takes five times as long: it looks at every byte."""
    return filterfalse(bytes.isspace, BytesIO(chunk))


T = TypeVar("T")
_Together = Callable[[Sequence[Any], Sequence[bytes], Sequence["FastMapping"]], Iterable[T]]
_Make = Callable[[FastMapping, Sequence[Any], Sequence[bytes]], list[Any]]
_MakeOne = Callable[[bytes], tuple[Head, Sequence[tuple[str, Any]]]]


@dataclass(frozen=True, slots=True)
class FastProgram:
    """All mappings of a program over lines of NDJSON."""

    program: Program
    decoder: msgspec.json.Decoder[Any]
    mappings: tuple[FastMapping, ...] | None

    def run_each(self, lines: Iterable[bytes]) -> Iterator[tuple[Head, Outcomes]]:
        """
        The header and the outcomes of each line, which are those of `Program.run`; none where the line is no JSON.

        Never raises, whatever the bytes are. Lines are decoded one by one: a reader of many values would take two in
        one line for two lines, and one that spans two lines for one.
        """
        return self._each(lines, FastMapping.write, self.run_dict)

    def assert_each(self, lines: Iterable[bytes], now: str) -> Iterator[tuple[Head, Sequence[tuple[str, Asserted]]]]:
        """
        The same with an assertion in the place of writes.

        Args:
            now: ISO 8601, for events that have no `receivedAt` of their own.
        """

        def make(fast: FastMapping, events: Sequence[Any], lines: Sequence[bytes]) -> list[Any]:
            return fast.nest(events, lines, now)

        def make_one(line: bytes) -> tuple[Head, Sequence[tuple[str, Any]]]:
            head, outcomes = self.run_dict(line)
            if isinstance(head, Undecodable):
                return head, outcomes
            return head, [(name, asserted(mapped, received_at(head, now))) for name, mapped in outcomes]

        return self._each(lines, make, make_one)

    def _each(self, lines: Iterable[bytes], make: _Make, make_one: _MakeOne) -> Iterator[tuple[Head, Any]]:
        def together(events: Sequence[Any], lines: Sequence[bytes], fast: Sequence[FastMapping]) -> Iterable[Any]:
            outcomes = [zip(repeat(each.name), make(each, events, lines)) for each in fast]
            return zip(events, zip(*outcomes, strict=True) if outcomes else repeat(()), strict=False)

        return self._in_portions(lines, together, make_one)

    def run_columns(self, chunk: bytes) -> Iterator[EventPortion | tuple[Head, Outcomes]]:
        """
        The same for whoever takes columns: events that fit come in portions, what does not fit stands between them.

        Never raises, whatever the bytes are; blank lines are no events.
        """

        def together(
            events: Sequence[Any], lines: Sequence[bytes], fast: Sequence[FastMapping]
        ) -> Iterable[EventPortion]:
            return (EventPortion(events, [each.make(events, lines) for each in fast]),)

        return self._in_portions(lines_of(chunk), together, self.run_dict)

    def _in_portions(
        self, lines: Iterable[bytes], together: _Together[T], make_one: Callable[[bytes], T]
    ) -> Iterator[T]:
        if self.mappings is None:
            yield from map(make_one, lines)
            return
        lines = iter(lines)
        while portion := list(islice(lines, _PORTION)):
            yield from self._together(portion, together, make_one)

    def _together(self, lines: list[bytes], together: _Together[T], make_one: Callable[[bytes], T]) -> Iterable[T]:
        try:
            events = list(map(self.decoder.decode, lines))
            for line in filterfalse(bytes.isascii, lines):
                line.decode()  # what the decoder skips it does not look at, and that may be no UTF-8
            return together(events, lines, self.mappings or ())
        except _UNFIT:
            return self._apart(lines, together, make_one)

    def _apart(self, lines: list[bytes], together: _Together[T], make_one: Callable[[bytes], T]) -> Iterator[T]:
        """Lines of which some do not fit: those are run as dicts, what stands between them together again."""
        if len(lines) == 1:
            yield make_one(lines[0])
            return
        fits = list(map(self._fits, lines))
        if all(fits):
            for line in lines:
                yield from self._together([line], together, make_one)
            return
        for fit, run in groupby(zip(fits, lines, strict=True), key=itemgetter(0)):
            some = [line for _, line in run]
            yield from self._together(some, together, make_one) if fit else map(make_one, some)

    def _fits(self, line: bytes) -> bool:
        try:
            self.decoder.decode(line)
            line.decode()
        except _UNFIT:
            return False
        return True

    def run_headed(self, chunk: bytes) -> Iterator[tuple[Head, Outcomes]]:
        """As `run_each`, over the lines of a chunk of whole lines; blank ones are no events."""
        return self.run_each(lines_of(chunk))

    def run_lines(self, chunk: bytes) -> Iterator[Outcomes]:
        """
        The outcomes of each line of a chunk of whole lines, blank ones left out.

        Raises:
            ValueError: a line is no JSON.
        """
        return (_outcomes(*each) for each in self.run_headed(chunk))

    def run_line(self, line: bytes) -> Outcomes:
        """
        The outcomes of one line.

        Raises:
            ValueError: it is no JSON.
        """
        ((head, outcomes),) = self.run_each((line,))
        return _outcomes(head, outcomes)

    def run_dict(self, line: bytes) -> tuple[Head, Outcomes]:
        """As `run_each` of one line, on the slow rungs of the ladder."""
        try:
            event = decode(line)
        except ValueError as error:
            return Undecodable("invalid_json", f"the line is no JSON: {why_no_json(line, error)}"), ()
        return head_of(event), self.program.run(event)


def _outcomes(head: Head, outcomes: Outcomes) -> Outcomes:
    if isinstance(head, Undecodable) and head.code == "invalid_json":
        raise ValueError(head.reason)
    return outcomes


def accelerate(program: Program) -> FastProgram:
    """The program over lines; mappings that no code can be generated for make it run on dicts throughout."""
    try:
        paths = [path for mapping in program.mappings for path in paths_of(mapping)]
        shape = shape_of(paths)
        fast = tuple(accelerate_mapping(mapping, shape) for mapping in program.mappings)
    except CannotGenerate:
        return FastProgram(program, msgspec.json.Decoder(), None)
    return FastProgram(program, msgspec.json.Decoder(shape.type), fast)
