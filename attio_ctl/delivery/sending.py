"""
Sends what a window has to say, and notes on its marks what became of each event.

    rank by rank    fold each record, take off what Attio has already, send the rest
    refused?        find the culprits among all that was ever said about those records (`culprits`)
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from itertools import chain, islice
from typing import Final, NamedTuple

from attio_ctl.attio.clock import Clock
from attio_ctl.delivery.cells import Cells, PackedCells, pack_cells, unpack_cells
from attio_ctl.delivery.culprits import Culprits
from attio_ctl.delivery.fold import Due
from attio_ctl.delivery.folding import AT_ONCE, Group, Parcel, parcel_of
from attio_ctl.delivery.ledger import Ledger, RecordCells
from attio_ctl.delivery.order import Refers, linking, waves, without
from attio_ctl.delivery.reading import Reader, Window
from attio_ctl.delivery.staging import Groups, Staging
from attio_ctl.delivery.transport import Drift, Paused, Refused, Transport, Unsent, Written
from attio_ctl.delivery.verdicts import LIVE
from attio_ctl.errors import AttioCtlError, PartialError
from attio_ctl.mapping.writes import RecordKey

NOTE_EVERY: Final = 1.0
"""Seconds between two notes in the ledger of what Attio took: a killed run sends no more than that again."""

TELL_EVERY: Final = 0.1
"""Seconds between two words on how it goes."""

REFUSED_AT_ONCE: Final = 2_000
"""Refused records that one further reading of the window collects everything about."""


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

    cells: RecordCells
    writes: int
    stopped: bool
    cause: AttioCtlError | None


class _Open(NamedTuple):
    """A refused record that is not looked into yet, and the events behind what was to be written of it."""

    verdict: Refused
    events: Sequence[int]


_SENT_ANEW: Final = Refused("", "", {}, {})


class Sending:
    """
    One window on its way.

    Attributes:
        paused: Mappings of which something waits, since the workspace is not as they expect; and what is amiss.
    """

    def __init__(
        self,
        *,
        transport: Transport,
        ledger: Ledger,
        clock: Clock,
        reader: Reader,
        window: Window,
        in_doubt: bool,
        note: Callable[[RecordCells, int], None],
        progress: Callable[[int, int], None],
        guard: Callable[[int], AttioCtlError | None],
    ) -> None:
        """
        Args:
            ledger: Asked what is in the records.
            in_doubt: Whether that can be relied on, see `Ledger.in_doubt`.
            note: Takes the cells of the records that were written since it was last called, and how many writes that
                took; called about once a second.
            progress: Told every tenth of a second, while there are answers, how many folded writes Attio has taken, and
                how many records are done with, those that needed no write among them.
            guard: Asked after each refusal whether to go on, with the number of records that are refused and not looked
                into yet; what it gives is why not.
        """
        self._transport = transport
        self._ledger = ledger
        self._clock = clock
        self._reader = reader
        self._window = window
        self._in_doubt = in_doubt
        self._folding = reader.folding(window, ledger, in_doubt=in_doubt)
        self._note = note
        self._progress = progress
        self._guard = guard
        self.paused: dict[str, str] = {}
        self._fresh: dict[RecordKey, PackedCells] = {}
        self._refused: dict[RecordKey, _Open] = {}
        self._thinned_out = 0
        self._writes = 0
        self._done = 0
        self._unnoted = 0
        self._noted_at = self._told_at = clock.monotonic()
        self._halt: Unsent | None = None

    async def send(self) -> Sent:
        """
        Send everything that is due, or as much as is allowed.

        Raises:
            StorageError: the ledger cannot note what was sent.
            EventsError: the input cannot be read once more.
        """
        try:
            for rank in range(self._reader.ranks.count):
                await self._send_rank(rank)
        finally:
            self._folding.close()
        cause = self._halt.cause if self._halt else self._waiting()
        return Sent(self._fresh, self._unnoted, self._window.marks.any_unsent, cause)

    async def _send_rank(self, rank: int) -> None:
        is_circular = rank in self._reader.ranks.circular
        self._thinned_out = 0
        for parcels in map(self._folded, self._groups(rank)) if is_circular else self._folding.parcels(rank):
            await self._send_parcels(parcels)
            del parcels  # before the next ones are made
            if is_circular:
                self._thin_out()
            elif len(self._refused) >= REFUSED_AT_ONCE:
                await self._settle_refused(rank)
        while self._refused:
            await self._settle_refused(rank)

    def _thin_out(self) -> None:
        """Refused records of a circle wait for its end and are sent anew, so what was answered need not be kept."""
        for key in [*islice(reversed(self._refused), len(self._refused) - self._thinned_out)]:
            verdict, events = self._refused[key]
            if not verdict.of_the_record:
                self._refused[key] = _Open(_SENT_ANEW, events)
        self._thinned_out = len(self._refused)

    def _waiting(self) -> PartialError | None:
        if not self.paused:
            return None
        listed = "; ".join(f"`mapping.{name}` waits, since {what}" for name, what in sorted(self.paused.items()))
        return PartialError(
            listed,
            hint="put it back or mend the mapping (`attio-ctl plan` shows the difference), then run the same command "
            "again: everything else was sent",
        )

    def _groups(self, rank: int) -> Iterator[Groups]:
        """The records of a circular rank, in an order in which none needs a later one."""
        is_staged = self._window.staging.census(rank)
        if is_staged is None:
            groups = dict(self._window.staging.groups(rank))
            uncounted = len(groups)
            for wave in waves(groups):
                going = dict(self._not_refused(wave.items()))
                if not uncounted:
                    self._done -= len(going)  # links of records that went before
                uncounted -= min(uncounted, len(wave))
                yield from _sliced(going.items())
        else:
            yield from self._in_two(rank, is_staged)

    def _in_two(self, rank: int, is_staged: Refers) -> Iterator[Groups]:
        """All records of a circular rank without their references to each other, then those references."""
        links = Staging(dict.fromkeys(self._reader.ranks.of, 0), scratch=self._window.scratch)
        try:
            for groups in _sliced(self._window.staging.groups(rank)):
                for items in groups.values():
                    for link in linking(items, is_staged):
                        links.add(link)
                yield {key: without(items, is_staged) for key, items in groups.items()}
            for groups in _sliced(self._not_refused(links.groups(0))):
                self._done -= len(groups)
                yield groups
        finally:
            links.close()

    def _not_refused(self, items: Iterable[tuple[RecordKey, Group]]) -> Iterator[tuple[RecordKey, Group]]:
        """Without records that were refused in an earlier wave: all about them is told again when that is settled."""
        return ((key, group) for key, group in items if key not in self._refused)

    def _folded(self, groups: Groups) -> Sequence[Parcel]:
        """What is due for some records; what was sent a moment ago counts."""
        known = self._cells(groups)
        return [parcel_of(key, items, known.get(key, {}), in_doubt=self._in_doubt) for key, items in groups.items()]

    async def _send_parcels(self, parcels: Sequence[Parcel]) -> None:
        """Send what is due for some records, of which none needs another."""
        while parcels and self._halt is None:
            rest = await self._send_once(parcels)
            self._done -= len(rest)
            parcels = self._folded(rest) if rest else ()
        for parcel in parcels:
            self._leave(parcel.items)

    async def _send_once(self, parcels: Sequence[Parcel]) -> Groups:
        """Send it, and give what is left to send of records that were paused, without that which paused them."""
        due, items = list[Due](), dict[RecordKey, Group]()
        for each, said in parcels:
            if each.changed:
                due.append(each)
                items[each.key] = said
            else:
                self._take(each)
        self._done += len(parcels) - len(due)
        self._note_if_due()
        open_ = {*items}
        rest: dict[RecordKey, Group] = {}
        async with aclosing(self._transport.send(due)) as verdicts:
            async for each, verdict in verdicts:
                self._done += 1
                if isinstance(verdict, Refused | Paused) and verdict.partly:
                    self._forget(each)
                match verdict:
                    case Written():
                        self._window.tally.written[each.mapping] += 1
                        self._written(each)
                    case Refused():
                        self._refused[each.key] = _Open(verdict, array("q", (i.event for i in items[each.key])))
                        if cause := self._guard(len(self._refused)):
                            self._halt = Unsent(cause)
                            break
                        self._tell_if_due(self._clock.monotonic())
                    case Paused(drift):
                        if others := self._pause(items[each.key], drift):
                            rest[each.key] = others
                    case Unsent():
                        self._halt = self._halt or verdict
                        continue
                open_.discard(each.key)
        for key in open_ - self._refused.keys():
            self._leave(items[key])
        return rest

    def _pause(self, items: Group, drift: Drift) -> Group:
        """Leave what needs a part of the workspace that is gone; the rest."""
        waiting = [item for item in items if drift.concerns(item.write.key.object, item.write.values)] or items
        self._leave(waiting)
        for item in waiting:
            self.paused.setdefault(item.mapping, drift.what)
        return [item for item in items if item not in waiting]

    async def _settle_refused(self, rank: int) -> None:
        """Find the culprits of some refused records; while nothing may be sent, what they were to get waits."""
        # In a circle one needs another, so that all are looked into together.
        at_once = None if rank in self._reader.ranks.circular else REFUSED_AT_ONCE
        refused = dict(islice(self._refused.items(), at_once))
        for key in refused:
            del self._refused[key]
        if self._halt is not None:
            for event in chain.from_iterable(each.events for each in refused.values()):
                self._window.marks.leave(event)
            return
        culprits = Culprits(self._reader, self._window, self._try, self._is_halted)
        verdicts = {key: each.verdict for key, each in refused.items()}
        await culprits.find(verdicts, is_circular=rank in self._reader.ranks.circular)

    async def _try(self, groups: Groups) -> dict[RecordKey, Refused]:
        """Send some of what was refused; what is refused of it."""
        self._done -= len(groups)  # they were counted when they were refused
        await self._send_parcels(self._folded(groups))
        return {key: self._refused.pop(key).verdict for key in groups.keys() & self._refused.keys()}

    def _is_halted(self) -> bool:
        return self._halt is not None

    def _cells(self, keys: Collection[RecordKey]) -> dict[RecordKey, Cells]:
        known = self._ledger.cells(keys)
        known.update((key, unpack_cells(self._fresh[key])) for key in keys if key in self._fresh)
        return known

    def _written(self, due: Due) -> None:
        self._writes += 1
        self._unnoted += 1
        self._take(due)
        self._tell_if_due(self._note_if_due())

    def _tell_if_due(self, now: float) -> None:
        if now - self._told_at >= TELL_EVERY:
            self._progress(self._writes, self._done)
            self._told_at = now

    def _note_if_due(self) -> float:
        """Note what is not noted yet, once a second and before it grows large; the time."""
        now = self._clock.monotonic()
        if now - self._noted_at >= NOTE_EVERY or len(self._fresh) >= AT_ONCE:
            self._note(self._fresh, self._unnoted)
            self._fresh, self._unnoted = {}, 0
            self._noted_at = now
        return now

    def _take(self, due: Due) -> None:
        self._fresh[due.key] = due.cells
        for event in due.live:
            self._window.marks.add(event, LIVE)

    def _forget(self, due: Due) -> None:
        """What was set before the refusal stands, whatever becomes of its events: it is not known any more."""
        known = self._cells((due.key,)).get(due.key, {})
        self._fresh[due.key] = pack_cells({slug: cell for slug, cell in known.items() if slug not in due.assign})

    def _leave(self, items: Group) -> None:
        for item in items:
            self._window.marks.leave(item.event)


def _sliced(items: Iterable[tuple[RecordKey, Group]]) -> Iterator[Groups]:
    iterator = iter(items)
    while some := dict(islice(iterator, AT_ONCE)):
        yield some
