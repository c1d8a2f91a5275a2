"""
Which writes the two undocumented endpoints can hold, and how.

Both take flat values, which cannot say everything: a name only as `Last, First`, an address only as one line, a record
only by its id or by what its object is commonly named by. And both have one way with all multiselects of a write:

| endpoint                                           | multiselects                                                |
|----------------------------------------------------|-------------------------------------------------------------|
| `records/simple?append_to_existing_values=true`    | gain values; null and `[]` change nothing                   |
| `records/simple`                                   | are replaced, but the matching attribute, which gains values |
| `batch/records` (`multiselect_values: append`)     | gain values; null and `[]` change nothing                   |

A write that does not fit goes over the documented endpoints.

Source: Segment's Attio destination, by Attio's engineers, and its pull requests 1693 (the flag, and what happens
without it) and 2057 (the batch, which is known to take `append` alone).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from attio_ctl.delivery.documented import asserted, patched
from attio_ctl.delivery.fold import Due
from attio_ctl.delivery.standing import INCOMPARABLE
from attio_ctl.mapping.encode import simple_values
from attio_ctl.mapping.values.choices import UUID
from attio_ctl.mapping.values.names import coerce_name
from attio_ctl.mapping.values.references import NATURAL_KEYS
from attio_ctl.mapping.writes import PersonalName, RecordKey, Value
from attio_ctl.state.schema import AttributeSchema, ObjectSchema, Schema

_PARTICULAR: Final = frozenset({"actor-reference", "location", "personal-name", "record-reference"})
"""Types of which not every value is flat."""


class Flat(Struct, frozen=True, gc=False):
    """
    A write in one flat request.

    Attributes:
        values: All that is to be written, in neutral form.
        append: Whether its multiselects gain values; else they are replaced.
    """

    values: Mapping[str, Value]
    append: bool


class Flattener:
    """Flattens the writes of one workspace."""

    def __init__(self, schema: Schema) -> None:
        self._objects = {slug: _Shape(known) for slug, known in schema.objects.items()}

    def flatten(self, due: Due) -> Flat | None:
        """The write as one flat request, None where no single one does what is wanted."""
        shape = self._objects[due.key.object]
        replaced = not shape.multiselect.isdisjoint(due.assign.keys() - {due.key.attribute})
        values, added = asserted(due), patched(due)
        if replaced and added:
            return None
        values.update(added)
        for slug in shape.particular & values.keys():
            if not _is_flat(values[slug], shape.attributes[slug]):
                return None
        return Flat(values, append=not replaced)

    def flatten_for_batch(self, due: Due, *, verified: bool) -> Flat | None:
        """
        The write as it goes into a batch, None where it does not.

        Args:
            verified: Whether it has to be possible to tell afterwards that it was carried out.
        """
        flat = self.flatten(due)
        if flat is None or not flat.append:
            return None
        shape = self._objects[due.key.object]
        return flat if not verified or shape.incomparable.isdisjoint(flat.values) else None


class _Shape:
    """What of an object decides how its writes can go: its multiselects, and what of it is of particular types."""

    def __init__(self, known: ObjectSchema) -> None:
        self.attributes = known.attributes
        self.multiselect = frozenset(slug for slug, each in known.attributes.items() if each.multiselect)
        self.incomparable = frozenset(slug for slug, each in known.attributes.items() if each.type in INCOMPARABLE)
        self.particular = frozenset(slug for slug, each in known.attributes.items() if each.type in _PARTICULAR)


def _is_flat(value: Value, attribute: AttributeSchema) -> bool:
    match value:
        case list():
            return all(_is_flat(item, attribute) for item in value)
        case RecordKey():
            return attribute.targets == frozenset({value.object}) and NATURAL_KEYS.get(value.object) == value.attribute
        case PersonalName():
            return bool(coerce_name(simple_values({"name": value})["name"]) == value)
        case str() if attribute.type == "actor-reference":
            return not UUID.fullmatch(value)  # bare, a member is only known to be named by an e-mail address
        case dict():
            return False
    return True
