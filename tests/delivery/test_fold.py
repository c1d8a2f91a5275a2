"""Folding: whatever order events arrive in and however they are cut into windows, the records end the same."""

from __future__ import annotations

import gc
import itertools
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import astuple, replace

from attio_ctl.delivery import staging
from attio_ctl.delivery.cells import Cell, Cells, canonical, digest_of, lay, pack_cells, parse, unpack_cells
from attio_ctl.delivery.fold import Contribution, Due, compare, due_of, fold
from attio_ctl.delivery.staging import Staging
from attio_ctl.mapping.writes import RecordId, RecordKey, Write

ADA = RecordKey("people", "email_addresses", "ada@example.com")
ATTRIBUTES = ("plan", "seats", "tags")


def said(event: int, time: int, values: dict[str, Any], append: tuple[str, ...] = ("email_addresses",)) -> Contribution:
    whole = {"email_addresses": ["ada@example.com"], **values}
    return Contribution(event, time, "identify", Write(ADA, whole, frozenset(append).intersection(whole)))


class Record:
    """One record as Attio would hold it; multiselects as sets, since their order is Attio's own."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.writes = 0

    def take(self, assign: Any, append: Any) -> None:
        self.writes += 1
        for slug, value in assign.items():
            self.values[slug] = frozenset(value) if isinstance(value, list) else value
        for slug, added in append.items():
            self.values[slug] = frozenset(self.values.get(slug) or ()) | frozenset(added)

    @property
    def content(self) -> dict[str, Any]:
        return {slug: value for slug, value in self.values.items() if value not in (None, frozenset())}


def oracle(contributions: list[Contribution]) -> dict[str, Any]:
    """Each write applied singly, the oldest first."""
    record = Record()
    for each in sorted(contributions, key=lambda c: c.time):
        values = each.write.values
        record.take(
            {slug: value for slug, value in values.items() if slug not in each.write.append or value is None},
            {slug: value for slug, value in values.items() if slug in each.write.append and value is not None},
        )
    return record.content


def deliver(windows: list[list[Contribution]]) -> tuple[Record, Cells]:
    record, cells = Record(), {}
    for window in filter(None, windows):
        due = compare(fold(ADA, window), cells)
        if due.changed:
            record.take(due.assign, due.append)
        cells = unpack_cells(due.cells)
    return record, cells


values = st.fixed_dictionaries(
    {},
    optional={
        "plan": st.sampled_from(["Free", "Pro", None]),
        "seats": st.integers(0, 3),
        "tags": st.one_of(st.none(), st.lists(st.sampled_from("abcd"), max_size=3)),
    },
)


@st.composite
def histories(draw: st.DrawFn) -> list[Contribution]:
    """Events at distinct times; tags are sometimes added and sometimes replaced."""
    contents = draw(st.lists(st.tuples(values, st.booleans()), min_size=1, max_size=12))
    return [
        said(n, 10 * n, content, ("email_addresses", "tags") if appends else ("email_addresses",))
        for n, (content, appends) in enumerate(contents)
    ]


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[Contribution], list[list[Contribution]]]:
    """A history, and the same events permuted, repeated and cut into windows."""
    history = draw(histories())
    again = draw(st.lists(st.sampled_from(history), max_size=6))
    arrived = draw(st.permutations(history + again))
    cuts = sorted(draw(st.sets(st.integers(0, len(arrived)), max_size=4)))
    edges = [0, *cuts, len(arrived)]
    return history, [arrived[a:b] for a, b in itertools.pairwise(edges)]


@given(deliveries())
def test_any_permutation_repetition_and_partition_ends_in_the_same_record(case: Any) -> None:
    history, windows = case

    record, _ = deliver(windows)

    assert record.content == oracle(history)


@st.composite
def crowded_deliveries(draw: st.DrawFn) -> tuple[list[list[Contribution]], list[list[Contribution]]]:
    """
    The same events twice, each time permuted, repeated and cut into windows; many are of the same time.

    What is set at one time is one value: which of two stands is for the order of the input to say.
    """
    times = st.sampled_from((10, 20))
    tags = st.lists(st.sampled_from("abcd"), max_size=3)
    replaced = {time: draw(st.none() | tags) for time in (10, 20)}
    contents = draw(st.lists(st.tuples(times, st.none() | tags), min_size=1, max_size=6))
    events = [
        said(
            n, time, {"tags": replaced[time]} if added is None else {"tags": added}, () if added is None else ("tags",)
        )
        for n, (time, added) in enumerate(contents)
    ]

    def windows() -> list[list[Contribution]]:
        arrived = draw(st.permutations(events + draw(st.lists(st.sampled_from(events), max_size=3))))
        edges = [0, *sorted(draw(st.sets(st.integers(0, len(arrived)), max_size=3))), len(arrived)]
        return [
            [Contribution(n, each.time, each.mapping, each.write) for n, each in enumerate(arrived[a:b])]
            for a, b in itertools.pairwise(edges)
        ]

    return windows(), windows()


def deliver_staged(windows: list[list[Contribution]]) -> tuple[Record, Cells]:
    """As `deliver`, with what is overtaken dropped while it is read."""
    kept = []
    for window in filter(None, windows):
        staging = Staging({ADA.object: 0})
        for each in window:
            staging.add(each)
        ((_, group),) = staging.groups(0)
        kept.append(list(group))
    return deliver(kept)


@given(crowded_deliveries())
def test_values_added_and_replaced_at_the_same_time_end_the_same_in_any_order_and_partition(case: Any) -> None:
    """What is added stands on top of what is set at that time, whichever comes first."""
    (one, known), (other, known_too) = map(deliver_staged, case)

    assert one.content == other.content
    assert known == known_too


@given(deliveries())
def test_any_permutation_repetition_and_partition_ends_in_the_same_ledger(case: Any) -> None:
    history, windows = case

    assert deliver(windows)[1] == deliver([history])[1]


@given(histories())
def test_the_short_way_of_a_single_event_ends_where_the_long_one_does(history: list[Contribution]) -> None:
    for each in history:
        assert due_of(ADA, [each], {}) == compare(fold(ADA, [each]), {})


def ordered(due: Due) -> Due:
    """In which order attributes are kept and values are added does not matter."""
    cells = {slug: Cell(*astuple(cell)[:2], dict(sorted(cell.added.items()))) for slug, cell in _known(due)}
    return replace(due, append={slug: sorted(values) for slug, values in due.append.items()}, cells=pack_cells(cells))


def _known(due: Due) -> list[tuple[str, Cell]]:
    return sorted(unpack_cells(due.cells).items())


@given(histories(), st.randoms())
def test_dropping_what_is_overtaken_changes_nothing(history: list[Contribution], order: Any) -> None:
    staging = Staging({ADA.object: 0})
    order.shuffle(history)
    for each in history:
        staging.add(each)
    ((_, kept),) = staging.groups(0)

    due, whole = compare(fold(ADA, kept), {}), compare(fold(ADA, history), {})

    assert ordered(due) == ordered(whole)
    assert list(kept) == sorted(kept, key=lambda c: c.age)


@given(histories(), st.randoms())
def test_what_does_not_fit_in_memory_comes_back_from_the_disk_as_it_was(
    history: list[Contribution], order: Any
) -> None:
    keys = [RecordKey("people", "email_addresses", f"{n}@example.com") for n in range(5)]
    moved = [
        Contribution(
            each.event, each.time, each.mapping, Write(order.choice(keys), each.write.values, each.write.append)
        )
        for each in history
    ]
    small, large = Staging({ADA.object: 0}, held=1), Staging({ADA.object: 0})
    for each in moved:
        small.add(each)
        large.add(each)

    assert dict(small.groups(0)) == dict(large.groups(0))
    small.close()


@pytest.mark.timeout(600)
def test_a_million_additions_to_one_record_do_not_cost_their_square() -> None:
    """Each leaves something, so none is dropped; comparing every one with every other would take hours."""
    staging = Staging({ADA.object: 0})
    count = 30_000
    for n in range(count):
        staging.add(said(n, n, {"tags": [str(n)]}, ("email_addresses", "tags")))
    ((_, kept),) = staging.groups(0)

    assert len(kept) == count


@given(histories())
def test_delivering_the_same_events_again_writes_nothing(history: list[Contribution]) -> None:
    record, _ = deliver([history, history, list(reversed(history))])

    assert record.writes == 1


@given(histories())
def test_every_event_whose_content_stands_is_live_and_no_other(history: list[Contribution]) -> None:
    """An event is superseded exactly when leaving it out changes neither record nor ledger."""
    due = compare(fold(ADA, history), {})
    for each in history:
        rest = [other for other in history if other is not each]
        if rest and each.event not in due.live:
            without = compare(fold(ADA, rest), {})
            assert unpack_cells(without.cells) == unpack_cells(due.cells)


cells = st.builds(
    Cell,
    set_at=st.integers(0, 30).map(lambda n: 10 * n),
    digest=st.just(0),
    added=st.dictionaries(st.sampled_from(['"a"', '"b"', '"c"']), st.integers(0, 300), max_size=3),
).map(lambda cell: lay(Cell(cell.set_at, cell.set_at, {}), cell))


@given(cells, cells, cells)
def test_laying_cells_is_commutative_associative_and_idempotent(a: Cell, b: Cell, c: Cell) -> None:
    """The digest goes with the time here, as it does whenever no two events share one."""
    a, b, c = (Cell(each.set_at, each.set_at, each.added) for each in (a, b, c))

    assert lay(a, b) == lay(b, a)
    assert lay(lay(a, b), c) == lay(a, lay(b, c))
    assert lay(a, a) == a


class TestWhatIsDue:
    def test_the_newest_event_wins_each_attribute(self) -> None:
        due = compare(fold(ADA, [said(0, 20, {"plan": "Pro"}), said(1, 10, {"plan": "Free", "seats": 2})]), {})

        assert due.assign == {"plan": "Pro", "seats": 2}
        assert due.append == {"email_addresses": ["ada@example.com"]}
        assert due.live == {0, 1}

    def test_of_two_events_at_the_same_time_the_later_in_the_input_wins(self) -> None:
        due = compare(fold(ADA, [said(0, 10, {"plan": "Pro"}), said(1, 10, {"plan": "Free"})]), {})

        assert due.assign == {"plan": "Free"}
        assert due.live == {1}

    def test_added_values_are_a_union_in_the_order_of_appearance(self) -> None:
        append = ("tags", "email_addresses")
        events = [said(0, 10, {"tags": ["b", "a"]}, append), said(1, 20, {"tags": ["a", "c"]}, append)]

        assert compare(fold(ADA, events), {}).append["tags"] == ["b", "a", "c"]

    def test_only_added_values_that_are_new_are_sent(self) -> None:
        append = ("tags", "email_addresses")
        first = compare(fold(ADA, [said(0, 10, {"tags": ["a"]}, append)]), {})

        due = compare(fold(ADA, [said(1, 20, {"tags": ["a", "b"]}, append)]), unpack_cells(first.cells))

        assert (due.assign, due.append) == ({}, {"tags": ["b"]})

    def test_an_older_event_in_a_later_run_is_superseded(self) -> None:
        first = compare(fold(ADA, [said(0, 20, {"plan": "Pro"})]), {})

        due = compare(fold(ADA, [said(0, 10, {"plan": "Free"})]), unpack_cells(first.cells))

        assert not due.changed
        assert due.live == frozenset()

    def test_a_newer_event_that_says_the_same_is_live_but_not_sent(self) -> None:
        first = compare(fold(ADA, [said(0, 10, {"plan": "Pro"})]), {})

        due = compare(fold(ADA, [said(0, 20, {"plan": "Pro"})]), unpack_cells(first.cells))

        assert not due.changed
        assert due.live == {0}
        assert unpack_cells(due.cells)["plan"].set_at == 20

    def test_a_late_null_clears_what_was_added_before_it_and_keeps_what_was_added_after(self) -> None:
        append = ("tags", "email_addresses")
        windows = [
            [said(0, 10, {"tags": ["old"]}, append), said(1, 30, {"tags": ["new"]}, append)],
            [said(2, 20, {"tags": None}, append)],
        ]

        assert deliver(windows)[0].content["tags"] == {"new"}


@pytest.mark.parametrize(
    "value",
    [
        None,
        "text",
        1.5,
        ["a", None],
        {"line_1": "1 Main St", "locality": None},
        RecordKey("users", "user_id", "u1"),
        [RecordKey("users", "user_id", "u1"), RecordId("people", "7c1a4a3c-0000-4000-8000-000000000000")],
    ],
)
def test_a_value_survives_its_canonical_text(value: Any) -> None:
    assert parse(canonical(value)) == value
    assert digest_of(value) == digest_of(parse(canonical(value)))


def test_equal_values_have_one_canonical_text_whatever_the_order_of_their_keys() -> None:
    assert canonical({"a": 1, "b": 2}) == canonical({"b": 2, "a": 1})


def test_the_number_of_records_on_the_disk_is_told_by_those_that_were_loaded() -> None:
    staging = Staging({ADA.object: 0}, held=500)
    for n in range(20_000):
        key = RecordKey("people", "email_addresses", f"{n % 2_000}@example.com")
        staging.add(Contribution(n, n, "m", Write(key, {"email_addresses": [key.value]})))

    told = []
    for number, _ in enumerate(staging.groups(0)):
        if number % 100 == 50:
            told.append(staging.records)
    staging.close()

    assert told[0] == pytest.approx(2_000, rel=0.3)
    assert told[-1] == pytest.approx(2_000, rel=0.02)
    assert staging.records == 2_000


def test_a_partition_that_grows_on_the_disk_is_rid_of_what_is_overtaken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten records of ten thousand events take the room of ten records, and all that is left to say is there."""
    monkeypatch.setattr(staging, "LARGE", 4_000)
    some = Staging({ADA.object: 0}, held=0)
    keys = [RecordKey("people", "email_addresses", f"{n}@example.com") for n in range(10)]
    largest = 0
    for n in range(10_000):
        values = {"email_addresses": [keys[n % 10].value], "plan": str(n)}
        some.add(Contribution(n, n, "m", Write(keys[n % 10], values, frozenset({"email_addresses"}))))
        largest = max(largest, *(part.heap.size for parts in some._shelves.values() for part in parts))
    groups = dict(some.groups(0))
    some.close()

    assert some.is_counted
    assert some.records == 10
    assert largest < 20_000
    assert {key: [each.event for each in items] for key, items in groups.items()} == {
        key: [9_990 + n] for n, key in enumerate(keys)
    }
    assert all(items[-1].write.values["plan"] == str(items[-1].event) for items in groups.values())


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="open files are counted on Linux")
def test_objects_in_any_number_take_one_open_file(tmp_path: Path) -> None:
    gc.collect()  # what other tests left open is closed now, or not before the end
    before = len(list(Path("/proc/self/fd").iterdir()))
    objects = [f"object{n}" for n in range(40)]
    some = Staging(dict.fromkeys(objects, 0), held=0, scratch=tmp_path)
    for n, obj in enumerate(objects * 50):
        some.add(Contribution(n, n, "m", Write(RecordKey(obj, "name", str(n)), {"name": str(n)})))
    opened = len(list(Path("/proc/self/fd").iterdir())) - before
    found = len(dict(some.groups(0)))
    some.close()

    assert opened == 1
    assert found == 2_000
