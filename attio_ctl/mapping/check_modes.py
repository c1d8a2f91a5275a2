"""Whether values of multiselect attributes are added or replaced: each mapping for itself, and all of them together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from attio_ctl.errors import Problem
from attio_ctl.mapping import rules
from attio_ctl.mapping.actions import RecordOutline, Steps
from attio_ctl.mapping.records import multiselect_mode
from attio_ctl.mapping.subject import Subject, did_you_mean
from attio_ctl.state.schema import Schema


def check_modes(subjects: Sequence[Subject], schema: Schema) -> Iterator[Problem]:
    """Modes that have no effect, that lose what records are found by, and that are against each other."""
    for subject in subjects:
        yield from _idle(subject, schema)
        yield from _replaced_keys(subject, schema)
    yield from _mixed(subjects, schema)


def _idle(subject: Subject, schema: Schema) -> Iterator[Problem]:
    modes = subject.mapping.multiselect
    if isinstance(modes, str):
        return
    known = {
        name
        for record in subject.outline.records
        for slug in _multiselect(record, schema)
        for name in (slug, f"{record.object}.{slug}")
    }
    for name in modes:
        if name not in known:
            message = f"`{name}` is no multiselect attribute of what the mapping writes"
            yield subject.problem(rules.MULTISELECT, message, ("multiselect", name), did_you_mean(name, known))


def _replaced_keys(subject: Subject, schema: Schema) -> Iterator[Problem]:
    for record in subject.outline.records:
        several = record.match in _multiselect(record, schema)
        if several and multiselect_mode(subject.mapping, record.object, record.match) == "replace":
            message = f"`{record.object}.{record.match}` is what records are matched by, and is replaced"
            yield subject.problem(rules.REPLACED_KEY, message, _place(subject, record.object, record.match))


def _mixed(subjects: Sequence[Subject], schema: Schema) -> Iterator[Problem]:
    appends: dict[tuple[str, str], str] = {}
    replaces: dict[tuple[str, str], Subject] = {}
    for subject in subjects:
        for record in subject.outline.records:
            written = {each.slug for each in record.assignments} | {slug for slug, _ in record.links}
            for slug in sorted(written & _multiselect(record, schema)):
                if multiselect_mode(subject.mapping, record.object, slug) == "append":
                    appends.setdefault((record.object, slug), subject.name)
                else:
                    replaces.setdefault((record.object, slug), subject)
    for key, subject in replaces.items():
        if key in appends:
            name = ".".join(key)
            message = f"`{name}` is replaced here, and `mapping.{appends[key]}` appends to it"
            yield subject.problem(rules.MIXED_MODES, message, _place(subject, *key))


def _multiselect(record: RecordOutline, schema: Schema) -> frozenset[str]:
    """The attributes of a record's object that hold several values."""
    known = schema.objects.get(record.object)
    attributes = known.attributes.values() if known else ()
    return frozenset(attribute.slug for attribute in attributes if attribute.multiselect)


def _place(subject: Subject, object_slug: str, slug: str) -> Steps:
    """Where the mode of an attribute stands in a mapping."""
    modes = subject.mapping.multiselect
    names = (f"{object_slug}.{slug}", slug)
    return ("multiselect", *(name for name in names if not isinstance(modes, str) and name in modes))[:2]
