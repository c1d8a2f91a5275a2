"""
A program over lines of NDJSON instead of decoded events: the same outcomes, several times as fast.

A line goes down a ladder: Structs of just the paths that are read, with generated code; where the line or the mapping
does not fit that, a dict and the mapping as it is; where the fast parsers refuse the line, Python's own parser.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
import orjson

from attio_ctl.mapping.expressions.node import ExpressionError
from attio_ctl.mapping.fast.shape import CannotGenerate, shape_of
from attio_ctl.mapping.fast.source import Source, generate, paths_of
from attio_ctl.mapping.program import CompiledMapping, Program
from attio_ctl.mapping.writes import Mapped, Reject, Rejected

Outcomes = tuple[tuple[str, Mapped], ...]


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
    """All mappings of a program over lines."""

    program: Program
    decoder: msgspec.json.Decoder[Any]
    mappings: tuple[FastMapping, ...] | None

    def run_lines(self, chunk: bytes) -> Iterator[Outcomes]:
        """
        The outcomes of each line of a chunk of whole lines, empty ones left out, as `Program.run` gives them.

        Raises:
            ValueError: a line is no JSON.
        """
        if self.mappings is not None:
            try:
                events = self.decoder.decode_lines(chunk)
            except (msgspec.DecodeError, RecursionError):
                events = None
            if events is not None:
                yield from (self._run(self.mappings, event) for event in events)
                return
        for line in chunk.split(b"\n"):
            if line.strip():
                yield self.run_line(line)

    def run_line(self, line: bytes) -> Outcomes:
        """
        The outcomes of one line.

        Raises:
            ValueError: it is no JSON.
        """
        if self.mappings is not None:
            try:
                return self._run(self.mappings, self.decoder.decode(line))
            except (msgspec.DecodeError, RecursionError):
                pass
        return self.program.run(decode(line))

    def _run(self, mappings: tuple[FastMapping, ...], event: Any) -> Outcomes:
        return tuple([(fast.name, fast.run(event)) for fast in mappings])


def decode(line: bytes) -> Any:
    """
    One line of JSON as Python data; halves of surrogate pairs stay, which fast parsers refuse.

    Raises:
        ValueError: it is no JSON, `NaN` and infinities included, or is nested too deeply.
    """
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        try:
            return json.loads(line, parse_constant=_refuse)
        except RecursionError:
            raise ValueError("the JSON is nested too deeply") from None


def _refuse(constant: str) -> Any:
    raise ValueError(f"`{constant}` is no JSON")


def accelerate(program: Program) -> FastProgram:
    """The program over lines; mappings that no code can be generated for make it run on dicts throughout."""
    try:
        paths = [path for mapping in program.mappings for path in paths_of(mapping)]
        shape = shape_of(paths or [("type",)])
        generated = tuple((mapping, generate(mapping, shape)) for mapping in program.mappings)
    except CannotGenerate:
        return FastProgram(program, msgspec.json.Decoder(Any), None)
    return FastProgram(program, msgspec.json.Decoder(shape.type), tuple(_load(*each) for each in generated))


def _load(mapping: CompiledMapping, source: Source) -> FastMapping:
    code = "\n".join(source.lines)
    namespace = dict(source.constants)
    exec(compile(code, f"<mapping {mapping.name}>", "exec"), namespace)  # noqa: S102  our own source, see `source`
    return FastMapping(mapping.name, code, namespace["run"], tuple(source.paths))
