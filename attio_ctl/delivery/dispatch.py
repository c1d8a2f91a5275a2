"""
What sending has in common, whichever the transport: work that finds verdicts, and an end that it does not outlive.

A transport says how to work; here is how its verdicts reach the caller while it works, what becomes of writes that it
found none for, and that nothing goes on for more than a grace once the sending is to end.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from typing import Any, Final

from attio_ctl.delivery.fold import Due
from attio_ctl.delivery.transport import Unsent, Verdict, Written
from attio_ctl.errors import AttioCtlError

GRACE: Final = 4.0
"""Seconds that writes under way are given once the sending is to end; one that is cut off is simply sent again."""

Judge = Callable[[Due, Verdict], None]
"""Takes the verdict on one write; a second one on the same write does not count."""


class Ending:
    """
    Whether the sending of a run is to end; one for all transports of the run.

    Attributes:
        cause: The first that is not in the data, None as long as there is none.
        taken: The writes that Attio took last, at most two, to different records.
    """

    def __init__(self, stop: asyncio.Event) -> None:
        """
        Args:
            stop: Set when the run is asked to stop.
        """
        self._stop = stop
        self._halted = asyncio.Event()
        self.cause: AttioCtlError | None = None
        self.taken: deque[Due] = deque(maxlen=2)

    @property
    def is_near(self) -> bool:
        """Whether no further write may begin."""
        return self._stop.is_set() or self._halted.is_set()

    def note_taken(self, due: Due) -> None:
        """Attio took a write."""
        if not self.taken or self.taken[-1].key != due.key:
            self.taken.append(due)

    def halt(self, cause: AttioCtlError) -> None:
        """End the sending for a cause that is not in the data."""
        self.cause = self.cause or cause
        self._halted.set()

    async def wait(self) -> None:
        """Return once the sending is to end."""
        signals = [asyncio.create_task(event.wait()) for event in (self._stop, self._halted)]
        try:
            await asyncio.wait(signals, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for signal in signals:
                signal.cancel()


async def dispatch(
    writes: Sequence[Due], work: Callable[[Judge], Coroutine[Any, Any, None]], ending: Ending
) -> AsyncGenerator[tuple[Due, Verdict], None]:
    """
    Each write with the verdict that the work finds for it, as soon as it does; `Unsent` where it finds none.

    Args:
        writes: To different records.
        work: Is cut off when it goes on for longer than the grace after the ending; what it raises is raised here.
    """
    open_ = {due.key: due for due in writes}
    found: asyncio.Queue[tuple[Due, Verdict] | None] = asyncio.Queue()

    def judge(due: Due, verdict: Verdict) -> None:
        if isinstance(verdict, Written):
            ending.note_taken(due)
        if open_.pop(due.key, None) is not None:
            found.put_nowait((due, verdict))

    async def run() -> None:
        try:
            await work(judge)
        finally:
            found.put_nowait(None)

    async def cut_off() -> None:
        await ending.wait()
        await asyncio.sleep(GRACE)
        running.cancel()

    running = asyncio.create_task(run())
    watching = asyncio.create_task(cut_off())
    try:
        while (verdict := await found.get()) is not None:
            yield verdict
        for due in open_.values():
            yield due, Unsent(ending.cause)
    finally:
        running.cancel()
        watching.cancel()
        ended = await asyncio.gather(running, watching, return_exceptions=True)
    for fault in ended:
        if isinstance(fault, Exception):
            raise fault


async def together(*coroutines: Coroutine[Any, Any, None]) -> None:
    """Run all of them side by side until all are done; a fault in one, or a cancellation, ends the others too."""
    tasks = [asyncio.create_task(each) for each in coroutines]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
