"""What goes to the disk comes back equal, types included."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

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
writes = st.builds(Write, keys, st.dictionaries(texts, single | st.lists(single, max_size=3)), st.frozensets(texts))
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
related = st.builds(
    Write, st.just(RecordKey("people", "id", "1")), few, st.frozensets(st.sampled_from(["tags", "emails"]))
)


@given(related, related, st.integers(0, 1))
def test_packed_contributions_overtake_each_other_exactly_when_they_do_unpacked(
    newer: Write, older: Write, later: int
) -> None:
    forms = Forms()
    both = [Contribution(0, 0, "m", older), Contribution(1, later, "m", newer)]
    below, above = map(forms.packed, both)

    assert forms.overtakes(above, below) == overtakes(both[1], both[0])


def _types(contribution: Contribution) -> list[type]:
    values = contribution.write.values.values()
    return [type(item) for value in values for item in (value if isinstance(value, list) else [value])]
