"""Which transport a run gets, from what its user and its mappings ask for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final, Literal, get_args

from attio_ctl.attio.clock import Clock, SystemClock
from attio_ctl.attio.errors import ApiError
from attio_ctl.attio.writer import AttioWriter
from attio_ctl.config.models import Mapping as MappingSpec
from attio_ctl.delivery.batch import BatchOptions, BatchTransport
from attio_ctl.delivery.dispatch import Ending
from attio_ctl.delivery.documented import DocumentedWriter
from attio_ctl.delivery.drift import Drifts, WatchfulWriter
from attio_ctl.delivery.fold import Due
from attio_ctl.delivery.outages import AGAIN_FOR, DiscerningWriter, Witness
from attio_ctl.delivery.simple import SimpleWriter
from attio_ctl.delivery.singly import RecordWriter, SinglyTransport
from attio_ctl.delivery.transport import Transport, Verdict
from attio_ctl.delivery.verification import Verification
from attio_ctl.mapping.actions import outline
from attio_ctl.state.schema import Schema

Way = Literal["auto", "documented", "simple", "batch"]
"""`auto` is `batch` for the objects of mappings that ask for it, `documented` for the others."""

WAYS: Final[tuple[Way, ...]] = get_args(Way)


def batched_objects(mappings: Mapping[str, MappingSpec]) -> frozenset[str]:
    """The objects that mappings with `batch: true` write; all writes to one object go one way, since they fold."""
    return frozenset(
        record.object for mapping in mappings.values() if mapping.batch for record in outline(mapping).records
    )


def select_transport(
    way: Way,
    options: BatchOptions,
    *,
    attio: AttioWriter,
    schema: Schema,
    stop: asyncio.Event,
    notify: Callable[[str], None],
    clock: Clock | None = None,
    verification: Verification | None = None,
) -> Transport:
    """
    The transport of one run, which falls back from batch to simple to documented as endpoints turn out to be missing.

    Args:
        options: `objects` counts for `auto` alone, where it says what goes by batch.
        notify: Told once of each fall-back, in plain words.
        verification: Of batches, where not by reading them back.
    """
    ending = Ending(stop)

    def on_fall_back(what: str, to: str) -> Callable[[ApiError], None]:
        return lambda error: notify(f"fell back from {what} to {to}: {error}")

    drifts = Drifts(attio, schema)
    documented, again = (DocumentedWriter(each, schema) for each in (attio, attio.retrying_for(AGAIN_FOR)))
    witness = Witness(documented, ending)

    def singly_over(writer: RecordWriter) -> SinglyTransport:
        return SinglyTransport(attio, WatchfulWriter(DiscerningWriter(writer, again, witness), drifts), ending)

    by_documents = singly_over(documented)
    if way == "documented" or (way == "auto" and not options.objects):
        return by_documents
    simple: RecordWriter = SimpleWriter(attio, schema, documented, on_fall_back("simple", "documented"))
    if way == "auto":
        simple = _ByObject(options.objects or frozenset(), simple, documented)
    singly = singly_over(simple)
    if way == "simple":
        return singly
    return BatchTransport(
        attio,
        schema,
        ending,
        singly=singly,
        documented=by_documents,
        drifts=drifts,
        options=options if way == "auto" else replace(options, objects=None),
        on_fall_back=on_fall_back("batch", "simple"),
        clock=clock or SystemClock(),
        verification=verification,
    )


class _ByObject:
    """A `RecordWriter` that leaves all but some objects to another one."""

    def __init__(self, objects: frozenset[str], writer: RecordWriter, others: RecordWriter) -> None:
        self._objects = objects
        self._writer = writer
        self._others = others

    async def write(self, due: Due) -> Verdict:
        writer = self._writer if due.key.object in self._objects else self._others
        return await writer.write(due)
