"""Record references: written on one side, kept on both where they are a relationship."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attio_ctl.sandbox.model import Attribute
from attio_ctl.sandbox.records.rows import remember
from attio_ctl.sandbox.store.store import Store

_INSERT = "INSERT INTO links (record, attribute, position, target, active_from, actor) VALUES (?, ?, ?, ?, ?, ?)"
_HAS = "SELECT 1 FROM links WHERE target = ? AND attribute = ? AND record = ?"
_ENDS = "SELECT MIN(position), MAX(position) FROM links WHERE record = ? AND attribute = ?"
_ALL = "SELECT target, active_from, actor FROM links WHERE record = ? AND attribute = ? ORDER BY position"


class Links:
    """References as one write changes them; `touched` collects (record pk, attribute pk) of every side that moved."""

    def __init__(self, store: Store, actor: int, now: int) -> None:
        self.store = store
        self.actor = actor
        self.now = now
        self.touched: dict[tuple[int, int], None] = {}

    def targets(self, record: int, attribute: Attribute) -> list[int]:
        """The pks that a record's attribute points at, in order."""
        return [row[0] for row in self.store.db.rows(_ALL, (record, attribute.pk))]

    def begin(self, record: int, attribute: Attribute, targets: Sequence[int]) -> None:
        """The first references of a new record: nothing points at it yet, so its own side needs no look."""
        mirror = self._mirror(attribute)
        for position, target in enumerate(targets):
            self._place(record, attribute.pk, position, target)
            if mirror is not None:
                self._make_room(target, mirror)
                self._insert(target, mirror.pk, record, first=False)

    def append(self, record: int, attribute: Attribute, targets: Sequence[int]) -> None:
        """Add at the end what is not there."""
        for target in targets:
            if not self._has(record, attribute.pk, target):
                self._link(record, attribute, target, first=False)

    def prepend(self, record: int, attribute: Attribute, targets: Sequence[int]) -> None:
        """Add at the front, in the given order, what is not there."""
        for target in reversed(targets):
            if not self._has(record, attribute.pk, target):
                self._link(record, attribute, target, first=True)

    def replace(self, record: int, attribute: Attribute, targets: Sequence[int]) -> None:
        """Make these the targets, in this order; one that stays keeps its date and author."""
        present = self.targets(record, attribute)
        if present == list(targets):
            return
        kept = set(targets)
        for target in present:
            if target not in kept:
                self.unlink(record, attribute, target)
        for target in targets:
            if not self._has(record, attribute.pk, target):
                self._link(record, attribute, target, first=False)
        if self.targets(record, attribute) != list(targets):
            self._reorder(record, attribute, targets)

    def _reorder(self, record: int, attribute: Attribute, targets: Sequence[int]) -> None:
        rows = {row[0]: row for row in self.store.db.rows(_ALL, (record, attribute.pk))}
        self.store.db.write("DELETE FROM links WHERE record = ? AND attribute = ?", (record, attribute.pk))
        for position, target in enumerate(targets):
            _, active_from, actor = rows[target]
            self.store.db.write(_INSERT, (record, attribute.pk, position, target, active_from, actor))
        self.touched[record, attribute.pk] = None

    def rewrite(self, record: int, attribute: Attribute, targets: Sequence[tuple[int, int]]) -> None:
        """Make these the targets, each with the moment from which it is one; nothing goes into the history."""
        self.store.db.write("DELETE FROM links WHERE record = ? AND attribute = ?", (record, attribute.pk))
        for position, (target, active_from) in enumerate(dict(targets).items()):
            self.store.db.write(_INSERT, (record, attribute.pk, position, target, active_from, self.actor))

    def unlink(self, record: int, attribute: Attribute, target: int) -> None:
        """Take a reference away on both sides, into the history."""
        self._end(record, attribute.pk, target)
        if attribute.mirror is not None:
            self._end(target, attribute.mirror, record)

    def _has(self, record: int, attribute: int, target: int) -> bool:
        return self.store.db.row(_HAS, (target, attribute, record)) is not None

    def _link(self, record: int, attribute: Attribute, target: int, *, first: bool) -> None:
        mirror = self._mirror(attribute)
        self._make_room(record, attribute)
        if mirror is not None:
            self._make_room(target, mirror)
        self._insert(record, attribute.pk, target, first=first)
        if mirror is not None and not self._has(target, mirror.pk, record):
            self._insert(target, mirror.pk, record, first=False)

    def _mirror(self, attribute: Attribute) -> Attribute | None:
        return self.store.schema.attributes.get(attribute.mirror) if attribute.mirror is not None else None

    def _make_room(self, record: int, attribute: Attribute) -> None:
        """An attribute for one reference gives up the one that it has."""
        if not attribute.multiselect:
            for old in self.targets(record, attribute):
                self.unlink(record, attribute, old)

    def _insert(self, record: int, attribute: int, target: int, *, first: bool) -> None:
        low, high = self.store.db.row(_ENDS, (record, attribute))
        self._place(record, attribute, 0 if low is None else low - 1 if first else high + 1, target)

    def _place(self, record: int, attribute: int, position: int, target: int) -> None:
        self.store.db.write(_INSERT, (record, attribute, position, target, self.now, self.actor))
        self.touched[record, attribute] = None

    def _end(self, record: int, attribute: int, target: int) -> None:
        row: Any = self.store.db.row(
            "SELECT l.active_from, l.actor, t.collection, t.id FROM links l JOIN records t ON t.pk = l.target "
            "WHERE l.target = ? AND l.attribute = ? AND l.record = ?",
            (target, attribute, record),
        )
        if row is None:
            return
        remember(self.store.db, record, attribute, (row[0], row[1], [row[2], row[3]]), self.now)
        self.store.db.write(
            "DELETE FROM links WHERE target = ? AND attribute = ? AND record = ?", (target, attribute, record)
        )
        self.touched[record, attribute] = None
