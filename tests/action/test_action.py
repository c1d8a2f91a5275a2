"""The GitHub Action: its scripts run as on a runner, against a stand-in of GitHub and the sandbox."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from standin import BOT, TOKEN

ROOT = Path(__file__).parents[2]
TIER = """
objects:
  companies:
    attributes:
      tier: {type: select, title: Tier, options: [Gold, Silver]}
"""
REMOVED = "\nremoved:\n  - {address: object.companies.attribute.tier, action: archive, reason: unused}\n"
MARKER = "<!-- attio-ctl:plan workspace=acme -->"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def test_a_plan_becomes_one_comment_a_label_a_check_run_and_files(checkout):
    checkout.write(TIER)
    checkout.run("plan")
    (comment,) = checkout.github.comments
    (check,) = checkout.github.check_runs

    assert comment["body"].startswith(f"{MARKER}\n")
    assert "[CI run](<https://github.com/acme/crm/actions/runs/99>)" in comment["body"]
    assert checkout.github.labels == {7: {"attio: additive"}}
    assert (check["head_sha"], check["conclusion"]) == ("a" * 40, "success")
    assert sorted(path.name for path in checkout.files.iterdir()) == ["plan.html", "plan.json", "plan.md"]
    assert checkout.outputs["changes"] == "true"
    assert comment["body"].splitlines()[0] in checkout.summary


def test_annotations_stand_on_the_lines_that_cause_the_changes(checkout):
    checkout.write(TIER)
    checkout.run("plan")
    (check,) = checkout.github.check_runs
    lines = (checkout.folder / "workspaces/acme/workspace.yaml").read_text().splitlines()
    tier = next(note for note in check["annotations"] if note["title"] == "additive: object.companies.attribute.tier")

    assert tier["path"] == "workspaces/acme/workspace.yaml"
    assert lines[tier["start_line"] - 1].lstrip().startswith("tier:")


def test_our_comment_is_replaced_in_place_and_names_the_plan_before(checkout):
    """It is found behind many others; somebody else's with the same marker is left alone."""
    for text in ("one", "two", f"{MARKER}\nhello", "four"):
        checkout.github.comment(text, author="mallory")
    checkout.write(TIER)
    checkout.run("plan")
    before = re.search(r"plan-id=(\w{12})", checkout.github.comments[-1]["body"])[1]
    checkout.write(TIER.replace("Silver", "Bronze"))
    checkout.run("plan")
    *others, comment = checkout.github.comments

    assert [(c["user"]["login"], c["body"]) for c in others][2] == ("mallory", f"{MARKER}\nhello")
    assert (len(others), comment["user"]["login"]) == (4, BOT)
    assert "Bronze" in comment["body"]
    assert f"Replaces plan `{before}`" in comment["body"]


def test_labels_follow_the_plan_and_those_of_people_stay(checkout):
    checkout.github.labels[7] = {"urgent", "attio: breaking", "attio: notes"}
    checkout.github.known_labels.add("attio: additive")
    checkout.write(TIER)
    checkout.run("plan")

    assert checkout.github.labels[7] == {"urgent", "attio: notes", "attio: additive"}


def test_each_workspace_has_a_comment_and_their_labels_do_not_wipe_each_other_out(checkout):
    checkout.write(TIER, name="staging")
    checkout.write("", name="production")
    for name in ("staging", "production"):
        checkout.inputs = {"INPUT_WORKSPACE": name}
        checkout.run("plan")
    markers = [comment["body"].splitlines()[0] for comment in checkout.github.comments]

    assert markers == [f"<!-- attio-ctl:plan workspace={name} -->" for name in ("staging", "production")]
    assert checkout.github.labels[7] == {"attio: additive"}

    checkout.inputs = {"INPUT_WORKSPACE": "staging"}
    checkout.attio_ctl("apply", "-w", "staging", "--auto-approve")
    checkout.run("plan")
    assert checkout.github.labels[7] == {"attio: no-changes"}
    assert len(checkout.github.comments) == 2


def test_a_plan_that_fails_replaces_the_comment_of_a_workspace_that_is_not_named_as_its_folder(checkout):
    checkout.write(TIER)
    file = checkout.folder / "workspaces/acme/workspace.yaml"
    file.write_text(file.read_text().replace("workspace: acme", "workspace: acme-production"))
    checkout.run("plan")
    file.write_text(file.read_text().replace("select", "selekt"))
    checkout.run("plan", code=65)
    (comment,) = checkout.github.comments

    assert comment["body"].startswith("<!-- attio-ctl:plan workspace=acme-production -->\n")
    assert ": Failed" in comment["body"]


def test_a_fork_without_secrets_fails_and_says_what_is_missing(checkout):
    checkout.github.refuse = {"comments", "labels", "check-runs"}
    checkout.write(TIER)
    file = checkout.folder / "workspaces/acme/workspace.yaml"
    file.write_text(file.read_text().replace("{sandbox: acme}", "{token: {env: ATTIO_TOKEN}}"))
    said = checkout.run("plan", code=13)

    assert "`ATTIO_TOKEN`" in said
    assert "a pull request from a fork has a token that only reads" in said
    assert "`ATTIO_TOKEN`" in checkout.summary


def test_what_destroys_asks_for_action(checkout):
    checkout.write(TIER)
    checkout.attio_ctl("apply", "--auto-approve")
    checkout.write(REMOVED)
    checkout.run("plan")
    (check,) = checkout.github.check_runs

    assert checkout.github.labels[7] >= {"attio: destructive"}
    assert check["conclusion"] == "action_required"
    assert check["annotations"][0]["annotation_level"] == "warning"
    assert "> [!CAUTION]" in checkout.github.comments[0]["body"]


def test_nothing_to_do_is_neutral(checkout):
    checkout.write(TIER)
    checkout.attio_ctl("apply", "--auto-approve")
    checkout.run("plan")

    assert checkout.github.labels[7] == {"attio: no-changes"}
    assert checkout.github.check_runs[0]["conclusion"] == "neutral"
    assert checkout.outputs["changes"] == "false"


def test_files_that_are_wrong_fail_the_job_and_replace_the_comment(checkout):
    checkout.write(TIER)
    checkout.run("plan")
    checkout.write(TIER.replace("select", "selekt"))
    checkout.run("plan", code=65)
    (comment,) = checkout.github.comments

    assert "## attio-ctl plan · acme: Failed" in comment["body"]
    assert "selekt" in comment["body"]
    assert checkout.github.labels[7] == {"attio: failed"}


def test_a_large_plan_is_cut_in_the_comment_and_whole_in_the_summary(checkout):
    options = ", ".join(f"Option number {n} of this very long list" for n in range(200))
    attributes = "".join(f"      a{n}: {{type: select, title: A{n}, options: [{options}]}}\n" for n in range(20))
    checkout.write(f"objects:\n  companies:\n    attributes:\n{attributes}")
    checkout.run("plan")

    assert len(checkout.github.comments[0]["body"].encode()) < 65_536
    assert "[whole plan](https://github.com/acme/crm/actions/runs/99)" in checkout.github.comments[0]["body"]
    assert len(checkout.summary.encode()) > 65_536
    assert len(checkout.github.check_runs[0]["annotations"]) == 200


def test_a_token_that_may_not_write_is_a_warning_and_the_log_has_the_annotations(checkout):
    checkout.github.refuse = {"comments", "labels", "check-runs"}
    checkout.write(TIER)
    said = checkout.run("plan")

    assert "::warning::could not write the comment: POST /repos/acme/crm/issues/7/comments: 403" in said
    assert "::notice file=workspaces/acme/workspace.yaml,line=7,title=additive%3A object.companies" in said
    assert checkout.summary


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"INPUT_WORKSPACE": "acme; touch owned"}, 65),
        ({"INPUT_EVENTS": "$(touch owned)"}, 74),
        ({"INPUT_BASE": "HEAD; touch owned"}, 0),  # a base that cannot be read is told in the comment
        ({"INPUT_ARGUMENTS": "--target=x; touch owned"}, 64),
    ],
)
def test_inputs_are_words_to_the_program_and_nothing_more(checkout, tmp_path, given, code):
    checkout.write(TIER)
    checkout.inputs = given
    checkout.run("plan", code=code)

    assert not list(tmp_path.rglob("owned"))


def test_merging_applies_exactly_the_plan_that_was_reviewed(checkout, merge):
    checkout.write(TIER)
    checkout.run("plan")
    checkout.keep_artifact()
    merge()
    checkout.run("apply")

    assert "Apply complete! Resources: 3 added" in checkout.github.comments[-1]["body"]
    assert "No changes" in checkout.attio_ctl("plan")
    assert checkout.github.storage_tokens == [None]


@pytest.mark.parametrize("what", ["no artefact", "other head", "expired", "superseded", "other files", "no request"])
def test_anything_but_the_reviewed_plan_is_refused(checkout, merge, what):
    checkout.write(TIER)
    checkout.run("plan")
    match what:
        case "other head":
            checkout.keep_artifact(sha="c" * 40)
        case "expired":
            checkout.keep_artifact(expired=True)
        case "superseded":
            checkout.keep_artifact()
            checkout.write(TIER.replace("Silver", "Bronze"))
            checkout.run("plan")
        case "other files":
            checkout.keep_artifact()
            checkout.write(TIER.replace("Silver", "Bronze"))
        case "no request":
            checkout.keep_artifact()
    merge()
    if what == "no request":
        checkout.github.pulls.clear()
    said = checkout.run("apply", code=11)

    assert "::error::" in said
    assert "refused" in checkout.summary
    assert "add" in checkout.attio_ctl("plan")


def test_drift_opens_one_issue_keeps_it_and_closes_it(checkout):
    checkout.write(TIER)
    checkout.attio_ctl("apply", "--auto-approve")
    checkout.run("drift")
    assert checkout.github.issues == []

    lock = next((checkout.folder / "workspaces/acme").glob("*.lock.yaml"))
    kept = lock.read_text()
    lock.write_text(kept.replace("Tier", "Level"))
    checkout.run("drift")
    checkout.run("drift")
    (issue,) = checkout.github.issues

    assert issue["title"] == "Drift in acme: 1 changed in Attio"
    assert issue["body"].startswith("<!-- attio-ctl:drift workspace=acme -->")
    assert checkout.outputs["drift"] == "true"
    assert checkout.github.labels[issue["number"]] == {"attio: drift"}

    lock.write_text(kept)
    checkout.run("drift")
    assert (issue["state"], checkout.outputs["drift"]) == ("closed", "false")


def test_no_input_is_pasted_into_a_script():
    """Expressions stand in `env`, `with` and `if` only, where they are data."""
    action = yaml.safe_load((ROOT / "action.yml").read_text())

    for step in action["runs"]["steps"]:
        assert "${{" not in step.get("run", "")
    used = set(re.findall(r"inputs\.([\w-]+)", (ROOT / "action.yml").read_text()))
    assert used == set(action["inputs"])


@pytest.mark.parametrize("path", sorted((ROOT / ".github" / "examples").glob("*.yml")), ids=lambda path: path.name)
def test_the_examples_use_inputs_that_exist_and_paste_nothing_into_scripts(path):
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    workflow = yaml.safe_load(path.read_text())
    steps = [step for job in workflow.get("jobs", {}).values() for step in job["steps"]]

    assert all("${{" not in step.get("run", "") for step in steps)
    ours = [step["with"] for step in steps if step.get("uses", "").startswith("attio-ctl/attio-ctl@")]
    assert ours
    assert all(set(given) <= set(action["inputs"]) for given in ours)


@pytest.mark.parametrize(
    ("schema", "files"),
    [
        ("vendor.github-actions", ["action.yml"]),
        ("vendor.github-workflows", sorted(str(path) for path in (ROOT / ".github" / "examples").glob("*.yml"))),
        ("vendor.gitlab-ci", [".github/examples/gitlab-ci.yaml"]),
    ],
)
def test_the_published_schemas_accept_the_action_and_the_examples(schema, files):
    program = Path(sys.executable).with_name("check-jsonschema")
    done = subprocess.run(
        [program, "--builtin-schema", schema, *files], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout


def test_the_action_never_prints_its_token():
    assert json.dumps(TOKEN) not in "".join(path.read_text() for path in (ROOT / ".github" / "action").glob("*.py"))
