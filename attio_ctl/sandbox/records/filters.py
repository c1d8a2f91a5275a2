"""
Filters of records/query and entries/query: from JSON to a tree of conditions.

The tree is data: `Every`, `Some`, `Negated`, `Test` (one value of an attribute meets all its comparisons) and `Among`
(the row is one of these, which is what a path comes down to).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from attio_ctl.sandbox.errors import RefusedError
from attio_ctl.sandbox.model import Attribute, Collection, Json, Schema
from attio_ctl.sandbox.records.fields import OPERATORS, comparable, default_field, kind_of_field

PARENT: Final = "parent_record"
MAX_PATH: Final = 5


@dataclass(frozen=True, slots=True)
class Comparison:
    """`field operator operand`; the operand is already in its comparable form."""

    field: str
    kind: str
    operator: str
    operand: Json


@dataclass(frozen=True, slots=True)
class Test:
    """Some active value of the attribute meets all comparisons."""

    attribute: Attribute
    comparisons: tuple[Comparison, ...]


@dataclass(frozen=True, slots=True)
class Every:
    """All of them; an empty one holds for every row."""

    of: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """At least one of them."""

    of: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Negated:
    """Not this."""

    of: Condition


@dataclass(frozen=True, slots=True)
class Among:
    """The row's pk is one of these."""

    pks: frozenset[int]


Condition = Test | Every | Some | Negated | Among
Step = tuple[Collection, Attribute | None]
"""A collection and the attribute to follow from it; None is a list entry's parent record."""

Follow = Callable[[list[Step], Attribute, Json], Among]
"""Finds the rows from which a path leads to a value that meets the constraints."""


def filter_error(message: str = "Error in filter.") -> RefusedError:
    """400 of a filter whose shape makes no sense."""
    return RefusedError(400, "filter_error", message)


class FilterReader:
    """Reads filters over one collection; `follow` resolves paths."""

    def __init__(self, schema: Schema, collection: Collection, follow: Follow) -> None:
        self.schema = schema
        self.collection = collection
        self.follow = follow

    def read(self, raw: Json) -> Condition:
        """
        The tree of a filter.

        Raises:
            RefusedError: 400 `unknown_filter_attribute_slug`, `invalid_filter_field`, `invalid_filter_operator`, or
                `filter_error` for everything else.
        """
        if not isinstance(raw, dict):
            raise filter_error()
        if "path" in raw:
            return self._path(raw)
        parts: list[Condition] = []
        for name, value in raw.items():
            match name:
                case "$and" | "$or":
                    if not isinstance(value, list):
                        raise filter_error()
                    inner = tuple(self.read(one) for one in value)
                    parts.append(Every(inner) if name == "$and" else Some(inner))
                case "$not":
                    parts.append(Negated(self.read(value)))
                case _ if name.startswith("$"):
                    raise _bad_operator(name)
                case _:
                    parts.append(self.test(attribute_for(self.collection, name), value))
        return parts[0] if len(parts) == 1 else Every(tuple(parts))

    def test(self, attribute: Attribute, raw: Json) -> Condition:
        """What is said about one attribute: a bare value, operators on its default field, or fields."""
        if not isinstance(raw, dict):
            return Test(attribute, (self._comparison(attribute, default_field(attribute.type), "$eq", raw),))
        if not raw:
            raise filter_error()
        comparisons: list[Comparison] = []
        for name, value in raw.items():
            if name.startswith("$"):
                comparisons.append(self._comparison(attribute, default_field(attribute.type), name, value))
            elif isinstance(value, dict):
                if not value:
                    raise filter_error()
                comparisons.extend(self._comparison(attribute, name, operator, one) for operator, one in value.items())
            else:
                comparisons.append(self._comparison(attribute, name, "$eq", value))
        empties = [one for one in comparisons if one.operator == "$not_empty" and one.operand is False]
        if empties:
            rest = tuple(one for one in comparisons if one not in empties)
            nothing = Negated(Test(attribute, (Comparison(empties[0].field, empties[0].kind, "$not_empty", True),)))
            return Every((nothing, Test(attribute, rest))) if rest else nothing
        return Test(attribute, tuple(comparisons))

    def _comparison(self, attribute: Attribute, field: str, operator: str, raw: Json) -> Comparison:
        kind = kind_of_field(attribute.type, field)
        if operator not in OPERATORS[kind]:
            raise _bad_operator(operator)
        if operator == "$not_empty":
            if not isinstance(raw, bool):
                raise filter_error()
            return Comparison(field, kind, operator, raw)
        if operator == "$in":
            if not isinstance(raw, list):
                raise filter_error()
            return Comparison(field, kind, operator, tuple(self._operand(field, kind, one) for one in raw))
        return Comparison(field, kind, operator, self._operand(field, kind, raw))

    def _operand(self, field: str, kind: str, raw: Json) -> Json:
        operand = comparable(kind, raw)
        if operand is None:
            raise filter_error()
        if field in ("email_address", "email_domain", "email_root_domain", "domain", "root_domain"):
            return operand.lower()
        if field == "phone_number":
            return operand.lstrip("+")
        if field == "target_object":
            target = self.schema.objects.get(operand)
            return target.slug if target is not None else operand
        if field in ("target_record_id", "referenced_actor_id"):
            return operand.lower()
        return operand

    def _path(self, raw: Mapping[str, Json]) -> Condition:
        if raw.keys() != {"path", "constraints"} or not isinstance(raw["path"], list):
            raise filter_error()
        steps = read_path(self.schema, self.collection, raw["path"])
        attribute = steps[-1][1]
        if attribute is None:
            raise filter_error("A path must end with an attribute that has values.")
        return self.follow(steps, attribute, raw["constraints"])


def _bad_operator(name: str) -> RefusedError:
    return RefusedError(400, "invalid_filter_operator", f'Invalid operator "{name}"')


def attribute_for(collection: Collection, name: str) -> Attribute:
    """
    The attribute that a filter or sort names.

    Raises:
        RefusedError: 400 `unknown_filter_attribute_slug`, as seen for `id`.
    """
    found = collection.known.get(name)
    if found is None:
        raise RefusedError(400, "unknown_filter_attribute_slug", f"Unknown attribute slug: {name}")
    return found


def read_path(schema: Schema, start: Collection, raw: list[Json]) -> list[Step]:
    """
    The steps of a path: pairs of a collection and one of its attributes, the first of the collection that is queried.

    Raises:
        RefusedError: 400 for a path that does not hang together, or is longer than five steps.
    """
    if not 1 <= len(raw) <= MAX_PATH:
        raise filter_error(f"A path has between 1 and {MAX_PATH} segments.")
    steps: list[Step] = []
    for index, pair in enumerate(raw):
        if not isinstance(pair, list) or len(pair) != 2 or not all(isinstance(part, str) for part in pair):
            raise filter_error()
        named, attribute_name = pair
        collection = (schema.lists if index == 0 and start.kind == "list" else schema.objects).get(named)
        if collection is None or (index == 0 and collection.pk != start.pk):
            raise filter_error(f'"{named}" cannot stand at position {index} of the path.')
        if index and not _leads_to(steps[-1], collection):
            raise filter_error(f'The path does not lead to "{named}".')
        if collection.kind == "list" and attribute_name == PARENT:
            steps.append((collection, None))
            continue
        attribute = attribute_for(collection, attribute_name)
        if index < len(raw) - 1 and attribute.type != "record-reference":
            raise filter_error(f'"{attribute_name}" is not a record reference.')
        steps.append((collection, attribute))
    return steps


def _leads_to(step: Step, collection: Collection) -> bool:
    source, attribute = step
    if attribute is None:
        return bool(source.details["parent"] == collection.pk)
    return attribute.allowed is None or collection.pk in attribute.allowed
