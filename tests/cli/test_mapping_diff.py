"""`mapping diff` and `plan --base` in a git repository."""

from __future__ import annotations

import json
import subprocess

import pytest

BEFORE = """
mappings:
  identify:
    action: assert-record
    object: people
    match: email_addresses
    when: type = "identify"
    values: {email_addresses: $.traits.email, job_title: $.traits.title}
    tests:
      - given: {type: identify, traits: {email: ada@example.com, title: CTO}}
        expect: {people: {job_title: CTO}}
"""
AFTER = BEFORE.replace("$.traits.title", '"Dr {{traits.title}}"').replace("job_title: CTO", "job_title: Dr CTO")


def commit(project):
    """Make the project a repository of one commit."""
    author = ("-c", "user.name=t", "-c", "user.email=t@example.com")
    for command in (("init", "-q", "-b", "main"), ("add", "workspaces"), (*author, "commit", "-q", "-m", "one")):
        subprocess.run(["git", *command], cwd=project, check=True, capture_output=True)


@pytest.fixture
def repository(project, write):
    """Two versions of a mapping: one committed, one in the working tree."""
    write(BEFORE)
    commit(project)
    write(AFTER)
    return project


def test_the_tests_of_the_mappings_are_the_sample_unless_there_is_another(repository, attio_ctl):
    shown = attio_ctl("mapping", "diff", "--base", "main").stdout

    assert "mapping.identify  test 1 of mapping.identify" in shown
    assert '!   job_title: "CTO" → "Dr CTO"' in shown
    assert shown.endswith("Compared with main: 1 of 1 sample event ends otherwise.\n")


def test_sample_events_are_read_from_a_file(repository, attio_ctl):
    lines = [{"type": "identify", "traits": {"email": f"a{n}@example.com", "title": f"T{n}"}} for n in range(20)]
    (repository / "sample.ndjson").write_text("\n".join([*map(json.dumps, lines), "no json", '{"type": "track"}']))
    shown = attio_ctl("mapping", "diff", "--base", "HEAD", "--events", "sample.ndjson", "--format", "markdown").stdout

    assert "sample.ndjson:1, and 19 more change in the same way" in shown
    assert "20 of 21 sample events end otherwise" in shown


def test_a_script_can_tell_whether_anything_changes(repository, attio_ctl):
    attio_ctl("mapping", "diff", "--base", "HEAD", "--detailed-exitcode", code=2)
    subprocess.run(["git", "-C", repository, "checkout", "-q", "--", "."], check=True)
    attio_ctl("mapping", "diff", "--base", "HEAD", "--detailed-exitcode", code=0)


def test_a_workspace_that_the_base_does_not_have_is_all_new(repository, attio_ctl, write):
    write(BEFORE, name="other")
    shown = attio_ctl("mapping", "diff", "-w", "other", "--base", "HEAD").stdout

    assert "- is not taken" in shown


def test_a_base_that_is_no_revision_says_so(repository, attio_ctl):
    failed = attio_ctl("mapping", "diff", "--base", "nonesuch", code=64)

    assert "git has no `nonesuch`" in failed.stderr
    assert attio_ctl("mapping", "diff", "--base=--all", code=64).stderr.startswith("error: `--all` is no revision")


def test_a_plan_for_review_carries_what_events_change(repository, attio_ctl):
    comment = attio_ctl("plan", "--format", "markdown", "--base", "main").stdout

    assert "<summary>Mappings: 1 of 1 sample event ends otherwise</summary>" in comment
    assert '!   job_title: "CTO" → "Dr CTO"' in comment


def test_the_page_and_the_comment_come_from_one_reading(repository, attio_ctl):
    """Whatever Attio answers a second later, both show the same plan; what no sample event has stands in both."""
    (repository / "sample.ndjson").write_text('{"type": "identify", "traits": {"email": "a@example.com"}}')
    asked = ("--base", "main", "--events", "sample.ndjson", "--html-into", "plan.html")
    comment = attio_ctl("plan", "--format", "markdown", *asked).stdout
    page = (repository / "plan.html").read_text()

    assert "<summary>Sample events: 1 to look at</summary>" in comment
    assert "AC315" in comment
    assert "AC315" in page
    assert "1 of 1 sample event ends otherwise, compared with main" in page
    assert "`--base` is for `--format markdown` or `html`" in attio_ctl("plan", "--base", "main", code=64).stderr


def test_values_from_the_environment_are_not_shown_to_reviewers(project, attio_ctl, write, monkeypatch):
    """Neither those of the mappings as they are, nor those that the base alone had."""
    monkeypatch.setenv("NEW_NOTE", "canary-new-note")
    monkeypatch.setenv("OLD_NOTE", "canary-old-note")
    title = "$.traits.title}"
    write(BEFORE.replace(title, '"by ${OLD_NOTE}"}'))
    commit(project)
    write(BEFORE.replace(title, '"by ${NEW_NOTE}"}'))
    asked = ("--base", "HEAD")
    shown = [
        attio_ctl("mapping", "diff", *asked).stdout,
        attio_ctl("plan", "--format", "markdown", *asked, "--html-into", "plan.html").stdout,
        (project / "plan.html").read_text(),
    ]

    for each in shown:
        assert "by ${NEW_NOTE}" in each
        assert "by ${OLD_NOTE}" in each
        assert "canary" not in each
