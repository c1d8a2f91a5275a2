"""A record is sent after the records that it refers to."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from attio_ctl.delivery.fold import Contribution
from attio_ctl.delivery.order import waves
from attio_ctl.delivery.staging import Groups
from attio_ctl.mapping.writes import RecordKey, Write


def key(name: str) -> RecordKey:
    return RecordKey("things", "name", name)


def thing(event: int, name: str, *refers_to: str) -> Contribution:
    values = {"name": name, "size": 1, "links": [key(each) for each in refers_to]}
    return Contribution(event, event, "m", Write(key(name), values, frozenset({"links"})))


def group(contributions: list[Contribution]) -> Groups:
    found: dict[RecordKey, list[Contribution]] = {}
    for contribution in contributions:
        found.setdefault(contribution.write.key, []).append(contribution)
    return found


def names(found: list[Groups]) -> list[set[str]]:
    return [{each.value for each in wave} for wave in found]


def test_a_record_goes_after_those_it_refers_to() -> None:
    found = waves(group([thing(0, "user", "person"), thing(1, "person", "company"), thing(2, "company")]))

    assert names(found) == [{"company"}, {"person"}, {"user"}]


def test_a_reference_to_a_record_outside_the_window_orders_nothing() -> None:
    assert names(waves(group([thing(0, "user", "elsewhere")]))) == [{"user"}]


def test_a_circle_is_sent_without_one_reference_and_linked_at_the_end() -> None:
    first, *_, links = waves(group([thing(0, "a", "b"), thing(1, "b", "a")]))

    (cut,) = (contribution for items in first.values() for contribution in items)
    (link,) = (contribution for items in links.values() for contribution in items)
    assert cut.write.key == link.write.key
    assert set(cut.write.values) == {"name", "size"}
    assert set(link.write.values) == {"name", "links"}
    assert cut.event == link.event


def test_a_record_that_refers_to_itself_is_linked_at_the_end() -> None:
    found = waves(group([thing(0, "a", "a")]))

    assert names(found) == [{"a"}, {"a"}]


def test_a_chain_as_long_as_a_window_needs_no_recursion() -> None:
    count = 5_000
    chain = [thing(n, str(n), str(n + 1)) for n in range(count)]

    assert len(waves(group(chain))) == count


graphs = st.lists(st.tuples(st.sampled_from("abcdef"), st.lists(st.sampled_from("abcdefz"), max_size=3)), max_size=12)


@given(graphs)
def test_every_value_is_sent_once_and_after_the_records_it_refers_to(graph: list[tuple[str, list[str]]]) -> None:
    contributions = [thing(n, name, *refers_to) for n, (name, refers_to) in enumerate(graph)]
    known = {each.write.key for each in contributions}
    sent: set[RecordKey] = set()
    links: dict[int, list[RecordKey]] = {}
    for wave in waves(group(contributions)):
        for contribution in (each for items in wave.values() for each in items):
            write = contribution.write
            assert all(each in sent for each in write.references if each in known)
            if "links" in write.values:
                assert contribution.event not in links
                links[contribution.event] = list(write.values["links"])
        sent.update(wave)

    assert sent == known
    assert links == {each.event: each.write.values["links"] for each in contributions}
