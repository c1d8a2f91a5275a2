"""
A program over lines of NDJSON instead of decoded events: the same outcomes, several times as fast.

A line goes down a ladder: Structs of just the paths that are read, with generated code; where the line or the mapping
does not fit that, a dict and the mapping as it is; where the fast parsers refuse the line, Python's own parser.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from attio_ctl.mapping.expressions.node import ExpressionError
from attio_ctl.mapping.fast.header import Head, Undecodable, decode, head_of
from attio_ctl.mapping.fast.shape import CannotGenerate, shape_of
from attio_ctl.mapping.fast.source import Source, generate, paths_of
from attio_ctl.mapping.program import CompiledMapping, Program
from attio_ctl.mapping.writes import Mapped, Reject, Rejected

Outcomes = Sequence[tuple[str, Mapped]]
"""What each mapping, by name, makes of an event."""


@dataclass(frozen=True, slots=True)
class FastMapping:
    """One mapping as generated code, which `source` shows; `paths` names what it makes, step by step."""

    name: str
    source: str
    function: Callable[[Any, list[int]], Mapped]
    paths: tuple[str, ...]

    def run(self, event: Any) -> Mapped:
        """As `CompiledMapping.run`, for an event that was decoded into the program's Structs."""
        at = [0]
        try:
            return self.function(event, at)
        except Reject as reject:
            return reject.at(self.paths[at[0]])
        except ExpressionError as error:
            return Rejected("expression_failed", str(error), self.paths[at[0]])


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
            yield from map(self._run_dict, lines)
            return
        read, mappings = self.decoder.decode, self.mappings
        for line in lines:
            try:
                event = read(line)
                if not line.isascii():
                    line.decode()  # what the decoder skips it does not look at, and that may be no UTF-8
                outcomes = [(fast.name, fast.run(event)) for fast in mappings]
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                yield self._run_dict(line)
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

    def _run_dict(self, line: bytes) -> tuple[Head, Outcomes]:
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
        shape = shape_of(paths or [("type",)])
        generated = tuple((mapping, generate(mapping, shape)) for mapping in program.mappings)
    except CannotGenerate:
        return FastProgram(program, msgspec.json.Decoder(), None)
    return FastProgram(program, msgspec.json.Decoder(shape.type), tuple(_load(*each) for each in generated))


def _load(mapping: CompiledMapping, source: Source) -> FastMapping:
    code = "\n".join(source.lines)
    namespace = dict(source.constants)
    exec(compile(code, f"<mapping {mapping.name}>", "exec"), namespace)  # noqa: S102  our own source, see `source`
    return FastMapping(mapping.name, code, namespace["run"], tuple(source.paths))
