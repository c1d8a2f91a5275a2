"""Creating and changing records and entries; everything here happens inside the transaction of one call."""

from __future__ import annotations

from enum import Enum

from attio_ctl.sandbox.errors import missing_value, uniqueness_conflict
from attio_ctl.sandbox.events import announce_row
from attio_ctl.sandbox.ids import new_id
from attio_ctl.sandbox.model import Actor, Attribute, Collection, Json, Payload
from attio_ctl.sandbox.records import unique
from attio_ctl.sandbox.records.links import Links
from attio_ctl.sandbox.records.parse import Parsed
from attio_ctl.sandbox.records.rows import Row, Stored, by_pk, insert, remember, save
from attio_ctl.sandbox.store.store import Store
from attio_ctl.sandbox.values.times import after, default_moment
from attio_ctl.sandbox.values.types import CODECS

REFERENCE = "record-reference"


class Multiselect(Enum):
    """What happens to the values that a multiselect attribute has already."""

    REPLACE = "replace"
    PREPEND = "prepend"
    APPEND = "append"


class Writer:
    """One writing call: who writes, and when; every value that it makes carries the same moment."""

    def __init__(self, store: Store, actor: Actor) -> None:
        self.store = store
        self.db = store.db
        self.actor = actor
        self.actor_pk = store.actor_pk(actor)
        self.now = store.now()
        self.links = Links(store, self.actor_pk, self.now)

    def create(
        self, collection: Collection, parsed: Parsed, parent: int | None = None, *, free: Attribute | None = None
    ) -> Row:
        """
        A new record or entry, defaults filled in; `free` is a unique attribute whose values nobody is known to have.

        Raises:
            RefusedError: 400 `missing_value` for a required attribute, `uniqueness_conflict` for a taken value.
        """
        given = dict(parsed)
        for attribute in collection.demanding:
            if attribute.default is not None and attribute not in given:
                given[attribute] = self._default(attribute, attribute.default)
            if attribute.required and not given.get(attribute):
                raise missing_value(attribute.id)
        row = Row(0, new_id(), collection.pk, parent, self.now, self.actor_pk, {})
        keys: list[tuple[int, str]] = []
        references: list[tuple[Attribute, list[Payload]]] = []
        for attribute, payloads in given.items():
            if not payloads:
                continue
            if attribute.type == REFERENCE:
                references.append((attribute, payloads))
                continue
            if attribute.unique:
                keys += [(attribute.pk, key) for key in self._keys(attribute, payloads, attribute is free)]
            row.data[str(attribute.pk)] = [[self.now, self.actor_pk, payload] for payload in payloads]
        row.pk = insert(self.db, row)
        for attribute_pk, key in keys:
            unique.claim(self.db, attribute_pk, key, row.pk)
        for attribute, payloads in references:
            self.links.begin(row.pk, attribute, payloads)
        if self.store.schema.hooks:
            announce_row(self.store, self.actor, "created", row)
            self._announce_links(besides=row.pk)
        return row

    def update(
        self, row: Row, parsed: Parsed, multiselect: Multiselect, additive: Attribute | None = None
    ) -> list[Attribute]:
        """
        Change the given attributes and leave the others; `additive` is one multiselect that is appended to regardless.

        Returns:
            The attributes whose values are not what they were.

        Raises:
            RefusedError: 400 `missing_value` for unsetting a required attribute, `uniqueness_conflict` for a taken
                value.
        """
        changed: list[Attribute] = []
        for attribute, payloads in parsed.items():
            how = Multiselect.APPEND if attribute is additive else multiselect
            if attribute.required and not payloads and not (attribute.multiselect and how is not Multiselect.REPLACE):
                raise missing_value(attribute.id)
            if attribute.type == REFERENCE:
                self._refer(row, attribute, payloads, how)
            elif self._put(row, attribute, payloads, how):
                changed.append(attribute)
        if changed:
            save(self.db, row)
        if self.store.schema.hooks:
            for attribute in changed:
                announce_row(self.store, self.actor, "updated", row, attribute_id=attribute.id)
            self._announce_links()
        return changed

    def _announce_links(self, besides: int | None = None) -> None:
        """An event for every side of a reference that moved, except of a record that was just announced as new."""
        for record, attribute in self.links.touched:
            if record != besides:
                id_ = self.store.schema.attributes[attribute].id
                announce_row(self.store, self.actor, "updated", by_pk(self.db, record), attribute_id=id_)
        self.links.touched.clear()

    def _refer(self, row: Row, attribute: Attribute, targets: list[Payload], how: Multiselect) -> None:
        if not attribute.multiselect or how is Multiselect.REPLACE:
            self.links.replace(row.pk, attribute, targets)
        elif how is Multiselect.PREPEND:
            self.links.prepend(row.pk, attribute, targets)
        else:
            self.links.append(row.pk, attribute, targets)

    def _put(self, row: Row, attribute: Attribute, payloads: list[Payload], how: Multiselect) -> bool:
        name = str(attribute.pk)
        before = row.data.get(name, [])
        if [stored[2] for stored in before] == payloads:
            return False
        key_of = CODECS[attribute.type].key
        present = {key_of(stored[2]): stored for stored in before}
        given = {key_of(payload): payload for payload in payloads}
        if not attribute.multiselect or how is Multiselect.REPLACE:
            order = list(given)
        elif how is Multiselect.PREPEND:
            order = [key for key in given if key not in present] + list(present)
        else:
            order = list(present) + [key for key in given if key not in present]
        if order == list(present):
            return False
        added = [key for key in order if key not in present]
        if attribute.unique:
            for key in self._free_keys(attribute, [given[key] for key in added], row.pk):
                unique.claim(self.db, attribute.pk, key, row.pk)
        for key, stored in present.items():
            if key not in order:
                remember(self.db, row.pk, attribute.pk, (stored[0], stored[1], stored[2]), self.now)
                if attribute.unique:
                    unique.release(self.db, attribute.pk, key, row.pk)
        kept: list[Stored] = [
            present[key] if key in present else [self.now, self.actor_pk, given[key]] for key in order
        ]
        if kept:
            row.data[name] = kept
        else:
            row.data.pop(name, None)
        return True

    def _free_keys(self, attribute: Attribute, payloads: list[Payload], record: int | None) -> list[str]:
        key_of = CODECS[attribute.type].key
        keys = [key_of(payload) for payload in payloads]
        if any(owner != record for owner in unique.owners(self.db, attribute.pk, keys)):
            raise uniqueness_conflict(attribute.slug)
        return keys

    def _keys(self, attribute: Attribute, payloads: list[Payload], known: bool) -> list[str]:
        return (
            [CODECS[attribute.type].key(one) for one in payloads]
            if known
            else self._free_keys(attribute, payloads, None)
        )

    def _default(self, attribute: Attribute, default: Json) -> list[Payload]:
        if "static" in default:
            return list(default["static"])
        if default["dynamic"] == "current-user":
            return [[self.actor.type, self.actor.id]]
        return [default_moment(attribute.type, after(self.now, default["dynamic"]))]
