"""What a newcomer meets: files that are not there or not what they should be, names that are nowhere, no answer."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from attio_ctl.attio.clock import SystemClock
from attio_ctl.cli.main import main

Run = Callable[..., Result]
Write = Callable[..., Path]


def flat(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize(
    "command", [("show", "none.json"), ("apply", "none.json"), ("validate", "--events", "none.json")]
)
def test_a_file_that_is_not_there_is_an_error_of_input(attio_ctl: Run, command: tuple[str, ...]) -> None:
    assert "none.json: cannot read it: there is no such file" in attio_ctl(*command, code=74).stderr


@pytest.mark.parametrize("command", ["show", "apply"])
def test_a_file_that_is_no_plan_is_an_invalid_file(attio_ctl: Run, write: Write, project: Path, command: str) -> None:
    write("objects: {}\n")
    (project / "plan.json").write_text("{}")

    assert "this is no plan" in attio_ctl(command, "plan.json", code=65).stderr


def test_no_folder_is_made_for_a_file_that_somebody_names(attio_ctl: Run, write: Write, project: Path) -> None:
    write("objects: {}\n")
    refused = attio_ctl("plan", "--out", "nowhere/plan.json", code=74)

    assert "`mkdir -p nowhere`" in refused.stderr
    assert not (project / "nowhere").exists()


def test_an_empty_workspace_file_is_told_what_it_lacks(attio_ctl: Run, write: Write) -> None:
    write("", head="")
    refused = attio_ctl("validate", code=64)

    assert "begin it with `workspace: acme`" in flat(refused.stderr)


def test_every_problem_is_told_at_once_whatever_else_is_wrong(attio_ctl: Run, write: Write, project: Path) -> None:
    """A key of the wrong shape in one file hides neither a warning in another nor what is wrong with a mapping."""
    write("objects: {people: {atributes: {}}}\n")
    more = project / "workspaces" / "acme"
    (more / "lists.yaml").write_text("lists: {l: {name: L, parent: nothing}}\n")
    (more / "mappings.yaml").write_text(
        "mappings:\n  m: {action: assert-record, object: people, match: email_addresses, "
        "values: {email_addresses: $.e, created_at: $.t}}\n"
    )
    told = json.loads(attio_ctl("validate", "--format", "json", code=65).stdout)["problems"]

    assert {problem["code"] for problem in told} >= {"AC120", "AC132", "AC308"}


def test_a_token_in_a_file_is_told_the_way_out(attio_ctl: Run, write: Write) -> None:
    write("", head="workspace: acme\napi: {token: abc}\n")

    assert "say where it is, as `{env: ATTIO_TOKEN}`" in flat(attio_ctl("validate", code=65).stderr)


def test_a_webhook_without_a_place_for_its_secret_is_told_once(attio_ctl: Run, write: Write) -> None:
    """By the plan, which blocks it; a warning of the same beside it would say it twice."""
    write("webhooks: {w: {url: 'https://hooks.example.com/a', on: [{event: note.created}]}}\n")
    planned = attio_ctl("plan")

    assert "AC141" not in planned.stderr
    assert planned.stdout.count("signing secret once") == 1


def test_records_of_what_is_not_there_say_what_is(attio_ctl: Run, write: Write) -> None:
    write("objects: {}\n")
    unknown = attio_ctl("records", "peeple", code=64)
    column = attio_ctl("records", "people", "--columns", "name,emails", code=64)

    assert "there is no object `peeple` in the workspace; did you mean `people`?" in flat(unknown.stderr)
    assert "there is no attribute `emails`" in flat(column.stderr)
    assert "`email_addresses`" in flat(column.stderr)


def test_activating_first_names_the_sandbox_after_its_workspace(attio_ctl: Run, write: Write) -> None:
    write("objects: {people: {attributes: {a: {type: text}}}}\n")
    attio_ctl("sandbox", "activate", "users")

    assert '"Acme" (acme)' in attio_ctl("plan").stdout


def test_dead_letters_are_discarded_only_when_somebody_says_so(attio_ctl: Run, write: Write, project: Path) -> None:
    write(
        "mappings: {m: {action: assert-record, object: companies, match: domains, values: {domains: $.properties.d}}}\n"
    )
    attio_ctl("apply", "--auto-approve", code=None)
    (project / "events.ndjson").write_text('{"type": "track", "messageId": "1", "properties": {"d": 7}}\n')
    attio_ctl("deliver", "--events", "events.ndjson", code=None)
    refused = CliRunner().invoke(main, ["dead-letters", "discard"], input="")
    typo = attio_ctl("dead-letters", "list", "--where", "code=typo")
    shown = attio_ctl("dead-letters", "list").stdout.split()[0]
    discarded = attio_ctl("dead-letters", "discard", "--where", f"id={shown}", "--yes")

    assert discarded.stdout == "Discarded: 1\n"
    assert refused.exit_code == 64
    assert "`--yes`" in refused.stderr
    assert "The only dead letter does not fit; there are code: " in typo.stderr


def test_a_server_that_does_not_answer_is_told_of(
    attio_ctl: Run, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a clock that only moves by sleeping."""
    slept: list[float] = []

    async def sleep(_: SystemClock, seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(SystemClock, "sleep", sleep)
    monkeypatch.setattr(SystemClock, "monotonic", lambda _: sum(slept))
    monkeypatch.setenv("ATTIO_TOKEN", "x")
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        write("", head=f"workspace: acme\napi: {{token: {{env: ATTIO_TOKEN}}, base_url: {url!r}}}\n")
        failed = attio_ctl("plan", "--retry-for", "3s", code=1)

    assert "no answer to GET /v2/self, trying again for up to 3 s" in failed.stderr
