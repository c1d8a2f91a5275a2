"""What a change of mappings does to events."""

from __future__ import annotations

from states import spec_of

from attio_ctl.mapping.behaviour import Sample, compare_behaviour
from attio_ctl.mapping.program import compile_mappings
from attio_ctl.render.behaviour import EXAMPLES, render_behaviour, render_mapping_changes
from attio_ctl.render.text import Style
from attio_ctl.state.schema import build_schema
from attio_ctl.state.standard import standard_state

SCHEMA = build_schema(standard_state())
IDENTIFY = {
    "action": "assert-record",
    "object": "people",
    "match": "email_addresses",
    "when": 'type = "identify"',
    "values": {"email_addresses": "$.traits.email", "job_title": "$.traits.title"},
}


def program(**mappings):
    return compile_mappings(spec_of({"mappings": mappings}).mappings, SCHEMA)


def with_values(**values):
    return {**IDENTIFY, "values": {**IDENTIFY["values"], **values}}


def sample(number=1, **traits):
    return Sample(f"events.ndjson:{number}", {"type": "identify", "traits": {"email": "ada@example.com", **traits}})


def compare(before, after, *samples):
    return compare_behaviour(program(**before), program(**after), samples)


def test_the_same_mappings_change_nothing():
    found = compare({"identify": IDENTIFY}, {"identify": {**IDENTIFY, "tests": []}}, sample(title="CTO"))

    assert (found.examples, found.compared, found.touched) == ((), 1, 0)


def test_a_mapping_that_changed_though_no_event_shows_it_is_named():
    found = compare({"identify": IDENTIFY}, {"identify": with_values(job_title="$.traits.role")})

    assert (found.examples, found.unseen) == ((), ("identify",))
    assert compare({"identify": IDENTIFY}, {"identify": IDENTIFY}, sample()).unseen == ()


def test_values_are_told_as_added_removed_and_changed():
    before = {"identify": with_values(description="$.traits.about")}
    after = {"identify": with_values(job_title="Dr {{traits.title}}", description=None, linkedin="$.traits.in")}
    del after["identify"]["values"]["description"]
    found = compare(before, after, sample(title="CTO", about="maths", **{"in": "ada"}))

    assert [(c.slug, c.kind, c.before, c.after) for c in found.examples[0].changes] == [
        ("job_title", "changed", "CTO", "Dr CTO"),
        ("description", "removed", "maths", None),
        ("linkedin", "added", None, "ada"),
    ]


def test_events_that_change_in_the_same_way_are_one_example():
    after = {"identify": with_values(job_title="Dr {{traits.title}}")}
    found = compare({"identify": IDENTIFY}, after, *(sample(n, title=f"T{n}") for n in range(1, 101)))

    assert (len(found.examples), found.examples[0].events, found.touched) == (1, 100, 100)
    assert found.examples[0].sample.source == "events.ndjson:1"


def test_events_that_are_refused_from_now_on_say_why():
    after = {"identify": {**IDENTIFY, "values": {"email_addresses": "$.traits.title", "job_title": "$.traits.title"}}}
    (example,) = compare({"identify": IDENTIFY}, after, sample(title="no address")).examples

    assert example.before == "writes people ada@example.com"
    assert example.after.startswith("is refused (invalid_email): people.email_addresses: ")


def test_a_new_mapping_and_one_that_is_gone_are_compared_with_nothing():
    added = compare({}, {"identify": IDENTIFY}, sample())
    removed = compare({"identify": IDENTIFY}, {}, sample())

    assert (added.examples[0].before, added.examples[0].after) == ("is not taken", "writes people ada@example.com")
    assert (removed.examples[0].before, removed.examples[0].after) == ("writes people ada@example.com", "is not taken")


def test_a_subscription_that_narrows_shows_the_events_it_loses():
    after = {"identify": {**IDENTIFY, "when": 'type = "identify" and traits.title != "bot"'}}
    found = compare({"identify": IDENTIFY}, after, sample(1, title="bot"), sample(2, title="CTO"))

    assert (found.touched, found.compared) == (1, 2)
    assert found.examples[0].after == "is not taken"


def test_both_views_show_the_record_before_and_after():
    after = {"identify": with_values(job_title="Dr {{traits.title}}")}
    found = compare({"identify": IDENTIFY}, after, sample(title="CTO"))
    section, text = render_mapping_changes(found, "main"), render_behaviour(found, "main", Style())

    assert section.summary == "Mappings: 1 of 1 sample event ends otherwise"
    for shown in (section.body, text):
        assert "mapping.identify" in shown
        assert "people ada@example.com" in shown
        assert '!   job_title: "CTO" → "Dr CTO"' in shown


def test_no_value_of_an_event_breaks_out_of_the_section():
    after = {"identify": with_values(job_title="{{traits.title}}!")}
    found = compare({"identify": IDENTIFY}, after, sample(title="```\n</details>\u202e"))
    body = render_mapping_changes(found, "a`b").body

    assert "````diff" in body
    assert "\u202e" not in body


def test_many_ways_of_changing_are_cut_and_counted_in_a_comment():
    before = {f"m{n:02}": IDENTIFY for n in range(EXAMPLES + 3)}
    found = compare(before, {}, sample())

    assert "… and 3 more ways in which events change" in render_mapping_changes(found, "main").body
