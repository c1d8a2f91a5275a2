"""The editor's schemas: up to date, right about the demo, and as strict as the loader where a schema can be."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from attio_ctl.config.files import find_source
from attio_ctl.config.nodes import plain
from attio_ctl.config.schema_export import overlay_schema, workspace_schema, write_schemas
from attio_ctl.config.yaml_reader import read_yaml

ROOT = Path(__file__).parents[2]


def faults(schema: dict[str, Any], text: str) -> list[str]:
    """What a validator says of a file, as `path: message`."""
    document = read_yaml(text.encode(), "file.yaml")
    assert document.root is not None
    validator = jsonschema.Draft7Validator(schema)
    return [f"{fault.json_path}: {fault.message}" for fault in validator.iter_errors(plain(document.root))]


def test_the_committed_schemas_are_what_the_models_say(tmp_path: Path) -> None:
    """When this fails: `make schemas`."""
    for path in write_schemas(tmp_path):
        assert (ROOT / "schemas" / path.name).read_text() == path.read_text(), path.name


@pytest.mark.parametrize("schema", [workspace_schema(), overlay_schema()], ids=["workspace", "overlay"])
def test_a_schema_is_itself_valid(schema: dict[str, Any]) -> None:
    jsonschema.Draft7Validator.check_schema(schema)


@pytest.mark.parametrize("file", find_source(ROOT / "workspaces" / "demo").files, ids=lambda file: file.name)
def test_the_demo_is_valid_file_by_file(file: Path) -> None:
    assert faults(workspace_schema(), file.read_text()) == []


@pytest.mark.parametrize(
    "text",
    [
        "object: {}",
        "objects: {people: {attribute: {}}}",
        "objects: {people: {attributes: {x: {title: No type}}}}",
        "objects: {people: {attributes: {x: {type: sellect}}}}",
        "objects: {people: {attributes: {x: {type: text, options: [A]}}}}",
        "objects: {people: {attributes: {x: {type: currency, currency: {code: EURO}}}}}",
        "objects: {people: {attributes: {x: {type: select, options: [5]}}}}",
        "objects: {people: {attributes: {x: {type: status, statuses: [{title: A, target_time: 4 days}]}}}}",
        "objects: {people: {attributes: {1x: {type: text}}}}",
        "objects: {people: [name]}",
        "lists: {renewals: {parent: companies, access: everybody}}",
        "webhooks: {w: {url: 'http://example.com', on: [{event: record.updated}]}}",
        "webhooks: {w: {url: 'https://example.com', on: []}}",
        "removed: [{address: object.people.attribute.x}]",
        "mappings: {m: {action: assert-record, object: people}}",
        "mappings: {m: {action: identify}}",
        "api: {token: literal}",
        "workspace_id: not-a-uuid",
    ],
)
def test_what_the_loader_refuses_is_marked_in_the_editor(text: str) -> None:
    assert faults(workspace_schema(), text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "extends: ../base",
        "extends: [../base, ../eu]",
        "workspace_id: ${WORKSPACE_ID}",
        "webhooks: {w: {url: '${URL:-https://example.com}/x', on: [{event: record.updated}]}}",
        "objects: {people: {attributes: {x: {type: select, options: [A, {title: B, renamed_from: C}]}}}}",
        "objects: {people: {attributes: {x: {type: date, default: {dynamic: P1M}}}}}",
        "lists: {renewals: {attributes: {stage: {type: status, statuses: [Open]}}}}",
        "mappings: {m: {action: assert-record, object: people, match: a, values: {a: {'@path': $.b}, c: null, d: 5}}}",
    ],
)
def test_what_the_loader_takes_is_not_marked(text: str) -> None:
    assert faults(workspace_schema(), text) == []


@pytest.mark.parametrize(
    "text",
    [
        "objects: {people: null, vehicles: null}",
        "objects: {people: {attributes: {x: {title: Only the title}, y: null}}}",
        "mappings: {identify: {batch: true}}",
        "webhooks: {billing: null}",
    ],
)
def test_an_overlay_may_hold_parts_of_blocks_and_nulls(text: str) -> None:
    assert faults(overlay_schema(), text) == []
    assert faults(workspace_schema(), text)


def test_an_overlay_still_refuses_unknown_keys() -> None:
    assert faults(overlay_schema(), "objects: {people: {attributes: {x: {titel: T}}}}")


def test_everything_that_can_be_written_has_help_on_hover() -> None:
    """Every block and every key of it carries a description."""
    schema = workspace_schema()
    assert list(without_description(schema)) == []


def without_description(schema: dict[str, Any]) -> Iterator[str]:
    """Names of blocks and keys that say nothing of themselves."""
    for name, block in {"workspace": schema, **schema["definitions"]}.items():
        if not block.get("description"):
            yield name
        for key, value in block.get("properties", {}).items():
            if not value.get("description"):
                yield f"{name}.{key}"
