"""Several workspaces: one command on all of them, and two of them compared."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from attio_ctl.attio.errors import NoAnswerError
from attio_ctl.attio.reader import AttioReader

Run = Callable[..., Result]
Write = Callable[..., Path]

SCORE = "objects: {people: {attributes: {score: {type: number, title: Score}}}}"


def test_a_pattern_runs_the_command_on_every_workspace_that_fits(attio_ctl: Run, write: Write) -> None:
    write(SCORE, name="one")
    write(SCORE, name="two")
    write("objects: {}", name="other")
    planned = attio_ctl("plan", "-w", "[ot][nw][eo]", "--detailed-exitcode", code=2)
    attio_ctl("apply", "-w", "one", "--auto-approve")
    again = attio_ctl("plan", "-w", "*", "--detailed-exitcode", code=2)

    assert planned.stdout.count("Plan: 1 to add") == 2
    rows = [row.split(maxsplit=1) for row in again.stderr.strip().splitlines()[-3:]]
    assert [(row[0].rsplit("/", 1)[1], row[1]) for row in rows] == [
        ("one", "done"),
        ("other", "done"),
        ("two", "changes present"),
    ]


def test_an_apply_stops_at_the_first_workspace_that_fails(attio_ctl: Run, write: Write) -> None:
    write(SCORE, name="a")
    write("objects: {users: {active: true}}", name="b")
    write(SCORE, name="c")
    applied = attio_ctl("apply", "-w", "*", "--auto-approve", code=10)

    assert [row.split(maxsplit=1)[1] for row in applied.stderr.strip().splitlines()[-3:]] == [
        "done",
        "blocked",
        "not attempted",
    ]


def test_a_broken_workspace_does_not_keep_the_others_from_being_checked(attio_ctl: Run, write: Write) -> None:
    write(SCORE, name="a")
    write("objects: {people: {attributes: {x: {type: nonsense}}}}", name="b")
    checked = attio_ctl("validate", "-w", "*", code=65)

    assert "a is valid" in checked.stdout
    assert "nonsense" in checked.stderr


def test_an_error_in_one_workspace_counts_more_than_changes_in_another(
    attio_ctl: Run, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An incomplete plan ends with 1, changes with 2: who branches on 2 must not take the whole for a clean plan."""
    original = AttioReader.lists

    async def fail_for_a(reader: AttioReader) -> Any:
        if (await reader.whoami()).workspace_slug == "a":
            raise NoAnswerError("no answer came")
        return await original(reader)

    write(SCORE, name="a")
    write(SCORE, name="b")
    monkeypatch.setattr(AttioReader, "lists", fail_for_a)
    planned = attio_ctl("plan", "-w", "*", "--detailed-exitcode", code=1)

    assert [row.split(maxsplit=1)[1] for row in planned.stderr.strip().splitlines()[-2:]] == [
        "error",
        "changes present",
    ]


def test_a_pattern_that_fits_nothing_and_a_saved_plan_are_usage_errors(attio_ctl: Run, write: Write) -> None:
    write(SCORE, name="a")

    assert "fits `x*`" in attio_ctl("plan", "-w", "x*", code=64).stderr
    assert "one workspace" in attio_ctl("plan", "-w", "*", "--out", "plan.json", code=64).stderr


def test_two_workspaces_are_compared_by_slug(attio_ctl: Run, write: Write) -> None:
    write(
        "objects: {people: {attributes: {score: {type: number, title: Score}, plan: {type: select, options: [A, B]}}}}",
        name="staging",
    )
    write("objects: {people: {attributes: {plan: {type: select, title: Tier, options: [A, C]}}}}", name="production")
    attio_ctl("apply", "-w", "*", "--auto-approve")
    compared = attio_ctl("diff", "--from", "staging", "--to", "production", "--detailed-exitcode", code=2)
    same = attio_ctl("diff", "--from", "staging", "--to", "staging", "--detailed-exitcode")

    assert "attribute.score  number" in compared.stdout
    assert 'title     "Tier" → "Plan"' in compared.stdout or 'title "Tier" → "Plan"' in compared.stdout
    assert 'attribute.plan.option["B"]' in compared.stdout
    assert 'object.people.attribute.plan.option["C"]' in compared.stdout  # only there: left alone
    assert "No changes" in same.stdout


def test_a_block_is_promoted_as_a_patch_and_then_planned(attio_ctl: Run, write: Write, project: Path) -> None:
    write("objects: {people: {attributes: {score: {type: number, title: Score}}}}", name="staging")
    path = write(
        """
        objects:
          people:   # only ours
            attributes:
              plan: {type: select, title: Plan, options: [A]}   # keep
        """,
        name="production",
    )
    only = ("--from", "staging", "--to", "production", "--only", "object.people.attribute.score")
    shown = attio_ctl("promote", *only)
    before = path.read_text()
    attio_ctl("promote", *only, "--write")
    again = attio_ctl("promote", *only)
    planned = attio_ctl("plan", "-w", "production")

    assert "+" in shown.stdout
    assert "--write" in shown.stderr
    assert "# only ours" in path.read_text()
    assert path.read_text() != before
    assert "has them already" in again.stdout
    assert "attribute.score" in planned.stdout


def test_a_new_object_is_promoted_into_a_file_of_its_own(attio_ctl: Run, write: Write, project: Path) -> None:
    write("objects: {cars: {singular: Car, plural: Cars, attributes: {vin: {type: text, title: VIN}}}}", name="staging")
    write("objects: {}", name="production")
    attio_ctl("promote", "--from", "staging", "--to", "production", "--only", "object.cars", "--write")

    assert (project / "workspaces" / "production" / "objects" / "cars.yaml").exists()
    assert "Plan: 2 to add" in attio_ctl("plan", "-w", "production").stdout


def test_no_value_from_the_environment_is_promoted(
    attio_ctl: Run, write: Write, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK_KEY", "canary-4711")
    hook = "{url: 'https://h.example.com/${HOOK_KEY}', secret: {file: s}, on: [{event: note.created}]}"
    write(f"webhooks: {{billing: {hook}}}", name="staging")
    write("objects: {}", name="production")
    shown = attio_ctl("promote", "--from", "staging", "--to", "production", "--only", "webhook.billing", "--write")

    assert "${HOOK_KEY}" in shown.stdout
    assert "canary" not in shown.stdout + (project / "workspaces/production/webhooks/billing.yaml").read_text()
