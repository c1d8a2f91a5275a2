"""`mapping run`: events into bodies, offline."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from attio_ctl.cli.mapping_run import SHOWN

Run = Callable[..., Result]
Write = Callable[..., Path]

BODY = """
mappings:
  identify:
    action: identify-user
    user: {user_id: $.userId}
"""


def line(number: int, email: str) -> str:
    traits = {"email": email}
    return json.dumps(
        {"type": "identify", "userId": f"u{number}", "receivedAt": "2026-11-02T09:00:00Z", "traits": traits}
    )


@pytest.fixture
def events(project: Path, write: Write) -> Path:
    """Five events: one is not taken, one would be refused, one is none."""
    write(BODY)
    lines = [line(1, "Ada@example.com"), "", '{"type": "page"}', line(2, "ada\u202e"), "{", line(3, "bo@example.com")]
    file = project / "events.ndjson"
    file.write_text("\n".join(lines) + "\n")
    return file


def test_what_attio_would_take_comes_out_and_the_rest_is_told(attio_ctl: Run, events: Path) -> None:
    result = attio_ctl("mapping", "run", "--events", events.name, code=65)

    (body,) = map(json.loads, result.stdout.splitlines())
    assert [each["values"]["user_id"] for each in body["assertions"]] == ["u1", "u3"]
    assert body["assertions"][0]["values"]["person"]["values"] == {"email_addresses": ["ada@example.com"]}
    assert [each["received_at"] for each in body["assertions"]] == ["2026-11-02T09:00:00Z"] * 2
    first, second, total = result.stderr.splitlines()
    assert first.startswith("events.ndjson:4: identify: ")
    assert "\u202e" not in first
    assert second.startswith("events.ndjson:5: the line is no JSON")
    assert total == "2 records, 2 refused"


def test_bodies_go_into_a_file(attio_ctl: Run, events: Path, project: Path) -> None:
    events.write_text(line(1, "ada@example.com"))
    result = attio_ctl("mapping", "run", "--events", events.name, "--events", events.name, "--into", "bodies.ndjson")

    assert result.stdout == ""
    assert len((project / "bodies.ndjson").read_text().splitlines()) == 2


def test_bodies_hold_what_a_variable_stands_for_and_it_is_said_which(
    attio_ctl: Run, write: Write, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are sent to Attio as they are; `${NAME}` would become the value of a record."""
    monkeypatch.setenv("CAMPAIGN", "spring-secret")
    write(BODY.replace("{user_id: $.userId}", '{user_id: "{{userId}}-${CAMPAIGN}"}'))
    (project / "events.ndjson").write_text(line(1, "ada@example.com"))
    result = attio_ctl("mapping", "run", "--events", "events.ndjson", "--into", "bodies.ndjson")
    file = project / "bodies.ndjson"

    assert json.loads(file.read_text())["assertions"][0]["values"]["user_id"] == "u1-spring-secret"
    assert "note: the bodies hold the values of ${CAMPAIGN}" in result.stderr
    assert "spring-secret" not in result.stderr + result.stdout
    assert file.stat().st_mode & 0o777 == 0o600


def test_of_many_refusals_the_first_are_told(attio_ctl: Run, events: Path) -> None:
    events.write_text("{\n" * (SHOWN + 5))
    result = attio_ctl("mapping", "run", "--events", events.name, code=65)

    assert len(result.stderr.splitlines()) == SHOWN + 1
    assert result.stderr.endswith(f"0 records, {SHOWN + 5} refused\n")
