"""`mapping eval` and `mapping import`: what Segment sends, and what people have there, without a workspace."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from attio_ctl.cli.main import main

Run = Callable[..., Result]
TRACK = {"action": "assertRecord", "subscribe": 'type = "track"'}
MAPPING = {"object": "plans", "matching_attribute": "n", "attributes": {"n": {"@path": "$.n"}}}


def evaluate(*lines: str | bytes | dict[str, Any]) -> list[Any]:
    """The results of some lines; text and bytes are taken as they are."""
    raw = b"".join(
        (one if isinstance(one, bytes) else (one if isinstance(one, str) else json.dumps(one)).encode()) + b"\n"
        for one in lines
    )
    result = CliRunner().invoke(main, ["mapping", "eval"], input=raw, catch_exceptions=False)
    assert (result.exit_code, result.stderr) == (0, "")
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_case_gives_its_requests_without_a_workspace(project: Path) -> None:
    event = {"type": "identify", "userId": "u1", "traits": {"email": "ada@example.com"}}
    (result,) = evaluate({"id": "a", "action": "identify-user", "useDefaults": True, "events": [event, {"type": "x"}]})

    assert (result["id"], result["matched"]) == ("a", [True, False])
    assert result["outcomes"] == ["sent", "not_subscribed"]
    assert [(one["event"], one["url"].split("?")[0]) for one in result["requests"]] == [
        (0, "https://api.attio.com/v2/objects/people/records/simple"),
        (0, "https://api.attio.com/v2/objects/users/records/simple"),
    ]


def test_a_broken_line_is_a_result_with_errors_and_the_others_go_on() -> None:
    case = {"id": 1, **TRACK, "mapping": MAPPING, "events": [{"type": "track", "n": 1}]}
    results = evaluate(case, "no json", "", b"\xff", '{"id": 5, "n": NaN}', "[" * 100_000, "[]", {**case, "id": 2})

    assert [result["id"] for result in results] == [1, None, None, None, None, None, 2]
    assert [bool(result["errors"]) for result in results] == [False, True, True, True, True, True, False]
    assert all(set(result) == {"id", "matched", "outcomes", "requests", "errors"} for result in results)
    assert results[1]["errors"][0]["message"].startswith("line 2 is no JSON")
    assert results[4]["errors"] == [{"event": None, "message": "line 6 is no JSON: it is nested too deeply"}]


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("1700000000000000", 1_700_000_000_000_000),
        ("12345678901234567890", 12345678901234567000.0),
        ("1e999", None),
        pytest.param("9" * 5000, None, id="5000 digits"),
        ('"\\ud83d"', "\ud83d"),
        ("1.0", 1),
    ],
)
def test_values_are_read_and_written_as_node_does(written: str, sent: Any) -> None:
    mapping = json.dumps(MAPPING)
    line = f'{{"action": "assertRecord", "subscribe": "type = \\"t\\"", "mapping": {mapping}, '
    (result,) = evaluate(line + f'"events": [{{"type": "t", "n": {written}}}]}}')

    assert result["requests"][0]["body"]["data"]["values"]["n"] == sent


def test_a_case_that_is_nested_too_deeply_says_so() -> None:
    case = json.dumps({"id": 4, **TRACK, "mapping": MAPPING, "events": [{"type": "track", "n": "DEEP"}]})
    (result,) = evaluate(case.replace('"DEEP"', "[" * 900 + "]" * 900))

    assert (result["id"], result["outcomes"]) == (4, ["error"])
    assert result["requests"] == []


EXPORT = {
    "data": {
        "subscriptions": [
            {
                "name": "Identify Calls",
                "actionSlug": "identifyUser",
                "trigger": 'type = "identify" and traits.plan = "Pro"',
                "enabled": False,
                "settings": {"user_attributes": {"plan": {"@path": "$.traits.plan"}}},
            },
            {"name": "Other", "actionSlug": "nope", "trigger": "x", "settings": {}},
        ]
    }
}


@pytest.fixture
def export(project: Path) -> str:
    (project / "export.json").write_text(json.dumps(EXPORT))
    return "export.json"


def test_an_export_becomes_mappings_that_are_valid(attio_ctl: Run, write: Callable[..., Path], export: str) -> None:
    write("objects: {users: {active: true, attributes: {plan: {title: Plan, type: text}}}}\n")
    told = attio_ctl("mapping", "import", export, "--out", "workspaces/acme/segment.yaml")

    assert told.stdout == ""
    assert "note: `Other` is left out: its action is none of Attio's three" in told.stderr
    assert "note: `identify_calls`: switched off in Segment" in told.stderr
    assert "1 mapping" in attio_ctl("validate").stdout
    assert "plan: $.traits.plan" in Path("workspaces/acme/segment.yaml").read_text()


def test_without_a_file_the_mappings_are_printed_and_the_notes_are_not_among_them(attio_ctl: Run, export: str) -> None:
    told = attio_ctl("mapping", "import", export)

    assert told.stdout.startswith("# yaml-language-server")
    assert "note:" not in told.stdout


def test_a_file_is_replaced_only_when_that_is_said(attio_ctl: Run, export: str) -> None:
    Path("mine.yaml").write_text("mine")

    assert "already" in attio_ctl("mapping", "import", export, "--out", "mine.yaml", code=64).stderr
    assert Path("mine.yaml").read_text() == "mine"
    attio_ctl("mapping", "import", export, "--out", "mine.yaml", "--force")
    assert "identify_calls" in Path("mine.yaml").read_text()


@pytest.mark.parametrize("text", ["no json", "[" * 100_000, "{}", "[1]", "\xff"])
def test_what_is_no_export_is_refused(attio_ctl: Run, project: Path, text: str) -> None:
    (project / "broken.json").write_text(text, encoding="latin-1")

    assert attio_ctl("mapping", "import", "broken.json", code=65).stderr.startswith("error: ")
