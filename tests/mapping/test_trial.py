"""The tests that mappings carry: run, compared, counted, rewritten."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from pydantic import TypeAdapter

from attio_ctl.address import Address
from attio_ctl.config.models import Mapping
from attio_ctl.mapping.trial import Difference, modified, run_trials
from attio_ctl.mapping.trial_update import rewrite_expectations
from attio_ctl.state.resource import Resource, State
from attio_ctl.state.schema import Schema, build_schema
from attio_ctl.state.standard import standard_state

MAPPING: TypeAdapter[Any] = TypeAdapter(Mapping)
GIVEN = {"type": "identify", "userId": "u1", "traits": {"email": "Ada@example.com", "plan": "Pro", "first": "Ada"}}


def mapping(*tests: dict[str, Any], **more: Any) -> Any:
    spec = {
        "action": "identify-user",
        "person": {"name": "{{traits.last}}, {{traits.first}}", "description": "$.traits.about"},
        "user": {"plan": "$.traits.plan"},
    }
    return MAPPING.validate_python({**spec, **more, "tests": [{"given": GIVEN, **test} for test in tests]})


@pytest.mark.parametrize(
    ("test", "differences", "actual"),
    [
        ({"expect": {"users": {"plan": "Pro"}}}, (), {"users": {"plan": "Pro"}}),
        (
            {"expect": {"people": {"name": ", Ada"}}},
            (Difference("people.name", ", Ada", "Ada"),),
            {"people": {"name": "Ada"}},
        ),
        ({"expect": {"people": {"name": "Ada"}, "users": {}}}, (), {"people": {"name": "Ada"}, "users": {}}),
        (
            {"expect": {"people": {"name": {"first_name": "Ada", "last_name": "", "full_name": "Ada"}}}},
            (),
            {"people": {"name": "Ada"}},
        ),
        (
            {"expect": {"users": {"plan": "Free"}}},
            (Difference("users.plan", "Free", "Pro"),),
            {"users": {"plan": "Pro"}},
        ),
        ({"expect": {"users": {"seats": 5}}}, (Difference("users.seats", 5, None),), {"users": {}}),
        ({"expect": {"companies": {"name": "x"}}}, (Difference("companies", {"name": "x"}, None),), {}),
        ({"given": {"type": "track"}, "expect": {}}, (), {}),
        ({"given": {"type": "track"}, "expect": {"users": {}}}, (Difference("users", {}, None),), {}),
        (
            {"given": {"type": "identify"}, "expect": {"rejected": "missing_match_value"}},
            (),
            {"rejected": "missing_match_value"},
        ),
        (
            {"given": {"type": "identify"}, "expect": {}},
            (Difference("", {}, {"rejected": "missing_match_value"}),),
            {"rejected": "missing_match_value"},
        ),
    ],
)
def test_a_test_compares_what_it_names(
    schema: Schema, test: dict[str, Any], differences: tuple[Difference, ...], actual: Any
) -> None:
    (trial,) = run_trials({"m": mapping(test)}, schema).trials

    assert trial.differences == differences
    assert trial.actual == actual
    assert trial.passed == (not differences)


def test_nothing_expected_means_that_nothing_is_written(schema: Schema) -> None:
    (trial,) = run_trials({"m": mapping({"expect": {}})}, schema).trials

    assert not trial.passed
    assert trial.actual == {
        "people": {"email_addresses": ["ada@example.com"], "name": "Ada"},
        "users": {
            "user_id": "u1",
            "primary_email_address": "ada@example.com",
            "plan": "Pro",
            "person": "ada@example.com",
        },
    }


def test_attributes_that_no_test_writes_are_named(schema: Schema) -> None:
    (coverage,) = run_trials({"m": mapping({"expect": {"users": {}}})}, schema).coverage

    assert coverage.mapped == ("people.name", "people.description", "users.plan")
    assert coverage.uncovered == ("people.description",)


def test_a_mapping_is_modified_when_it_or_its_tests_changed() -> None:
    base = {"same": mapping(), "tests": mapping(), "spec": mapping()}
    now = {"same": mapping(), "tests": mapping({"expect": {}}), "spec": mapping(user={}), "new": mapping()}

    assert modified(now, base) == ("tests", "spec", "new")


FILE = """\
# a comment at the top
mappings:
  m:   # beside the name
    action: identify-user
    user: {plan: $.traits.plan}
    tests:
      # above the first test
      - given: {type: identify, userId: u1, traits: {email: a@b.co, plan: Pro}}
        expect:
          users:
            plan: Free   # what we thought
            user_id: u1  # this holds
            seats: 3
          companies: {name: x}
      - given: {type: track}   # untouched
        expect: {}
  other: {action: group-workspace}
"""


def test_expectations_are_rewritten_in_place_with_comments_kept(schema: Schema) -> None:
    mappings = {name: MAPPING.validate_python(spec) for name, spec in yaml.safe_load(FILE)["mappings"].items()}
    actual = {(t.mapping, t.index): t.actual for t in run_trials(mappings, schema).trials}

    text = rewrite_expectations(FILE, "w.yaml", actual)

    again = {name: MAPPING.validate_python(spec) for name, spec in yaml.safe_load(text)["mappings"].items()}
    assert run_trials(again, schema).passed
    for comment in (
        "# a comment at the top",
        "# beside the name",
        "# above the first test",
        "# this holds",
        "# untouched",
    ):
        assert comment in text
    assert yaml.safe_load(text)["mappings"]["m"]["tests"][0]["expect"] == {"users": {"plan": "Pro", "user_id": "u1"}}
    assert rewrite_expectations(text, "w.yaml", actual) == text


def test_a_file_whose_expectations_hold_is_left_byte_for_byte() -> None:
    odd = "mappings:\n    m:  {tests: [{given: {},   expect: {a: {b: 1}}}]}\n"

    assert rewrite_expectations(odd, "w.yaml", {("m", 0): {"a": {"b": 1}}, ("m", 7): {}, ("gone", 0): {}}) == odd
    assert rewrite_expectations("objects: {}\n", "w.yaml", {("m", 0): {}}) == "objects: {}\n"


def test_the_standard_objects_serve_offline() -> None:
    """Users is off where the files say so; otherwise only the workspace knows, and nothing is held against it."""
    schema = build_schema(standard_state())
    off = build_schema(standard_state(), State({}, active_objects={"users": False}))

    assert schema.objects["users"].attributes["workspace"].multiselect
    assert not schema.objects["people"].attributes["created_at"].writable
    assert run_trials({"m": mapping({"expect": {"users": {"user_id": "u1"}}}, user={})}, schema).passed
    assert run_trials({"m": mapping({"expect": {"rejected": "inactive_object"}}, user={})}, off).passed


def test_offline_any_title_of_attios_own_selects_passes_and_of_custom_ones_those_of_the_files() -> None:
    colour = Address.parse("object.companies.attribute.colour")
    red = colour.child("option", "Red")
    desired = State({colour: Resource(colour, {"type": "select"}), red: Resource(red, {"title": "Red"})})
    schema = build_schema(standard_state(), desired)

    def outcome(values: dict[str, Any]) -> Any:
        spec = {"action": "assert-record", "object": "companies", "match": "domains"}
        test = {"given": {"domain": "acme.com"}, "expect": {}}
        spec |= {"values": {"domains": "$.domain", **values}, "tests": [test]}
        return run_trials({"m": MAPPING.validate_python(spec)}, schema).trials[0].actual

    assert outcome({"categories": ["No Such Industry"]})["companies"]["categories"] == ["No Such Industry"]
    assert outcome({"colour": "Red"})["companies"]["colour"] == "Red"
    assert outcome({"colour": "Blue"}) == {"rejected": "unknown_option"}
