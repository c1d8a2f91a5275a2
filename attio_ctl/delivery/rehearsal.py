"""
Sending without a receiver: the transports as they are, over a session that has no connection.

So a preview shows the very requests that a delivery would make, whichever way it takes, and cannot write: there is
nothing here that could reach Attio. Every write is taken, as by an Attio that finds nothing wrong; what it would refuse
or drop is not known beforehand, and the requests that this would cost come on top.
"""

from __future__ import annotations

import asyncio
import heapq
import math
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from itertools import count, islice, zip_longest
from typing import Any, Final, Literal, Self

from attio_ctl.attio.messages import Request, Usage
from attio_ctl.attio.session import WriteSession
from attio_ctl.attio.writer import AttioWriter
from attio_ctl.delivery.batch import BatchOptions
from attio_ctl.delivery.finding import KEYS_PER_QUERY
from attio_ctl.delivery.fold import Due
from attio_ctl.delivery.selection import Way, select_transport
from attio_ctl.delivery.transport import Verdict
from attio_ctl.delivery.verification import Carried, Verification, Watch
from attio_ctl.mapping.writes import RecordKey
from attio_ctl.state.schema import Schema

RequestKind = Literal["assert", "patch", "simple", "batch", "query"]
"""PUT records, PATCH a record, PUT records/simple, PUT batch/records, and the reads that verify batches."""

RECORD_ID: Final = "{record_id}"
"""Stands in the path of a PATCH for the id that the answer to the request before it gives."""

_ESCAPED: Final = "%7Brecord_id%7D"
_ANSWER: Final[Mapping[str, Any]] = {"id": {"record_id": RECORD_ID}, "created_at": ""}


def kind_of(request: Request) -> RequestKind:
    """Which of the calls a delivery makes this is."""
    if request.path.endswith("/batch/records"):
        return "batch"
    if request.path.endswith("/records/simple"):
        return "simple"
    return "patch" if request.method == "PATCH" else "assert"


def request_json(request: Request) -> dict[str, Any]:
    """A request as one entry of a list of them: method, path, query and body, and never a token."""
    path = request.path.replace(_ESCAPED, RECORD_ID)
    return {"method": request.method, "path": path, "query": dict(request.query), "body": request.body}


class Rehearsal:
    """
    A `Transport` that sends nothing and counts.

    Attributes:
        requests: By kind; of the queries that verify batches, as many as are needed when Attio is done at once.
        records: Writes by object.
    """

    def __init__(
        self,
        way: Way,
        options: BatchOptions,
        schema: Schema,
        *,
        keep: int = 0,
        note: Callable[[Request], object] | None = None,
    ) -> None:
        """
        Args:
            way, options, schema: As for `select_transport`.
            keep: How many writes to keep, see `first`.
            note: Given each request that writes, in the order of sending.
        """
        self.requests: Counter[RequestKind] = Counter()
        self.records: Counter[str] = Counter()
        self._first: dict[str, _Earliest] = {}
        self._sent = count()
        self._keep = keep
        self._note = note
        self._transport = select_transport(
            way,
            options,
            attio=AttioWriter(_NoSession(self._take)),
            schema=schema,
            stop=asyncio.Event(),
            notify=_ignore,
            verification=_Confidence(self._look),
        )

    @property
    def usage(self) -> Usage:
        reads = self.requests["query"]
        return Usage(reads=reads, writes=self.requests.total() - reads)

    @property
    def first(self) -> dict[RecordKey, Due]:
        """
        The writes whose events come first in the input, as many as were to be kept, in that order.

        Of several objects each has its share: one write of each, then the next of each, and so on.
        """
        kept = [earliest.in_order() for earliest in self._first.values()]
        in_turn = (each for turn in zip_longest(*kept) for each in turn if each is not None)
        chosen = sorted(islice(in_turn, self._keep), key=_place)
        return {due.key: due for _, _, due in chosen}

    async def send(self, writes: Sequence[Due]) -> AsyncGenerator[tuple[Due, Verdict], None]:
        self.records.update(Counter(due.key.object for due in writes))
        for due in writes if self._keep else ():
            self._first.setdefault(due.key.object, _Earliest(self._keep)).offer(due, next(self._sent))
        async with aclosing(self._transport.send(writes)) as verdicts:
            async for each in verdicts:
                yield each

    def _take(self, request: Request) -> None:
        self.requests[kind_of(request)] += 1
        if self._note is not None:
            self._note(request)

    def _look(self, count: int) -> None:
        self.requests["query"] += count


class _Earliest:
    """Of the writes to an object, those whose events come first in the input; they are sent in another order."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: list[tuple[int, int, Due]] = []  # a heap with the latest event on top: both numbers are negative
        self._keys: set[RecordKey] = set()

    def offer(self, due: Due, number: int) -> None:
        """Keep a write if it is among them; `number` tells those of one event apart."""
        if due.key in self._keys:
            return
        self._keys.add(due.key)
        heapq.heappush(self._kept, (-min(due.live, default=0), -number, due))
        if len(self._kept) > self._most:
            self._keys.remove(heapq.heappop(self._kept)[2].key)

    def in_order(self) -> list[tuple[int, int, Due]]:
        """Each with its first event and its number, the earliest first."""
        return [(-event, -number, due) for event, number, due in sorted(self._kept, reverse=True, key=_place)]


def _place(entry: tuple[int, int, Due]) -> tuple[int, int]:
    return entry[:2]


class _NoSession(WriteSession):
    """Takes every write for done, and tells of it."""

    def __init__(self, take: Callable[[Request], None]) -> None:
        self._take = take

    def retrying_for(self, seconds: float) -> Self:  # noqa: ARG002  nothing fails
        return self

    async def aclose(self) -> None:
        return

    async def _perform(self, request: Request, decode: Callable[[bytes], Any]) -> Any:  # noqa: ARG002  no answer
        if request.kind == "read":
            raise AssertionError(f"a rehearsal has nobody to ask: `{request}`")
        self._take(request)
        return _ANSWER


class _Confidence(Verification):
    """Takes every batch for carried out, and tells how many queries it takes to see that."""

    def __init__(self, look: Callable[[int], None]) -> None:
        self._tell = look

    async def watch(self, writes: Sequence[Carried]) -> Watch:
        self._tell(1)
        return Watch(writes)

    async def follow(self, watch: Watch, taken: Callable[[Carried], None], *, quiet: float) -> list[Carried]:  # noqa: ARG002
        matched_by = Counter((write.due.key.object, write.due.key.attribute) for write in watch.waiting.values())
        self._tell(sum(math.ceil(count / KEYS_PER_QUERY) for count in matched_by.values()))
        for write in watch.waiting.values():
            taken(write)
        return []


def _ignore(_: str) -> None:
    """Nothing falls back where nothing is refused."""
