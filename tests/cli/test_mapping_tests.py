"""`attio-ctl test`: the tests that mappings carry, run from the command line."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Run = Callable[..., Result]
Write = Callable[..., Path]

BODY = """\
# all about people
mappings:
  identify:
    action: assert-record
    object: people
    match: email_addresses
    when: type = "identify"
    values: {email_addresses: $.traits.email, job_title: $.traits.title, description: $.traits.about}
    tests:
      - given: {type: identify, traits: {email: ada@example.com, title: CTO}}
        expect: {people: {job_title: CTO}}
      - given: {type: identify, traits: {email: Ada@example.com, title: CEO}}
        expect:
          people:
            job_title: Boss   # what we thought
            email_addresses: [ada@example.com]  # lower case
  quiet:
    action: group-workspace
"""


def test_a_failure_is_shown_with_its_place_and_both_values(attio_ctl: Run, write: Write) -> None:
    write(BODY)
    shown = attio_ctl("test", code=1).stdout

    assert shown == (
        "mapping.identify  1 of 2 failed\n"
        "  test 2, workspaces/acme/workspace.yaml:14:9\n"
        "    people.job_title\n"
        '      - expected "Boss"\n'
        '      + got      "CEO"\n'
        "  no test writes people.description\n"
        "mapping.quiet  no tests\n"
        "\n"
        "1 passed, 1 failed; tests write 2 of 3 mapped attributes.\n"
    )


def test_the_report_for_programs_says_the_same(attio_ctl: Run, write: Write) -> None:
    write(BODY)
    told = json.loads(attio_ctl("test", "--format", "json", code=1).stdout)

    assert told["passed"] is False
    assert [(one["mapping"], one["number"], one["passed"], one["line"]) for one in told["tests"]] == [
        ("identify", 1, True, 12),
        ("identify", 2, False, 14),
    ]
    assert told["tests"][1]["differences"] == [{"path": "people.job_title", "expected": "Boss", "actual": "CEO"}]
    assert told["coverage"][0]["uncovered"] == ["people.description"]


def test_expectations_are_rewritten_in_place_with_comments_kept(attio_ctl: Run, write: Write) -> None:
    path = write(BODY)
    before = path.read_text()
    told = attio_ctl("test", "--update")

    assert "1 expectation rewritten in workspaces/acme/workspace.yaml" in told.stderr
    assert path.read_text() == before.replace("Boss", "CEO ")
    assert "2 passed, 0 failed" in told.stdout


def test_an_update_that_changes_nothing_leaves_the_files_alone(attio_ctl: Run, write: Write) -> None:
    path = write(BODY.replace("Boss", "CEO"))
    before = path.stat().st_mtime_ns, path.read_bytes()
    attio_ctl("test", "--update")

    assert (path.stat().st_mtime_ns, path.read_bytes()) == before


def test_values_from_the_environment_are_neither_shown_nor_written_down(
    attio_ctl: Run, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY", "s3cr3t-value")
    path = write(BODY.replace("title: $.traits.title", "title: '${KEY}'"))
    shown = attio_ctl("test", code=1)

    assert "s3cr3t-value" not in shown.stdout + shown.stderr
    assert '+ got      "${KEY}"' in shown.stdout
    attio_ctl("test", "--update")
    assert "s3cr3t-value" not in path.read_text()
    assert "job_title: ${KEY}" in path.read_text()


def test_a_value_that_is_made_with_one_from_the_environment_is_left_to_a_person(
    attio_ctl: Run, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY", "s3cr3t-value")
    path = write(BODY.replace("title: $.traits.title", "title: '${KEY} {{traits.title}}'"))
    before = path.read_bytes()
    shown = attio_ctl("test", code=1)
    failed = attio_ctl("test", "--update", code=64)

    assert '+ got      "${KEY} CTO"' in shown.stdout
    assert "workspace.yaml:12:9: the expectation would hold a value from the environment" in " ".join(
        failed.stderr.split()
    )
    assert path.read_bytes() == before


def test_text_that_looks_like_a_variable_survives_an_update(attio_ctl: Run, write: Write) -> None:
    path = write(BODY.replace("title: CEO", "title: '$${HOME} CEO'"))
    told = attio_ctl("test", "--update")

    assert "2 passed" in told.stdout
    assert "$${HOME} CEO" in path.read_text().partition("expect:")[2]


def test_each_file_of_a_workspace_gets_its_own_expectations(attio_ctl: Run, write: Write, project: Path) -> None:
    write(BODY)
    other = project / "workspaces/acme/mappings/other.yaml"
    other.parent.mkdir()
    other.write_text(BODY.replace("identify:", "again:", 1).replace("  quiet:\n    action: group-workspace\n", ""))
    told = attio_ctl("test", "--update")

    assert told.stderr.count("1 expectation rewritten in") == 2
    assert "Boss" not in other.read_text()


@pytest.fixture
def repository(project: Path, write: Write) -> Path:
    def git(*arguments: str) -> None:
        subprocess.run(
            ["git", "-c", "user.name=t", "-c", "user.email=t@example.com", *arguments],
            cwd=project,
            check=True,
            capture_output=True,
        )

    write(BODY)
    git("init", "-q", "-b", "main")
    git("add", "workspaces")
    git("commit", "-q", "-m", "one")
    return project


def test_only_what_was_modified_is_tested_when_that_is_asked(repository: Path, attio_ctl: Run, write: Write) -> None:
    assert attio_ctl("test", "--modified").stdout == "0 passed, 0 failed; tests write 0 of 0 mapped attributes.\n"
    write(BODY + "    tests: [{given: {type: track}, expect: {}}]\n")
    shown = attio_ctl("test", "--modified", "--base", "main").stdout

    assert "mapping.quiet  1 passed" in shown
    assert "mapping.identify" not in shown


def test_a_base_without_modified_is_refused(attio_ctl: Run, write: Write) -> None:
    write(BODY)

    assert "`--base` goes with `--modified`" in attio_ctl("test", "--base", "main", code=64).stderr


def test_several_workspaces_are_tested_one_after_the_other(attio_ctl: Run, write: Write) -> None:
    write(BODY.replace("Boss", "CEO"))
    write(BODY, name="beta")
    told = attio_ctl("test", "-w", "*", code=1)

    assert "workspaces/acme  done" in told.stderr
    assert "workspaces/beta  error" in told.stderr


STAGE = """
objects: {deals: {active: true}}
mappings:
  deal:
    action: assert-record
    object: deals
    match: name
    when: type = "track"
    values: {name: $.name, stage: $.stage}
    tests:
      - given: {type: track, name: Big, stage: Nonesuch}
        expect: {deals: {stage: Nonesuch}}
"""


def test_live_checks_values_against_the_workspace_itself(attio_ctl: Run, write: Write) -> None:
    """Offline nobody knows which stages a workspace has; the workspace does."""
    write(STAGE)
    attio_ctl("test")
    attio_ctl("sandbox", "activate", "deals")
    failed = attio_ctl("test", "--live", code=1).stdout

    assert '+ got      {"rejected": "unknown_status"}' in failed
    assert "rejected: deals.stage: there is no status" in failed.replace("`", "")
