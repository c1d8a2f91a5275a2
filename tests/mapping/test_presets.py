"""
The defaults of Segment, Customer.io and Datafly Signal, row by row of their own pages on Attio.

Each test names the page and the row or example that it reproduces.
"""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter

from attio_ctl.config.models import Mapping
from attio_ctl.mapping.encode import documented_values, simple_values
from attio_ctl.mapping.program import compile_mappings
from attio_ctl.mapping.writes import NOT_SUBSCRIBED, Mapped, Rejected, Writes
from attio_ctl.state.schema import Schema

MAPPING: TypeAdapter[Any] = TypeAdapter(Mapping)


def run(schema: Schema, spec: dict[str, Any], event: dict[str, Any]) -> Mapped:
    program = compile_mappings({"m": MAPPING.validate_python(spec)}, schema)
    ((_, mapped),) = program.run(event)
    return mapped


def records(schema: Schema, spec: dict[str, Any], event: dict[str, Any]) -> dict[str, Any]:
    """What is written, in the simple form, by object."""
    mapped = run(schema, spec, event)
    assert isinstance(mapped, Writes), mapped
    return {write.key.object: simple_values(write.values) for write in mapped.writes}


# --- Segment: twilio.com/docs/segment/connections/destinations/catalog/actions-attio ------------------------------


def test_segment_identify_user_asserts_a_person_and_a_related_user_by_the_same_address(schema: Schema) -> None:
    event = {"type": "identify", "userId": "u1", "traits": {"email": "ada@example.com"}}

    assert records(schema, {"action": "identify-user"}, event) == {
        "people": {"email_addresses": ["ada@example.com"]},
        "users": {"user_id": "u1", "primary_email_address": "ada@example.com", "person": "ada@example.com"},
    }


@pytest.mark.parametrize(
    ("event", "email"),
    [
        ({"traits": {"email": "a@b.co"}, "email": "c@d.co"}, "a@b.co"),
        ({"email": "c@d.co"}, "c@d.co"),
        ({"traits": {"email_address": "e@f.co"}}, "e@f.co"),
        ({"properties": {"email_address": "e@f.co"}}, "e@f.co"),
        ({"email_address": "e@f.co"}, "e@f.co"),
    ],
)
def test_segment_takes_the_address_from_traits_then_the_event_then_the_older_names(
    schema: Schema, event: dict[str, Any], email: str
) -> None:
    written = records(schema, {"action": "identify-user"}, {"type": "identify", "userId": "u1", **event})

    assert written["people"]["email_addresses"] == [email]


@pytest.mark.parametrize("event", [{"userId": "u1"}, {"traits_id": 0}, {"properties": {"id": "u1"}}, {"id": "u1"}])
def test_segment_takes_the_user_id_from_user_id_then_the_older_id(schema: Schema, event: dict[str, Any]) -> None:
    traits = {"email": "a@b.co", **({"id": "u1"} if "traits_id" in event else {})}

    assert records(schema, {"action": "identify-user"}, {"type": "identify", "traits": traits, **event})["users"][
        "user_id"
    ] == ("u1")


@pytest.mark.parametrize(("kind", "takes"), [("identify", True), ("group", False), ("track", False)])
def test_segment_identify_user_runs_for_identify_events_by_default(schema: Schema, kind: str, takes: bool) -> None:
    event = {"type": kind, "userId": "u1", "traits": {"email": "a@b.co"}}

    assert (run(schema, {"action": "identify-user"}, event) is not NOT_SUBSCRIBED) == takes


def test_segment_example_description_name_and_company_of_the_person(schema: Schema) -> None:
    """The table under Identify User: `traits.description`, `traits.last_name, traits.first_name`, `traits.domain`."""
    spec = {
        "action": "identify-user",
        "person": {
            "description": {"@path": "$.traits.description"},
            "name": {"@template": "{{traits.last_name}}, {{traits.first_name}}"},
            "company": {"@path": "$.traits.domain"},
        },
    }
    traits = {
        "description": "CTO",
        "last_name": "Bloggs",
        "first_name": "Joe",
        "domain": "attio.com",
        "email": "a@b.co",
    }

    assert records(schema, spec, {"type": "identify", "userId": "u1", "traits": traits})["people"] == {
        "email_addresses": ["a@b.co"],
        "description": "CTO",
        "name": "Bloggs, Joe",
        "company": "attio.com",
    }


def test_segment_group_workspace_example_twitter_of_the_company(schema: Schema) -> None:
    """The table under Group Workspace: `traits.twitter_handle` to `twitter`."""
    spec = {"action": "group-workspace", "company": {"twitter": "$.traits.twitter_handle"}}
    event = {"type": "group", "groupId": "g1", "traits": {"website": "attio.com", "twitter_handle": "@attio"}}

    assert records(schema, spec, event) == {
        "companies": {"domains": ["attio.com"], "twitter": "@attio"},
        "workspaces": {"workspace_id": "g1", "company": "attio.com"},
    }


@pytest.mark.parametrize(
    "event",
    [
        {"groupId": "g1", "traits": {"website": "attio.com"}},
        {"groupId": "g1", "website": "attio.com"},
        {"context": {"group_id": "g1"}, "traits": {"domain": "attio.com"}},
        {"traits": {"id": "g1", "domain": "attio.com"}},
        {"properties": {"id": "g1", "domain": "attio.com"}},
        {"id": "g1", "domain": "attio.com"},
    ],
)
def test_segment_group_workspace_finds_domain_and_id_under_their_newer_and_older_names(
    schema: Schema, event: dict[str, Any]
) -> None:
    written = records(schema, {"action": "group-workspace"}, {"type": "group", **event})

    assert (written["companies"]["domains"], written["workspaces"]["workspace_id"]) == (["attio.com"], "g1")


def test_segment_assert_record_example_a_company_by_its_domain(schema: Schema) -> None:
    """The event and the table under Assert Record."""
    spec = {
        "action": "assert-record",
        "object": "companies",
        "match": "domains",
        "values": {"domains": "$.traits.domain", "twitter": "$.traits.twitter_handle"},
    }
    event = {"type": "identify", "traits": {"domain": "app.attio.com", "twitter_handle": "@attio"}}

    assert records(schema, spec, event) == {"companies": {"domains": ["app.attio.com"], "twitter": "@attio"}}


def test_segment_null_unsets_an_attribute(schema: Schema) -> None:
    spec = {"action": "identify-user", "person": {"twitter": "$.traits.twitter"}}
    event = {"type": "identify", "userId": "u1", "traits": {"email": "a@b.co", "twitter": None}}

    assert records(schema, spec, event)["people"]["twitter"] is None


# --- Customer.io: docs.customer.io/integrations/data-out/connections/attio -----------------------------------------

CIO = {"preset": "customer-io"}


def test_customer_io_identify_example(schema: Schema) -> None:
    event = {"type": "identify", "userId": "user-id", "traits": {"email": "user@example.com"}}

    assert records(schema, {"action": "identify-user", **CIO}, event) == {
        "people": {"email_addresses": ["user@example.com"]},
        "users": {"user_id": "user-id", "primary_email_address": "user@example.com", "person": "user@example.com"},
    }


def test_customer_io_example_associates_people_with_a_workspace_by_group_id(schema: Schema) -> None:
    """Key `workspace`, value `$.groupId`."""
    event = {
        "type": "identify",
        "userId": "user-id",
        "groupId": "workspace-id",
        "traits": {"email": "user@example.com"},
    }

    written = records(schema, {"action": "identify-user", **CIO, "user": {"workspace": "$.groupId"}}, event)

    assert written["users"]["workspace"] == ["workspace-id"]


@pytest.mark.parametrize("extra", [{}, {"objectTypeId": 5}])
def test_customer_io_group_examples(schema: Schema, extra: dict[str, Any]) -> None:
    event = {"type": "group", "groupId": "Workspace ID", "traits": {"website": "company.com", **extra}}

    assert records(schema, {"action": "group-workspace", **CIO}, event) == {
        "companies": {"domains": ["company.com"]},
        "workspaces": {"workspace_id": "Workspace ID", "company": "company.com"},
    }


def test_customer_io_example_sets_names_of_company_and_workspace(schema: Schema) -> None:
    spec = {
        "action": "group-workspace",
        **CIO,
        "company": {"name": "$.traits.companyName", "twitter": "$.traits.twitter_handle"},
        "workspace": {"name": "$.traits.workspaceName"},
    }
    traits = {"website": "company.com", "companyName": "Company", "workspaceName": "Team", "twitter_handle": "@c"}

    written = records(schema, spec, {"type": "group", "groupId": "w", "traits": traits})

    assert written["companies"] == {"domains": ["company.com"], "name": "Company", "twitter": "@c"}
    assert written["workspaces"]["name"] == "Team"


def test_customer_io_assert_record_example_matches_the_person_by_user_id(schema: Schema) -> None:
    spec = {
        "action": "assert-record",
        **CIO,
        "object": "people",
        "match": "email_addresses",
        "values": {"email_addresses": "$.userId", "twitter": "$.traits.twitter_handle"},
    }
    event = {"type": "identify", "userId": "person@example.com", "traits": {"twitter_handle": "@example-person"}}

    assert records(schema, spec, event) == {
        "people": {"email_addresses": ["person@example.com"], "twitter": "@example-person"}
    }


def test_customer_io_needs_the_email_trait(schema: Schema) -> None:
    event = {"type": "identify", "userId": "u1", "email": "a@b.co"}

    assert run(schema, {"action": "identify-user", **CIO}, event) == Rejected(
        "missing_match_value", "the event has no `email_address`; it is looked for in `traits.email`", "email_address"
    )


def test_customer_io_example_of_a_timestamp(schema: Schema) -> None:
    spec = {"action": "identify-user", **CIO, "user": {"last_seen_at": "2023-09-28T04:39:17"}}
    event = {"type": "identify", "userId": "u1", "traits": {"email": "a@b.co"}}

    assert records(schema, spec, event)["users"]["last_seen_at"] == "2023-09-28T04:39:17Z"


# --- Datafly Signal: docs.dataflysignal.com/integrations/attio --------------------------------------------------------

SIGNAL = {"action": "identify-user", "preset": "datafly"}
TRAITS = {
    "email": "ada@example.com",
    "first_name": "Ada",
    "last_name": "Lovelace",
    "phone": "+1 555 867 5309",
    "job_title": "Senior Developer",
}


def test_datafly_sign_up_example_as_the_page_shows_the_request(schema: Schema) -> None:
    event = {"type": "track", "event": "Signed Up", "properties": {"method": "email"}, "context": {"traits": TRAITS}}

    mapped = run(schema, SIGNAL, event)

    assert isinstance(mapped, Writes)
    (person,) = mapped.writes
    assert documented_values("people", person.values, schema) == {
        "email_addresses": [{"email_address": "ada@example.com"}],
        "name": [{"first_name": "Ada", "last_name": "Lovelace", "full_name": "Ada Lovelace"}],
        "phone_numbers": [{"original_phone_number": "+15558675309"}],
        "job_title": [{"value": "Senior Developer"}],
    }


def test_datafly_lead_generated_example_writes_the_lead_source_to_the_description(schema: Schema) -> None:
    event = {
        "type": "track",
        "event": "Lead Generated",
        "properties": {"lead_source": "Pricing page demo request"},
        "context": {"traits": {"email": "ada@example.com"}},
    }

    mapped = run(schema, SIGNAL, event)

    assert isinstance(mapped, Writes)
    (person,) = mapped.writes
    assert documented_values("people", person.values, schema) == {
        "email_addresses": [{"email_address": "ada@example.com"}],
        "description": [{"value": "Pricing page demo request"}],
    }


@pytest.mark.parametrize(
    ("trait", "value", "slug", "sent"),
    [
        ("email", "  ADA@Example.com ", "email_addresses", [{"email_address": "ada@example.com"}]),
        ("first_name", "Ada", "name", [{"first_name": "Ada", "last_name": "", "full_name": "Ada"}]),
        ("last_name", "Lovelace", "name", [{"first_name": "", "last_name": "Lovelace", "full_name": "Lovelace"}]),
        ("name", "Ada Lovelace", "name", [{"first_name": "", "last_name": "", "full_name": "Ada Lovelace"}]),
        ("phone", "+1 555 867 5309", "phone_numbers", [{"original_phone_number": "+15558675309"}]),
        ("job_title", "Developer", "job_title", [{"value": "Developer"}]),
    ],
)
def test_datafly_identity_signals_row_by_row(schema: Schema, trait: str, value: str, slug: str, sent: Any) -> None:
    """The table under Identity Signals, each trait alone beside the address."""
    mapped = run(schema, SIGNAL, {"type": "identify", "traits": {"email": "ada@example.com", trait: value}})

    assert isinstance(mapped, Writes)
    values = documented_values("people", mapped.writes[0].values, schema)
    assert values[slug] == sent
    assert set(values) == {"email_addresses", slug}


@pytest.mark.parametrize(
    ("event", "takes"),
    [
        ({"type": "identify"}, True),
        ({"type": "track", "event": "Identified"}, True),
        ({"type": "track", "event": "Signed Up"}, True),
        ({"type": "track", "event": "Lead Generated"}, True),
        ({"type": "track", "event": "Logged In"}, True),
        ({"type": "track", "event": "Order Completed"}, False),
        ({"type": "page", "name": "Signed Up"}, False),
        ({"type": "group"}, False),
    ],
)
def test_datafly_takes_its_four_events_and_drops_the_others(schema: Schema, event: dict[str, Any], takes: bool) -> None:
    assert (run(schema, SIGNAL, {**event, "traits": TRAITS}) is not NOT_SUBSCRIBED) == takes


def test_datafly_lead_source_of_another_event_is_not_written(schema: Schema) -> None:
    event = {"type": "track", "event": "Signed Up", "properties": {"lead_source": "x"}, "traits": TRAITS}

    assert "description" not in records(schema, SIGNAL, event)["people"]


def test_datafly_an_event_without_an_address_is_not_delivered(schema: Schema) -> None:
    mapped = run(schema, SIGNAL, {"type": "track", "event": "Logged In", "userId": "u1"})

    assert isinstance(mapped, Rejected)
    assert mapped.code == "missing_match_value"


def test_datafly_writes_people_only_until_a_user_id_is_given(schema: Schema) -> None:
    event = {"type": "identify", "userId": "u1", "traits": TRAITS}

    assert set(records(schema, SIGNAL, event)) == {"people"}
    assert set(records(schema, {**SIGNAL, "user_id": "$.userId"}, event)) == {"people", "users"}


def test_what_a_mapping_fills_itself_is_not_filled_by_the_preset(schema: Schema) -> None:
    event = {"type": "track", "event": "Lead Generated", "properties": {"lead_source": "x"}, "traits": TRAITS}

    written = records(schema, {**SIGNAL, "person": {"description": "ours"}}, event)

    assert written["people"]["description"] == "ours"
