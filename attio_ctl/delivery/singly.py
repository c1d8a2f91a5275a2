"""Writes that go out one by one, a few at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, Sequence
from typing import Final, Protocol

from attio_ctl.attio.messages import Usage
from attio_ctl.attio.writer import AttioWriter
from attio_ctl.delivery.dispatch import Ending, Judge, dispatch, together
from attio_ctl.delivery.fold import Due
from attio_ctl.delivery.transport import Verdict
from attio_ctl.errors import AttioCtlError

CONCURRENCY: Final = 8
"""Writes under way at a time; 25 a second need this many up to answers of 300 ms."""


class RecordWriter(Protocol):
    """Sends one folded write and waits for what Attio says."""

    async def write(self, due: Due) -> Verdict:
        """
        What became of the write.

        Raises:
            AttioCtlError: a cause that is not in the data; other writes would fare no better.
        """


class SinglyTransport:
    """A `Transport` over a writer of single records."""

    def __init__(self, attio: AttioWriter, writer: RecordWriter, ending: Ending) -> None:
        self._attio = attio
        self._writer = writer
        self._ending = ending

    @property
    def usage(self) -> Usage:
        return self._attio.usage

    def send(self, writes: Sequence[Due]) -> AsyncGenerator[tuple[Due, Verdict], None]:
        return dispatch(writes, lambda judge: self.work(writes, judge), self._ending)

    async def work(self, writes: Sequence[Due], judge: Judge) -> None:
        """Send the writes and judge each; ends early, with the rest unjudged, when the sending is to end."""
        waiting = deque(writes)
        await together(*(self._work(waiting, judge) for _ in range(min(CONCURRENCY, len(writes)))))

    async def _work(self, waiting: deque[Due], judge: Judge) -> None:
        while waiting and not self._ending.is_near:
            due = waiting.popleft()
            try:
                judge(due, await self._writer.write(due))
            except AttioCtlError as error:
                self._ending.halt(error)
