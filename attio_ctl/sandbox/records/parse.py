"""Turning the `values` of a request into payloads per attribute."""

from __future__ import annotations

from typing import ClassVar, Final

from attio_ctl.sandbox.errors import RefusedError, invalid_value, matching_not_unique, validation, value_not_found
from attio_ctl.sandbox.model import Attribute, Collection, Json, Member, Payload, Schema
from attio_ctl.sandbox.records import unique
from attio_ctl.sandbox.shape import UUID, required
from attio_ctl.sandbox.store.store import Store
from attio_ctl.sandbox.values.codec import InvalidValueError, bad, must, text_of
from attio_ctl.sandbox.values.types import CODECS

Parsed = dict[Attribute, list[Payload]]
"""The payloads of every attribute that was named, each only once; empty to unset it."""

# The attribute by which a bare string names a record of a standard object.
# Source: docs.attio.com/docs/attribute-types/attribute-types-record-reference.
SHORTHAND: Final = {
    "people": "email_addresses",
    "companies": "domains",
    "users": "user_id",
    "workspaces": "workspace_id",
}


class ValueReader:
    """
    Reads values as the documented endpoints take them: null or an array, or a bare value where the attribute has one.

    That a bare value is refused for a multiselect was recorded; that several are for a single one is inferred.
    """

    takes_bare: ClassVar[bool] = False

    def __init__(self, store: Store) -> None:
        self.store = store

    @property
    def schema(self) -> Schema:
        """The workspace's schema."""
        return self.store.schema

    def read(self, collection: Collection, values: dict[str, Json]) -> Parsed:
        """
        All values of a request, before anything is written.

        Raises:
            RefusedError: for the first key that is no attribute, or the first value that its attribute cannot hold.
        """
        parsed: Parsed = {}
        for name, raw in values.items():
            attribute = collection.known.get(name)
            if attribute is None or attribute.archived:
                raise value_not_found(f'Cannot find attribute with slug/ID "{name}".')
            if not attribute.writable:
                raise RefusedError(
                    400, "system_edit_unauthorized", f'Cannot write to attribute with slug "{attribute.slug}".'
                )
            parsed[attribute] = self.payloads(attribute, raw)
        return parsed

    def payloads(self, attribute: Attribute, raw: Json) -> list[Payload]:
        """
        The payloads of one attribute, twins dropped.

        Raises:
            RefusedError: 400 for a value that the attribute cannot hold.
        """
        codec = CODECS[attribute.type]
        try:
            payloads = [codec.parse(item, attribute, self) for item in self._items(attribute, raw)]
        except InvalidValueError as wrong:
            raise invalid_value(attribute.slug, wrong.faults) from None
        if len(payloads) < 2:
            return payloads
        found: dict[str, Payload] = {}
        for payload in payloads:
            found.setdefault(codec.key(payload), payload)
        return list(found.values())

    def _items(self, attribute: Attribute, raw: Json) -> list[Json]:
        if raw is None:
            return []
        if not isinstance(raw, list):
            if attribute.multiselect and not self.takes_bare:
                raise validation("Multi-select attribute expects an array but received a single value")
            return [raw]
        if len(raw) > 1 and not attribute.multiselect:
            raise validation("Single-select attribute expects a single value but received an array of several values")
        return raw

    def find_member(self, raw: str) -> Member | None:
        """The member of that id or e-mail address."""
        return self.schema.member(raw)

    def find_target(self, attribute: Attribute, raw: Json) -> Payload:
        """The pk of the record that a reference means; see `Finder`."""
        if isinstance(raw, str):
            return self.find_by_text(attribute, raw)
        if not isinstance(raw, dict):
            raise InvalidValueError(
                [must("object", raw).faults[0] | {"message": "Expected an object, but got another type"}]
            )
        if "target_object" not in raw:
            raise InvalidValueError([required("string", ["target_object"])])
        collection = self.target_object(attribute, text_of(raw["target_object"], ["target_object"]))
        if "target_record_id" in raw:
            return self.record_pk(collection, text_of(raw["target_record_id"], ["target_record_id"]))
        keys = [key for key in raw if key != "target_object"]
        if len(keys) != 1:
            raise InvalidValueError([required("string", ["target_record_id"])])
        return self.by_attribute(collection, keys[0], raw[keys[0]])

    def target_object(self, attribute: Attribute, named: str) -> Collection:
        """
        The object of that slug or id, where the attribute may point at it.

        Raises:
            RefusedError: 400.
        """
        collection = self.schema.objects.get(named)
        if collection is None or not collection.active:
            raise value_not_found(f'Cannot find object with slug/ID "{named}" in record reference values.')
        if attribute.allowed is not None and collection.pk not in attribute.allowed:
            raise validation(
                f'Records of object "{collection.slug}" are not allowed in attribute with slug "{attribute.slug}".'
            )
        return collection

    def record_pk(self, collection: Collection, id_: str) -> int:
        """
        The pk of a record by its id.

        Raises:
            InvalidValueError: no UUID. RefusedError: 400 `value_not_found` where there is no such record.
        """
        if UUID.fullmatch(id_) is None:
            raise bad("Invalid uuid", ["target_record_id"])
        row = self.store.db.row("SELECT pk, collection FROM records WHERE id = ?", (id_.lower(),))
        if row is None or row[1] != collection.pk:
            raise value_not_found(f'Record with ID "{id_}" not found.')
        return int(row[0])

    def by_attribute(self, collection: Collection, named: str, raw: Json) -> int:
        """
        The pk of the record that a unique attribute finds: `raw` is an array of one value, or the value.

        Raises:
            RefusedError: 400 for an attribute that is unknown or not unique, and where no record has the value.
        """
        matching = collection.known.get(named)
        if matching is None or matching.archived:
            raise value_not_found(f'Cannot find attribute with slug/ID "{named}".')
        if not matching.unique:
            raise matching_not_unique()
        items = raw if isinstance(raw, list) else [raw]
        if len(items) != 1:
            raise bad("Matching on multiple values is not currently supported", [named])
        return self.match(collection, matching, items[0])

    def match(self, collection: Collection, matching: Attribute, raw: Json) -> int:
        """
        The pk of the record whose unique attribute has a value.

        Raises:
            RefusedError: 400 `value_not_found` where no record has it (wording inferred).
        """
        codec = CODECS[matching.type]
        key = codec.key(codec.parse(raw, matching, self))
        found = unique.owners(self.store.db, matching.pk, [key])
        if not found:
            raise value_not_found(f'Cannot find record of object "{collection.slug}" with {matching.slug} "{key}".')
        return found[0]

    def find_by_text(self, attribute: Attribute, text: str) -> int:
        """
        The record that a bare string names: only where one standard object is allowed, by its own shorthand.

        Raises:
            InvalidValueError: the attribute allows several objects, or one without a shorthand.
        """
        allowed = attribute.allowed
        collection = self.schema.collections[allowed[0]] if allowed is not None and len(allowed) == 1 else None
        if collection is None or not collection.standard or collection.slug not in SHORTHAND:
            raise InvalidValueError(
                [must("object", text).faults[0] | {"message": "Expected an object, but got string"}]
            )
        return self.match(collection, collection.known[SHORTHAND[collection.slug]], text)


class SimpleReader(ValueReader):
    """
    Reads values as `records/simple` and `batch/records` take them: a bare value does for a multiselect, and a reference
    may be a record's id.

    Source: Segment's destination, whose authors are Attio's engineers.
    """

    takes_bare: ClassVar[bool] = True

    def find_by_text(self, attribute: Attribute, text: str) -> int:
        """An id of a record of any allowed object, or the documented shorthand."""
        if UUID.fullmatch(text) is not None:
            row = self.store.db.row("SELECT pk, collection FROM records WHERE id = ?", (text.lower(),))
            if row is not None and (attribute.allowed is None or row[1] in attribute.allowed):
                return int(row[0])
        return super().find_by_text(attribute, text)
