"""Each attribute type: what may be written, how it is read back, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.anyio

CURRENCY = {"config": {"currency": {"default_currency_code": "USD", "display_type": "symbol"}}}
LOCATION = {
    "line_1": "1 Main Street",
    "line_2": None,
    "line_3": None,
    "line_4": None,
    "locality": "Springfield",
    "region": None,
    "postcode": "12345",
    "country_code": "US",
    "latitude": "37.7",
    "longitude": "-122.4",
}

TAKEN: list[tuple[str, Any, dict[str, Any]]] = [
    ("text", "words", {"value": "words"}),
    ("text", {"value": "words"}, {"value": "words"}),
    ("text", ["words"], {"value": "words"}),
    ("number", 42, {"value": 42}),
    ("number", {"value": 4.25}, {"value": 4.25}),
    ("checkbox", True, {"value": True}),
    ("checkbox", "false", {"value": False}),
    ("currency", 99.5, {"currency_value": 99.5, "currency_code": "USD"}),
    ("currency", "99.50", {"currency_value": 99.5, "currency_code": "USD"}),
    ("date", "2023", {"value": "2023-01-01"}),
    ("date", "2023-02", {"value": "2023-02-01"}),
    ("date", "2023-01-02T23:00:00-10:00", {"value": "2023-01-03"}),
    ("date", {"value": "9999-12-31"}, {"value": "9999-12-31"}),
    ("timestamp", "2024-01-31T10:00:00+02:00", {"value": "2024-01-31T08:00:00.000000000Z"}),
    ("timestamp", "2024", {"value": "2024-01-01T00:00:00.000000000Z"}),
    ("timestamp", "2024-01-31T10:00:00.123456789Z", {"value": "2024-01-31T10:00:00.123456789Z"}),
    ("rating", 0, {"value": 0}),
    ("rating", {"value": 5}, {"value": 5}),
    ("location", LOCATION, LOCATION),
    (
        "domain",
        "https://WWW.Shop.Example.co.uk/x?y=1",
        {"domain": "www.shop.example.co.uk", "root_domain": "example.co.uk"},
    ),
    (
        "email-address",
        "Ada@Mail.Example.com",
        {
            "original_email_address": "Ada@Mail.Example.com",
            "email_address": "ada@mail.example.com",
            "email_domain": "mail.example.com",
            "email_root_domain": "example.com",
            "email_local_specifier": "ada",
        },
    ),
    (
        "phone-number",
        {"original_phone_number": "020 7183 8750", "country_code": "GB"},
        {"original_phone_number": "020 7183 8750", "country_code": "GB", "phone_number": "+442071838750"},
    ),
]

REFUSED: list[tuple[str, Any, str]] = [
    ("text", 5, "Expected string, received number"),
    ("text", ["a", "b"], "Single-select attribute expects a single value but received an array of several values"),
    ("number", "42", "Expected number, received string"),
    ("number", True, "Expected number, received boolean"),
    ("checkbox", "yes", "Expected boolean, received string"),
    ("currency", {"currency_value": 1, "currency_code": "EUR"}, "Unrecognized key(s) in object: 'currency_code'"),
    ("currency", {"value": 1, "currency": "EUR"}, "Unrecognized key(s) in object: 'value', 'currency'"),
    ("currency", 1.00001, "Currency values can have at most 4 decimal places"),
    ("date", "31/01/2024", "Invalid date"),
    ("date", "10000-01-01", "Invalid date"),
    ("rating", 6, "Number must be between 0 and 5"),
    ("rating", 2.5, "Expected integer, received float"),
    ("location", {key: value for key, value in LOCATION.items() if key != "line_4"}, "Required"),
    ("location", LOCATION | {"country_code": "XX"}, "Invalid"),
    ("domain", "nothing", "Invalid domain"),
    ("email-address", "ada@example.test", "Invalid email"),
    ("email-address", "ada", "Invalid email"),
    ("phone-number", "12", "Invalid phone number"),
    ("phone-number", "+1 234", "Invalid phone number"),
]


async def prepare(client: Any, type_: str) -> None:
    await client.object("things")
    await client.attribute("objects/things", "it", type_, **(CURRENCY if type_ == "currency" else {}))


@pytest.mark.parametrize(("type_", "written", "read"), TAKEN)
async def test_a_value_is_normalised(client: Any, type_: str, written: Any, read: dict[str, Any]) -> None:
    await prepare(client, type_)
    record = await client.create("things", it=written)
    (value,) = record["values"]["it"]
    assert {key: value[key] for key in read} == read
    assert value["attribute_type"] == type_
    assert value["active_until"] is None
    assert value["active_from"].endswith("000Z")
    assert value["created_by_actor"]["type"] == "api-token"


@pytest.mark.parametrize(("type_", "written", "message"), REFUSED)
async def test_a_value_that_does_not_fit_is_refused_with_its_reason(
    client: Any, type_: str, written: Any, message: str
) -> None:
    await prepare(client, type_)
    answer = await client.ask("POST", "/objects/things/records", {"data": {"values": {"it": written}}})
    said = answer.json()
    assert (said["status_code"], said["code"]) == (400, "validation_type")
    faults = [fault["message"] for fault in said.get("validation_errors", [])]
    assert message in [*faults, said["message"]]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Lovelace, Ada", ("Ada", "Lovelace", "Ada Lovelace")),
        ("Ada", ("Ada", "", "Ada")),
        ({"first_name": "Ada", "last_name": "King", "full_name": "Ada K."}, ("Ada", "King", "Ada K.")),
    ],
)
async def test_a_personal_name_is_read_in_three_parts(client: Any, written: Any, read: tuple[str, str, str]) -> None:
    (name,) = (await client.create("people", name=written))["values"]["name"]
    assert (name["first_name"], name["last_name"], name["full_name"]) == read


async def test_a_name_object_needs_all_three_keys_and_every_gap_is_named(client: Any) -> None:
    answer = await client.ask("POST", "/objects/people/records", {"data": {"values": {"name": {"value": "Ada"}}}})
    said = answer.json()
    assert said["message"] == 'An invalid value was passed to attribute with slug "name".'
    assert [fault["path"] for fault in said["validation_errors"]] == [["first_name"], ["last_name"], ["full_name"]]


async def test_an_unknown_option_is_refused_and_never_made(client: Any) -> None:
    await client.attribute("objects/people", "plan", "select")
    await client.data("POST", "/objects/people/attributes/plan/options", {"data": {"title": "Pro"}})
    body = {"data": {"values": {"plan": "Free"}}}
    said = await client.refusal("POST", "/objects/people/records", body)
    assert said == (400, "value_not_found", 'Cannot find select option with title "Free".')
    assert len(await client.data("GET", "/objects/people/attributes/plan/options")) == 1


async def test_an_option_may_be_written_by_title_or_id_and_survives_a_rename(client: Any) -> None:
    await client.attribute("objects/people", "plan", "select", is_multiselect=True)
    base = "/objects/people/attributes/plan/options"
    free = await client.data("POST", base, {"data": {"title": "Free"}})
    await client.data("POST", base, {"data": {"title": "Pro"}})
    record = await client.create("people", plan=[{"option": free["id"]["option_id"]}, "Pro"])
    await client.data("PATCH", f"{base}/Free", {"data": {"title": "Gratis"}})
    read = await client.data("GET", f"/objects/people/records/{record['id']['record_id']}")
    assert [value["option"]["title"] for value in read["values"]["plan"]] == ["Gratis", "Pro"]


async def test_a_status_is_written_under_the_key_status_only(client: Any) -> None:
    values = {"name": "Big", "owner": "ada@example.com"}
    made = await client.create("deals", stage={"status": "Lead"}, **values)
    assert made["values"]["stage"][0]["status"]["title"] == "Lead"
    body = {"data": {"values": {**values, "stage": {"title": "Lead"}}}}
    assert (await client.refusal("POST", "/objects/deals/records", body))[1] == "validation_type"


async def test_only_members_can_be_actors(client: Any) -> None:
    body = {"data": {"values": {"name": "Big", "stage": "Lead", "owner": "nobody@example.com"}}}
    assert (await client.refusal("POST", "/objects/deals/records", body))[:2] == (400, "value_not_found")


async def test_a_bare_value_for_a_multiselect_is_refused(client: Any) -> None:
    body = {"data": {"values": {"email_addresses": "ada@example.com"}}}
    said = await client.refusal("POST", "/objects/people/records", body)
    assert said == (400, "validation_type", "Multi-select attribute expects an array but received a single value")
