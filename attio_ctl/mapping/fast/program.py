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
from itertools import compress, filterfalse, groupby, islice, repeat
from operator import itemgetter
from typing import Any, Final, NamedTuple, TypeVar

import msgspec

from attio_ctl.mapping.encode import Assertion, batch_assertion
from attio_ctl.mapping.fast.columns import Faults, Values, all_texts
from attio_ctl.mapping.fast.generate import generate_assertions, generate_columns, generate_verdicts, generate_writes
from attio_ctl.mapping.fast.header import Head, Header, Undecodable, decode, head_of
from attio_ctl.mapping.fast.no_json import why_no_json
from attio_ctl.mapping.fast.reads import paths_of
from attio_ctl.mapping.fast.shape import CannotGenerate, Shape, shape_of
from attio_ctl.mapping.fast.source import Source
from attio_ctl.mapping.program import CompiledMapping, Program
from attio_ctl.mapping.records import RecordMaker
from attio_ctl.mapping.writes import Mapped, NotSubscribed, Rejected, Writes

Outcomes = Sequence[tuple[str, Mapped]]
"""What each mapping, by name, makes of an event."""

Asserted = Assertion | NotSubscribed | Rejected
"""What a mapping makes of an event, with one assertion in the place of writes."""


class RecordColumns(NamedTuple):
    """
    One record of some events: the text that it is named by, and its values, `MISSING` where there is none.

    `slugs` are those of the columns.
    """

    maker: RecordMaker
    slugs: tuple[str, ...]
    texts: Sequence[str]
    columns: Sequence[Values]


class Made(NamedTuple):
    """
    What a mapping makes of some events, by columns.

    Attributes:
        name: Of the mapping.
        outcomes: Of each event why nothing is made of it, None where something is.
        taken: The numbers of the others, to which the columns are.
    """

    name: str
    outcomes: Sequence[NotSubscribed | Rejected | None]
    taken: Sequence[int]
    records: Sequence[RecordColumns]


class Portion(NamedTuple):
    """Some consecutive events that go by columns."""

    heads: Sequence[Header]
    made: Sequence[Made]


_UNFIT: Final = (ValueError, RecursionError)
"""What a line raises that is for the slower rungs of the ladder to judge."""

_PORTION: Final = 256
"""Lines that go through the columns together: enough for what a column costs, few enough to stay in the cache."""


@dataclass(frozen=True, slots=True)
class Generated:
    """A generated function, and the source of it."""

    source: str
    call: Callable[..., list[Any]]


@dataclass(frozen=True, slots=True)
class FastMapping:
    """One mapping as generated code; without `assertions`, those are made from the writes."""

    name: str
    verdicts: Generated
    writes: Generated
    assertions: Generated | None
    columns: Generated
    layout: tuple[tuple[RecordMaker, tuple[str, ...]], ...]

    def make(self, events: Sequence[Any], lines: Sequence[bytes]) -> Made:
        """
        What comes of some events, one at least, which were decoded into the program's Structs.

        Raises:
            RecursionError, ValueError: as `write`.
        """
        outcomes = self.verdicts.call(events)
        taken: Sequence[int] = range(len(events))
        if outcomes.count(None) < len(outcomes):
            taken = [number for number in taken if outcomes[number] is None]
            events, lines = [events[number] for number in taken], [lines[number] for number in taken]
        faults: Faults = {}
        made = self.columns.call(events, lines, faults) if taken else []
        if faults:
            for at, rejected in faults.items():
                outcomes[taken[at]] = rejected
            kept = [at not in faults for at in range(len(taken))]
            taken = list(compress(taken, kept))
            made = [(list(compress(texts, kept)), [list(compress(c, kept)) for c in cols]) for texts, cols in made]
        records = [RecordColumns(*layout, *some) for layout, some in zip(self.layout, made, strict=bool(taken))]
        return Made(self.name, outcomes, taken, records)

    def write(self, events: Sequence[Any], lines: Sequence[bytes]) -> list[Mapped]:
        """
        As `CompiledMapping.run` for each of some events, one at least, which were decoded into the program's Structs.

        Raises:
            RecursionError, ValueError: some event nests too deeply, or cannot be decoded as a whole.
        """
        return self._each(self.writes.call, events, lines)

    def nest(self, events: Sequence[Any], lines: Sequence[bytes], now: str) -> list[Asserted]:
        """
        The same with an assertion in the place of writes; `now` is `received_at` of events that name none.

        Raises:
            RecursionError, ValueError: as `write`.
        """
        if self.assertions is None:
            written = zip(events, self.write(events, lines), strict=True)
            return [asserted(mapped, _received(event, now)) for event, mapped in written]
        make = self.assertions.call

        def made(events: Sequence[Any], lines: Sequence[bytes], faults: Faults) -> list[Any]:
            received = [event.received_at for event in events]
            if not all_texts(received):
                received = [_received(event, now) for event in events]
            return make(events, lines, faults, received)

        return self._each(made, events, lines)

    def _each(self, make: Callable[..., list[Any]], events: Sequence[Any], lines: Sequence[bytes]) -> list[Any]:
        outcomes = self.verdicts.call(events)
        if outcomes.count(None) == len(outcomes):
            return self._taken(make, events, lines)
        taken = [number for number, outcome in enumerate(outcomes) if outcome is None]
        if taken:
            made = self._taken(make, [events[number] for number in taken], [lines[number] for number in taken])
            for number, outcome in zip(taken, made, strict=True):
                outcomes[number] = outcome
        return outcomes

    def _taken(self, make: Callable[..., list[Any]], events: Sequence[Any], lines: Sequence[bytes]) -> list[Any]:
        faults: Faults = {}
        made = make(events, lines, faults)
        for number, rejected in faults.items():
            made[number] = rejected
        return made


def asserted(mapped: Mapped, received_at: str) -> Asserted:
    """The outcome of an event, with one assertion in the place of its writes: of the last, the others nested in it."""
    if not isinstance(mapped, Writes):
        return mapped
    *others, last = mapped.writes
    return batch_assertion(last, received_at, {write.key: write for write in others})


def _received(header: Header, now: str) -> str:
    return header.received_at if header.received_at.__class__ is str else now


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
            return head, [(name, asserted(mapped, _received(head, now))) for name, mapped in outcomes]

        return self._each(lines, make, make_one)

    def _each(self, lines: Iterable[bytes], make: _Make, make_one: _MakeOne) -> Iterator[tuple[Head, Any]]:
        def together(events: Sequence[Any], lines: Sequence[bytes], fast: Sequence[FastMapping]) -> Iterable[Any]:
            outcomes = [zip(repeat(each.name), make(each, events, lines)) for each in fast]
            return zip(events, zip(*outcomes, strict=True) if outcomes else repeat(()), strict=False)

        return self._in_portions(lines, together, make_one)

    def run_columns(self, chunk: bytes) -> Iterator[Portion | tuple[Head, Outcomes]]:
        """
        The same for whoever takes columns: events that fit come in portions, what does not fit stands between them.

        Never raises, whatever the bytes are; blank lines are no events.
        """

        def together(events: Sequence[Any], lines: Sequence[bytes], fast: Sequence[FastMapping]) -> Iterable[Portion]:
            return (Portion(events, [each.make(events, lines) for each in fast]),)

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
        fast = tuple(_load(mapping, shape) for mapping in program.mappings)
    except CannotGenerate:
        return FastProgram(program, msgspec.json.Decoder(), None)
    return FastProgram(program, msgspec.json.Decoder(shape.type), fast)


def _load(mapping: CompiledMapping, shape: Shape) -> FastMapping:
    verdicts, writes = generate_verdicts(mapping, shape), generate_writes(mapping, shape)
    columns, slugs = generate_columns(mapping, shape)
    try:
        assertions = _compile(mapping.name, generate_assertions(mapping, shape))
    except CannotGenerate:
        assertions = None
    return FastMapping(
        name=mapping.name,
        verdicts=_compile(mapping.name, verdicts),
        writes=_compile(mapping.name, writes),
        assertions=assertions,
        columns=_compile(mapping.name, columns),
        layout=tuple(zip(mapping.records, slugs, strict=True)),
    )


def _compile(name: str, source: Source) -> Generated:
    code = "\n".join(source.lines)
    namespace = dict(source.constants)
    exec(compile(code, f"<mapping {name}>", "exec"), namespace)  # noqa: S102  our own source, see `source`
    return Generated(code, namespace[source.name])
