"""Whether a record holds what was written, in the shapes in which Attio shows values."""

from __future__ import annotations

from typing import Any

import pytest

from attio_ctl.delivery.standing import stands
from attio_ctl.mapping.writes import PersonalName, RecordId, RecordKey
from attio_ctl.state.schema import AttributeSchema

ADA = RecordKey("people", "email_addresses", "ada@example.com")
IDS = {ADA: "r1"}
NAME = PersonalName({"first_name": "Ada", "last_name": "Lovelace", "full_name": "Ada Lovelace"})


def option(title: str) -> dict[str, Any]:
    return {"option": {"id": {"option_id": f"id of {title}"}, "title": title, "is_archived": False}}


CASES: list[tuple[str, Any, list[dict[str, Any]], bool]] = [
    ("text", "a", [{"value": "a"}], True),
    ("text", "a", [{"value": "A"}], False),
    ("text", "a", [], False),
    ("text", None, [], True),
    ("text", None, [{"value": "a"}], False),
    ("text", "", [], True),
    ("text", "", [{"value": ""}], True),
    ("text", "", [{"value": "a"}], False),
    ("number", 1, [{"value": 1.0}], True),
    ("number", 1, [{"value": 1.00001}], False),
    ("number", 2**53 + 1, [{"value": float(2**53)}], True),
    ("number", 1, [{"value": "many"}], False),
    ("currency", 9.5, [{"currency_value": "9.50", "currency_code": "USD"}], True),
    ("currency", 9.5, [{"currency_value": 9.05, "currency_code": "USD"}], False),
    ("checkbox", True, [{"value": True}], True),
    ("checkbox", False, [{"value": True}], False),
    ("rating", 0, [{"value": 0}], True),
    ("rating", 0, [], False),
    ("date", "2026-10-01", [{"value": "2026-10-01"}], True),
    ("timestamp", "2026-10-01T10:00:00.5Z", [{"value": "2026-10-01T10:00:00.500000000Z"}], True),
    ("timestamp", "2026-10-01T10:00:00Z", [{"value": "2026-10-01T10:00:00.000000001Z"}], False),
    ("timestamp", "2026-10-01T10:00:00Z", [{"value": "soon"}], False),
    ("select", "Pro", [option("Pro")], True),
    ("select", "id of Pro", [option("Pro")], True),
    ("select", "Pro", [{"option": "Pro"}], True),
    ("select", "Pro", [option("Free")], False),
    ("status", "Won", [{"status": {"id": {"status_id": "s1"}, "title": "Won"}}], True),
    ("status", "s2", [{"status": {"id": {"status_id": "s1"}, "title": "Won"}}], False),
    ("email-address", "a@x.com", [{"email_address": "a@x.com", "original_email_address": "A@x.com"}], True),
    ("domain", "x.com", [{"domain": "X.com"}], True),
    ("domain", "x.com", [{"domain": "app.x.com"}], False),
    ("phone-number", "+15558675309", [{"original_phone_number": "555", "phone_number": "+15558675309"}], True),
    ("phone-number", "+15558675309", [{"normalized_phone_number": "+15558675309"}], True),
    ("phone-number", "+15558675309", [{"phone_number": "+15558675308"}], False),
    ("personal-name", NAME, [{"first_name": "Ada", "last_name": "Lovelace", "full_name": "A. L."}], True),
    ("personal-name", NAME, [{"first_name": "Ada", "last_name": None, "full_name": "Ada"}], False),
    ("record-reference", ADA, [{"target_object": "people", "target_record_id": "r1"}], True),
    ("record-reference", ADA, [{"target_object": "people", "target_record_id": "r2"}], False),
    ("record-reference", RecordKey("people", "email_addresses", "x"), [{"target_record_id": "r1"}], False),
    ("record-reference", RecordId("people", "r7"), [{"target_record_id": "r7"}], True),
]


@pytest.mark.parametrize(("kind", "value", "shown", "expected"), CASES)
def test_a_value_stands_when_it_is_shown(kind: str, value: Any, shown: list[dict[str, Any]], *, expected: bool) -> None:
    attributes = {"it": AttributeSchema("it", kind)}

    assert stands({"it": value}, {"it": shown}, attributes, IDS) is expected


@pytest.mark.parametrize(
    ("values", "titles", "expected"),
    [
        (["a"], ["a", "b"], True),
        (["b", "a"], ["a", "b"], True),
        ([], ["a"], True),
        (["a", "c"], ["a", "b"], False),
        (["a"], [], False),
    ],
)
def test_values_that_are_added_stand_when_each_is_among_the_others(
    values: list[str], titles: list[str], *, expected: bool
) -> None:
    attributes = {"tags": AttributeSchema("tags", "select", multiselect=True)}

    assert stands({"tags": values}, {"tags": [option(title) for title in titles]}, attributes, {}) is expected


def test_one_value_that_does_not_stand_is_enough() -> None:
    attributes = {"a": AttributeSchema("a", "text"), "b": AttributeSchema("b", "text")}
    shown = {"a": [{"value": "x"}], "b": [{"value": "y"}]}

    assert stands({"a": "x", "b": "y"}, shown, attributes, {})
    assert not stands({"a": "x", "b": "z"}, shown, attributes, {})
