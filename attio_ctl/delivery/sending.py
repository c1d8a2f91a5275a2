"""
Sends a window's contributions and notes on its sheet what became of each.

Waves go one after the other. Within a wave every record has a stack of groups of contributions, at first one group
with all of them; a round takes the top group of every record, folds it, and sends what is due. A group that Attio
refuses is cut in two halves by event time and tried again, the older half first, until the culprits stand alone: `k`
culprits among `n` contributions cost at most `2k * log2(n) + 1` more writes, and everything else is delivered as if
they had not come.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final, TypeAlias

from attio_ctl.attio.clock import Clock
from attio_ctl.delivery.cells import Cells
from attio_ctl.delivery.dead_letters import DeadLetter
from attio_ctl.delivery.fold import Contribution, Due, compare, fold
from attio_ctl.delivery.ledger import Ledger
from attio_ctl.delivery.order import Groups, group, waves
from attio_ctl.delivery.source import Line
from attio_ctl.delivery.transport import Refused, Transport, Unsent, Written
from attio_ctl.delivery.window import Sheet
from attio_ctl.errors import AttioCtlError
from attio_ctl.mapping.writes import RecordKey

RECORD_EVERY: Final = 1.0
"""Seconds between two notes in the ledger of what Attio took: a killed run sends no more than that again."""

Group: TypeAlias = tuple[Contribution, ...]


@dataclass(frozen=True, slots=True)
class Sent:
    """
    What the sending of a window came to.

    Attributes:
        cells: Of the records that were written since the last note in the ledger.
        writes: Folded writes that Attio took.
        stopped: Whether anything is left unsent.
        cause: Why; None when the run was asked to stop.
    """

    cells: Mapping[RecordKey, Cells]
    writes: int
    stopped: bool
    cause: AttioCtlError | None


class Sending:
    """One window on its way."""

    def __init__(
        self,
        *,
        transport: Transport,
        ledger: Ledger,
        clock: Clock,
        lines: Sequence[Line],
        digests: Mapping[str, str],
        sheet: Sheet,
        progress: Callable[[int], None],
    ) -> None:
        """
        Args:
            lines: The window's, by the number of their event.
            digests: Of the mappings, by name.
            sheet: Where the verdicts are noted.
            progress: Told how many folded writes Attio has taken, as they are taken.
        """
        self._transport = transport
        self._ledger = ledger
        self._clock = clock
        self._lines = lines
        self._digests = digests
        self._sheet = sheet
        self._progress = progress
        self._known: dict[RecordKey, Cells] = {}
        self._fresh: dict[RecordKey, Cells] = {}
        self._open: Counter[int] = Counter()
        self._writes = 0
        self._noted_at = clock.monotonic()
        self._halt: Unsent | None = None

    async def send(self, contributions: Sequence[Contribution]) -> Sent:
        """
        Send everything that is due, or as much as is allowed.

        Raises:
            StorageError: the ledger cannot note what was sent.
        """
        groups = group(contributions)
        planned = waves(groups)
        self._open.update(item.event for wave in planned for items in wave.values() for item in items)
        self._known = self._ledger.cells(groups)
        for wave in planned:
            if self._halt is None:
                await self._send_wave(wave)
        self._sheet.unsent.update(event for event, count in self._open.items() if count)
        cause = self._halt.cause if self._halt else None
        return Sent(self._fresh, self._writes, bool(self._sheet.unsent), cause)

    async def _send_wave(self, wave: Groups) -> None:
        stacks: dict[RecordKey, list[Group]] = {key: [items] for key, items in wave.items()}
        while stacks and self._halt is None:
            tops = {key: stack.pop() for key, stack in stacks.items()}
            dues = [compare(fold(key, items), self._known.get(key, {})) for key, items in tops.items()]
            for due in dues:
                if not due.changed:
                    self._take(due, tops[due.key])
            async with aclosing(self._transport.send([due for due in dues if due.changed])) as verdicts:
                async for due, verdict in verdicts:
                    match verdict:
                        case Written():
                            self._writes += 1
                            self._take(due, tops[due.key])
                            self._note()
                            self._progress(self._writes)
                        case Refused():
                            stacks[due.key].extend(self._part(tops[due.key], verdict))
                        case Unsent():
                            self._halt = self._halt or verdict
            stacks = {key: stack for key, stack in stacks.items() if stack}

    def _take(self, due: Due, items: Group) -> None:
        self._known[due.key] = self._fresh[due.key] = {**self._known.get(due.key, {}), **due.cells}
        self._sheet.live.update(due.live)
        self._close(items)

    def _part(self, items: Group, refused: Refused) -> list[Group]:
        """The groups to try instead, the one to try first last; none for a culprit, which becomes a dead letter."""
        if len(items) > 1 and not refused.of_the_object:
            aged = sorted(items, key=lambda item: (item.time, item.event))
            middle = len(aged) // 2
            return [tuple(aged[middle:]), tuple(aged[:middle])]
        for item in items:
            self._sheet.refuse(item.event, self._letter(item, refused))
        self._close(items)
        return []

    def _letter(self, item: Contribution, refused: Refused) -> DeadLetter:
        return DeadLetter(
            line=self._lines[item.event],
            code=refused.code,
            reason=refused.reason,
            mapping=item.mapping,
            mapping_digest=self._digests[item.mapping],
            path=item.write.key.object,
            request=refused.request,
            answer=refused.answer,
        )

    def _close(self, items: Group) -> None:
        for item in items:
            self._open[item.event] -= 1

    def _note(self) -> None:
        now = self._clock.monotonic()
        if now - self._noted_at >= RECORD_EVERY:
            self._ledger.record(self._fresh)
            self._fresh = {}
            self._noted_at = now
