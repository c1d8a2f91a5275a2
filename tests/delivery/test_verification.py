"""Following a batch, against a server that works it off at any pace and drops what it likes; on a clock of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from attio_ctl.delivery.batch import QUIET
from attio_ctl.delivery.finding import KEYS_PER_QUERY
from attio_ctl.delivery.verification import PROBED, SOON, Carried, Verification
from attio_ctl.mapping.writes import RecordKey
from attio_ctl.state.schema import AttributeSchema, ObjectSchema, Schema

from .sending import due

ATTRIBUTES = {"code": AttributeSchema("code", "text", unique=True), "note": AttributeSchema("note", "text")}
SCHEMA = Schema({"things": ObjectSchema("things", True, ATTRIBUTES)})


class Server:
    """
    Works assertions off in order, so many a second from the moment that they are sent; is its own clock and finder.

    `dropped` never come into effect; `before` stood already.
    """

    def __init__(self, count: int, per_second: float, dropped: set[int], before: set[int]) -> None:
        self.writes = [Carried(due(key_of(n), note=f"n{n}"), {"code": f"c{n}", "note": f"n{n}"}) for n in range(count)]
        self._per_second = per_second
        self._dropped = dropped
        self._before = before
        self._sent_at: float | None = None
        self.now = 1000.0
        self.queries = 0

    def send(self) -> None:
        self._sent_at = self.now

    def stands(self, place: int) -> bool:
        if place in self._before:
            return True
        reached = 0.0 if self._sent_at is None else (self.now - self._sent_at) * self._per_second
        return place < reached and place not in self._dropped

    @property
    def ended_at(self) -> float:
        assert self._sent_at is not None
        return self._sent_at + len(self.writes) / self._per_second

    async def records(self, keys: Iterable[RecordKey]) -> dict[RecordKey, Any]:
        self.now += 0.05
        asked = list(keys)
        assert len(asked) <= KEYS_PER_QUERY
        self.queries += 1
        return {
            key: {"values": {"code": [{"value": key.value}], "note": [{"value": f"n{key.value[1:]}"}]}}
            for key in asked
            if self.stands(int(key.value[1:]))
        }

    async def ids(self, keys: Iterable[RecordKey]) -> Mapping[RecordKey, str]:
        assert list(keys) == []
        return {}

    def monotonic(self) -> float:
        return self.now

    def wall(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


def key_of(n: int) -> RecordKey:
    return RecordKey("things", "code", f"c{n}")


def follow(server: Server) -> tuple[list[int], list[int]]:
    """The places that were taken, in that order, and those that are left."""
    taken: list[Carried] = []

    async def run() -> list[Carried]:
        verification = Verification(server, SCHEMA, server)  # type: ignore[arg-type]
        watch = await verification.watch(server.writes)
        server.send()
        return await verification.follow(watch, taken.append, quiet=QUIET)

    left = asyncio.run(run())
    return [place_of(write) for write in taken], [place_of(write) for write in left]


def place_of(write: Carried) -> int:
    return int(write.due.key.value[1:])


@settings(max_examples=80)
@given(st.data())
def test_every_write_is_taken_or_left_as_it_stands_in_the_end(data: st.DataObject) -> None:
    """However few come into effect, as long as something does every few seconds."""
    count = data.draw(st.sampled_from([1, 5, 60, KEYS_PER_QUERY, KEYS_PER_QUERY + 50, 1100]))
    places = st.sets(st.integers(0, count - 1), max_size=min(count, 12))
    dropped, before = data.draw(places), data.draw(places)
    server = Server(count, data.draw(st.floats(max(20.0, count / 20), 50_000)), dropped, before)

    taken, left = follow(server)

    assert sorted(taken + left) == list(range(count))
    assert left == sorted(dropped - before)


def test_a_long_batch_is_read_whole_once_and_probed_until_then() -> None:
    server = Server(4000, 1000.0, {7, 2000}, set())

    taken, left = follow(server)

    assert (len(taken), left) == (3998, [7, 2000])
    assert server.queries <= 4000 / KEYS_PER_QUERY + 12
    assert server.now - server.ended_at < 4


def test_a_dropped_write_is_known_as_soon_as_a_later_one_comes_into_effect() -> None:
    server = Server(100, 10_000.0, {50}, set())

    assert follow(server)[1] == [50]
    assert server.now - server.ended_at < 1


def test_what_is_dropped_at_the_end_takes_a_little_longer() -> None:
    server = Server(100, 10_000.0, {99}, set())

    assert follow(server)[1] == [99]
    assert SOON <= server.now - server.ended_at < SOON + 3


def test_a_batch_without_a_sign_is_given_up_after_a_while() -> None:
    server = Server(100, 10_000.0, set(range(100)), set())

    assert follow(server)[1] == list(range(100))
    assert QUIET <= server.now - server.ended_at < QUIET + 3


def test_a_long_batch_whose_end_is_dropped_is_read_all_the_same() -> None:
    server = Server(1000, 10_000.0, set(range(1000 - 2 * PROBED, 1000)), set())

    taken, _ = follow(server)

    assert len(taken) == 1000 - 2 * PROBED
