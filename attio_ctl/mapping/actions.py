"""
What an action writes, before any event and any schema: records, and what fills their attributes.

| action          | records, in order                                              | linked by                       |
|-----------------|----------------------------------------------------------------|---------------------------------|
| identify-user   | people by `email_addresses`, users by `user_id`                | `users.person`                  |
| group-workspace | companies by `domains`, workspaces by `workspace_id`           | `workspaces.company`            |
| assert-record   | any object by any unique attribute                             |                                 |
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from attio_ctl.config.models import AssertRecord, GroupWorkspace, IdentifyUser, Mapping
from attio_ctl.mapping.presets import Defaults, defaults_of
from attio_ctl.state.resource import Json

Steps = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Assignment:
    """
    What fills one attribute of a record.

    `source` is the expression as it is written. `place` leads to it in the mapping, empty for a default of the preset.
    `field` is the field of the action that it stands for: Segment takes null and '' there as missing. A `needed` field
    that is missing refuses the event. `when` is FQL that the event has to fit, too.
    """

    slug: str
    source: Json
    place: Steps = ()
    field: str | None = None
    needed: bool = False
    when: str | None = None


@dataclass(frozen=True, slots=True)
class RecordOutline:
    """
    One record that a mapping writes.

    `role` is the key of its values in the mapping. Later assignments of a slug win where they give a value. `links`
    go from a slug to the index of an earlier record of the same mapping.
    """

    object: str
    match: str
    role: str
    assignments: tuple[Assignment, ...]
    links: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Outline:
    """
    A mapping with its preset's defaults filled in.

    `when` is FQL, None for every event; `when_is_default` tells that the file does not say. `faults` are what makes no
    sense whatever the schema, as (place, message).
    """

    when: str | None
    when_is_default: bool
    records: tuple[RecordOutline, ...]
    faults: tuple[tuple[Steps, str], ...] = ()


def outline(mapping: Mapping) -> Outline:
    """The records of a mapping, with the defaults of its preset."""
    defaults = defaults_of(mapping.preset, mapping.action)
    faults: list[tuple[Steps, str]] = []
    if defaults is None:
        fault = (("preset",), f"preset `{mapping.preset}` has no `{mapping.action}`")
        return Outline(mapping.when, mapping.when is None, (), (fault,))
    fields = _Fields(mapping, defaults, faults)
    match mapping:
        case IdentifyUser():
            records = _identify_user(mapping, fields)
        case GroupWorkspace():
            records = _group_workspace(fields)
        case AssertRecord():
            records = (RecordOutline(mapping.object, mapping.match, "values", fields.values("values")),)
            if mapping.match not in mapping.values:
                faults.append(
                    (("match",), f"`match: {mapping.match}` is not among `values`, so no record can be found")
                )
    when = mapping.when if mapping.when is not None else defaults.when
    return Outline(when, mapping.when is None, records, tuple(faults))


@dataclass(frozen=True, slots=True)
class _Fields:
    """The fields of an action: from the mapping, else from the preset."""

    mapping: Mapping
    defaults: Defaults
    faults: list[tuple[Steps, str]]

    def has(self, field: str) -> bool:
        return getattr(self.mapping, field) is not None or field in self.defaults.fields

    def assign(self, slug: str, field: str, *, needed: bool = True) -> Assignment:
        written = getattr(self.mapping, field)
        if written is not None:
            return Assignment(slug, written, (field,), field, needed)
        if field not in self.defaults.fields and needed:
            self.faults.append(((), f"`{field}` is needed: preset `{self.mapping.preset}` has no default for it"))
        return Assignment(slug, self.defaults.fields.get(field), (), field, needed)

    def values(self, role: str) -> tuple[Assignment, ...]:
        """The attributes of a record: those of the mapping, and the preset's that the mapping leaves open."""
        written: dict[str, Any] = getattr(self.mapping, role)
        defaults = (each for each in self.defaults.values if each.role == role and each.slug not in written)
        return (
            *(Assignment(each.slug, each.expression, when=each.when) for each in defaults),
            *(Assignment(slug, source, (role, slug)) for slug, source in written.items()),
        )


def _identify_user(mapping: IdentifyUser, fields: _Fields) -> tuple[RecordOutline, ...]:
    email = fields.assign("email_addresses", "email_address")
    person = RecordOutline("people", "email_addresses", "person", (email, *fields.values("person")))
    if not fields.has("user_id"):
        if mapping.user:
            fields.faults.append((("user",), f"`user` needs a `user_id`: preset `{mapping.preset}` writes people only"))
        return (person,)
    keys = (fields.assign("user_id", "user_id"), replace(email, slug="primary_email_address"))
    user = RecordOutline("users", "user_id", "user", (*keys, *fields.values("user")), (("person", 0),))
    return (person, user)


def _group_workspace(fields: _Fields) -> tuple[RecordOutline, ...]:
    domain = fields.assign("domains", "domain")
    company = RecordOutline("companies", "domains", "company", (domain, *fields.values("company")))
    keys = [fields.assign("workspace_id", "workspace_id")]
    if fields.has("user_id"):
        keys.append(fields.assign("users", "user_id", needed=False))
    assignments = (*keys, *fields.values("workspace"))
    return (company, RecordOutline("workspaces", "workspace_id", "workspace", assignments, (("company", 0),)))
