"""Corners that people and a reviewer ran into: each was wrong once."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from servers import ask, attio, head

Run = Callable[..., Result]
Write = Callable[..., Path]

HOOK = """
    webhooks:
      billing: {url: https://hooks.example.com/a, secret: {file: .secrets/billing}, on: [{event: note.created}]}
"""


MODEL = """
    objects:
      people:
        attributes:
          plan: {type: text, title: Plan}
          tier: {type: text, title: Tier}
"""


def secret_of(project: Path) -> str:
    return (project / "workspaces" / "acme" / ".secrets" / "billing").read_text()


def test_a_create_that_is_refused_leaves_the_old_secret(attio_ctl: Run, write: Write, project: Path) -> None:
    write(HOOK)
    attio_ctl("plan", "--out", "plan.json")
    attio_ctl("apply", "plan.json")
    before = secret_of(project)
    again = attio_ctl("apply", "plan.json", code=11)

    assert "this plan was already applied on" in again.stderr
    assert "--resume" not in again.stderr
    assert secret_of(project) == before


def test_a_plan_that_was_applied_is_no_drift_when_it_is_applied_again(
    attio_ctl: Run, write: Write, project: Path
) -> None:
    write(MODEL)
    attio_ctl("plan", "--out", "plan.json")
    attio_ctl("apply", "plan.json")
    again = attio_ctl("apply", "plan.json", code=11)

    said = " ".join(again.stderr.split())
    assert re.search(r"plan\.json: this plan was already applied on \d{4}-\d\d-\d\d \d\d:\d\d UTC", said)
    assert "make a new one: `attio-ctl plan`" in said
    assert "refused" not in again.stdout


def test_a_plan_that_was_never_applied_is_refused_for_what_moved(attio_ctl: Run, write: Write, project: Path) -> None:
    write(MODEL)
    attio_ctl("plan", "--out", "plan.json")
    write(MODEL.replace("title: ", "title: My "))
    attio_ctl("apply", "--auto-approve")
    refused = attio_ctl("apply", "plan.json", code=11)

    assert "already applied" not in refused.stderr
    assert "is there already, but the plan saw it absent" in " ".join(refused.stdout.split())


def test_resuming_a_finished_run_finds_everything_done_and_says_nothing_of_lost_secrets(
    attio_ctl: Run, write: Write, project: Path
) -> None:
    write(HOOK)
    attio_ctl("apply", "--auto-approve")
    run = next(iter((project / ".attio-ctl" / "runs").glob("*/*.journal"))).stem
    resumed = attio_ctl("apply", "--resume", run)

    assert "lost" not in resumed.stdout
    assert "Apply complete!" in resumed.stdout


def test_a_webhook_is_removed_and_undone_by_its_name(attio_ctl: Run, write: Write, project: Path, token: str) -> None:
    with attio(project) as url:
        write(HOOK, head=head(url))
        made = attio_ctl("apply", "--auto-approve")
        undo = made.stderr.split("attio-ctl apply ")[1].split()[0]
        shown = attio_ctl("show", undo)
        write("removed: [{address: webhook.billing, action: delete}]", head=head(url))
        removed = attio_ctl("apply", "--auto-approve")
        left = ask(url, "webhooks")

    assert "1 to destroy" in shown.stdout
    assert "1 destroyed" in removed.stdout
    assert left == []


def test_a_renamed_object_takes_its_parts_along_while_they_change_too(attio_ctl: Run, write: Write) -> None:
    before = """
    objects:
      vehicles:
        singular: Car
        plural: Cars
        attributes: {fuel: {type: select, title: Fuel, options: [Petrol]}, year: {type: number, title: Year}}
    """
    write(before)
    attio_ctl("apply", "--auto-approve")
    after = before.replace("vehicles:", "cars:\n        renamed_from: vehicles")
    write(after.replace("[Petrol]", "[Petrol, Electric]").replace("title: Year", "title: Built"))
    applied = attio_ctl("apply", "--auto-approve")

    assert "Apply complete! Resources: 1 added, 2 changed" in applied.stdout
    assert "No changes" in attio_ctl("plan").stdout


def test_no_plan_takes_away_what_is_protected_not_even_an_undo(attio_ctl: Run, write: Write) -> None:
    write("objects: {people: {attributes: {score: {type: number, title: Score, protect: true}}}}")
    made = attio_ctl("apply", "--auto-approve")
    refused = attio_ctl("apply", made.stderr.split("attio-ctl apply ")[1].split()[0], code=10)

    assert "takes away what is protected: `object.people.attribute.score`" in " ".join(refused.stderr.split())


def test_a_read_that_fails_does_not_empty_the_lock_file(
    attio_ctl: Run, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write("objects: {people: {attributes: {score: {type: number, title: Score, protect: true}}}}")
    attio_ctl("apply", "--auto-approve")
    lock = (path.parent / "attio.lock.yaml").read_text()
    from attio_ctl.attio.errors import NoAnswerError  # noqa: PLC0415
    from attio_ctl.attio.reader import AttioReader  # noqa: PLC0415

    real, calls = AttioReader.attributes, []

    async def fail_later(self: AttioReader, target: str, parent: str) -> list[object]:
        calls.append(parent)
        if len(calls) > 2:
            raise NoAnswerError("no answer came")
        return await real(self, target, parent)

    monkeypatch.setattr(AttioReader, "attributes", fail_later)
    attio_ctl("apply", "--auto-approve", code=None)

    assert (path.parent / "attio.lock.yaml").read_text() == lock


def test_a_saved_plan_that_the_files_have_left_behind_is_no_drift(attio_ctl: Run, write: Write) -> None:
    write("objects: {people: {attributes: {score: {type: number, title: A}}}}")
    attio_ctl("apply", "--auto-approve")
    write("objects: {people: {attributes: {score: {type: number, title: B}}}}")
    attio_ctl("plan", "--out", "plan.json")
    write("objects: {people: {attributes: {score: {type: number, title: C}}}}")
    attio_ctl("apply", "plan.json")

    assert attio_ctl("drift").stdout.startswith("No drift.")


def test_a_target_that_names_nothing_is_a_usage_error(attio_ctl: Run, write: Write) -> None:
    write("objects: {people: {attributes: {score: {type: number, title: Score}}}}")

    assert "`object.peeple`" in attio_ctl("plan", "--target", "object.peeple", code=64).stderr


def test_an_apply_with_nothing_to_do_says_so(attio_ctl: Run, write: Write) -> None:
    write("objects: {}")

    assert "No changes." in attio_ctl("apply", "--auto-approve").stdout


def test_a_token_that_may_not_read_records_can_still_plan_a_removal(
    attio_ctl: Run, write: Write, project: Path, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = frozenset({"object_configuration:read", "list_configuration:read", "webhook:read", "user_management:read"})
    with attio(project, tokens={"few5" * 16: few}) as url:
        write("objects: {people: {attributes: {score: {type: number, title: Score}}}}", head=head(url))
        attio_ctl("apply", "--auto-approve")
        monkeypatch.setenv("ATTIO_TOKEN", "few5" * 16)
        write("removed: [{address: object.people.attribute.score, action: archive}]", head=head(url))
        document = json.loads(attio_ctl("plan", "--format", "json").stdout)

    assert document["resource_changes"][0]["impact"]["records"] is None
