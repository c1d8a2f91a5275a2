"""
What a change of mappings does to events: the same events through both versions, and what they then write. Pure.

Events that change in the same way are counted together under the first of them, so that a change that touches a
thousand events reads as one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from attio_ctl.mapping.encode import simple_values
from attio_ctl.mapping.program import CompiledMapping, Program
from attio_ctl.mapping.writes import Mapped, NotSubscribed, Rejected, Write, Writes
from attio_ctl.state.resource import Json

Event = Mapping[str, Any]
Kind = Literal["added", "removed", "changed"]


@dataclass(frozen=True, slots=True)
class Sample:
    """An event to compare with, and where it comes from: `events.ndjson:12`, or `test 1 of mapping.identify`."""

    source: str
    event: Event


@dataclass(frozen=True, slots=True)
class ValueChange:
    """One attribute of one record that is written otherwise; `before` is None where it was not written, and so on."""

    record: str
    slug: str
    kind: Kind
    before: Json = None
    after: Json = None


@dataclass(frozen=True, slots=True)
class Example:
    """
    One way in which events change under one mapping.

    `before` and `after` say in words what became of the event; `events` counts those that change in the same way,
    `sample` is the first of them.
    """

    mapping: str
    sample: Sample
    before: str
    after: str
    changes: tuple[ValueChange, ...]
    events: int


@dataclass(frozen=True, slots=True)
class Behaviour:
    """
    All that changes; `compared` counts the events, `touched` those that end otherwise under some mapping.

    `unseen` names the mappings that changed though no event ends otherwise under them.
    """

    examples: tuple[Example, ...]
    compared: int
    touched: int
    unseen: tuple[str, ...] = ()


def compare_behaviour(base: Program, head: Program, samples: Iterable[Sample]) -> Behaviour:
    """
    Run every event through both versions of every mapping.

    Args:
        base: The mappings as they were, compiled against the same schema as `head`; a mapping that one side does not
            have takes no event there.
    """
    pairs = _pairs(base, head)
    found: dict[tuple[Any, ...], _Found] = {}
    compared = touched = 0
    for sample in samples:
        compared += 1
        differs = False
        for name, old, new in pairs:
            before = old.run(sample.event) if old else NotSubscribed("when")
            after = new.run(sample.event) if new else NotSubscribed("when")
            if before == after:
                continue
            changes = tuple(_changes(before, after))
            outcomes = describe(before), describe(after)
            if not changes and outcomes[0] == outcomes[1]:
                continue
            differs = True
            key = (name, _way(before), _way(after), *((_object(c.record), c.slug, c.kind) for c in changes))
            found.setdefault(key, _Found(name, sample, *outcomes, changes)).events += 1
        touched += differs
    ordered = sorted(found.values(), key=lambda each: (each.mapping, -each.events))
    seen = {each.mapping for each in ordered}
    unseen = tuple(name for name, _, _ in pairs if name not in seen)
    return Behaviour(tuple(each.example() for each in ordered), compared, touched, unseen)


@dataclass(slots=True)
class _Found:
    mapping: str
    sample: Sample
    before: str
    after: str
    changes: tuple[ValueChange, ...]
    events: int = field(default=0)

    def example(self) -> Example:
        return Example(self.mapping, self.sample, self.before, self.after, self.changes, self.events)


def _pairs(base: Program, head: Program) -> Sequence[tuple[str, CompiledMapping | None, CompiledMapping | None]]:
    """The mappings that are not the same on both sides, in the order of the new files; those that went come last."""
    old = {mapping.name: mapping for mapping in base.mappings}
    new = {mapping.name: mapping for mapping in head.mappings}
    names = [*new, *(name for name in old if name not in new)]
    pairs = [(name, old.get(name), new.get(name)) for name in names]
    return [(name, was, now) for name, was, now in pairs if was is None or now is None or was.digest != now.digest]


def describe(mapped: Mapped) -> str:
    """What becomes of an event, in a few words."""
    match mapped:
        case Writes(writes=()):
            return "writes nothing"
        case Writes(writes=writes):
            return f"writes {' and '.join(_name(write) for write in writes)}"
        case Rejected(code=code, reason=reason, path=path):
            return f"is refused ({code}): {f'{path}: ' if path else ''}{reason}"
        case NotSubscribed(by="integrations"):
            return "is switched off by `integrations`"
        case _:
            return "is not taken"


def _way(mapped: Mapped) -> str:
    """What must be equal for two events to go the same way: the objects written, or the code of the refusal."""
    match mapped:
        case Writes(writes=writes):
            return " ".join(write.key.object for write in writes)
        case Rejected(code=code):
            return f"!{code}"
        case _:
            return ""


def _changes(before: Mapped, after: Mapped) -> Iterator[ValueChange]:
    old, new = _values(before), _values(after)
    for key in (*old, *(key for key in new if key not in old)):
        record, slug = key
        if key not in new:
            yield ValueChange(record, slug, "removed", before=old[key])
        elif key not in old:
            yield ValueChange(record, slug, "added", after=new[key])
        elif old[key] != new[key]:
            yield ValueChange(record, slug, "changed", old[key], new[key])


def _values(mapped: Mapped) -> dict[tuple[str, str], Json]:
    """Record and slug to the simple value; whether values are added or replace is part of it for a multiselect."""
    found: dict[tuple[str, str], Json] = {}
    if isinstance(mapped, Writes):
        for write in mapped.writes:
            for slug, value in simple_values(write.values).items():
                appended = {"add": value} if slug in write.append else value
                found[_name(write), slug] = appended
    return found


def _name(write: Write) -> str:
    return f"{write.key.object} {write.key.value}"


def _object(record: str) -> str:
    return record.partition(" ")[0]
