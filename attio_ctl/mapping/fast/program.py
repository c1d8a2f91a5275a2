"""
A program over lines of NDJSON instead of decoded events: the same outcomes, several times as fast.

A line goes down a ladder: Structs of just the paths that are read, with generated code; where the line or the mapping
does not fit that, a dict and the mapping as it is; where the fast parsers refuse the line, Python's own parser.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from attio_ctl.mapping.expressions.node import ExpressionError
from attio_ctl.mapping.fast.columns import generate_columns
from attio_ctl.mapping.fast.generate import generate_run
from attio_ctl.mapping.fast.header import Head, Undecodable, decode, head_of
from attio_ctl.mapping.fast.reads import paths_of
from attio_ctl.mapping.fast.shape import CannotGenerate, Shape, shape_of
from attio_ctl.mapping.fast.source import Source
from attio_ctl.mapping.program import CompiledMapping, Program
from attio_ctl.mapping.writes import Mapped, Reject, Rejected

Outcomes = Sequence[tuple[str, Mapped]]
"""What each mapping, by name, makes of an event."""


UNFIT: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What a line raises that is for the slower rungs of the ladder to judge."""


@dataclass(frozen=True, slots=True)
class Generated:
    """A generated function, the `source` of it, and of each line of that what is made there."""

    source: str
    call: Callable[..., Any]
    paths: tuple[str, ...]

    def rejected(self, error: Reject | ExpressionError) -> Rejected:
        """The outcome of what the function raised. The traceback knows the line, so the code need not keep count."""
        assert error.__traceback__ is not None
        inside = error.__traceback__.tb_next
        assert inside is not None
        path = self.paths[inside.tb_lineno - 1]
        return error.at(path) if isinstance(error, Reject) else Rejected("expression_failed", str(error), path)


@dataclass(frozen=True, slots=True)
class FastMapping:
    """One mapping as generated code; without `columns` its assertions are made from its writes."""

    name: str
    writes: Generated
    columns: Generated | None

    def run(self, event: Any) -> Mapped:
        """As `CompiledMapping.run`, for an event that was decoded into the program's Structs."""
        try:
            return self.writes.call(event)  # type: ignore[no-any-return]
        except (Reject, ExpressionError) as error:
            return self.writes.rejected(error)


@dataclass(frozen=True, slots=True)
class FastProgram:
    """All mappings of a program over lines of NDJSON."""

    program: Program
    decoder: msgspec.json.Decoder[Any]
    mappings: tuple[FastMapping, ...] | None

    def run_each(self, lines: Iterable[bytes]) -> Iterator[tuple[Head, Outcomes]]:
        """
        The header and the outcomes of each line, which are those of `Program.run`; none where the line is no JSON.

        Never raises, whatever the bytes are. Lines are read one by one: a reader of many values would take two in
        one line for two lines, and one that spans two lines for one.
        """
        if self.mappings is None:
            yield from map(self.run_dict, lines)
            return
        read, mappings = self.decoder.decode, self.mappings
        for line in lines:
            try:
                event = read(line)
                if not line.isascii():
                    line.decode()  # what the decoder skips it does not look at, and that may be no UTF-8
                outcomes = [(fast.name, fast.run(event)) for fast in mappings]
            except UNFIT:
                yield self.run_dict(line)
            else:
                yield event, outcomes

    def run_headed(self, chunk: bytes) -> Iterator[tuple[Head, Outcomes]]:
        """As `run_each`, over the lines of a chunk of whole lines; blank ones are no events."""
        return self.run_each(line for line in chunk.split(b"\n") if line and not line.isspace())

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
            return Undecodable("invalid_json", f"the line is no JSON: {_first_line(error)}"), ()
        return head_of(event), self.program.run(event)


def _outcomes(head: Head, outcomes: Outcomes) -> Outcomes:
    if isinstance(head, Undecodable) and head.code == "invalid_json":
        raise ValueError(head.reason)
    return outcomes


def _first_line(error: Exception) -> str:
    return str(error).split("\n", 1)[0]


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
    writes = _compile(mapping.name, generate_run(mapping, shape))
    try:
        return FastMapping(mapping.name, writes, _compile(mapping.name, generate_columns(mapping, shape)))
    except CannotGenerate:
        return FastMapping(mapping.name, writes, None)


def _compile(name: str, source: Source) -> Generated:
    code = "\n".join(source.lines)
    namespace = dict(source.constants)
    exec(compile(code, f"<mapping {name}>", "exec"), namespace)  # noqa: S102  our own source, see `source`
    return Generated(code, namespace[source.name], tuple(source.paths))
