"""What a preview shows of a record names the newest events behind it, and holds no more of them."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attio_ctl.delivery.batch import BatchOptions
from attio_ctl.delivery.differences import NAMED, EventPlace, Mentions
from attio_ctl.delivery.fold import Contribution
from attio_ctl.delivery.preview import preview
from attio_ctl.delivery.rehearsal import Rehearsal
from attio_ctl.delivery.source import Line
from attio_ctl.mapping.writes import RecordKey, Write

from .test_engine import PROGRAM, SCHEMA

KEY = RecordKey("things", "name", "x")


@given(st.lists(st.tuples(st.integers(0, 9), st.lists(st.sets(st.sampled_from("pqr")), max_size=2)), max_size=25))
def test_the_newest_events_of_an_attribute_are_named_each_once(events: list[tuple[int, list[set[str]]]]) -> None:
    """Whatever order they come in, and however many mappings speak of it."""
    mentions, said = Mentions(), dict[str, set[tuple[int, int]]]()
    for n, (time, by_mapping) in enumerate(events):
        for slugs in by_mapping:
            write = Write(KEY, dict.fromkeys(slugs, "v"), frozenset())
            mentions.add(Line("f", 0, 0, n, b""), Contribution(n, time, "m", write))
            for slug in slugs:
                said.setdefault(slug, set()).add((time, n))

    for slug in "pqr":
        aged = sorted(said.get(slug, ()))
        assert mentions.of(slug) == tuple(EventPlace("f", n) for _, n in aged[-NAMED:])
        assert mentions.has_more(slug) == (len(aged) > NAMED)


@pytest.mark.anyio
async def test_a_record_of_many_long_events_is_foreseen_in_little_memory(tmp_path: Path) -> None:
    """40 MB of events about one record, which is shown."""
    count, length = 20_000, 2_000
    file = tmp_path / "events.ndjson"
    with file.open("w") as stream:
        for n in range(count):
            event = {"messageId": f"m{n}", "timestamp": f"2026-10-01T00:00:00.{n:06}Z", "name": "x", "plan": f"{n}"}
            stream.write(json.dumps({**event, "text": "".ljust(length, ".")}) + "\n")
    tracemalloc.start()
    try:
        found = await preview(
            files=[file],
            program=PROGRAM,
            ledger=None,
            rehearsal=Rehearsal("documented", BatchOptions(), SCHEMA, keep=10),
            scratch=tmp_path,
        )
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    (foreseen,) = found.foreseen
    assert [place.number for place in foreseen.mentions.of("plan")] == [count - 4 + n for n in range(NAMED)]
    assert peak < 16 * 1024 * 1024, f"{peak / 1e6:.0f} MB"
