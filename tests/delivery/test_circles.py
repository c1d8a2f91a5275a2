"""References that go round are sent after both ends exist, and never on behalf of an event that is refused."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attio_ctl.delivery import sending, staging
from attio_ctl.delivery.dead_letters import MemoryDeadLetters
from attio_ctl.delivery.ledger import MemoryLedger
from attio_ctl.delivery.staging import Staging
from attio_ctl.mapping.writes import RecordKey

from .test_engine import POISON, Workspace, oracle, run

NAMES = ("x", "y", "z")
contents = st.fixed_dictionaries(
    {"name": st.sampled_from(NAMES)},
    optional={"plan": st.sampled_from(["Free", POISON]), "friend": st.sampled_from([*NAMES, "nobody"])},
)


def deliver(folder: Path, events: Sequence[dict[str, Any]], held: int) -> tuple[dict[str, dict[str, Any]], set[str]]:
    """What is in the records then, and which events were refused; `held` of 0 puts everything on the disk."""
    workspace, letters = Workspace(), MemoryDeadLetters()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Staging.__init__, "__kwdefaults__", {"forms": None, "scratch": None, "held": held})
        patch.setattr(staging, "WHOLE", held)
        asyncio.run(run(folder, events, workspace, MemoryLedger(), letters))
    return workspace.content, {json.loads(letter.line.raw)["messageId"] for letter in letters.letters.values()}


def linked(events: Sequence[dict[str, Any]], dead: set[str]) -> dict[str, dict[str, Any]]:
    """What is in the records when the events that were not refused are applied singly."""
    alive = [event for event in events if event["messageId"] not in dead]
    records = oracle(alive)
    for event in alive:
        if "friend" in event:
            records[event["name"]]["friend"] = RecordKey("things", "name", event["friend"])
    return records


@pytest.mark.parametrize("held", [0, 100_000], ids=["spilled", "held"])
@settings(max_examples=80)
@given(said=st.lists(contents, max_size=8))
def test_the_references_of_a_refused_event_are_not_sent_whatever_the_circle(
    tmp_path: Path, held: int, said: list[dict[str, Any]]
) -> None:
    events = [
        {"messageId": f"m{n}", "timestamp": f"2026-10-01T00:00:{n:02}Z", **content}
        for n, content in enumerate([*({"name": name} for name in NAMES), *said])
    ]

    content, dead = deliver(tmp_path, events, held)

    assert dead <= {e["messageId"] for e in events if e.get("plan") == POISON or e.get("friend") == "nobody"}
    assert content == linked(events, dead)


def test_more_refused_records_than_are_looked_into_at_a_time_blame_no_other(tmp_path: Path) -> None:
    """A circle of which every record is refused for one event, and linked by another to one far away."""
    names = [f"t{n}" for n in range(30)]
    events = [
        {"messageId": f"{kind}{n}", "timestamp": f"2026-10-01T00:{minute:02}:{n:02}Z", "name": name, **more}
        for n, name in enumerate(names)
        for minute, kind, more in (
            (0, "plain", {"plan": "Free"}),
            (1, "poison", {"plan": POISON}),
            (2, "link", {"friend": names[(n + 15) % 30]}),
        )
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sending, "REFUSED_AT_ONCE", 4)
        content, dead = deliver(tmp_path, events, 0)

    assert dead == {f"poison{n}" for n in range(30)}
    assert content == linked(events, dead)
