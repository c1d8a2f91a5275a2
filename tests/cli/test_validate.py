"""`attio-ctl validate`: for people and for programs, with rules that are ignored in place."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from click.testing import Result

Run = Callable[..., Result]
Write = Callable[..., Path]

MAPPING = """
    mappings:
      anything: {}
        action: assert-record
        object: people
        match: email_addresses
        values: {{email_addresses: $.properties.email}}
"""


def test_problems_are_told_to_programs_with_their_places(attio_ctl: Run, write: Write) -> None:
    write("objects: {people: {atributes: {}}}\n")
    told = json.loads(attio_ctl("validate", "--format", "json", code=65).stdout)

    assert told == {
        "format_version": "1.0",
        "valid": False,
        "problems": [
            {
                "code": "AC120",
                "severity": "error",
                "message": "`object.people`: unknown key `atributes`; did you mean `attributes`?",
                "file": "workspaces/acme/workspace.yaml",
                "line": 3,
                "column": 20,
                "address": "object.people",
                "hint": None,
            }
        ],
    }


def test_a_valid_workspace_is_told_to_programs_too(attio_ctl: Run, write: Write) -> None:
    write("objects: {aB: {}}\n")
    told = json.loads(attio_ctl("validate", "--format", "json").stdout)

    assert told["valid"] is True
    assert [problem["code"] for problem in told["problems"]] == ["AC140"]


def test_errors_of_mappings_are_told_to_programs(attio_ctl: Run, write: Write) -> None:
    write(MAPPING.format("").replace("email_addresses: $", "created_at: $"))
    told = json.loads(attio_ctl("validate", "--format", "json", code=65).stdout)

    assert told["valid"] is False
    assert "AC308" in [problem["code"] for problem in told["problems"]]


def test_a_warning_about_a_mapping_is_ignored_in_place(attio_ctl: Run, write: Write) -> None:
    write(MAPPING.format(""))
    assert "[AC313]" in attio_ctl("validate").stderr
    write(MAPPING.format("# attio-ctl: ignore AC313 because the file holds nothing else"))

    assert attio_ctl("validate").stderr == ""
    assert "AC313" not in attio_ctl("plan").stdout


def test_a_rule_of_mappings_that_is_ignored_for_nothing_is_told(attio_ctl: Run, write: Write) -> None:
    write("objects: {} # attio-ctl: ignore AC313, AC999 because I say so\n")
    told = json.loads(attio_ctl("validate", "--format", "json").stdout)

    assert [problem["message"] for problem in told["problems"]] == [
        "there is no AC313 to ignore here",
        "there is no AC999 to ignore here",
    ]


SAMPLED = """
    mappings:
      identify:
        action: assert-record
        object: people
        match: email_addresses
        when: type = "identify"
        values:
          email_addresses: $.traits.email
          job_title: $.traits.titel {}
"""


def test_paths_that_no_sample_event_has_are_told_with_their_place(attio_ctl: Run, write: Write, project: Path) -> None:
    sample = {"type": "identify", "traits": {"email": "ada@example.com", "title": "CTO"}}
    (project / "sample.ndjson").write_text(json.dumps(sample) + "\nno json\n")
    write(SAMPLED.format(""))

    told = attio_ctl("validate", "--events", "sample.ndjson")
    assert "workspace.yaml:12:7: `$.traits.titel` is in none of the 1 sample events" in " ".join(told.stderr.split())
    assert "[AC315]" in attio_ctl("plan", "--events", "sample.ndjson").stderr
    assert attio_ctl("validate").stderr == ""


def test_what_needs_samples_is_not_told_to_be_ignored_for_nothing_without_them(
    attio_ctl: Run, write: Write, project: Path
) -> None:
    (project / "sample.ndjson").write_text('{"type": "identify", "traits": {"email": "ada@example.com"}}')
    write(SAMPLED.format("# attio-ctl: ignore AC315 because the next release sends it"))

    assert attio_ctl("validate", "--events", "sample.ndjson").stderr == ""
    assert attio_ctl("validate").stderr == ""
    (project / "sample.ndjson").write_text('{"type": "identify", "traits": {"email": "a@b.co", "titel": "CTO"}}')
    assert "there is no AC315 to ignore here" in attio_ctl("validate", "--events", "sample.ndjson").stderr
