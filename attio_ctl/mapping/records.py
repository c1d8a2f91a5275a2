"""One record of a mapping, compiled against a schema: what fills it, what checks it, what it is found by."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from attio_ctl.config.models import Mapping
from attio_ctl.mapping.actions import Assignment, RecordOutline
from attio_ctl.mapping.expressions.javascript import MISSING, is_falsy
from attio_ctl.mapping.expressions.node import Expression, ExpressionError, Literal, tidy
from attio_ctl.mapping.expressions.read import read_expression
from attio_ctl.mapping.expressions.sources import paths_in
from attio_ctl.mapping.fql.evaluate import matches
from attio_ctl.mapping.fql.parser import parse
from attio_ctl.mapping.fql.tree import Node
from attio_ctl.mapping.presets import is_empty
from attio_ctl.mapping.values.coerce import Coercer, coercer, match_text, refuser
from attio_ctl.mapping.writes import RecordKey, Reject, Value, Write
from attio_ctl.state.schema import AttributeSchema, Schema

Complain = Callable[[str, str], None]
"""Takes the code and the message of a problem in the mapping itself."""


_NAMED: Final = 2
"""Places that a reason names, the first ones, where there are many."""


@dataclass(frozen=True, slots=True)
class Filler:
    """One assignment, ready to run; `path` names the attribute in reasons."""

    slug: str
    path: str
    expression: Expression
    coerce: Coercer
    assignment: Assignment
    when: Node | None = None

    def fill(self, event: dict[str, Any]) -> Any:
        """
        The neutral value for one event, or `MISSING` when there is none and none is needed.

        Raises:
            Reject: a value that Attio would refuse, or none where one is needed.
        """
        if self.when is not None and not matches(self.when, event):
            return MISSING
        try:
            return self.checked(tidy(self.expression.resolve(event)))
        except Reject as reject:
            raise self.placed(reject) from None
        except ExpressionError as error:
            raise Reject("expression_failed", str(error), self.path) from None
        except RecursionError:
            raise Reject("expression_failed", "the event is nested too deeply", self.path) from None

    def checked(self, raw: Any) -> Any:
        """
        The neutral value of what the expression gave; a field of the action has rules for what is empty.

        Raises:
            Reject: as `fill`, without the path.
        """
        field = self.assignment.field
        if field is not None and is_falsy(raw):
            if not self.assignment.needed:
                return MISSING
            if raw is MISSING or is_empty(raw):
                raise Reject("missing_match_value", f"the event has no `{field}`{self.sought()}", field)
        return MISSING if raw is MISSING else self.coerce.whole(raw)

    def sought(self) -> str:
        """What a reason says of the places in the event that the value is taken from; empty where there are none."""
        places = [f"`{'.'.join(steps)}`" for steps in dict.fromkeys(paths_in(self.expression))]
        if len(places) > _NAMED + 1:
            places[_NAMED:] = [f"{len(places) - _NAMED} other places"]
        listed = " or ".join(filter(None, (", ".join(places[:-1]), *places[-1:])))
        return f"; it is looked for in {listed}" if listed else ""

    def placed(self, reject: Reject) -> Reject:
        """The same refusal with the attribute that it is about."""
        return reject if reject.path else Reject(reject.code, reject.reason, self.path)


@dataclass(frozen=True, slots=True)
class RecordMaker:
    """
    One record of a mapping, ready to run; `links` go from slug to the index of an earlier record.

    `targets` are the objects whose records its values may refer to, None where that may be any.
    """

    object: str
    match: str
    links: tuple[tuple[str, int], ...]
    fillers: tuple[Filler, ...]
    append: frozenset[str]
    multiselect: frozenset[str]
    targets: frozenset[str] | None = frozenset()

    def make(self, event: dict[str, Any], earlier: list[Write]) -> Write:
        """
        The record for one event, after the records of the same mapping that it may refer to.

        Raises:
            Reject: a value that Attio would refuse, or no value to match by.
        """
        values: dict[str, Value] = {}
        for filler in self.fillers:
            value = filler.fill(event)
            if value is not MISSING:
                values[filler.slug] = value
        return self.write(values, earlier)

    def write(self, values: dict[str, Value], earlier: list[Write]) -> Write:
        """
        The record with these values, linked to the earlier ones where no value says otherwise.

        Raises:
            Reject: there is no value to match by.
        """
        if self.links:
            keys = ((slug, earlier[index].key) for slug, index in self.links)
            values = {**{slug: [key] if slug in self.multiselect else key for slug, key in keys}, **values}
        text = self.name_of(values.get(self.match))
        append = frozenset(slug for slug in self.append if values.get(slug) is not None)
        return Write(RecordKey(self.object, self.match, text), values, append)

    def name_of(self, value: Value) -> str:
        """
        The text that a record is named by, of the neutral value of its matching attribute.

        Raises:
            Reject: there is none; with the attribute, and where the mapping looks for it.
        """
        try:
            return match_text(value)
        except Reject as reject:
            sought = [filler.sought() for filler in self.fillers if filler.slug == self.match]
            places = sought[-1] if sought and value in (None, []) else ""
            raise Reject(reject.code, f"{reject.reason}{places}", f"{self.object}.{self.match}") from None


def compile_record(record: RecordOutline, mapping: Mapping, schema: Schema, complain: Complain) -> RecordMaker:
    """
    The record, ready to run.

    What the schema does not have becomes a filler that rejects; what cannot be read is complained about.
    """
    known = schema.objects.get(record.object)
    attributes = known.attributes if known else {}
    links = tuple((slug, index) for slug, index in record.links if slug in attributes)
    # A link that the schema has no attribute for rejects like any other unknown attribute.
    assigned = [Assignment(slug, True) for slug, _ in record.links if slug not in attributes]
    fillers = tuple(_filler(each, record, mapping, schema, complain) for each in (*assigned, *record.assignments))
    several = frozenset(attribute.slug for attribute in attributes.values() if attribute.multiselect)
    append = frozenset(slug for slug in several if multiselect_mode(mapping, record.object, slug) == "append")
    match = attributes[record.match].slug if record.match in attributes else record.match
    named = {slug for slug, _ in links} | {filler.slug for filler in fillers}
    references = [attributes[slug] for slug in sorted(named & attributes.keys())]
    return RecordMaker(record.object, match, links, fillers, append, several, _targets(references))


def _targets(attributes: Iterable[AttributeSchema]) -> frozenset[str] | None:
    found = [attribute.targets for attribute in attributes if attribute.type == "record-reference"]
    return None if None in found else frozenset().union(*(targets for targets in found if targets))


def multiselect_mode(mapping: Mapping, object_slug: str, slug: str) -> str:
    """`append` or `replace` for one attribute; an entry `object.slug` beats one of `slug`."""
    modes = mapping.multiselect
    if isinstance(modes, str):
        return modes
    return modes.get(f"{object_slug}.{slug}", modes.get(slug, "append"))


def _filler(
    assignment: Assignment, record: RecordOutline, mapping: Mapping, schema: Schema, complain: Complain
) -> Filler:
    expression, faults = read_expression(assignment.source)
    where = ".".join(map(str, assignment.place)) or assignment.slug
    for fault in faults:
        complain("AC303", f"`{'.'.join(map(str, (where, *fault.path)))}`: {fault.message}")
    slug, coerce = _coerce(assignment.slug, record.object, schema, mapping.default_region)
    when = parse(assignment.when) if assignment.when is not None else None
    return Filler(slug, f"{record.object}.{slug}", expression, _once(expression, coerce), assignment, when)


def _once(expression: Expression, coerce: Coercer) -> Coercer:
    """The coercer itself, or for a literal one that has done its work already."""
    if not isinstance(expression, Literal) or isinstance(expression.value, list | dict) or expression.value is MISSING:
        return coerce
    try:
        value = coerce.whole(expression.value)
    except Reject as reject:
        return refuser(reject)
    return coerce if isinstance(value, list | dict) else Coercer("", lambda _: value, lambda _: value)


def _coerce(slug: str, object_slug: str, schema: Schema, region: str | None) -> tuple[str, Coercer]:
    known = schema.objects.get(object_slug)
    if known is None:
        return slug, refuser(Reject("unknown_object", f"the workspace has no object `{object_slug}`"))
    if not known.active:
        return slug, refuser(Reject("inactive_object", f"`{object_slug}` is not switched on in Attio's settings"))
    attribute = known.attributes.get(slug)
    if attribute is None:
        return slug, refuser(Reject("unknown_attribute", f"`{object_slug}` has no attribute `{slug}`"))
    return attribute.slug, coercer(attribute, schema, region)
