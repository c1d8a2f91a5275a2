"""Mappings, compiled once for many events."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass
from typing import Any

from attio_ctl.address import Address
from attio_ctl.config.models import Mapping
from attio_ctl.errors import ConfigError, Problem
from attio_ctl.mapping.actions import outline
from attio_ctl.mapping.fql.evaluate import matches
from attio_ctl.mapping.fql.lexer import FqlError
from attio_ctl.mapping.fql.parser import parse
from attio_ctl.mapping.fql.tree import Node
from attio_ctl.mapping.integrations import switched_on
from attio_ctl.mapping.records import Complain, RecordMaker, compile_record
from attio_ctl.mapping.writes import NOT_SUBSCRIBED, SWITCHED_OFF, Mapped, Reject, Rejected, Write, Writes
from attio_ctl.state.schema import Schema


@dataclass(frozen=True, slots=True)
class CompiledMapping:
    """One mapping, ready to run; without `when` it takes every event."""

    name: str
    digest: str
    when: Node | None
    records: tuple[RecordMaker, ...]

    def run(self, event: Any) -> Mapped:
        """What the mapping makes of one event; never raises, whatever JSON value the event is."""
        if not isinstance(event, dict):
            return Rejected("not_an_event", "an event is a JSON object", "")
        if not switched_on(event):
            return SWITCHED_OFF
        made: list[Write] = []
        try:
            if self.when is not None and not matches(self.when, event):
                return NOT_SUBSCRIBED
            for record in self.records:
                made.append(record.make(event, made))
        except Reject as reject:
            return reject.at(self.name)
        except RecursionError:
            return Rejected("expression_failed", "the event is nested too deeply", self.name)
        return Writes(tuple(made))


@dataclass(frozen=True, slots=True)
class Program:
    """All mappings of a workspace against one schema; free of state, so it can be shared."""

    mappings: tuple[CompiledMapping, ...]

    def run(self, event: Any) -> tuple[tuple[str, Mapped], ...]:
        """What each mapping, by name, makes of one event; never raises."""
        return tuple((mapping.name, mapping.run(event)) for mapping in self.mappings)

    def digest(self, name: str) -> str:
        """The digest of one mapping, as `digest_of` gives it."""
        return next(mapping.digest for mapping in self.mappings if mapping.name == name)

    def only(self, names: Iterable[str]) -> Program:
        """The program of some of the mappings, in the same order."""
        wanted = frozenset(names)
        return Program(tuple(mapping for mapping in self.mappings if mapping.name in wanted))


def compile_mappings(mappings: MappingOf[str, Mapping], schema: Schema) -> Program:
    """
    Everything that can be worked out before the first event.

    What the schema does not have is no error here: it rejects the events concerned, each with its reason.

    Raises:
        ConfigError: a subscription or an expression that cannot be read.
    """
    problems: list[Problem] = []
    compiled = [_compile(name, mapping, schema, problems) for name, mapping in mappings.items()]
    if problems:
        raise ConfigError(problems, hint="run `attio-ctl validate` to list every problem with its place")
    return Program(tuple(compiled))


def digest_of(mapping: Mapping) -> str:
    """The sha256 of a mapping's canonical spec, which tells whether it changed; its tests do not count."""
    spec = mapping.model_dump(mode="json", exclude={"tests"})
    return hashlib.sha256(json.dumps(spec, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _compile(name: str, mapping: Mapping, schema: Schema, problems: list[Problem]) -> CompiledMapping:
    outlined = outline(mapping)
    address = str(Address.root("mapping", name))

    def complain(code: str, message: str) -> None:
        problems.append(Problem(code, f"`{address}`: {message}", address=address))

    for _, message in outlined.faults:
        complain("AC301", message)
    when = _when(outlined.when, complain)
    records = tuple(compile_record(record, mapping, schema, complain) for record in outlined.records)
    return CompiledMapping(name, digest_of(mapping), when, records)


def _when(statement: str | None, complain: Complain) -> Node | None:
    try:
        return None if statement is None else parse(statement)
    except FqlError as error:
        complain("AC302", f"`when`: {error}")
        return None
