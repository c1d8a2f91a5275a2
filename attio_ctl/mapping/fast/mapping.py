"""
One mapping as generated code: many events at once into writes, assertions or columns.

An event that the mapping does not take, or refuses, is told apart beforehand or noted on the way, so that the others
keep their pace.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any, NamedTuple

from attio_ctl.mapping.encode import Assertion, batch_assertion
from attio_ctl.mapping.fast.columns import Faults, Values, all_texts
from attio_ctl.mapping.fast.generate import generate_assertions, generate_columns, generate_verdicts, generate_writes
from attio_ctl.mapping.fast.header import Header
from attio_ctl.mapping.fast.shape import CannotGenerate, Shape
from attio_ctl.mapping.fast.source import Source
from attio_ctl.mapping.program import CompiledMapping
from attio_ctl.mapping.records import RecordMaker
from attio_ctl.mapping.writes import Mapped, NotSubscribed, Rejected, Writes

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
            return [asserted(mapped, received_at(event, now)) for event, mapped in written]
        make = self.assertions.call

        def made(events: Sequence[Any], lines: Sequence[bytes], faults: Faults) -> list[Any]:
            received = [event.received_at for event in events]
            if not all_texts(received):
                received = [received_at(event, now) for event in events]
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


def received_at(header: Header, now: str) -> str:
    """When an event was received; `now` where it names no such time."""
    return header.received_at if header.received_at.__class__ is str else now


def accelerate_mapping(mapping: CompiledMapping, shape: Shape) -> FastMapping:
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
