"""
The pages of Segment, Customer.io and Datafly that the presets follow: nothing that they show goes without a test.

The pages are no part of the project. Where they stand beside it, a program takes every row of their tables and every
example out of them, and each has to be in the list below, which names the test that reproduces it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

PAGES = Path(__file__).parents[3] / "shared" / "seeds"
TESTS = {path.stem: path.read_text() for path in Path(__file__).parents[1].rglob("test_*.py")}

FENCED = re.compile(r"^```(?:json)?\n(.*?)^```", re.DOTALL | re.MULTILINE)
CALL = re.compile(r'datafly\.(?:identify|track)\([{"].+?\);', re.DOTALL)
REQUEST = re.compile(r'\{\n"data": \{\n.*?\n\}\n\}\n\}', re.DOTALL)
TYPES = re.compile(r"^`([a-z-]+)`\n\n(.+)\n\n(.+)$", re.MULTILINE)  # a table whose cells became paragraphs

# The first cell of a row, or an example without its white space, to the test that reproduces it.
PEOPLE = "test_presets::test_segment_example_description_name_and_company_of_the_person"
COMPANY = "test_presets::test_segment_assert_record_example_a_company_by_its_domain"
IDENTITY = "test_presets::test_datafly_identity_signals_row_by_row"
SIGN_UP = "test_presets::test_datafly_sign_up_example_as_the_page_shows_the_request"
LEAD = "test_presets::test_datafly_lead_generated_example_writes_the_lead_source_to_the_description"
VALUES = "test_values::test_a_value_becomes_its_neutral_form"
GROUPS = "test_presets::test_customer_io_group_examples"

REPRODUCED = {
    # Segment and Customer.io; the other attribute types are cases of `VALUES`
    "record-reference": "test_values::test_a_reference_names_a_record_by_its_key_or_its_id",
    # Segment
    "traits.description": PEOPLE,
    "traits.last_name, traits.first_name": PEOPLE,
    "traits.domain | company": PEOPLE,
    "traits.twitter_handle | twitter": "test_presets::test_segment_group_workspace_example_twitter_of_the_company",
    "traits.domain | domains": COMPANY,
    '{"type":"identify","traits":{"domain":"app.attio.com","twitter_handle":"@attio"}}': COMPANY,
    # Customer.io
    '{"type":"identify","userId":"user-id","traits":{"email":"user@example.com"}}': (
        "test_presets::test_customer_io_identify_example"
    ),
    '{"type":"identify","userId":"user-id","groupId":"workspace-id","traits":{"email":"user@example.com"}}': (
        "test_presets::test_customer_io_example_associates_people_with_a_workspace_by_group_id"
    ),
    '{"type":"group","groupId":"WorkspaceID","traits":{"website":"company.com"}}': GROUPS,
    '{"type":"group","groupId":"WorkspaceID","traits":{"website":"company.com","objectTypeId":5}}': GROUPS,
    '{"type":"identify","userId":"person@example.com","traits":{"twitter_handle":"@example-person"}}': (
        "test_presets::test_customer_io_assert_record_example_matches_the_person_by_user_id"
    ),
    # Datafly
    "API Key": "test_adopting::test_an_import_without_a_token_writes_nothing",
    **dict.fromkeys(("email", "first_name", "last_name", "name", "phone", "job_title"), IDENTITY),
    'datafly.identify({email:"ada@example.com",first_name:"Ada",last_name:"Lovelace",phone:"+15558675309",'
    'job_title:"SeniorDeveloper"});': SIGN_UP,
    'datafly.track("SignedUp",{method:"email"});': SIGN_UP,
    'datafly.track("LeadGenerated",{lead_source:"Pricingpagedemorequest"});': LEAD,
    '{"data":{"values":{"email_addresses":[{"email_address":"ada@example.com"}],"name":[{"first_name":"Ada",'
    '"last_name":"Lovelace","full_name":"AdaLovelace"}],"phone_numbers":[{"original_phone_number":"+15558675309"}],'
    '"job_title":[{"value":"SeniorDeveloper"}]}}}': SIGN_UP,
    '{"data":{"values":{"email_addresses":[{"email_address":"ada@example.com"}],'
    '"description":[{"value":"Pricingpagedemorequest"}]}}}': LEAD,
}
TYPE_NAMES = {"email": "email-address", "pipeline": "status"}
"""Attribute types whose name on the pages is not Attio's."""


def rows(text: str) -> Iterator[list[str]]:
    """The rows of all tables of a page, without their headings and without marks of code."""
    for line in text.splitlines():
        cells = [cell.strip(" `|") for cell in line.replace("`", "").strip("| ").split("\t" if "\t" in line else " | ")]
        if len(cells) > 1 and not set(line) <= set("|- ") and cells[0].lower() not in HEADINGS:
            yield cells
    yield from (
        [cell.replace("`", "") for cell in found.groups()] for found in TYPES.finditer(text) if found[1] != "type"
    )


HEADINGS = {"select event variable", "type", "field", "signal trait"}
"""The first cells of rows that are headings, in lower case."""


def examples(text: str) -> Iterator[str]:
    """The examples of events, calls and requests of a page, without white space."""
    for pattern in (FENCED, CALL, REQUEST):
        yield from ("".join(found[found.lastindex or 0].split()) for found in pattern.finditer(text))


def pages() -> list[Path]:
    found = sorted(PAGES.glob("*.txt"))
    if not found:
        pytest.skip("the pages that the presets follow are not beside the project")
    return found


def test_every_example_of_the_pages_has_its_test() -> None:
    found = {example for page in pages() for example in examples(page.read_text())}

    assert found <= REPRODUCED.keys()
    assert len(found) == 11


def test_every_row_of_a_table_of_the_pages_has_its_test() -> None:
    known = {name for name, _, _ in values()}
    for page in pages():
        for first, second, *_ in rows(page.read_text()):
            is_type = TYPE_NAMES.get(first, first) in known
            assert is_type or first in REPRODUCED or f"{first} | {second}" in REPRODUCED, (page.name, first, second)


def test_every_example_value_of_an_attribute_type_is_a_case_of_the_values() -> None:
    """With its very type and value; a UUID that the page cuts short stands for any."""
    cases = [(kind, json.dumps(value)) for kind, value, _ in values()]
    names = {TYPE_NAMES.get(kind, kind) for kind, _ in cases}
    seen: set[str] = set()
    for page in pages():
        for first, _, *more in rows(page.read_text()):
            kind = TYPE_NAMES.get(first, first)
            if kind in names and more:
                seen.add(kind)
                for value in re.findall(r'["“]\s*([^"”]+)["”]|([\d.]+|true|false)', more[0]):
                    text = json.dumps(value[0]) if value[0] else value[1]
                    assert "..." in text or (kind, text) in cases, (page.name, kind, text)
    assert seen == names


def values() -> list[tuple[str, Any, Any]]:
    """The cases of the test that `VALUES` names."""
    spec = spec_from_file_location("values", Path(__file__).parent / "test_values.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return list(module.ACCEPTED)


@pytest.mark.parametrize("named", sorted({*REPRODUCED.values(), VALUES}))
def test_the_tests_that_are_named_are_there(named: str) -> None:
    module, _, name = named.partition("::")

    assert f"def {name}(" in TESTS[module]
