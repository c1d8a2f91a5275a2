"""What each attribute type takes, what is sent for it, and what is refused before Attio would."""

from __future__ import annotations

import random
from typing import Any

import orjson
import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attio_ctl.attribute_types import ATTRIBUTE_TYPES
from attio_ctl.mapping.encode import batch_call, documented_values, simple_values
from attio_ctl.mapping.expressions.javascript import MISSING
from attio_ctl.mapping.values.coerce import coercer
from attio_ctl.mapping.values.phones import phone_coercer
from attio_ctl.mapping.values.table import ROWS
from attio_ctl.mapping.writes import RecordId, RecordKey, Reject, Write
from attio_ctl.state.schema import AttributeSchema, Schema

UUID = "0677efa1-0000-4000-8000-000000000000"
ADA = RecordKey("people", "email_addresses", "ada@example.com")
ACME = RecordKey("companies", "domains", "acme.com")

NAME = {"first_name": "Joe", "last_name": "Bloggs", "full_name": "Joe Bloggs"}
EMPTY_LOCATION = dict.fromkeys(
    ("line_1", "line_2", "line_3", "line_4", "locality", "region", "postcode", "country_code", "latitude", "longitude")
)

ACCEPTED: list[tuple[str, Any, Any]] = [
    # The example values of Segment's and Customer.io's table, row by row.
    ("actor-reference", "alice@attio.com", "alice@attio.com"),
    ("checkbox", True, True),
    ("checkbox", False, False),
    ("currency", 99, 99),
    ("currency", 29.9999, 29.9999),
    ("date", "2023-09-28", "2023-09-28"),
    ("domain", "app.attio.com", "app.attio.com"),
    ("domain", "www.example.com", "www.example.com"),
    ("email-address", "person@example.com", "person@example.com"),
    ("location", "1 Infinite Loop, Cupertino, CA, US", "1 Infinite Loop, Cupertino, CA, US"),
    ("number", 42.192, 42.192),
    ("number", 17, 17),
    ("personal-name", "Bloggs, Joe", NAME),
    ("phone-number", "+15558675309", "+15558675309"),
    ("status", "open", "open"),
    ("status", "closed", "closed"),
    ("rating", 0, 0),
    ("rating", 5, 5),
    ("select", "open", "open"),
    ("text", "A piece of text", "A piece of text"),
    ("timestamp", "2023-09-28 04:39:17.000", "2023-09-28T04:39:17Z"),
    ("timestamp", "2023-09-28T04:39:17", "2023-09-28T04:39:17Z"),
    # What is safe to turn into them.
    ("text", 42, "42"),
    ("text", 1.0, "1"),
    ("text", True, "true"),
    ("text", {"value": "x"}, "x"),
    ("text", "cut \ud83d emoji", "cut \ufffd emoji"),
    ("text", "", ""),
    ("number", "42", 42),
    ("number", " -1.5e3 ", -1500.0),
    ("number", 2**60, 2**60),
    ("number", 10**30, 1e30),
    ("number", "9007199254740992", 2**53),
    ("number", "0.1234567890123456789", 0.1234567890123456789),
    ("number", "1e300", 1e300),
    ("currency", "99999999999.1234", 99999999999.1234),
    ("text", 9007199254740993, "9007199254740993"),
    ("text", -12345678901234567890123, "-12345678901234567890123"),
    ("number", {"value": 5}, 5),
    ("checkbox", "true", True),
    ("checkbox", {"value": "false"}, False),
    ("currency", "99.50", 99.5),
    ("currency", 0.1 + 0.2, 0.3),
    ("currency", 29.990000000000002, 29.99),
    ("currency", {"currency_value": 5}, 5),
    ("rating", "4", 4),
    ("rating", 3.0, 3),
    ("date", "2023", "2023-01-01"),
    ("date", "2023-04", "2023-04-01"),
    ("date", "2023-01-02T15:00:00.000000000+02:00", "2023-01-02"),
    ("date", "2023-01-02T23:00:00-10:00", "2023-01-03"),
    ("date", "9999-12-31", "9999-12-31"),
    ("timestamp", "2023-01-02T03:04:05+02:00", "2023-01-02T01:04:05Z"),
    ("timestamp", "2023-01-02T03:04:05.123456789Z", "2023-01-02T03:04:05.123456789Z"),
    ("timestamp", "2023-01-02T03:04:05.120Z", "2023-01-02T03:04:05.12Z"),
    ("timestamp", "2023-01-02T03:04", "2023-01-02T03:04:00Z"),
    ("timestamp", "2023", "2023-01-01T00:00:00Z"),
    ("domain", "https://user@WWW.Example.com:443/path?q#f", "www.example.com"),
    ("domain", " Acme.CO.uk. ", "acme.co.uk"),
    ("domain", "münchen.de", "münchen.de"),
    ("domain", {"domain": "acme.com"}, "acme.com"),
    ("email-address", "  Ada+X@Sub.Example.COM ", "ada+x@sub.example.com"),
    ("email-address", {"email_address": "a@b.co"}, "a@b.co"),
    ("email-address", "jürgen@example.com", "jürgen@example.com"),
    ("phone-number", "+1 (415) 555-2671", "+14155552671"),
    ("phone-number", {"original_phone_number": "020 7946 0958", "country_code": "GB"}, "+442079460958"),
    ("phone-number", "+44 (0)20 7946 0958", "+442079460958"),
    ("select", UUID, UUID),
    ("select", {"option": "open"}, "open"),
    ("select", 5, "5"),
    ("status", {"status": "closed"}, "closed"),
    ("actor-reference", "Alice@Attio.com", "alice@attio.com"),
    ("actor-reference", UUID, UUID),
    ("actor-reference", {"workspace_member_email_address": "alice@attio.com"}, "alice@attio.com"),
    ("actor-reference", {"referenced_actor_type": "workspace-member", "referenced_actor_id": UUID}, UUID),
    ("personal-name", "Cher", {"first_name": "Cher", "last_name": "", "full_name": "Cher"}),
    (
        "personal-name",
        "van der Berg, Jan Willem",
        {"first_name": "Jan Willem", "last_name": "van der Berg", "full_name": "Jan Willem van der Berg"},
    ),
    ("personal-name", "Bloggs,", {"first_name": "", "last_name": "Bloggs", "full_name": "Bloggs"}),
    ("personal-name", {"first_name": "Joe", "last_name": "Bloggs"}, NAME),
    ("personal-name", {"full_name": "Joe Bloggs"}, {"first_name": "", "last_name": "", "full_name": "Joe Bloggs"}),
    ("personal-name", ", ", MISSING),
    ("personal-name", "", MISSING),
    (
        "location",
        {"line_1": "1 Loop", "country_code": "US", "latitude": 37.3},
        {**EMPTY_LOCATION, "line_1": "1 Loop", "country_code": "US", "latitude": "37.3"},
    ),
    # One value in a list, nothing in a list, and nothing.
    ("text", ["x"], "x"),
    ("number", [], None),
    ("date", None, None),
    ("checkbox", [None], None),
]

REFUSED: list[tuple[str, Any, str]] = [
    ("text", {"a": 1}, "wrong_type"),
    ("text", ["a", "b"], "too_many_values"),
    ("number", "", "invalid_number"),
    ("number", 2**53 + 1, "invalid_number"),
    ("number", -(2**53) - 1, "invalid_number"),
    ("number", "9007199254740993", "invalid_number"),
    ("number", 12345678901234567890, "invalid_number"),
    ("number", 10**30 + 1, "invalid_number"),
    ("number", "12345678901234567.5", "invalid_number"),
    ("currency", 2**53 + 1, "invalid_currency"),
    ("currency", "12345678901234.5678", "invalid_currency"),
    ("number", "12 apples", "invalid_number"),
    ("number", "0x10", "invalid_number"),
    ("number", "NaN", "invalid_number"),
    ("number", float("nan"), "invalid_number"),
    ("number", float("inf"), "invalid_number"),
    ("number", 10**400, "invalid_number"),
    ("number", "9" * 401, "invalid_number"),
    ("number", True, "wrong_type"),
    ("checkbox", 1, "wrong_type"),
    ("checkbox", "yes", "wrong_type"),
    ("currency", 1.23456, "invalid_currency"),
    ("currency", "$5", "invalid_currency"),
    ("currency", {"currency_value": 5, "currency_code": "USD"}, "wrong_type"),
    ("rating", 6, "invalid_rating"),
    ("rating", -1, "invalid_rating"),
    ("rating", 2.5, "invalid_rating"),
    ("date", "2023-02-30", "invalid_date"),
    ("date", "11/20/2026", "invalid_date"),
    ("date", "0000-01-01", "invalid_date"),
    ("date", 1700000000, "wrong_type"),
    ("timestamp", "yesterday", "invalid_timestamp"),
    ("timestamp", "2023-01-02T25:00:00.123Z", "invalid_timestamp"),
    ("timestamp", 1700000000, "wrong_type"),
    ("domain", "localhost", "invalid_domain"),
    ("domain", "127.0.0.1", "invalid_domain"),
    ("domain", "a b.com", "invalid_domain"),
    ("domain", "-a.com", "invalid_domain"),
    ("domain", "", "invalid_domain"),
    ("domain", 42, "wrong_type"),
    ("email-address", "a@localhost", "invalid_email"),
    ("email-address", "a@example.test", "invalid_email"),
    ("email-address", "Ada <a@example.com>", "invalid_email"),
    ("email-address", "a@b@c.com", "invalid_email"),
    ("email-address", "", "invalid_email"),
    ("email-address", "x" * 2000 + "@example.com", "invalid_email"),
    ("email-address", 5, "wrong_type"),
    ("phone-number", "(415) 555-2671", "invalid_phone_number"),
    ("phone-number", "+1415", "invalid_phone_number"),
    ("phone-number", "+999123456789", "invalid_phone_number"),
    ("phone-number", "call me", "invalid_phone_number"),
    ("phone-number", 14155552671, "wrong_type"),
    ("select", "Open", "unknown_option"),
    ("select", "old", "unknown_option"),
    ("select", True, "wrong_type"),
    ("status", "lost", "unknown_status"),
    ("actor-reference", "bob@attio.com", "unknown_member"),
    ("actor-reference", "not an address", "invalid_email"),
    ("actor-reference", {"referenced_actor_type": "api-token", "referenced_actor_id": UUID}, "invalid_reference"),
    ("personal-name", {"first": "Joe"}, "invalid_name"),
    ("personal-name", {"first_name": ""}, "invalid_name"),
    ("personal-name", {"first_name": 5}, "wrong_type"),
    ("personal-name", 5, "wrong_type"),
    ("location", " ", "invalid_location"),
    ("location", {"street": "x"}, "invalid_location"),
    ("location", {"country_code": "usa"}, "invalid_location"),
    ("location", {"latitude": "91"}, "invalid_location"),
    ("location", 5, "wrong_type"),
]


def attribute(kind: str, **more: Any) -> AttributeSchema:
    titles = frozenset({"open", "closed", "5"}) if kind in ("select", "status") else frozenset()
    return AttributeSchema(
        "a", kind, titles=titles, archived_titles=frozenset({"old"}) if titles else frozenset(), **more
    )


@pytest.mark.parametrize(("kind", "value", "neutral"), ACCEPTED)
def test_a_value_becomes_its_neutral_form(schema: Schema, kind: str, value: Any, neutral: Any) -> None:
    coerced = coercer(attribute(kind), schema).whole(value)

    assert coerced == neutral
    assert type(coerced) is type(neutral) or isinstance(coerced, type(neutral))


@pytest.mark.parametrize(("kind", "value", "code"), REFUSED)
def test_a_value_that_attio_would_refuse_has_a_code(schema: Schema, kind: str, value: Any, code: str) -> None:
    with pytest.raises(Reject) as caught:
        coercer(attribute(kind), schema).whole(value)

    assert caught.value.code == code
    assert not caught.value.reason.endswith(".")
    assert len(caught.value.reason) < 300


@pytest.mark.parametrize(("kind", "value", "neutral"), [case for case in ACCEPTED if isinstance(case[1], str)])
def test_a_neutral_text_is_its_own_neutral_form(schema: Schema, kind: str, value: str, neutral: Any) -> None:
    if neutral is not MISSING:
        assert coercer(attribute(kind), schema).whole(neutral) == neutral


def test_several_values_lose_repeats_and_nulls(schema: Schema) -> None:
    several = coercer(attribute("email-address", multiselect=True), schema).whole

    assert several(["A@b.co", None, "a@b.co", "c@d.co"]) == ["a@b.co", "c@d.co"]
    assert several("A@b.co") == ["a@b.co"]
    assert several([]) == []
    assert several(None) is None


@pytest.mark.parametrize("value", [None, []])
def test_a_required_attribute_cannot_be_unset(schema: Schema, value: Any) -> None:
    with pytest.raises(Reject, match="required"):
        coercer(attribute("text", required=True), schema).whole(value)


@pytest.mark.parametrize(
    ("targets", "value", "expect"),
    [
        ({"people"}, "Ada@Example.com", ADA),
        ({"companies"}, "https://acme.com/x", ACME),
        ({"users"}, "u1", RecordKey("users", "user_id", "u1")),
        ({"users"}, 7, RecordKey("users", "user_id", "7")),
        ({"users"}, UUID, RecordKey("users", "user_id", UUID)),
        ({"workspaces"}, "w1", RecordKey("workspaces", "workspace_id", "w1")),
        ({"companies"}, UUID.upper(), RecordId("companies", UUID)),
        ({"vehicles"}, UUID, RecordId("vehicles", UUID)),
        (None, {"target_object": "people", "target_record_id": UUID}, RecordId("people", UUID)),
        ({"vehicles"}, {"target_object": "vehicles", "vin": "v1"}, RecordKey("vehicles", "vin", "v1")),
        ({"people"}, {"target_object": "people", "email_addresses": [{"email_address": "Ada@example.com"}]}, ADA),
        ({"people"}, "ada", "invalid_email"),
        ({"companies"}, 42, "wrong_type"),
        ({"vehicles"}, "v1", "invalid_reference"),
        ({"people", "companies"}, "acme.com", "ambiguous_reference"),
        (None, "acme.com", "ambiguous_reference"),
        ({"people"}, {"target_object": "companies", "target_record_id": UUID}, "invalid_reference"),
        ({"people"}, {"target_object": "people", "target_record_id": "5"}, "invalid_reference"),
        ({"people"}, {"target_object": "people", "job_title": "CEO"}, "invalid_reference"),
        ({"people"}, {"target_object": "people"}, "invalid_reference"),
        ({"people"}, ["a@b.co", "c@d.co"], "too_many_values"),
    ],
)
def test_a_reference_names_a_record_by_its_key_or_its_id(
    schema: Schema, targets: set[str] | None, value: Any, expect: Any
) -> None:
    known = attribute("record-reference", targets=None if targets is None else frozenset(targets))

    try:
        got: Any = coercer(known, schema).whole(value)
    except Reject as reject:
        got = reject.code

    assert got == expect


@pytest.mark.parametrize("kind", ["created", "interaction", "archived"])
def test_what_cannot_be_written_takes_no_value(schema: Schema, kind: str) -> None:
    known = {
        "created": attribute("timestamp", writable=False),
        "interaction": attribute("interaction"),
        "archived": attribute("text", archived=True),
    }[kind]

    with pytest.raises(Reject) as caught:
        coercer(known, schema).whole("x")

    assert caught.value.code == ("archived_attribute" if kind == "archived" else "not_writable")


def test_the_quick_way_for_phone_numbers_agrees_with_the_full_parser() -> None:
    """Ten thousand numbers of all calling codes, of which the quick check lets some through."""
    numbers, coerce = random.Random(7), phone_coercer(None)
    codes = list(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)
    for _ in range(10_000):
        text = f"+{numbers.choice(codes)}{''.join(numbers.choices('0123456789', k=numbers.randint(4, 12)))}"
        parsed = phonenumbers.parse(text) if phonenumbers.is_possible_number_string(text, None) else None
        expected = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) if parsed else None
        try:
            got = coerce(text)
        except Reject:
            got = None

        assert got == expected, text


json = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=12)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=6,
)


@given(st.sampled_from(sorted(ATTRIBUTE_TYPES)), st.booleans(), json)
def test_any_json_value_is_taken_or_refused_with_a_code(kind: str, several: bool, value: Any) -> None:
    run = coercer(attribute(kind, multiselect=several, targets=frozenset({"people"})), Schema()).whole

    try:
        run(value)
    except Reject as reject:
        assert reject.reason  # noqa: PT017  nothing else may come out


def test_the_wire_forms_of_every_type(schema: Schema) -> None:
    values = {
        "vin": "v1",
        "number": 5,
        "sold_on": "2024-01-02",
        "score": 3,
        "stage": "Sold",
        "owner": ADA,
        "parts": [ACME, RecordId("vehicles", UUID)],
        "seller": "alice@attio.com",
        "garage": "1 Loop",
        "price": 9.5,
        "notes": None,
    }

    documented = documented_values("vehicles", values, schema)

    assert documented == {
        "vin": [{"value": "v1"}],
        "number": [{"value": 5}],
        "sold_on": [{"value": "2024-01-02"}],
        "score": [{"value": 3}],
        "stage": [{"status": "Sold"}],
        "owner": [{"target_object": "people", "email_addresses": [{"email_address": "ada@example.com"}]}],
        "parts": [
            {"target_object": "companies", "domains": [{"domain": "acme.com"}]},
            {"target_object": "vehicles", "target_record_id": UUID},
        ],
        "seller": [{"workspace_member_email_address": "alice@attio.com"}],
        "garage": ["1 Loop"],
        "price": [{"currency_value": 9.5}],
        "notes": [],
    }
    assert simple_values(values) == {
        **values,
        "owner": "ada@example.com",
        "parts": ["acme.com", UUID],
    }


def test_a_batch_holds_each_record_with_simple_values_in_the_order_given(schema: Schema) -> None:
    name = coercer(attribute("personal-name"), schema).whole("Bloggs, Joe")
    person = Write(ADA, {"email_addresses": ["ada@example.com"], "name": name})
    user = Write(
        RecordKey("users", "user_id", "u1"),
        {"user_id": "u1", "person": ADA, "workspace": [RecordKey("workspaces", "workspace_id", "w1")], "plan": None},
    )

    call = orjson.loads(batch_call([person, user], "2024-01-01T00:00:00Z"))

    common = {"mode": "create-or-update", "multiselect_values": "append", "received_at": "2024-01-01T00:00:00Z"}
    assert call == [
        {
            "object": "people",
            "matching_attribute": "email_addresses",
            "values": {"email_addresses": ["ada@example.com"], "name": "Bloggs, Joe"},
            **common,
        },
        {
            "object": "users",
            "matching_attribute": "user_id",
            "values": {"user_id": "u1", "person": "ada@example.com", "workspace": ["w1"], "plan": None},
            **common,
        },
    ]
    assert batch_call([], "2024-01-01T00:00:00Z") == b"[]"


def test_the_table_has_a_row_for_every_writable_type() -> None:
    assert {row.type for row in ROWS} == set(ATTRIBUTE_TYPES) - {"interaction"}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.type)
def test_the_examples_of_the_table_are_true(schema: Schema, row: Any) -> None:
    run = coercer(attribute(row.type, targets=frozenset({"people"})), schema).whole

    for example in row.takes:
        run(example)
    for example in row.refuses:
        with pytest.raises(Reject):
            run(example)
