"""
What a delivery would do: the same run, with a ledger that keeps its changes to itself and a transport that only counts.

Nothing here holds a client, so a preview cannot write. It takes for granted that Attio accepts every write; what the
mappings reject is known, what Attio alone would refuse is not.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from attio_ctl.attio.clock import Clock, SystemClock
from attio_ctl.attio.limiter import MARGIN, Limits
from attio_ctl.attio.messages import Usage
from attio_ctl.delivery.account import Account
from attio_ctl.delivery.batch import BatchOptions
from attio_ctl.delivery.dead_letters import DeadLetter, MemoryDeadLetters
from attio_ctl.delivery.fold import Due
from attio_ctl.delivery.ledger import Ledger, MemoryLedger
from attio_ctl.delivery.run import Engine, Observe, unobserved
from attio_ctl.delivery.selection import RequestCount
from attio_ctl.delivery.transport import Verdict, Written
from attio_ctl.mapping.program import Program
from attio_ctl.state.schema import Schema

DOCUMENTED: Final = RequestCount("documented", BatchOptions(), Schema())


@dataclass(frozen=True, slots=True)
class Preview:
    """
    What a delivery would come to.

    Attributes:
        account: As after the run; `requests` are those that write, without repetitions, `seconds` what the preview
            itself took.
        writes: Folded writes by object.
        dead_letters: What the mappings reject, by the order of the input.
        eta: Seconds that the requests take at the limit of the token.
    """

    account: Account
    writes: Mapping[str, int]
    dead_letters: tuple[DeadLetter, ...]
    eta: float


class CountingTransport:
    """A `Transport` that sends nothing and counts what another one would send."""

    def __init__(self, count: RequestCount) -> None:
        self._count = count
        self.usage = Usage()
        self.writes: Counter[str] = Counter()

    async def send(self, writes: Sequence[Due]) -> AsyncGenerator[tuple[Due, Verdict], None]:
        self.usage = Usage(writes=self.usage.writes + self._count.of(writes))
        for due in writes:
            self.writes[due.key.object] += 1
            yield due, Written()


async def preview(
    *,
    files: Sequence[Path],
    program: Program,
    ledger: Ledger | None,
    count: RequestCount | None = None,
    stop: asyncio.Event,
    limits: Limits | None = None,
    observe: Observe = unobserved,
    clock: Clock | None = None,
) -> Preview:
    """
    Run through some files from their start.

    Args:
        ledger: Read for what was accounted for and written before; None where nothing was delivered yet.
        count: Of the way that the writes would go; of the documented one by default.
        stop: Set it to end early, with the account of what was read by then.
        limits: What the token is allowed, for the estimate; Attio's by default.

    Raises:
        EventsError, StorageError: as `deliver`.
    """
    transport, letters = CountingTransport(count or DOCUMENTED), MemoryDeadLetters()
    engine = Engine(
        program=program,
        ledger=MemoryLedger(ledger),
        dead_letters=letters,
        transport=transport,
        stop=stop,
        observe=observe,
        clock=clock or SystemClock(),
    )
    outcome = await engine.deliver(files)
    per_second = (limits or Limits()).writes_per_second * MARGIN
    return Preview(
        account=outcome.account,
        writes=dict(sorted(transport.writes.items())),
        dead_letters=tuple(letters.letters.values()),
        eta=outcome.account.requests / per_second,
    )
