"""A refused record is looked into in little memory, however many events it is made of."""

from __future__ import annotations

import asyncio
import json
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attio_ctl.delivery import evidence
from attio_ctl.delivery.dead_letters import MemoryDeadLetters
from attio_ctl.delivery.evidence import Evidence, lean
from attio_ctl.delivery.fold import Contribution, due_of
from attio_ctl.delivery.ledger import MemoryLedger
from attio_ctl.delivery.run import Engine
from attio_ctl.delivery.source import Line
from attio_ctl.mapping.writes import RecordKey, Write

from .test_engine import POISON, PROGRAM, Workspace
from .test_fold import histories, ordered

KEYS = [RecordKey("things", "name", name) for name in "xyz"]

said = st.lists(st.tuples(st.integers(0, 5), st.sets(st.sampled_from(KEYS), min_size=1)), max_size=20)


@given(said)
def test_what_was_said_comes_back_by_record_the_oldest_first_with_its_line(
    events: list[tuple[int, set[RecordKey]]],
) -> None:
    held = Evidence(None)
    everything = []
    for n, (time, keys) in enumerate(events):
        line = Line("events.ndjson", 10 * n, 10 * n + 10, n + 1, b"event %d" % n)
        for key in sorted(keys, key=str):
            everything.append(
                (line, Contribution(n, time, "m", Write(key, {"name": key.value, "tags": [n]}, frozenset({"tags"}))))
            )
            held.add(*everything[-1])

    told = held.told()

    assert told.keys() == {item.write.key for _, item in everything}
    for key, items in told.items():
        expected = sorted((item for _, item in everything if item.write.key == key), key=lambda item: item.age)
        assert list(items) == expected
        assert list(items[1:]) == expected[1:]
        assert items[-1] == expected[-1]
    assert all(held.line(item.event) == line for line, item in everything)
    held.close()


@given(histories())
def test_what_is_found_a_stretch_at_a_time_comes_to_the_same(history: list[Contribution]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evidence, "STRETCH", 3)
        found = lean(history)
    key = history[0].write.key

    assert ordered(due_of(key, found, {})) == ordered(due_of(key, history, {}))


@pytest.mark.anyio
@pytest.mark.timeout(600)
async def test_one_culprit_among_many_long_events_of_a_record_is_found_in_little_memory(tmp_path: Path) -> None:
    """40 MB of events about one record, of which one is refused."""
    count, length = 20_000, 2_000
    file = tmp_path / "events.ndjson"
    with file.open("w") as stream:
        for n in range(count):
            event = {"messageId": f"m{n}", "timestamp": f"2026-10-01T00:00:00.{n:06}Z", "name": "x", "tags": ["a"]}
            event |= {"plan": POISON} if n == count // 3 else {}
            stream.write(json.dumps({**event, "text": f"{n}".ljust(length, ".")}) + "\n")
    letters, workspace = MemoryDeadLetters(), Workspace()
    engine = Engine(
        program=PROGRAM,
        ledger=MemoryLedger(),
        dead_letters=letters,
        transport=workspace,
        stop=asyncio.Event(),
        scratch=tmp_path,
    )
    tracemalloc.start()
    try:
        outcome = await engine.deliver([file])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert outcome.account.dead_lettered == 1
    (letter,) = letters.letters.values()
    assert letter.line.number == count // 3 + 1
    assert workspace.content == {"x": {"name": "x", "tags": frozenset("a")}}
    assert workspace.usage.writes <= 40
    assert peak < 16 * 1024 * 1024, f"{peak / 1e6:.0f} MB"
