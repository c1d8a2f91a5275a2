"""The engine over a transport that refuses and fails as a script says: the records are always those of an oracle."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attio_ctl.attio.messages import Usage
from attio_ctl.delivery import sending, staging
from attio_ctl.delivery.dead_letters import DeadLetter, MemoryDeadLetters
from attio_ctl.delivery.fold import Due
from attio_ctl.delivery.ledger import FullDiskError, MemoryLedger, Settlement
from attio_ctl.delivery.outcome import Outcome, Progress
from attio_ctl.delivery.run import Engine
from attio_ctl.delivery.source import BLOCK, Line
from attio_ctl.delivery.sqlite_ledger import open_ledger
from attio_ctl.delivery.staging import Staging
from attio_ctl.delivery.transport import Refused, Unsent, Verdict, Written
from attio_ctl.errors import PartialError, StorageError
from attio_ctl.mapping.program import Program, compile_mappings
from attio_ctl.mapping.writes import RecordKey
from attio_ctl.state.schema import AttributeSchema, ObjectSchema, Schema

from .conftest import MAPPINGS

SCHEMA = Schema(
    {
        "things": ObjectSchema(
            "things",
            True,
            {
                each.slug: each
                for each in (
                    AttributeSchema("name", "text", unique=True),
                    AttributeSchema("plan", "text"),
                    AttributeSchema("tags", "select", multiselect=True, titles=frozenset("abc")),
                    AttributeSchema("friend", "record-reference", targets=frozenset({"things"})),
                )
            },
        )
    }
)


def _setting(*slugs: str) -> Program:
    values = {slug: f"$.{slug}" for slug in slugs}
    mapping = {"action": "assert-record", "object": "things", "match": "name", "values": values}
    return compile_mappings(MAPPINGS.validate_python({"thing": mapping}), SCHEMA)


PROGRAM = _setting("name", "plan", "tags", "friend")
PLAIN = _setting("name", "plan", "tags")
"""Things that do not refer to each other, so that each is on its own from the start."""
programs = st.sampled_from([PROGRAM, PLAIN])
POISON = "poison"


class Workspace:
    """
    Records in memory behind a transport that refuses poison, and stops after as many writes as it is allowed.

    Attributes:
        answers_last: Whether the answer to the last write of those arrives; else it is taken and nobody knows.
    """

    def __init__(self) -> None:
        self.answers_last = True
        self.records: dict[RecordKey, dict[str, Any]] = {}
        self.usage = Usage()
        self.allowed = -1

    async def send(self, writes: Sequence[Due]) -> AsyncGenerator[tuple[Due, Verdict], None]:
        for due in writes:
            await asyncio.sleep(0)
            last = self.allowed == 1
            verdict = self._take(due)
            is_lost = last and not self.answers_last and isinstance(verdict, Written)
            yield due, Unsent(PartialError("no answer")) if is_lost else verdict

    def _take(self, due: Due) -> Verdict:
        if self.allowed == 0:
            return Unsent(PartialError("the server is gone"))
        self.allowed -= 1
        self.usage = Usage(writes=self.usage.writes + 1)
        if due.assign.get("plan") == POISON:
            return Refused("value_not_found", "no such plan", {}, {})
        for value in due.assign.values():
            if isinstance(value, RecordKey) and value not in self.records:
                return Refused("value_not_found", f"no {value.value}", {}, {})
        record = self.records.setdefault(due.key, {})
        record.update({slug: frozenset(v) if isinstance(v, list) else v for slug, v in due.assign.items()})
        for slug, values in due.append.items():
            record[slug] = frozenset(record.get(slug) or ()) | frozenset(values)
        return Written()

    @property
    def content(self) -> dict[str, dict[str, Any]]:
        return {
            key.value: {slug: value for slug, value in record.items() if value not in (None, frozenset())}
            for key, record in self.records.items()
        }


def oracle(events: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Every event that is not poison applied singly, the oldest first."""
    records: dict[str, dict[str, Any]] = {}
    for event in sorted(events, key=lambda event: event["timestamp"]):
        if event.get("plan") == POISON:
            continue
        record = records.setdefault(event["name"], {"name": event["name"]})
        if "plan" in event:
            record["plan"] = event["plan"]
        if "tags" in event:
            record["tags"] = (
                frozenset() if event["tags"] is None else record.get("tags", frozenset()) | set(event["tags"])
            )
    return {
        name: {slug: value for slug, value in record.items() if value not in (None, frozenset())}
        for name, record in records.items()
    }


def never_overtaken(history: Sequence[dict[str, Any]]) -> set[str]:
    """Poison that no newer event replaces; what is overtaken before it is sent is superseded and harms nobody."""
    newest = {event["name"]: event for event in history if "plan" in event}
    return {event["messageId"] for event in newest.values() if event["plan"] == POISON}


# An event is refused whole. One whose poison is overtaken unsent is not refused, and what else it says is delivered;
# poison comes alone here, or the result would depend on whether the newer event came in the same window.
contents = st.fixed_dictionaries(
    {"name": st.sampled_from(["x", "y"])},
    optional={
        "plan": st.sampled_from(["Free", "Pro", None]),
        "tags": st.none() | st.lists(st.sampled_from("abc"), max_size=2),
    },
) | st.fixed_dictionaries({"name": st.sampled_from(["x", "y"]), "plan": st.just(POISON)})


@st.composite
def histories(draw: st.DrawFn) -> list[dict[str, Any]]:
    return [
        {"messageId": f"m{n}", "timestamp": f"2026-10-01T00:00:{n:02}Z", **content}
        for n, content in enumerate(draw(st.lists(contents, min_size=1, max_size=12)))
    ]


async def run(
    folder: Path,
    events: Sequence[Any],
    to: Workspace,
    ledger: MemoryLedger,
    letters: Any,
    program: Program = PROGRAM,
) -> Outcome:
    file = folder / "events.ndjson"
    file.write_text("".join(json.dumps(event) + "\n" for event in events))
    engine = Engine(program=program, ledger=ledger, dead_letters=letters, transport=to, stop=asyncio.Event())
    return await engine.deliver([file])


engine = settings(max_examples=60)


@engine
@given(data=st.data())
def test_order_repetition_and_number_of_runs_change_nothing(tmp_path: Path, data: st.DataObject) -> None:
    history = data.draw(histories())
    arrived = data.draw(st.permutations(history + data.draw(st.lists(st.sampled_from(history), max_size=4))))
    cut = data.draw(st.integers(0, len(arrived)))
    program = data.draw(programs)
    workspace, ledger, letters = Workspace(), MemoryLedger(), MemoryDeadLetters()

    for part in (arrived[:cut], arrived[cut:], arrived):
        asyncio.run(run(tmp_path, part, workspace, ledger, letters, program))

    assert workspace.content == oracle(history)
    dead = {json.loads(letter.line.raw)["messageId"] for letter in letters.letters.values()}
    assert never_overtaken(history) <= dead <= {each["messageId"] for each in history if each.get("plan") == POISON}


@engine
@given(data=st.data())
def test_failures_at_any_write_and_resumes_change_nothing(tmp_path: Path, data: st.DataObject) -> None:
    """Each run is cut off after some writes; the account of the last is that of a run that was never cut off."""
    history = data.draw(histories())
    arrived = data.draw(st.permutations(history))
    limits = data.draw(st.lists(st.integers(0, 4), max_size=5))
    held = data.draw(st.sampled_from([0, 50, 200, 10_000]))
    large = data.draw(st.sampled_from([1, 300, staging.LARGE]))
    program = data.draw(programs)
    workspace, ledger, letters = Workspace(), MemoryLedger(), MemoryDeadLetters()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Staging.__init__, "__kwdefaults__", {"forms": None, "scratch": None, "held": held})
        patch.setattr(staging, "LARGE", large)
        patch.setattr(staging, "WHOLE", held)
        outcome = None
        for allowed in [*limits, -1]:
            workspace.allowed = allowed
            outcome = asyncio.run(run(tmp_path, arrived, workspace, ledger, letters, program))
            if outcome.finished:
                break
            assert isinstance(outcome.halted, PartialError)
            assert outcome.account.pending

    assert outcome is not None
    assert outcome.finished
    assert outcome.account.read == len(arrived)
    assert outcome.account.dead_lettered == len(letters.letters)
    assert workspace.content == oracle(history)
    assert outcome.account.requests == workspace.usage.writes


@engine
@given(data=st.data())
def test_writes_that_were_taken_without_an_answer_never_stand_for_good(tmp_path: Path, data: st.DataObject) -> None:
    """Runs are cut off after a write that nobody knows was taken, while the file grows; a value may flip to and fro."""
    history = data.draw(histories())
    cuts = sorted(data.draw(st.lists(st.tuples(st.integers(0, len(history)), st.integers(1, 4)), max_size=4)))
    program = data.draw(programs)
    workspace, ledger, letters = Workspace(), MemoryLedger(), MemoryDeadLetters()
    workspace.answers_last = False

    for grown, allowed in [*cuts, (len(history), -1)]:
        workspace.allowed = allowed
        asyncio.run(run(tmp_path, history[:grown], workspace, ledger, letters, program))

    assert workspace.content == oracle(history)


@pytest.mark.parametrize("kind", [MemoryLedger, "file"])
def test_a_value_that_flips_back_after_a_write_without_an_answer_is_sent(tmp_path: Path, kind: Any) -> None:
    events = [
        {"name": "a", "plan": plan, "timestamp": f"2026-10-01T00:00:0{n}Z"} for n, plan in enumerate(["f", "p", "f"])
    ]
    file = open_ledger(path=tmp_path / "ledger.sqlite", workspace_id="w") if kind == "file" else None
    workspace, ledger, letters = Workspace(), file or MemoryLedger(), MemoryDeadLetters()

    async def deliver(count: int, allowed: int) -> Outcome:
        workspace.allowed = allowed
        return await run(tmp_path, events[:count], workspace, ledger, letters)

    asyncio.run(deliver(1, -1))
    workspace.answers_last = False
    asyncio.run(deliver(2, 1))
    assert workspace.content["a"]["plan"] == "p"
    assert ledger.in_doubt()
    done = asyncio.run(deliver(3, -1))

    assert done.finished
    assert workspace.content["a"]["plan"] == "f"
    assert not ledger.in_doubt()
    ledger.close()


class KilledError(BaseException):
    """Nothing of the program runs after it."""


class Deadly(Workspace):
    """Takes a write, and no answer arrives, nor does anything else happen, while it is deadly."""

    is_deadly = False

    def _take(self, due: Due) -> Verdict:
        verdict = super()._take(due)
        if self.is_deadly:
            raise KilledError
        return verdict


@pytest.mark.parametrize("kind", [MemoryLedger, "file"])
def test_a_value_that_flips_back_after_a_retry_that_was_killed_is_sent(tmp_path: Path, kind: Any) -> None:
    """What a killed retry of dead letters has written is as unknown as what a killed delivery has."""
    events = [
        {"name": "a", "plan": plan, "timestamp": f"2026-10-01T00:00:0{n}Z"} for n, plan in enumerate(["f", "p", "f"])
    ]
    file = open_ledger(path=tmp_path / "ledger.sqlite", workspace_id="w") if kind == "file" else None
    workspace, ledger, letters = Deadly(), file or MemoryLedger(), MemoryDeadLetters()
    raw = json.dumps(events[1]).encode()
    letter = DeadLetter(Line("events.ndjson", 0, len(raw), 2, raw), "unknown_option", "no such plan", "thing")
    retrying = Engine(
        program=PROGRAM, ledger=ledger, dead_letters=letters, transport=workspace, stop=asyncio.Event()
    ).retry([letter])

    asyncio.run(run(tmp_path, events[:1], workspace, ledger, letters))
    workspace.is_deadly = True
    with pytest.raises(KilledError):
        asyncio.run(retrying)
    assert workspace.content["a"]["plan"] == "p"
    workspace.is_deadly = False
    asyncio.run(run(tmp_path, [events[2]], workspace, ledger, letters))

    assert workspace.content["a"]["plan"] == "f"
    ledger.close()


@pytest.mark.parametrize("poisons", [1, 3, 10])
def test_a_poison_among_many_costs_a_logarithm_of_requests(tmp_path: Path, poisons: int) -> None:
    count = 256
    events = [
        {"messageId": str(n), "timestamp": f"2026-10-01T{n // 60:02}:{n % 60:02}:00Z", "name": "x", "plan": f"p{n}"}
        for n in range(count)
    ]
    for event in events[-poisons:]:
        event["plan"] = POISON
    workspace, ledger, letters = Workspace(), MemoryLedger(), MemoryDeadLetters()

    outcome = asyncio.run(run(tmp_path, events, workspace, ledger, letters))

    assert outcome.account.dead_lettered == poisons
    assert workspace.usage.writes <= 1 + 2 * poisons * 8 + 1
    assert workspace.content == oracle(events)


def test_a_reference_goes_after_the_record_that_it_names(tmp_path: Path) -> None:
    events = [{"name": "x", "friend": "y"}, {"name": "y", "friend": "z"}, {"name": "z"}]
    workspace, ledger, letters = Workspace(), MemoryLedger(), MemoryDeadLetters()

    outcome = asyncio.run(run(tmp_path, events, workspace, ledger, letters))

    assert outcome.account.delivered == 3


def test_a_record_that_was_put_off_is_not_held_as_well_once_there_is_room_again(tmp_path: Path) -> None:
    """Held after it was put off, its newer half would be replaced by the older one."""
    events = [
        {"name": "a", "timestamp": "2026-10-01T00:00:01Z", "plan": "Free"},
        {"name": "a", "timestamp": "2026-10-01T00:00:02Z", "tags": ["a"]},
        {"name": "k", "timestamp": "2026-10-01T00:00:03Z", "plan": "old"},
        {"name": "a", "timestamp": "2026-10-01T00:00:04Z", "plan": "Pro", "tags": None},
        {"name": "k", "timestamp": "2026-10-01T00:00:05Z", "plan": "new"},
    ]
    workspace = Workspace()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Staging.__init__, "__kwdefaults__", {"forms": None, "scratch": None, "held": 60})
        asyncio.run(run(tmp_path, events, workspace, MemoryLedger(), MemoryDeadLetters()))

    assert workspace.content["k"]["plan"] == "new"
    assert workspace.content == oracle(events)


class Going(Workspace):
    """Takes a few writes; the server and the file of the events are gone then."""

    def __init__(self, file: Path, allowed: int) -> None:
        super().__init__()
        self.file = file
        self.allowed = allowed

    def _take(self, due: Due) -> Verdict:
        if self.allowed == 0:
            self.file.unlink(missing_ok=True)
        return super()._take(due)


def test_when_nothing_can_be_sent_any_more_refused_records_wait_without_another_reading(tmp_path: Path) -> None:
    """There is nothing to look for: no half could be tried."""
    events = [{"name": f"n{n}", "plan": POISON} for n in range(8)]
    workspace = Going(tmp_path / "events.ndjson", allowed=3)
    letters = MemoryDeadLetters()

    outcome = asyncio.run(run(tmp_path, events, workspace, MemoryLedger(), letters))

    assert isinstance(outcome.halted, PartialError)
    assert (outcome.account.read, outcome.account.pending) == (8, 8)
    assert not letters.letters


class Waiting(Workspace):
    """Counts how often others had their turn between one sending and the next."""

    def __init__(self) -> None:
        super().__init__()
        self.turns: list[int] = []

    async def send(self, writes: Sequence[Due]) -> AsyncGenerator[tuple[Due, Verdict], None]:
        self.turns.append(0)
        async with aclosing(super().send(writes)) as verdicts:
            async for each in verdicts:
                yield each
        self.turns[-1] = 0

    async def count(self) -> None:
        while True:
            await asyncio.sleep(0)
            if self.turns:
                self.turns[-1] += 1


def test_others_have_their_turn_while_a_long_window_is_read_again(tmp_path: Path) -> None:
    long = "x" * 1_000
    events = [{"name": "a", "plan": POISON}, *({"name": f"n{n % 2}", "long": long} for n in range(4_000))]
    workspace = Waiting()

    async def deliver() -> None:
        counting = asyncio.create_task(workspace.count())
        await run(tmp_path, events, workspace, MemoryLedger(), MemoryDeadLetters())
        counting.cancel()

    asyncio.run(deliver())

    assert workspace.turns[0] >= 4_000_000 // BLOCK


class Unkept(MemoryDeadLetters):
    """Has no room for dead letters."""

    def append(self, letters: Any) -> None:
        raise StorageError("no space left on device")


class Full(MemoryLedger):
    """Has room for the last note of a window that is settled, and no more."""

    def settle(self, settlement: Settlement) -> None:
        super().settle(settlement)
        if settlement.recent is not None:
            raise FullDiskError("no space left on device")


PAIR = [{"name": "a", "plan": "Free", "timestamp": "2026-10-01T00:00:01Z"}, {"name": "b", "plan": POISON}]


def test_dead_letters_that_cannot_be_kept_end_the_run_with_its_account(tmp_path: Path) -> None:
    workspace, ledger, letters = Workspace(), MemoryLedger(), MemoryDeadLetters()
    first = asyncio.run(run(tmp_path, PAIR, workspace, ledger, Unkept(), PLAIN))
    second = asyncio.run(run(tmp_path, PAIR, workspace, ledger, letters, PLAIN))

    assert isinstance(first.halted, StorageError)
    assert not first.finished
    assert (first.account.read, first.account.pending, first.account.writes) == (2, 2, 1)
    assert (second.account.delivered, second.account.dead_lettered, len(letters.letters)) == (1, 1, 1)
    assert second.account.writes == 1


def test_refused_records_are_told_as_they_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Attio takes none, nothing else would be told at all; once all are loaded, their number is no estimate."""
    monkeypatch.setattr(sending, "TELL_EVERY", 0)
    told: list[Progress] = []
    file = tmp_path / "events.ndjson"
    file.write_text("".join(json.dumps({"name": f"x{n}", "plan": POISON}) + "\n" for n in range(9)))
    engine = Engine(
        program=PLAIN,
        ledger=MemoryLedger(),
        dead_letters=MemoryDeadLetters(),
        transport=Workspace(),
        stop=asyncio.Event(),
        observe=told.append,
    )
    asyncio.run(engine.deliver([file]))
    sent = [each for each in told if each.records]

    assert (sent[0].done, sent[0].is_estimate) == (0, True)
    assert max(each.done for each in sent) == sent[-1].records == 9
    assert not sent[-1].is_estimate


def test_a_disk_that_is_full_at_the_last_note_ends_the_run_with_its_account(tmp_path: Path) -> None:
    outcome = asyncio.run(run(tmp_path, PAIR, Workspace(), Full(), MemoryDeadLetters(), PLAIN))

    assert isinstance(outcome.halted, FullDiskError)
    assert (outcome.account.delivered, outcome.account.dead_lettered, outcome.finished) == (1, 1, True)


@pytest.mark.parametrize("held", [0, 100_000], ids=["spilled", "held"])
def test_a_record_counts_as_done_once_however_often_it_is_sent(tmp_path: Path, held: int) -> None:
    """Its links, and what is tried again after a refusal, are of a record that was counted."""
    events = [
        {"name": f"x{n % 5}", "friend": f"x{(n + 1) % 5}", "timestamp": f"2026-10-01T00:00:0{n % 10}Z", "plan": plan}
        for n, plan in enumerate(["Free", POISON, "Pro", None, "Free"] * 4)
    ]
    told: list[Progress] = []
    file = tmp_path / "events.ndjson"
    file.write_text("".join(json.dumps(event) + "\n" for event in events))

    async def deliver() -> Outcome:
        engine = Engine(
            program=PROGRAM,
            ledger=MemoryLedger(),
            dead_letters=MemoryDeadLetters(),
            transport=Workspace(),
            stop=asyncio.Event(),
            observe=told.append,
        )
        return await engine.deliver([file])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Staging.__init__, "__kwdefaults__", {"forms": None, "scratch": None, "held": held})
        patch.setattr(staging, "WHOLE", held)
        patch.setattr(sending, "TELL_EVERY", 0)
        asyncio.run(deliver())

    assert 0 < max(each.done for each in told) <= 5
