"""
The `tests:` of mappings: run them, compare, and tell which mapped attributes none of them covers.

A test's `expect` goes from object to attributes in their simple form: `{users: {user_id: u1, plan: Pro}}`. What it
names has to be written so, more may be written; `{}` means that nothing is; `{rejected: CODE}` that the event is a
dead letter for that reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass
from typing import Any, Final

from attio_ctl.config.models import Mapping
from attio_ctl.mapping.actions import outline
from attio_ctl.mapping.encode import simple_values
from attio_ctl.mapping.fql.evaluate import equal
from attio_ctl.mapping.program import CompiledMapping, compile_mappings, digest_of
from attio_ctl.mapping.writes import Mapped, Rejected, Writes
from attio_ctl.state.resource import Json
from attio_ctl.state.schema import Schema

REJECTED: Final = "rejected"


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where a test got something else; `path` is `object.slug`, `object` or ''. None means nothing there."""

    path: str
    expected: Json
    actual: Json


@dataclass(frozen=True, slots=True)
class Trial:
    """
    One test that was run: `index` counts from 0 within the mapping.

    `actual` is what `expect` should be for the test to pass, saying no more than it did; all of it where it said
    nothing. `reason` is why the event was rejected, where it was.
    """

    mapping: str
    index: int
    differences: tuple[Difference, ...]
    actual: Json
    reason: str | None = None

    @property
    def passed(self) -> bool:
        return not self.differences


@dataclass(frozen=True, slots=True)
class Coverage:
    """The attributes (`object.slug`) that a mapping names, and those of them that no test has made it write."""

    mapping: str
    mapped: tuple[str, ...]
    uncovered: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TrialReport:
    """All tests of all mappings, in file order."""

    trials: tuple[Trial, ...]
    coverage: tuple[Coverage, ...]

    @property
    def passed(self) -> bool:
        return all(trial.passed for trial in self.trials)


def run_trials(mappings: MappingOf[str, Mapping], schema: Schema) -> TrialReport:
    """
    Run every test of every mapping, each event through its own mapping only.

    Raises:
        ConfigError: a subscription or an expression that cannot be read.
    """
    program = compile_mappings(mappings, schema)
    trials: list[Trial] = []
    coverage: list[Coverage] = []
    for compiled in program.mappings:
        mapping = mappings[compiled.name]
        written: set[str] = set()
        for index, test in enumerate(mapping.tests):
            mapped = compiled.run(test.given)
            written.update(_written(mapped))
            trials.append(_trial(compiled, index, test.expect, mapped))
        coverage.append(_coverage(compiled.name, mapping, written))
    return TrialReport(tuple(trials), tuple(coverage))


def modified(mappings: MappingOf[str, Mapping], base: MappingOf[str, Mapping]) -> tuple[str, ...]:
    """The names of the mappings that are not in the base as they are now, tests included."""
    return tuple(
        name
        for name, mapping in mappings.items()
        if name not in base or digest_of(base[name]) != digest_of(mapping) or base[name].tests != mapping.tests
    )


def _written(mapped: Mapped) -> Iterator[str]:
    if isinstance(mapped, Writes):
        yield from (f"{write.key.object}.{slug}" for write in mapped.writes for slug in write.values)


def _coverage(name: str, mapping: Mapping, written: set[str]) -> Coverage:
    named = dict.fromkeys(
        f"{record.object}.{assignment.slug}"
        for record in outline(mapping).records
        for assignment in record.assignments
        if assignment.place
    )
    return Coverage(name, tuple(named), tuple(path for path in named if path not in written))


def _trial(compiled: CompiledMapping, index: int, expect: dict[str, Any], mapped: Mapped) -> Trial:
    if isinstance(mapped, Rejected):
        actual: Json = {REJECTED: mapped.code}
        fault = () if expect.get(REJECTED) == mapped.code else (Difference("", expect, actual),)
        return Trial(compiled.name, index, fault, actual, f"{mapped.path}: {mapped.reason}")
    made = _made(mapped)
    simple = {slug: {key: form[-1] for key, form in values.items()} for slug, values in made.items()}
    if not expect or REJECTED in expect:
        all_of_it = () if not simple and not expect else (Difference("", expect, simple),)
        return Trial(compiled.name, index, all_of_it, simple)
    return Trial(compiled.name, index, tuple(_differences(expect, made)), _narrowed(expect, simple))


def _made(mapped: Mapped) -> dict[str, dict[str, tuple[Json, ...]]]:
    """Object to slug to the forms in which a value may be expected: as it is, and simple."""
    made: dict[str, dict[str, tuple[Json, ...]]] = {}
    if isinstance(mapped, Writes):
        for write in mapped.writes:
            simple = simple_values(write.values)
            made[write.key.object] = {slug: (value, simple[slug]) for slug, value in write.values.items()}
    return made


def _differences(expect: dict[str, Any], made: dict[str, dict[str, tuple[Json, ...]]]) -> Iterator[Difference]:
    for object_slug, expected in expect.items():
        if object_slug not in made:
            yield Difference(object_slug, expected, None)
            continue
        values = made[object_slug]
        for slug, value in (expected or {}).items():
            forms = values.get(slug, (None,))
            if slug not in values or not any(equal(value, form) for form in forms):
                yield Difference(f"{object_slug}.{slug}", value, forms[-1])


def _narrowed(expect: dict[str, Any], simple: dict[str, dict[str, Json]]) -> Json:
    """What was written, of the objects and attributes that the test names."""
    return {
        object_slug: {slug: simple[object_slug][slug] for slug in (expected or {}) if slug in simple[object_slug]}
        for object_slug, expected in expect.items()
        if object_slug in simple
    }
