"""
Finds the events that refused records owe it to.

The window is read again for all that was ever said about those records. The contributions to each are cut in two halves
by event time and tried again, the older half first, until the culprits stand alone: `k` culprits among `n`
contributions cost at most `2k * log2(n)` more writes, and everything else is delivered as if they had not come.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import TypeAlias

from attio_ctl.delivery.dead_letters import DeadLetter
from attio_ctl.delivery.evidence import Evidence, lean
from attio_ctl.delivery.fold import Contribution
from attio_ctl.delivery.folding import Group
from attio_ctl.delivery.order import waves
from attio_ctl.delivery.reading import Reader, Window
from attio_ctl.delivery.source import Line
from attio_ctl.delivery.staging import Groups
from attio_ctl.delivery.transport import Refused
from attio_ctl.delivery.verdicts import REFUSED
from attio_ctl.errors import EventsError
from attio_ctl.mapping.writes import RecordKey

Try: TypeAlias = Callable[[Groups], Awaitable[Mapping[RecordKey, Refused]]]
"""Sends what is due for some records, of which none needs another, and gives those that are refused."""


class Culprits:
    """Looks into some refused records at a time."""

    def __init__(self, reader: Reader, window: Window, try_: Try, is_halted: Callable[[], bool]) -> None:
        """
        Args:
            window: Read to its end; culprits get their marks and their dead letters there.
            is_halted: Whether nothing may be sent any more; then what is not found out waits.
        """
        self._reader = reader
        self._window = window
        self._try = try_
        self._is_halted = is_halted
        self._found: dict[RecordKey, set[tuple[int, str]]] = {}

    async def find(self, refused: Mapping[RecordKey, Refused], *, is_circular: bool) -> None:
        """
        Deliver everything about some records but for the culprits, which become dead letters.

        Args:
            is_circular: Whether these records may need each other.

        Raises:
            EventsError: the input cannot be read once more.
            StorageError: there is no room for what is read.
        """
        evidence = Evidence(self._window.scratch)
        try:
            for said in self._reader.again_by_block(self._window, refused.__contains__):
                for line, item in said:
                    evidence.add(line, item)
                await asyncio.sleep(0)  # a window may be gigabytes, and others have to be answered meanwhile
            told = evidence.told()
            if refused.keys() - told.keys():
                raise EventsError(
                    "the input changed while it was delivered: events behind a refused record are not there any more",
                    hint="put it back and run the same command again; what was sent is not sent twice",
                )
            for wave in waves(told) if is_circular else [told]:
                stacks: dict[RecordKey, list[Group]] = {}
                for key, items in self._innocent(wave):
                    # What was refused may have been only a part of this, where a circle was cut.
                    is_whole = not is_circular or refused[key].of_the_record
                    stacks[key] = self._part(items, refused[key], evidence) if is_whole else [items]
                await self._bisect(stacks, evidence)
        finally:
            evidence.close()

    def _innocent(self, wave: Groups) -> Iterator[tuple[RecordKey, Group]]:
        """Without what proved to be a culprit in an earlier wave: its links must not stand where it does not."""
        for key, items in wave.items():
            culprits = self._found.get(key)
            innocent = [each for each in items if (each.event, each.mapping) not in culprits] if culprits else items
            if innocent:
                yield key, innocent

    async def _bisect(self, stacks: dict[RecordKey, list[Group]], evidence: Evidence) -> None:
        """Each round sends the top group of every stack; a group that is refused comes back in parts."""
        while stacks := {key: stack for key, stack in stacks.items() if stack}:
            tops = {key: stack.pop() for key, stack in stacks.items()}
            refused = await self._try({key: lean(items) for key, items in tops.items()})
            for key, verdict in refused.items():
                stacks[key].extend(self._part(tops[key], verdict, evidence))

    def _part(self, items: Group, refused: Refused, evidence: Evidence) -> list[Group]:
        """
        The groups to try instead of this one, which is in the order of age, the one to try first last; none for a
        culprit, which becomes a dead letter.
        """
        if self._is_halted():
            for item in items:
                self._window.marks.leave(item.event)
            return []
        if len(items) > 1 and not (refused.of_the_object or refused.of_the_record):
            middle = len(items) // 2
            return [items[middle:], items[:middle]]
        for item in items:
            self._found.setdefault(item.write.key, set()).add((item.event, item.mapping))
            self._window.marks.add(item.event, REFUSED)
            self._window.drafts.add_once(item.event, self._letter(item, refused, evidence.line(item.event)))
        return []

    def _letter(self, item: Contribution, refused: Refused, line: Line) -> DeadLetter:
        return DeadLetter(
            line=line,
            code=refused.code,
            reason=refused.reason,
            mapping=item.mapping,
            mapping_digest=self._reader.digests[item.mapping],
            path=item.write.key.object,
            request=refused.request,
            answer=refused.answer,
        )
