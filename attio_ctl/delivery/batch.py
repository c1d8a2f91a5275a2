"""
Writing in batches: up to 10,000 records in one request, of which Attio later drops what it does not like.

    carried   fits into flat values, and can be compared afterwards     → a batch, then read back (`verification`)
    left      everything else                                           → one by one
    dropped   does not stand after the batch was carried out            → one by one, to be told why

Nothing nests: what a record refers to was sent and verified before, by an earlier call of `send`. So a record that is
dropped takes along only what needs it, and every reason is that of the record itself.

A call that is refused whole is cut in halves: `k` writes that Attio refuses among `n` cost at most `2k * log2(n) + 1`
more requests. An endpoint that is not there for us, fails for as long as it is tried, or refuses what Attio takes
singly, is left alone for the rest of the run.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import msgspec

from attio_ctl.attio.clock import Clock
from attio_ctl.attio.errors import ApiError, ServerError
from attio_ctl.attio.messages import Usage
from attio_ctl.attio.writer import AttioWriter
from attio_ctl.delivery.dispatch import Ending, Judge, dispatch, together
from attio_ctl.delivery.drift import Drifts
from attio_ctl.delivery.finding import Finder
from attio_ctl.delivery.flat import Flattener
from attio_ctl.delivery.fold import Due
from attio_ctl.delivery.refusals import DATA_ERRORS, is_unavailable
from attio_ctl.delivery.singly import SinglyTransport
from attio_ctl.delivery.transport import Verdict, Written
from attio_ctl.delivery.verification import Carried, Verification, Watch
from attio_ctl.errors import AttioCtlError, PartialError
from attio_ctl.mapping.encode import MAX_ASSERTIONS, batch_call
from attio_ctl.mapping.writes import RecordKey, Write
from attio_ctl.state.schema import Schema

AHEAD: Final = 3
"""Batches that may be handed over before the oldest of them is verified: enough to keep Attio busy, and no flood."""

QUIET: Final = 10.0
PATIENCE: Final = 60.0
"""
Seconds without any change after which a batch of which nothing was seen to come into effect is taken for carried out,
and for lost where single writes of it are taken. Attio speaks of "a few seconds".
"""

SAMPLE: Final = 10
"""Writes of a batch of which nothing stands that are sent singly first: refusals say that it was dropped, not late."""


@dataclass(frozen=True, slots=True)
class BatchOptions:
    """
    What a user may choose.

    Attributes:
        size: Assertions in one call at most.
        verify: Whether batches are read back; if not, what Attio drops stays unseen.
        objects: Whose records go by batch; None for all.
    """

    size: int = MAX_ASSERTIONS
    verify: bool = True
    objects: frozenset[str] | None = None

    def take(self, object_slug: str) -> bool:
        """Whether records of an object go by batch."""
        return self.objects is None or object_slug in self.objects


class BatchTransport:
    """A `Transport` of one run."""

    def __init__(
        self,
        attio: AttioWriter,
        schema: Schema,
        ending: Ending,
        *,
        singly: SinglyTransport,
        documented: SinglyTransport,
        drifts: Drifts,
        options: BatchOptions,
        on_fall_back: Callable[[ApiError], None],
        clock: Clock,
        verification: Verification | None = None,
    ) -> None:
        """
        Args:
            singly: Takes what a batch cannot hold, and everything once there is no batch endpoint.
            documented: Takes what was dropped, for the reason that Attio gives there.
            drifts: What needs no try.
            on_fall_back: Told once, why everything goes singly from now on.
            verification: By reading back, unless given.
        """
        self._attio = attio
        self._ending = ending
        self._singly = singly
        self._documented = documented
        self._drifts = drifts
        self._options = options
        self._on_fall_back = on_fall_back
        self._clock = clock
        self._flattener = Flattener(schema)
        self._verification = verification or Verification(Finder(attio, schema), schema, clock)
        self._is_available = True
        self._dropped: set[RecordKey] = set()  # what comes again for these goes singly: the reason is what is wanted

    @property
    def usage(self) -> Usage:
        return self._attio.usage

    def send(self, writes: Sequence[Due]) -> AsyncGenerator[tuple[Due, Verdict], None]:
        return dispatch(writes, lambda judge: self._work(writes, judge), self._ending)

    async def _work(self, writes: Sequence[Due], judge: Judge) -> None:
        carried: list[Carried] = []
        left: list[Due] = []
        for due in writes:
            fitting = self._carried(due)
            if fitting is None:
                left.append(due)
            else:
                carried.append(fitting)
        if len(carried) == 1:  # alone it costs a request either way, and singly there is an answer
            left.append(carried.pop().due)
        accepted: asyncio.Queue[Watch | None] = asyncio.Queue(maxsize=AHEAD)
        await together(
            self._singly.work(left, judge),
            self._hand_over(carried, accepted, judge),
            self._verify(accepted, judge),
        )

    def _carried(self, due: Due) -> Carried | None:
        if not (self._is_available and self._options.take(due.key.object)) or self._drifts.behind(due):
            return None
        if due.key in self._dropped:
            return None
        flat = self._flattener.flatten_for_batch(due, verified=self._options.verify)
        return None if flat is None else Carried(due, flat.values)

    async def _hand_over(self, writes: Sequence[Carried], accepted: asyncio.Queue[Watch | None], judge: Judge) -> None:
        try:
            for start in range(0, len(writes), self._options.size):
                async for watch in self._accepted(writes[start : start + self._options.size], judge):
                    await accepted.put(watch)
        except AttioCtlError as error:
            self._ending.halt(error)
        await accepted.put(None)

    async def _accepted(self, writes: Sequence[Carried], judge: Judge) -> AsyncGenerator[Watch, None]:
        """A call, or the parts of it that Attio takes: what it refuses is cut in halves, down to single writes."""
        if self._ending.is_near:
            return
        if len(writes) == 1 or not self._is_available:
            await self._singly.work([write.due for write in writes], judge)
            return
        watch = await self._verification.watch(writes) if self._options.verify else Watch(writes)
        try:
            await self._call(writes)
        except ApiError as error:
            if is_unavailable(error) or isinstance(error, ServerError):
                await self._fall_back(error, writes, judge)
            elif not isinstance(error, DATA_ERRORS):
                raise
            elif len(writes) == 2:
                await self._try_singly(writes, error, judge)
            else:
                for half in _halves(writes):
                    async for part in self._accepted(half, judge):
                        yield part
        else:
            yield watch

    async def _call(self, writes: Sequence[Carried]) -> None:
        sent_at = datetime.fromtimestamp(self._clock.wall(), UTC).isoformat(timespec="milliseconds")
        assertions = (Write(write.due.key, write.values) for write in writes)
        await self._attio.assert_batch(msgspec.Raw(batch_call(assertions, sent_at.replace("+00:00", "Z"))))

    async def _try_singly(self, writes: Sequence[Carried], error: ApiError, judge: Judge) -> None:
        """The last two of a call that was refused: where Attio takes both singly, the endpoint is at fault."""
        if await _all_taken(self._singly, writes, judge):
            self._is_available = False
            self._on_fall_back(error)

    async def _fall_back(self, error: ApiError, writes: Sequence[Carried], judge: Judge) -> None:
        """Send all of it singly; where the first meets the same, the token may not write, or Attio is down."""
        self._is_available = False
        await self._singly.work([writes[0].due], judge)
        if not self._ending.is_near:
            self._on_fall_back(error)
            await self._singly.work([write.due for write in writes[1:]], judge)

    async def _verify(self, accepted: asyncio.Queue[Watch | None], judge: Judge) -> None:
        failed = False
        while (watch := await accepted.get()) is not None:
            if failed:
                continue  # its writes are left without a verdict
            try:
                await self._verify_one(watch, judge)
            except AttioCtlError as error:
                self._ending.halt(error)
                failed = True

    async def _verify_one(self, watch: Watch, judge: Judge) -> None:
        def taken(write: Carried) -> None:
            judge(write.due, Written())

        if not self._options.verify:
            for write in watch.left:
                taken(write)
            return
        count = len(watch.waiting)
        left: Sequence[Carried] = await self._verification.follow(watch, taken, quiet=QUIET)
        if len(left) == count > SAMPLE:
            left = await self._follow_later(left, taken, judge)
        self._dropped.update(write.due.key for write in left)
        await self._documented.work([write.due for write in left], judge)

    async def _follow_later(
        self, writes: Sequence[Carried], taken: Callable[[Carried], None], judge: Judge
    ) -> Sequence[Carried]:
        """
        What is left of a batch of which nothing stands: all of it, if a sample of it is refused; else it may be late.

        Raises:
            PartialError: it is so late that nothing of it can be told; what it says must not be overtaken by a retry.
        """
        sample, rest = writes[-SAMPLE:], writes[:-SAMPLE]
        if not await _all_taken(self._documented, sample, judge):
            return rest
        left = await self._verification.follow(Watch(rest), taken, quiet=PATIENCE)
        if len(left) == len(rest):
            raise PartialError(
                f"Attio took a batch of {len(writes)} records, and none of them is there after {PATIENCE:.0f} s",
                hint="run the same command again later, or with `--transport documented`",
            )
        return left


async def _all_taken(transport: SinglyTransport, writes: Sequence[Carried], judge: Judge) -> bool:
    """Send some writes singly; whether Attio took all of them."""
    taken = 0

    def note(due: Due, verdict: Verdict) -> None:
        nonlocal taken
        taken += verdict == Written()
        judge(due, verdict)

    await transport.work([write.due for write in writes], note)
    return taken == len(writes)


def _halves(writes: Sequence[Carried]) -> Iterator[Sequence[Carried]]:
    middle = len(writes) // 2
    yield writes[:middle]
    yield writes[middle:]
