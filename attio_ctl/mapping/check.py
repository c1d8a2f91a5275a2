"""What can be found wrong with mappings without an event: against the schema, and against sample events."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Mapping as MappingOf
from typing import Final

from attio_ctl.config.models import Mapping
from attio_ctl.config.rules import Rule
from attio_ctl.errors import Problem
from attio_ctl.mapping import rules
from attio_ctl.mapping.actions import Assignment, RecordOutline, Steps, outline
from attio_ctl.mapping.check_modes import check_modes
from attio_ctl.mapping.expressions.choices import IfBlank, IfExists
from attio_ctl.mapping.expressions.doubts import Kind, doubts
from attio_ctl.mapping.expressions.javascript import MISSING
from attio_ctl.mapping.expressions.node import Expression, Items, Literal
from attio_ctl.mapping.expressions.paths import follow
from attio_ctl.mapping.expressions.read import read_expression
from attio_ctl.mapping.expressions.sources import paths_in
from attio_ctl.mapping.fql.evaluate import matches
from attio_ctl.mapping.fql.lexer import FqlError
from attio_ctl.mapping.fql.lint import readings
from attio_ctl.mapping.fql.parser import parse
from attio_ctl.mapping.subject import PlacesOf, Subject, did_you_mean
from attio_ctl.mapping.values.coerce import coercer
from attio_ctl.mapping.writes import Reject
from attio_ctl.state.resource import Json
from attio_ctl.state.schema import AttributeSchema, ObjectSchema, Schema


def check_mappings(mappings: MappingOf[str, Mapping], schema: Schema, places_of: PlacesOf) -> tuple[Problem, ...]:
    """
    Every problem of every mapping, in the order of the mappings.

    `schema` should be what the workspace will be after the apply: desired laid over live.
    """
    found: list[Problem] = []
    subjects = [Subject(name, mapping, outline(mapping), places_of) for name, mapping in mappings.items()]
    for subject in subjects:
        found += (subject.problem(rules.INCOMPLETE, message, place) for place, message in subject.outline.faults)
        found += _subscription(subject)
        found += _expressions(subject)
        found += _doubts(subject)
        for record in subject.outline.records:
            found += _record(subject, record, schema)
    return (*found, *check_modes(subjects, schema))


def check_samples(
    mappings: MappingOf[str, Mapping], events: Sequence[Json], places_of: PlacesOf
) -> tuple[Problem, ...]:
    """Paths that none of the events has, among those that a mapping takes; mappings that take none of them."""
    found: list[Problem] = []
    for name, mapping in mappings.items():
        subject = Subject(name, mapping, outline(mapping), places_of)
        try:
            when = None if subject.outline.when is None else parse(subject.outline.when)
        except FqlError:
            continue  # told by `check_mappings`
        taken = [event for event in events if when is None or matches(when, event)]
        if events and not taken:
            message = f"takes none of the {len(events):,} sample events"
            found.append(subject.problem(rules.NEVER_TAKEN, message, ("when",)))
        if taken:
            found += _unseen_paths(subject, taken)
    return tuple(found)


def _unseen_paths(subject: Subject, events: Sequence[Json]) -> Iterator[Problem]:
    for _, assignment in subject.assignments():
        if not assignment.place:
            continue  # the defaults of a preset try several paths
        expression, _ = read_expression(assignment.source)
        for steps in dict.fromkeys(paths_in(expression)):
            if all(follow(event, steps) is MISSING for event in events):
                message = (
                    f"`$.{'.'.join(steps)}` is in none of the {len(events):,} sample events that the mapping takes"
                )
                yield subject.problem(rules.NEVER_SEEN, message, assignment.place)


def _subscription(subject: Subject) -> Iterator[Problem]:
    written = subject.mapping.when
    if written is None:
        if subject.outline.when is None:
            yield subject.problem(rules.EVERY_EVENT, "there is no `when`, so every event is taken")
        return
    try:
        found = readings(written)
    except FqlError as error:
        yield subject.problem(rules.SUBSCRIPTION, f"`when`: {error}", ("when",))
        return
    for reading in found:
        at = f" (column {reading.column})" if reading.column else ""
        yield subject.problem(rules.SEGMENT_READING, f"`when`{at}: {reading}", ("when",))


def _expressions(subject: Subject) -> Iterator[Problem]:
    for _, assignment in subject.assignments():
        _, faults = read_expression(assignment.source)
        for fault in faults:
            place = (*assignment.place, *fault.path)
            yield subject.problem(rules.EXPRESSION, f"`{'.'.join(map(str, place))}`: {fault.message}", place)


def _doubts(subject: Subject) -> Iterator[Problem]:
    for _, assignment in subject.assignments():
        for doubt in doubts(assignment.source) if assignment.place else ():
            place = (*assignment.place, *doubt.path)
            yield subject.problem(_DOUBTS[doubt.kind], f"`{'.'.join(map(str, place))}`: {doubt.message}", place)


_DOUBTS: Final[MappingOf[Kind, Rule]] = {
    "text": rules.NEARLY,
    "path": rules.ODD_PATH,
    "filter": rules.UNKNOWN_FILTER,
}


def _record(subject: Subject, record: RecordOutline, schema: Schema) -> Iterator[Problem]:
    known = schema.objects.get(record.object)
    role: Steps = ("object",) if record.role == "values" else (record.role,)
    if known is None:
        hint = did_you_mean(record.object, schema.objects)
        yield subject.problem(rules.UNKNOWN_OBJECT, f"the workspace has no object `{record.object}`", role, hint)
        return
    if not known.active:
        yield subject.problem(rules.INACTIVE_OBJECT, f"`{record.object}` is not switched on", role)
        return
    slugs = [(slug, Assignment(slug, None)) for slug, _ in record.links]
    for slug, assignment in (*slugs, *((each.slug, each) for each in record.assignments)):
        attribute = known.attributes.get(slug)
        if attribute is None:
            message, hint = f"`{record.object}` has no attribute `{slug}`", did_you_mean(slug, known.attributes)
            yield subject.problem(rules.UNKNOWN_ATTRIBUTE, message, assignment.place, hint)
        elif not attribute.archived and attribute.writable:
            yield from _literals(subject, record, assignment, attribute, schema)
        else:
            rule = rules.ARCHIVED_ATTRIBUTE if attribute.archived else rules.NOT_WRITABLE
            what = "is archived" if attribute.archived else "is filled by Attio and cannot be written"
            yield subject.problem(rule, f"`{record.object}.{slug}` {what}", assignment.place)
    yield from _matching(subject, record, known)
    yield from _required(subject, record, known, role)


def _literals(
    subject: Subject, record: RecordOutline, assignment: Assignment, attribute: AttributeSchema, schema: Schema
) -> Iterator[Problem]:
    if not assignment.place:
        return
    expression, faults = read_expression(assignment.source)
    if faults:
        return
    coerce = coercer(attribute, schema, subject.mapping.default_region)
    for value in _possible_literals(expression):
        try:
            coerce.whole(value)
        except Reject as reject:
            message = f"`{record.object}.{attribute.slug}` ({attribute.type}): {reject.reason}"
            yield subject.problem(rules.LITERAL, message, assignment.place)


def _possible_literals(expression: Expression) -> Iterator[Json]:
    """The values that an expression can have whatever the event is."""
    match expression:
        case Literal(value) if value is not MISSING:
            yield value
        case IfExists(_, then, otherwise) | IfBlank(_, then, otherwise):
            yield from _possible_literals(then)
            yield from _possible_literals(otherwise)
        case Items(items) if all(isinstance(item, Literal) for item in items):
            yield expression.resolve(None)


def _matching(subject: Subject, record: RecordOutline, known: ObjectSchema) -> Iterator[Problem]:
    attribute = known.attributes.get(record.match)
    place: Steps = ("match",) if record.role == "values" else ()
    if attribute is not None and not attribute.unique:
        unique = sorted({each.slug for each in known.attributes.values() if each.unique and each.writable})
        hint = (
            f"unique there: {', '.join(unique)}"
            if unique
            else f"`{record.object}` has no unique attribute that can be written"
        )
        yield subject.problem(rules.NOT_UNIQUE, f"`{record.object}.{record.match}` is not unique", place, hint)


def _required(subject: Subject, record: RecordOutline, known: ObjectSchema, role: Steps) -> Iterator[Problem]:
    written = {known.attributes[each.slug].slug for each in record.assignments if each.slug in known.attributes}
    for attribute in {each.slug: each for each in known.attributes.values()}.values():
        needed = attribute.required and attribute.writable and not attribute.archived and not attribute.has_default
        if needed and attribute.slug not in written:
            message = f"`{record.object}.{attribute.slug}` is required and never written, so no new record can be made"
            yield subject.problem(rules.NEVER_WRITTEN, message, role)
