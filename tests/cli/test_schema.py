"""`attio-ctl schema`, for every workspace and for one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from click.testing import Result

Run = Callable[..., Result]
Write = Callable[..., Path]
ROOT = Path(__file__).parents[2]


def test_the_general_schema_needs_no_workspace(attio_ctl: Run) -> None:
    assert attio_ctl("schema").stdout == (ROOT / "schemas" / "workspace.schema.json").read_text()
    assert "--live" in attio_ctl("schema", "-w", "acme", code=64).stderr


def test_the_schema_of_a_workspace_knows_its_slugs_and_what_the_files_add(
    attio_ctl: Run, write: Write, project: Path
) -> None:
    write("objects: {people: {attributes: {tier: {type: select, options: [Gold]}}}}\n")
    attio_ctl("apply", "--auto-approve")
    write("objects: {people: {attributes: {score: {type: rating}}}}\n")
    attio_ctl("schema", "--live", "--out", "live.json")
    text = (project / "live.json").read_text()
    people = json.loads(text)["properties"]["objects"]["properties"]["people"]["properties"]["attributes"]

    assert set(people["properties"]) == {"score", "tier"}
    assert people["properties"]["tier"]["properties"]["default"]["anyOf"][0] == {"enum": ["Gold"]}
    assert attio_ctl("schema", "--live").stdout == text
