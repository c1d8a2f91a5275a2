"""The editor's schema of one workspace: offers what is there, and still takes everything that the loader takes."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from live_workspaces import live_workspace
from states import desired_of, live_of

from attio_ctl.config.nodes import plain
from attio_ctl.config.yaml_reader import read_yaml
from attio_ctl.state.adopt import adopt
from attio_ctl.state.editor_schema import editor_schema

LIVE = {
    "object.people": {"singular_noun": "Person", "plural_noun": "People"},
    "object.people.attribute.email_addresses": {"type": "email-address", "title": "E-mail", "is_unique": True,
                                                "system": True},
    "object.people.attribute.source": {"type": "select", "title": "Source", "description": "Where from"},
    'object.people.attribute.source.option["Web"]': {"title": "Web"},
    'object.people.attribute.source.option["Old"]': {"title": "Old", "archived": True},
    "list.sales": {"name": "Sales", "parent_object": "people", "workspace_access": "full-access",
                   "workspace_member_access": []},
}  # fmt: skip
FILES = {
    "objects": {
        "people": {"attributes": {"source": {"type": "select", "options": ["Web", "Event"]}}},
        "cars": {"attributes": {"vin": {"type": "text", "unique": True}}},
    }
}


def schema() -> dict[str, Any]:
    """What is live, with what the files want on top."""
    return editor_schema(live_of(LIVE), desired_of(FILES))


def faults(made: dict[str, Any], text: str) -> list[str]:
    """What an editor would mark."""
    root = read_yaml(text.encode(), "f.yaml").root
    assert root is not None
    return [fault.json_path for fault in jsonschema.Draft7Validator(made).iter_errors(plain(root))]


def test_slugs_and_titles_of_both_sides_are_offered() -> None:
    made = schema()
    people = made["properties"]["objects"]["properties"]["people"]["properties"]["attributes"]["properties"]

    assert set(people) == {"source"}
    assert people["source"]["description"] == "Source (select): Where from"
    assert people["source"]["properties"]["options"]["items"]["anyOf"][0] == {"enum": ["Web", "Event"]}
    assert "vin" in made["properties"]["objects"]["properties"]["cars"]["properties"]["attributes"]["properties"]
    assert made["definitions"]["ListSpec"]["properties"]["parent"]["anyOf"][0] == {"enum": ["cars", "people"]}
    removable = made["definitions"]["Removal"]["properties"]["address"]["anyOf"][0]["enum"]
    assert 'object.people.attribute.source.option["Web"]' in removable
    assert "object.people.attribute.email_addresses" not in removable


def test_a_mapping_is_offered_the_attributes_of_its_object() -> None:
    made = schema()
    branches = {one["if"]["properties"]["object"]["const"]: one["then"]["properties"]
                for one in made["definitions"]["AssertRecord"]["allOf"]}  # fmt: skip

    assert branches["cars"]["match"]["anyOf"][0] == {"enum": ["vin"]}
    assert set(branches["people"]["values"]["properties"]) == {"email_addresses", "source"}
    person = made["definitions"]["IdentifyUser"]["properties"]["person"]["properties"]
    assert person["source"]["anyOf"][0] == {"enum": ["Web", "Event"]}


@pytest.mark.parametrize(
    "text",
    [
        "objects: {new_object: {attributes: {x: {type: text}}}}",
        "objects: {people: {attributes: {source: {type: select, options: [New], default: New}, other: {type: text}}}}",
        "lists: {new_list: {parent: new_object}}",
        "removed: [{address: object.people.attribute.unheard_of, action: archive}]",
        "mappings: {m: {action: assert-record, object: people, match: x, values: {x: $.y, source: '{{a}}'}}}",
        "mappings: {m: {action: identify-user, person: {source: {'@path': $.a}}}}",
        "webhooks: {w: {url: 'https://example.com', on: [{event: record.updated, object: other, attribute: x}]}}",
    ],
)
def test_what_is_not_there_yet_is_not_marked(text: str) -> None:
    assert faults(schema(), text) == []


@pytest.mark.parametrize(
    "text",
    ["objects: {people: {attributes: {source: {type: text}}}}", "objects: {people: {attributes: {source: {x: 1}}}}"],
)
def test_another_type_for_what_exists_is_marked(text: str) -> None:
    assert faults(schema(), text)


@pytest.mark.parametrize("seed", range(12))
def test_an_import_is_never_marked_by_the_schema_of_its_own_workspace(seed: int) -> None:
    live = live_workspace(seed)
    made = editor_schema(live)
    jsonschema.Draft7Validator.check_schema(made)
    adopted = adopt(live, name="acme", api={"sandbox": "acme"}, pinned=False, identified=True)

    assert {path: faults(made, text) for path, text in adopted.files.items() if faults(made, text)} == {}
