"""
Batches of assertions: taken at once, carried out afterwards in order, what is invalid dropped without a word.

A batch is a row before it is acknowledged, so a killed server goes on with it at the next start; several processes on
one file take turns, because each chunk reads where the last one ended inside its own transaction.

Source: Segment's destination (pull request 2057 there, by an Attio engineer). What happens to each dropped assertion is
not public; here it is kept with its reason, for the admin interface only.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final

import orjson

from attio_ctl.sandbox.errors import RefusedError, value_not_found
from attio_ctl.sandbox.faults import NONE, Effects
from attio_ctl.sandbox.ids import new_id
from attio_ctl.sandbox.model import Actor, Attribute, Json, Payload
from attio_ctl.sandbox.records.asserting import assert_row, matching_attribute
from attio_ctl.sandbox.records.parse import SimpleReader
from attio_ctl.sandbox.records.write import Multiselect, Writer
from attio_ctl.sandbox.store.store import Store

logger = logging.getLogger(__name__)

MAX_ASSERTIONS: Final = 10_000
MAX_DEPTH: Final = 8
CHUNK: Final = 400

_HOW: Final = {"append": Multiselect.APPEND, "replace": Multiselect.REPLACE}


class AssertionReader(SimpleReader):
    """Reads values in which an assertion may stand in place of a record reference: it is carried out first."""

    def __init__(self, writer: Writer, depth: int = 0) -> None:
        super().__init__(writer.store)
        self.writer = writer
        self.depth = depth

    def find_target(self, attribute: Attribute, raw: Json) -> Payload:
        """The record of a nested assertion, or what `SimpleReader` finds."""
        if not isinstance(raw, dict) or "matching_attribute" not in raw:
            return super().find_target(attribute, raw)
        self.target_object(attribute, str(raw.get("object")))
        return carry_out(self.writer, raw, self.depth + 1)


def carry_out(writer: Writer, assertion: Json, depth: int = 0) -> int:
    """
    One assertion with everything nested in it.

    Returns:
        The pk of the record.

    Raises:
        RefusedError: the assertion is invalid; nothing of it must be kept.
    """
    wrong = _fault(assertion, depth)
    if wrong is not None:
        raise RefusedError(400, "validation_type", wrong)
    collection = writer.store.schema.objects.get(assertion["object"])
    if collection is None:
        raise value_not_found(f'Object with slug/ID "{assertion["object"]}" not found.')
    if not collection.active:
        raise RefusedError(400, "standard_object_disabled", f'Object "{collection.slug}" is not enabled.')
    matching = matching_attribute(collection, assertion["matching_attribute"])
    parsed = AssertionReader(writer, depth).read(collection, assertion["values"])
    how = _HOW[assertion.get("multiselect_values", "append")]
    return assert_row(writer, collection, parsed, matching=matching, multiselect=how).pk


def _fault(assertion: Json, depth: int) -> str | None:
    """What is wrong with the shape of an assertion."""
    if depth > MAX_DEPTH:
        return f"assertions are nested more than {MAX_DEPTH} deep"
    if not isinstance(assertion, dict):
        return "an assertion must be an object"
    if assertion.get("mode", "create-or-update") != "create-or-update":
        return f"unknown mode: {assertion['mode']}"
    how = assertion.get("multiselect_values", "append")
    if not isinstance(how, str) or how not in _HOW:
        return f"unknown multiselect_values: {how}"
    for name in ("object", "matching_attribute"):
        if not isinstance(assertion.get(name), str):
            return f"`{name}` must be a string"
    return None if isinstance(assertion.get("values"), dict) else "`values` must be an object"


def accept(store: Store, actor: Actor, assertions: list[Json], effects: Effects = NONE) -> str:
    """Write a batch down and return its id; it is carried out by `BatchWorker`."""
    id_ = new_id()
    now = store.now()
    pk = store.db.write(
        "INSERT INTO batches (id, actor, total, received_at, ready_at) VALUES (?, ?, ?, ?, ?)",
        (id_, store.actor_pk(actor), len(assertions), now, now + effects.batch_delay_ms * 1000),
    )
    kept: list[Json] = list(assertions)
    for position in range(effects.drop_every - 1, len(kept), effects.drop_every) if effects.drop_every else ():
        _drop(store, pk, position, kept[position], ("fault", "dropped by the fault script"))
        kept[position] = None
    store.db.write("INSERT INTO batch_bodies (batch, body) VALUES (?, ?)", (pk, orjson.dumps(kept)))
    return id_


def _drop(store: Store, batch: int, position: int, assertion: Json, reason: tuple[str, str]) -> None:
    store.db.write(
        "INSERT INTO dropped_assertions (batch, position, code, message, assertion) VALUES (?, ?, ?, ?, ?)",
        (batch, position, *reason, orjson.dumps(assertion)),
    )


class BatchWorker:
    """Carries out waiting batches, a chunk per transaction; keeps the parsed body of the current one in between."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._current: tuple[int, list[Json]] = (0, [])

    def work(self) -> float | None:
        """
        Carry out the next chunk.

        Returns:
            Seconds until the next one may be carried out (0 for at once), None when nothing waits.
        """
        waiting = self._next()
        if waiting is None:
            return None
        early = (waiting[4] - self.store.now()) / 1e6
        if early > 0:
            return float(early)
        try:
            with self.store.transaction():
                self._chunk(self._trusting)
        except Exception:
            self._current = (0, [])
            with self.store.transaction():
                self._chunk(self._dropping)
        return 0.0

    def _next(self) -> Any:
        return self.store.db.row(
            "SELECT pk, actor, next, total, ready_at FROM batches WHERE finished_at IS NULL ORDER BY pk LIMIT 1"
        )

    def _chunk(self, one_by_one: Callable[[int, Writer, int, list[Json]], None]) -> None:
        found = self._next()
        if found is None:
            return
        pk, actor, start, total, _ = found
        if self._current[0] != pk:
            (body,) = self.store.db.row("SELECT body FROM batch_bodies WHERE batch = ?", (pk,))
            self._current = (pk, orjson.loads(body))
        end = min(start + CHUNK, total)
        one_by_one(pk, Writer(self.store, self.store.actor(actor)), start, self._current[1][start:end])
        if end == total:
            finished = (end, self.store.now(), pk)
            self.store.db.write("UPDATE batches SET next = ?, finished_at = ? WHERE pk = ?", finished)
            self.store.db.write("DELETE FROM batch_bodies WHERE batch = ?", (pk,))
            self._current = (0, [])
        else:
            self.store.db.write("UPDATE batches SET next = ? WHERE pk = ?", (end, pk))

    def _trusting(self, _batch: int, writer: Writer, _start: int, assertions: list[Json]) -> None:
        """The quick way: a refusal undoes the chunk, which is then done again the careful way."""
        for assertion in assertions:
            if assertion is not None:
                carry_out(writer, assertion)

    def _dropping(self, batch: int, writer: Writer, start: int, assertions: list[Json]) -> None:
        """The careful way: each assertion can be undone alone, and its refusal is kept."""
        execute = self.store.db.connection.execute
        for position, assertion in enumerate(assertions, start):
            if assertion is None:
                continue
            execute("SAVEPOINT assertion")
            try:
                carry_out(writer, assertion)
            except RefusedError as refusal:
                execute("ROLLBACK TO assertion")
                _drop(self.store, batch, position, assertion, (refusal.code, refusal.message))
            except Exception:  # a fault of ours must not hold up every batch behind this one
                logger.exception("assertion %d of batch %d failed", position, batch)
                execute("ROLLBACK TO assertion")
                _drop(
                    self.store, batch, position, assertion, ("internal_error", "the sandbox failed; its log says how")
                )
            finally:
                execute("RELEASE assertion")
