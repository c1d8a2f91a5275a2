"""What goes to the disk comes back equal, types included."""

from __future__ import annotations

import tracemalloc
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from attio_ctl.delivery import packing
from attio_ctl.delivery.fold import Contribution, overtakes
from attio_ctl.delivery.packing import Forms, pack, unpack_all
from attio_ctl.mapping.writes import PersonalName, RecordId, RecordKey, Write

texts = st.text(max_size=5)
keys = st.builds(RecordKey, texts, texts, texts)
single = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False)
    | texts
    | keys
    | st.builds(RecordId, texts, texts)
    | st.fixed_dictionaries(dict.fromkeys(("first_name", "last_name", "full_name"), texts)).map(PersonalName)
    | st.fixed_dictionaries(dict.fromkeys(("line_1", "locality", "country_code"), texts | st.none()))
)


@st.composite
def some_writes(draw: st.DrawFn, keys: st.SearchStrategy[RecordKey], values: st.SearchStrategy[Any]) -> Write:
    """With some of the values added, and the others set."""
    made = draw(values)
    return Write(draw(keys), made, frozenset(slug for slug in made if draw(st.booleans())))


writes = some_writes(keys, st.dictionaries(texts, single | st.lists(single, max_size=3)))
contributions = st.builds(Contribution, st.integers(0, 2**40), st.integers(-(2**62), 2**62), texts, writes)


@given(st.lists(contributions, max_size=4))
def test_contributions_come_back_as_they_went(some: list[Contribution]) -> None:
    forms = Forms()
    packed = [forms.packed(each) for each in some]
    back = [forms.contribution(each) for each in unpack_all(pack(packed))]

    assert back == some
    assert [_types(each) for each in back] == [_types(each) for each in some]


lists = st.none() | st.lists(st.sampled_from("abc"), max_size=3)
few = st.dictionaries(st.sampled_from(["plan", "tags", "emails"]), lists)
related = some_writes(st.just(RecordKey("people", "id", "1")), few)


@given(related, related, st.integers(0, 1))
def test_packed_contributions_overtake_each_other_exactly_when_they_do_unpacked(
    newer: Write, older: Write, later: int
) -> None:
    forms = Forms()
    both = [Contribution(0, 0, "m", older), Contribution(1, later, "m", newer)]
    below, above = map(forms.packed, both)

    assert forms.overtakes(above, below) == overtakes(both[1], both[0])


def _types(contribution: Contribution) -> dict[str, list[type]]:
    values = contribution.write.values.items()
    return {slug: [type(item) for item in (value if isinstance(value, list) else [value])] for slug, value in values}


def test_attributes_in_all_their_subsets_take_no_memory_of_their_own() -> None:
    """Counted in blocks: the interpreter's own table of strings grows now and then, by a block of any size."""
    forms, count = Forms(), 16
    tracemalloc.start()
    try:
        for subset in range(1, 2**count, 7):
            values = {f"a{n}": n for n in range(count) if subset >> n & 1}
            forms.packed(Contribution(0, 0, "m", Write(RecordKey("people", "a0", "x"), values)))
        here = [tracemalloc.Filter(True, packing.__file__)]
        held = sum(each.count for each in tracemalloc.take_snapshot().filter_traces(here).statistics("filename"))
    finally:
        tracemalloc.stop()

    assert 0 < held < 10_000
