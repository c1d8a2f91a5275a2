"""`mapping eval` gives what Segment's published destination sends, and `mapping import` what people have there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from attio_ctl.config.models import Mapping
from attio_ctl.errors import DocumentError
from attio_ctl.mapping.expressions.node import tidy
from attio_ctl.mapping.expressions.read import read_expression, read_segment_expression
from attio_ctl.mapping.program import compile_mappings
from attio_ctl.mapping.segment.evaluate import evaluate_case
from attio_ctl.mapping.segment.export import import_subscriptions, short_form
from attio_ctl.state.schema import Schema

NOW = "2026-01-01T00:00:00.000Z"
# Each line is a case and what `@segment/action-destinations` 3.497 was seen to send for it.
SEEN = [json.loads(line) for line in (Path(__file__).parent / "cases" / "evaluate.ndjson").read_text().splitlines()]


def canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


@pytest.mark.parametrize("seen", [pytest.param(seen, id=seen["case"]["id"]) for seen in SEEN])
def test_a_case_gives_the_requests_that_segment_was_seen_to_send(seen: dict[str, Any]) -> None:
    result = evaluate_case(seen["case"], NOW)

    assert canonical(result["requests"]) == canonical(seen["expect"]["requests"])
    assert result["outcomes"] == seen["expect"].get("outcomes", result["outcomes"])
    assert set(result) == {"id", "matched", "outcomes", "requests", "errors"}
    assert len(result["matched"]) == len(result["outcomes"]) == len(seen["case"]["events"])


def test_now_stands_in_for_a_time_that_no_event_gives() -> None:
    event = {"type": "identify", "userId": "u", "traits": {"email": "a@b.co"}}

    result = evaluate_case({"action": "identifyUser", "useDefaults": True, "batch": True, "events": [event]}, NOW)

    (assertion,) = result["requests"][0]["body"]["assertions"]
    assert assertion["received_at"] == assertion["values"]["person"]["received_at"] == NOW


def test_every_event_of_a_sunken_batch_is_told_as_an_error() -> None:
    mapping = {"user_attributes": {"x": {"@path": {"@path": "$.p"}}}}
    events = [{"type": "identify", "p": "a"}, {"type": "track"}, {"type": "identify"}]

    result = evaluate_case({"action": "identifyUser", "mapping": mapping, "batch": True, "events": events}, NOW)

    assert result["outcomes"] == ["error", "not_subscribed", "error"]
    assert result["matched"] == [True, False, True]
    assert result["requests"] == []


@pytest.mark.parametrize(
    "case", [None, [], {"id": 7}, {"id": 7, "action": "nope", "events": []}, {"action": "identifyUser"}]
)
def test_a_case_that_makes_no_sense_says_so(case: Any) -> None:
    result = evaluate_case(case, NOW)

    assert result["errors"]
    assert result["id"] == (case.get("id") if isinstance(case, dict) else None)


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["@path", "@if", "@merge", "@json", "then", "exists", "value", "k"]), inner, max_size=3
        ),
    ),
    max_leaves=8,
)


@settings(max_examples=200)
@given(
    st.sampled_from(["identifyUser", "groupWorkspace", "assertRecord"]),
    st.dictionaries(
        st.sampled_from(["email_address", "user_id", "user_attributes", "attributes", "domain"]), json_values
    ),
    st.lists(json_values, max_size=3),
    st.booleans(),
)
def test_nothing_in_a_case_makes_it_raise(action: str, mapping: Any, events: Any, batch: bool) -> None:
    case = {"action": action, "subscribe": "type != 1", "mapping": mapping, "events": events, "batch": batch}

    assert len(evaluate_case(case, NOW)["outcomes"]) == len(events)


EXPORT = {
    "data": {
        "subscriptions": [
            {
                "id": "s1",
                "name": "Identify Calls",
                "actionId": "x",
                "actionSlug": "identify-user",
                "enabled": True,
                "trigger": 'type = "identify"',
                "settings": {
                    "email_address": {
                        "@if": {
                            "exists": {"@path": "$.traits.email"},
                            "then": {"@path": "$.traits.email"},
                            "else": {"@path": "$.email"},
                        }
                    },
                    "user_id": {"@path": "$.anonymousId"},
                    "person_attributes": {
                        "name": {"@template": "{{traits.last}}, {{traits.first}}"},
                        "twitter": "$.raw",
                    },
                    "user_attributes": {"plan": {"@case": {"operator": "lower", "value": {"@path": "$.traits.plan"}}}},
                    "enable_batching": True,
                    "batch_size": 1000,
                    "received_at": {"@path": "$.receivedAt"},
                },
            },
            {
                "name": "Sold",
                "partnerAction": "assertRecord",
                "enabled": False,
                "trigger": "type = 'track'",
                "settings": {
                    "object": "person",
                    "matching_attribute": "email_addresses",
                    "attributes": {"email_addresses": {"@path": "$.properties.email"}},
                    "extra": 1,
                },
            },
            {"name": "Sold", "actionSlug": "group-workspace", "trigger": 'type = "group"', "settings": {}},
            {"name": "Other", "actionSlug": "send-event", "trigger": 'type = "track"', "settings": {}},
        ]
    }
}


def test_an_export_becomes_mappings_in_short_forms(schema: Schema) -> None:
    imported = import_subscriptions(EXPORT)

    mappings = yaml.safe_load(imported.text)["mappings"]
    assert mappings == {
        "identify_calls": {
            "action": "identify-user",
            "user_id": "$.anonymousId",
            "user": {"plan": {"@case": {"operator": "lower", "value": "$.traits.plan"}}},
            "person": {"name": "{{traits.last}}, {{traits.first}}", "twitter": {"@literal": "$.raw"}},
            "batch": True,
        },
        "sold": {
            "action": "assert-record",
            "when": "type = 'track'",
            "object": "people",
            "match": "email_addresses",
            "values": {"email_addresses": "$.properties.email"},
        },
        "sold_2": {"action": "group-workspace"},
    }
    compile_mappings({name: TypeAdapter(Mapping).validate_python(spec) for name, spec in mappings.items()}, schema)


def test_what_an_import_changes_or_cannot_bring_is_told_twice() -> None:
    """Once to whoever imports, once as a comment in the file; what is left out has no place there."""
    imported = import_subscriptions(EXPORT)

    assert len(imported.notes) == 5
    for words in ("switched off in Segment", "keeps single quotes", "it is `people` here", "`extra` has no meaning"):
        assert any(words in note for note in imported.notes)
        assert words in imported.text
    assert any("`Other` is left out" in note for note in imported.notes)


@pytest.mark.parametrize("export", [EXPORT["data"]["subscriptions"], EXPORT["data"]["subscriptions"][0], EXPORT])
def test_the_envelopes_of_the_api_do_not_matter(export: Any) -> None:
    assert "identify_calls" in yaml.safe_load(import_subscriptions(export).text)["mappings"]


@pytest.mark.parametrize("export", [None, [], {}, {"data": {"subscriptions": []}}, "text", 5])
def test_an_export_without_subscriptions_is_refused(export: Any) -> None:
    with pytest.raises(DocumentError, match="no subscription"):
        import_subscriptions(export)


@pytest.mark.parametrize("seen", [pytest.param(seen, id=seen["case"]["id"]) for seen in SEEN])
def test_a_short_form_means_what_segments_form_means(seen: dict[str, Any]) -> None:
    mapping = seen["case"].get("mapping", {})
    segment, faults = read_segment_expression(mapping)
    if faults:
        return
    ours, ours_faults = read_expression(short_form(mapping))

    assert not ours_faults
    for event in seen["case"]["events"]:
        results = []
        for expression in (segment, ours):
            try:
                results.append(canonical(tidy(expression.resolve(event))))
            except Exception as error:
                results.append(type(error).__name__)
        assert results[0] == results[1]
