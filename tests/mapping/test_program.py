"""From an event to the records that it writes."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter

from attio_ctl.address import Address
from attio_ctl.config.models import Mapping
from attio_ctl.errors import ConfigError
from attio_ctl.mapping.program import Program, compile_mappings
from attio_ctl.mapping.writes import (
    NOT_SUBSCRIBED,
    SWITCHED_OFF,
    Mapped,
    RecordKey,
    Rejected,
    Write,
    Writes,
)
from attio_ctl.state.resource import Resource, State
from attio_ctl.state.schema import Schema, build_schema
from attio_ctl.state.standard import standard_state

MAPPING: TypeAdapter[Any] = TypeAdapter(Mapping)
PERSON = RecordKey("people", "email_addresses", "ada@example.com")
IDENTIFY = {
    "action": "identify-user",
    "person": {
        "description": "$.traits.description",
        "name": "{{traits.last_name}}, {{traits.first_name}}",
        "company": "$.traits.domain",
    },
    "user": {"plan": "$.traits.plan", "mrr": "$.traits.mrr", "workspace": "$.groupId"},
}
NO_EMAIL = "the event has no `email_address`; it is looked for in `traits.email`, `email` or 3 other places"
ADA = {
    "type": "identify",
    "userId": "u1",
    "groupId": "w1",
    "traits": {
        "email": " Ada@Example.com ",
        "first_name": "Ada",
        "last_name": "Lovelace",
        "domain": "https://Acme.com/about",
        "plan": "Pro",
        "mrr": "29.5",
    },
}


def program(schema: Schema, **mappings: dict[str, Any]) -> Program:
    return compile_mappings({name: MAPPING.validate_python(spec) for name, spec in mappings.items()}, schema)


def only(schema: Schema, spec: dict[str, Any], event: Any) -> Mapped:
    ((_, mapped),) = program(schema, only=spec).run(event)
    return mapped


def test_an_identify_gives_a_person_and_then_the_user_that_refers_to_them(schema: Schema) -> None:
    assert only(schema, IDENTIFY, ADA) == Writes(
        (
            Write(
                PERSON,
                {
                    "email_addresses": ["ada@example.com"],
                    "name": {"first_name": "Ada", "last_name": "Lovelace", "full_name": "Ada Lovelace"},
                    "company": RecordKey("companies", "domains", "acme.com"),
                },
                frozenset({"email_addresses"}),
            ),
            Write(
                RecordKey("users", "user_id", "u1"),
                {
                    "person": PERSON,
                    "user_id": "u1",
                    "primary_email_address": "ada@example.com",
                    "plan": "Pro",
                    "mrr": 29.5,
                    "workspace": [RecordKey("workspaces", "workspace_id", "w1")],
                },
                frozenset({"workspace"}),
            ),
        )
    )


def test_a_group_gives_a_company_and_then_the_workspace_with_its_user(schema: Schema) -> None:
    event = {"type": "group", "groupId": 7, "userId": "u1", "traits": {"website": "acme.com"}}

    mapped = only(schema, {"action": "group-workspace"}, event)

    company = RecordKey("companies", "domains", "acme.com")
    assert isinstance(mapped, Writes)
    assert mapped.writes == (
        Write(company, {"domains": ["acme.com"]}, frozenset({"domains"})),
        Write(
            RecordKey("workspaces", "workspace_id", "7"),
            {"company": company, "workspace_id": "7", "users": [RecordKey("users", "user_id", "u1")]},
            frozenset({"users"}),
        ),
    )
    assert mapped.writes[1].references == (company, RecordKey("users", "user_id", "u1"))


def test_one_bad_value_rejects_the_event_for_that_mapping_only_and_names_the_attribute(schema: Schema) -> None:
    seen = {"action": "assert-record", "object": "users", "match": "user_id", "when": 'type = "identify"'}
    running = program(schema, identify=IDENTIFY, seen={**seen, "values": {"user_id": "$.userId"}})

    (_, rejected), (_, written) = running.run({**ADA, "traits": {**ADA["traits"], "plan": "pro"}})

    assert rejected == Rejected("unknown_option", "there is no option `pro`; did you mean `Pro`?", "users.plan")
    assert isinstance(written, Writes)


def test_a_value_to_match_by_is_looked_for_where_the_mapping_says(schema: Schema) -> None:
    spec = {"action": "assert-record", "object": "people", "match": "email_addresses",
            "values": {"email_addresses": "$.traits.mail"}}  # fmt: skip
    reason = "there is no value to match by; it is looked for in `traits.mail`"

    assert only(schema, spec, {"type": "identify"}) == Rejected("missing_match_value", reason, "people.email_addresses")


@pytest.mark.parametrize(
    ("event", "outcome"),
    [
        ({"type": "track"}, NOT_SUBSCRIBED),
        ({**ADA, "integrations": {"All": False}}, SWITCHED_OFF),
        ({**ADA, "integrations": {"Attio (Actions)": False}}, SWITCHED_OFF),
        ([], Rejected("not_an_event", "an event is a JSON object", "")),
        (
            {"type": "identify", "userId": "u1"},
            Rejected("missing_match_value", NO_EMAIL, "email_address"),
        ),
        (
            {"type": "identify", "traits": {"email": "ada@example.com"}},
            Rejected(
                "missing_match_value",
                "the event has no `user_id`; it is looked for in `userId`, `traits.id` or 2 other places",
                "user_id",
            ),
        ),
        (
            {"type": "identify", "userId": "u1", "traits": {"email": ""}, "email": "ada@example.com"},
            Rejected("missing_match_value", NO_EMAIL, "email_address"),
        ),
    ],
)
def test_an_event_that_gives_no_record_says_why(schema: Schema, event: Any, outcome: Mapped) -> None:
    assert only(schema, IDENTIFY, event) == outcome


@pytest.mark.parametrize(
    ("integrations", "on"),
    [
        (None, True),
        ({}, True),
        ({"All": True}, True),
        ({"All": False}, False),
        ({"All": False, "Attio (Actions)": True}, True),
        ({"All": False, "Attio (Actions)": {"option": 1}}, True),
        ({"All": True, "Attio (Actions)": False}, False),
        ({"Attio": False}, True),
        ({"attio (actions)": False}, True),
        ("off", True),
    ],
)
def test_integrations_switch_the_destination_as_segments_pipeline_does(
    schema: Schema, integrations: Any, on: bool
) -> None:
    assert (only(schema, IDENTIFY, {**ADA, "integrations": integrations}) is not SWITCHED_OFF) == on


def test_null_unsets_and_leaves_the_append_set(schema: Schema) -> None:
    spec = {
        "action": "assert-record",
        "object": "users",
        "match": "user_id",
        "values": {"user_id": "$.id", "plan": None, "features": "$.features"},
    }

    mapped = only(schema, spec, {"id": "u1", "features": None})

    assert isinstance(mapped, Writes)
    assert mapped.writes[0].values == {"user_id": "u1", "plan": None, "features": None}
    assert mapped.writes[0].append == frozenset()


@pytest.mark.parametrize(
    ("mode", "appended"),
    [
        ("append", {"features", "workspace"}),
        ("replace", set()),
        ({"features": "replace"}, {"workspace"}),
        ({"users.workspace": "replace", "workspace": "append"}, {"features"}),
    ],
)
def test_multiselect_mode_is_set_for_all_or_per_attribute(schema: Schema, mode: Any, appended: set[str]) -> None:
    spec = {
        "action": "assert-record",
        "object": "users",
        "match": "user_id",
        "multiselect": mode,
        "values": {"user_id": "u1", "features": ["SSO"], "workspace": "w1"},
    }

    mapped = only(schema, spec, {})

    assert isinstance(mapped, Writes)
    assert mapped.writes[0].append == appended


@pytest.mark.parametrize(
    ("spec", "code", "path"),
    [
        ({"object": "boats", "match": "vin", "values": {"vin": "1"}}, "unknown_object", "boats.vin"),
        ({"object": "deals", "match": "name", "values": {"name": "1"}}, "inactive_object", "deals.name"),
        ({"object": "vehicles", "match": "vin", "values": {"vin": "1", "x": 4}}, "unknown_attribute", "vehicles.x"),
        ({"object": "vehicles", "match": "vin", "values": {"vin": None}}, "missing_required_value", "vehicles.vin"),
        ({"object": "vehicles", "match": "vin", "values": {"vin": " "}}, "missing_match_value", "vehicles.vin"),
        ({"object": "vehicles", "match": "vin", "values": {"vin": "$.nowhere"}}, "missing_match_value", "vehicles.vin"),
        (
            {"object": "people", "match": "email_addresses", "values": {"email_addresses": "a@b.co", "old_score": 1}},
            "archived_attribute",
            "people.old_score",
        ),
        (
            {"object": "people", "match": "record_id", "values": {"record_id": "1", "created_at": "2024"}},
            "not_writable",
            "people.record_id",
        ),
        (
            {"object": "vehicles", "match": "vin", "values": {"vin": "1", "notes": {"@path": {"@path": "$.no"}}}},
            "expression_failed",
            "vehicles.notes",
        ),
    ],
)  # fmt: skip
def test_what_the_schema_does_not_have_rejects_with_a_code(
    schema: Schema, spec: dict[str, Any], code: str, path: str
) -> None:
    mapped = only(schema, {"action": "assert-record", **spec}, {})

    assert isinstance(mapped, Rejected)
    assert (mapped.code, mapped.path) == (code, path)


def test_a_mapping_that_cannot_be_read_is_refused_with_every_fault(schema: Schema) -> None:
    spec = {**IDENTIFY, "when": 'type = "identify" or', "person": {"name": {"@nope": 1}}, "preset": "none", "user": {}}

    with pytest.raises(ConfigError) as caught:
        program(schema, identify=spec)

    assert [problem.code for problem in caught.value.problems] == ["AC301", "AC302", "AC303"]


def test_the_digest_changes_with_the_mapping_but_not_with_its_tests(schema: Schema) -> None:
    tests = [{"given": {}, "expect": {}}]

    plain, tested, other = (
        program(schema, a=spec).digest("a")
        for spec in (IDENTIFY, {**IDENTIFY, "tests": tests}, {**IDENTIFY, "user": {}})
    )

    assert plain == tested != other


def test_an_attribute_may_be_named_by_its_id_and_is_written_by_its_slug() -> None:
    """Segment's page: either the id or the slug of an attribute."""
    uuid = "b25ca42d-2ac0-49ad-8a3b-0b2f7a1a0c11"
    standard = standard_state()
    vin = Address.parse("object.companies.attribute.vat")
    live = State({vin: Resource(vin, {"type": "text"}, {"attribute_id": uuid})})
    spec = {
        "action": "group-workspace",
        "preset": "none",
        "domain": "$.d",
        "company": {uuid: "$.vat"},
        "workspace_id": "w",
    }
    known = build_schema(standard, live, State({}, active_objects={"workspaces": True}))

    mapped = only(known, spec, {"d": "acme.com", "vat": "DE1"})

    assert isinstance(mapped, Writes)
    assert mapped.writes[0].values == {"domains": ["acme.com"], "vat": "DE1"}
