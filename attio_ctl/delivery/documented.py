"""
The transport over Attio's documented endpoints: an assert per record, and a PATCH where multiselects have to grow.

An assert replaces the multiselects that it names, except the matching attribute, which gains values; a PATCH adds. So
values that are added go into a PATCH of their own, to the record that the assert found or made.

Source: endpoint descriptions of `PUT /v2/objects/{object}/records` and `PATCH …/{record_id}`.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any, Final

from attio_ctl.attio.errors import (
    ApiError,
    ConflictError,
    InactiveObjectError,
    NotFoundError,
    Refusal,
    RejectedError,
)
from attio_ctl.attio.messages import Request, Usage
from attio_ctl.attio.writer import AttioWriter
from attio_ctl.delivery.fold import Due
from attio_ctl.delivery.transport import Refused, Unsent, Verdict, Written
from attio_ctl.errors import AttioCtlError
from attio_ctl.mapping.encode import documented_values
from attio_ctl.mapping.writes import Value
from attio_ctl.state.schema import Schema

CONCURRENCY: Final = 8
"""Writes under way at a time; 25 a second need this many up to answers of 300 ms."""

GRACE: Final = 5.0
"""Seconds that writes under way are given once the run is to stop; an assert that is cut off is simply sent again."""

_DATA_ERRORS: Final = (RejectedError, ConflictError, NotFoundError)


class DocumentedTransport:
    """A `Transport` of one run."""

    def __init__(self, attio: AttioWriter, schema: Schema, stop: asyncio.Event) -> None:
        """
        Args:
            stop: Once set, no further write begins.
        """
        self._attio = attio
        self._schema = schema
        self._stop = stop
        self._cause: AttioCtlError | None = None
        self._halted = asyncio.Event()

    @property
    def usage(self) -> Usage:
        return self._attio.usage

    async def send(self, writes: Sequence[Due]) -> AsyncGenerator[tuple[Due, Verdict], None]:
        waiting = deque(writes)
        done: asyncio.Queue[tuple[Due, Verdict]] = asyncio.Queue()
        workers = [asyncio.create_task(self._work(waiting, done)) for _ in range(min(CONCURRENCY, len(writes)))]
        watcher = asyncio.create_task(self._cut_off(workers, waiting, done))
        try:
            for _ in writes:
                yield await done.get()
        finally:
            for task in (watcher, *workers):
                task.cancel()
            ended = await asyncio.gather(watcher, *workers, return_exceptions=True)
        for fault in ended:
            if isinstance(fault, Exception):
                raise fault

    async def _cut_off(
        self, workers: Sequence[asyncio.Task[None]], waiting: deque[Due], done: asyncio.Queue[tuple[Due, Verdict]]
    ) -> None:
        signals = [asyncio.create_task(event.wait()) for event in (self._stop, self._halted)]
        try:
            await asyncio.wait(signals, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for signal in signals:
                signal.cancel()
        await asyncio.sleep(GRACE)
        for worker in workers:
            worker.cancel()
        for due in waiting:
            done.put_nowait((due, Unsent(self._cause)))

    async def _work(self, waiting: deque[Due], done: asyncio.Queue[tuple[Due, Verdict]]) -> None:
        while waiting:
            due = waiting.popleft()
            verdict: Verdict | None = None
            try:
                if not (self._stop.is_set() or self._halted.is_set()):
                    verdict = await self._write(due)
            finally:
                done.put_nowait((due, verdict or Unsent(self._cause)))

    async def _write(self, due: Due) -> Verdict:
        obj, attribute = due.key.object, due.key.attribute
        try:
            record = await self._attio.assert_record(
                obj, matching_attribute=attribute, values=self._encode(due, asserted(due))
            )
            if added := patched(due):
                await self._attio.update_record(obj, record["id"]["record_id"], values=self._encode(due, added))
        except _DATA_ERRORS as error:
            return _refused(error)
        except AttioCtlError as error:
            self._cause = self._cause or error
            self._halted.set()
            return Unsent(self._cause)
        return Written()

    def _encode(self, due: Due, values: Mapping[str, Value]) -> dict[str, Any]:
        return documented_values(due.key.object, values, self._schema)


def asserted(due: Due) -> dict[str, Value]:
    """The values of the assert: what is set, and the matching attribute, which an assert only ever adds to."""
    match = due.key.attribute
    identity = due.assign.get(match, due.identity)
    added = due.append.get(match, [])
    if isinstance(identity, list):
        identity = [*identity, *(value for value in added if value not in identity)]
    return {**due.assign, match: identity}


def patched(due: Due) -> dict[str, Value]:
    """The values of the PATCH: what is added to other attributes; without any there is no PATCH."""
    return {slug: values for slug, values in due.append.items() if slug != due.key.attribute}


def _refused(error: ApiError) -> Refused:
    return Refused(
        code=error.code or f"http_{error.status}",
        reason=error.what,
        request=_sent(error.request),
        answer=_answered(error.refusal),
        of_the_object=_is_of_the_object(error),
    )


def _is_of_the_object(error: ApiError) -> bool:
    """Whether the object is at fault: it is gone, not switched on, or its matching attribute is not unique."""
    if isinstance(error, NotFoundError):
        return error.request is not None and error.request.method == "PUT"  # a PATCH misses the record, not the object
    return isinstance(error, InactiveObjectError) or error.code == "matching_attribute_definition_not_unique"


def _sent(request: Request | None) -> dict[str, Any]:
    if request is None:
        return {}
    return {"method": request.method, "path": request.path, "query": dict(request.query), "body": request.body}


def _answered(refusal: Refusal | None) -> dict[str, Any]:
    if refusal is None:
        return {}
    return {
        "status": refusal.status,
        "type": refusal.type,
        "code": refusal.code,
        "message": refusal.message,
        "validation_errors": [
            {"path": list(fault.path), "code": fault.code, "message": fault.message}
            for fault in refusal.validation_errors
        ],
        "execution_id": refusal.execution_id,
    }
