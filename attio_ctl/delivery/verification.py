"""
Following a batch until all of it stands, or what does not is known to have been dropped.

Attio takes a batch at once, carries it out a little later in the order of its assertions, and says nothing of either.
So it is read back. The order tells when to stop waiting: once an assertion was seen to come into effect, all before it
have had their turn, and one of them that does not stand by then was dropped. To see that, the end of a batch is looked
at before it is sent, too. Where nothing was seen to come into effect (all stood before, or all was dropped), and for
what comes after the last that was, a time without any change has to do.

A long batch is probed by its end, one small query at a time, and read whole when the end stands: 10,000 records take
25 queries and a few probes.

Source: pull request 2057 of Segment's action-destinations, by an Attio engineer: processed in order, within seconds,
invalid assertions dropped. That queries see all writes before them is what Attio's page on searching says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby, islice
from typing import Final

from msgspec import Struct

from attio_ctl.attio.clock import Clock
from attio_ctl.delivery.finding import KEYS_PER_QUERY, Finder
from attio_ctl.delivery.fold import Due
from attio_ctl.delivery.standing import references_in, stands
from attio_ctl.mapping.writes import Value
from attio_ctl.state.schema import Schema

FIRST_PAUSE: Final = 0.05
LONGEST_PAUSE: Final = 2.0
"""Seconds between two looks: the first, and what they double up to."""

PROBED: Final = 20
"""Writes at the end of a batch that a probe looks at: not only the last, which may be a dropped one."""

SOON: Final = 3.0
"""Seconds without any change after which a batch that was seen to be carried out is taken to be at its end."""


class Carried(Struct, frozen=True, gc=False):
    """A write in a batch, and the values that go into its assertion."""

    due: Due
    values: Mapping[str, Value]


class Verification:
    """Follows the batches of one run."""

    def __init__(self, finder: Finder, schema: Schema, clock: Clock) -> None:
        self._finder = finder
        self._schema = schema
        self._clock = clock

    async def watch(self, writes: Sequence[Carried]) -> Watch:
        """
        Look at the end of a batch that is about to be sent.

        Raises:
            ApiError: a read failed for good.
        """
        watch = Watch(writes)
        for places in watch.queries(watch.end):
            watch.note_missing(set(places) - await self._standing(watch, places), watch.reached)
        return watch

    async def follow(self, watch: Watch, taken: Callable[[Carried], None], *, quiet: float) -> list[Carried]:
        """
        Wait until every write of a batch stands or is known not to.

        Args:
            taken: Told of each write once it stands.
            quiet: Seconds without any change after which nothing more is expected where nothing was seen to come into
                effect; else that is `SOON`.

        Returns:
            The writes that do not stand, in their order.

        Raises:
            ApiError: a read failed for good.
        """
        pause, changed_at = FIRST_PAUSE, self._clock.monotonic()
        while watch.waiting:
            is_short = len(watch.waiting) <= KEYS_PER_QUERY
            stood = [] if is_short else await self._look(watch, watch.end)
            if stood or is_short or pause >= LONGEST_PAUSE:
                stood += await self._look(watch, list(watch.waiting))
            for write in stood:
                taken(write)
            now = self._clock.monotonic()
            changed_at = now if stood else changed_at
            if not watch.waiting or now - changed_at >= (quiet if watch.reached < 0 else SOON):
                break
            await self._clock.sleep(pause)
            pause = min(LONGEST_PAUSE, pause * 2)
        return watch.left

    async def _look(self, watch: Watch, places: Sequence[int]) -> list[Carried]:
        """Read the records of these places; the writes that stand."""
        found: list[Carried] = []
        for asked in watch.queries(places):
            reached = watch.reached
            standing = await self._standing(watch, asked)
            found += watch.note_standing(standing)
            watch.note_missing(set(asked) - standing, reached)
        return found

    async def _standing(self, watch: Watch, places: Sequence[int]) -> set[int]:
        """Those of some places, all found by one attribute, whose writes stand."""
        writes = {place: watch.waiting[place] for place in places}
        records = await self._finder.records(write.due.key for write in writes.values())
        ids = await self._finder.ids(key for write in writes.values() for key in references_in(write.values))
        return {
            place
            for place, write in writes.items()
            if (record := records.get(write.due.key)) is not None
            and stands(write.values, record["values"], self._schema.objects[write.due.key.object].attributes, ids)
        }


class Watch:
    """
    What is known of each place of a batch, by the place of its assertion in it.

    Attributes:
        waiting: The writes that may still come into effect.
        reached: The last place that was seen to come into effect; all before it have had their turn.
    """

    def __init__(self, writes: Sequence[Carried]) -> None:
        self.waiting = dict(enumerate(writes))
        self.reached = -1
        self._seen_missing: set[int] = set()
        self._dropped: dict[int, Carried] = {}

    @property
    def left(self) -> list[Carried]:
        """All that does not stand."""
        missing = {**self._dropped, **self.waiting}
        return [missing[place] for place in sorted(missing)]

    @property
    def end(self) -> list[int]:
        """The last places that wait."""
        return list(islice(reversed(self.waiting), PROBED))

    def queries(self, places: Iterable[int]) -> Iterator[Sequence[int]]:
        """The places in portions, each of which one query can ask for."""

        def matched_by(place: int) -> tuple[str, str]:
            key = self.waiting[place].due.key
            return key.object, key.attribute

        for _, group in groupby(sorted(places, key=lambda place: (matched_by(place), place)), matched_by):
            while some := list(islice(group, KEYS_PER_QUERY)):
                yield some

    def note_standing(self, places: set[int]) -> list[Carried]:
        """The writes of these places; where one was missing before, the batch got as far as that."""
        self.reached = max(self.reached, *(places & self._seen_missing), -1)
        return [self.waiting.pop(place) for place in sorted(places)]

    def note_missing(self, places: set[int], reached: int) -> None:
        """`reached` is how far the batch was known to be before the read."""
        self._seen_missing |= places
        for place in places:
            if place < reached:
                self._dropped[place] = self.waiting.pop(place)
