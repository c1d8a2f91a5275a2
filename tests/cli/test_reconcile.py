"""plan and apply as a person runs them, on the embedded sandbox."""

from __future__ import annotations

import json
import sqlite3
import stat
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from attio_ctl.attio.errors import NoAnswerError
from attio_ctl.attio.reader import AttioReader

Run = Callable[..., Result]
Write = Callable[..., Path]

VEHICLES = """
    objects:
      people:
        attributes:
          lead_source: {type: select, title: Lead source, options: [Website, Referral]}
      vehicles:
        singular: Vehicle
        plural: Vehicles
        attributes:
          vin: {type: text, title: VIN, unique: true, required: true}
          owner:
            {type: record-reference, title: Owner, to: [people], relationship: {slug: vehicles, title: Vehicles}}
          price: {type: currency, title: Price, currency: {code: EUR}}
          fuel: {type: select, title: Fuel, options: [Petrol, Electric], default: Petrol}
          stage: {type: status, title: Stage, statuses: [New, {title: Sold, celebration: true, target_time: P14D}]}
    lists:
      renewals:
        name: Renewals
        parent: companies
        attributes:
          note: {type: text, title: Note}
    webhooks:
      billing:
        url: https://hooks.example.com/attio
        secret: {file: .secrets/billing}
        on: [{event: record.updated, object: vehicles}, {event: note.created}]
"""


def requests(project: Path, name: str = "acme") -> list[tuple[str, str]]:
    """The method and path of every request that the sandbox has answered."""
    with sqlite3.connect(project / ".attio-ctl" / "sandboxes" / f"{name}.sqlite") as connection:
        return [
            (method, path) for method, path in connection.execute("select method, path from requests order by rowid")
        ]


def test_plan_after_apply_is_empty(attio_ctl: Run, write: Write) -> None:
    write(VEHICLES)
    first = attio_ctl("plan", "--detailed-exitcode", code=2)
    applied = attio_ctl("apply", "--auto-approve")
    again = attio_ctl("plan", "--detailed-exitcode")

    assert "Plan: 16 to add, 1 to change, 0 to archive, 0 to destroy." in first.stdout
    assert "Apply complete! Resources: 16 added, 1 changed, 0 archived, 0 destroyed." in applied.stdout
    assert again.stdout == 'No changes. Workspace "Acme" (acme) matches the configuration.\n'


def test_plan_sends_nothing_but_reads(attio_ctl: Run, write: Write, project: Path) -> None:
    write(VEHICLES)
    attio_ctl("plan")
    attio_ctl("plan", "--format", "json")
    attio_ctl("validate")

    assert {method for method, _ in requests(project)} == {"GET"}


def test_the_json_plan_is_the_same_bytes_but_for_the_times(attio_ctl: Run, write: Write) -> None:
    write(VEHICLES)
    one, two = (json.loads(attio_ctl("plan", "--format", "json").stdout) for _ in range(2))

    assert one["plan_id"] == two["plan_id"]
    assert one["resource_changes"] == two["resource_changes"]


def test_a_saved_plan_is_carried_out_exactly_and_only_once(attio_ctl: Run, write: Write) -> None:
    write(VEHICLES)
    saved = attio_ctl("plan", "--out", "plan.json")
    shown = attio_ctl("show", "plan.json")
    write("objects: {}")  # the files move on; the saved plan does not
    attio_ctl("apply", "plan.json")
    again = attio_ctl("apply", "plan.json", code=11)

    assert shown.stdout == saved.stdout
    assert "this plan was already applied on" in again.stderr


def test_what_moved_since_the_plan_is_refused_and_the_rest_is_done(attio_ctl: Run, write: Write) -> None:
    write("objects: {people: {attributes: {a: {type: text, title: A}, b: {type: text, title: B}}}}")
    attio_ctl("apply", "--auto-approve")
    write("objects: {people: {attributes: {a: {type: text, title: A2}, b: {type: text, title: B2}}}}")
    attio_ctl("plan", "--out", "plan.json")
    write("objects: {people: {attributes: {a: {type: text, title: Someone else's}}}}")
    attio_ctl("apply", "--auto-approve")

    refused = attio_ctl("apply", "plan.json", code=11)

    text = " ".join(refused.stdout.split())
    assert '`object.people.attribute.a`: `title` is `"Someone else\'s"`, but the plan saw `"A"`' in text
    assert "Apply incomplete: 1 applied, 0 failed, 0 skipped, 0 not attempted, 1 refused" in text
    write("objects: {people: {attributes: {b: {type: text, title: B2}}}}")
    assert "No changes" in attio_ctl("plan").stdout


def test_an_edit_of_another_field_does_not_make_a_plan_stale(attio_ctl: Run, write: Write) -> None:
    write("objects: {people: {attributes: {a: {type: text, title: A}}}}")
    attio_ctl("apply", "--auto-approve")
    write("objects: {people: {attributes: {a: {type: text, title: A2}}}}")
    attio_ctl("plan", "--out", "plan.json")
    write("objects: {people: {attributes: {a: {type: text, description: Other}}}}")
    attio_ctl("apply", "--auto-approve")

    assert "1 changed" in attio_ctl("apply", "plan.json").stdout


def test_a_standard_object_that_is_not_active_blocks_with_the_way_out(attio_ctl: Run, write: Write) -> None:
    write("objects: {users: {active: true, attributes: {plan: {type: select, title: Plan, options: [Pro]}}}}")
    blocked = attio_ctl("apply", "--auto-approve", code=10)
    attio_ctl("sandbox", "activate", "users")
    applied = attio_ctl("apply", "--auto-approve")

    assert "Workspace settings → Objects" in blocked.stdout
    assert "Apply incomplete: 0 applied, 0 failed, 0 skipped, 3 not attempted." in blocked.stdout
    assert "2 added" in applied.stdout


def test_a_rename_keeps_the_id(attio_ctl: Run, write: Write) -> None:
    write("objects: {people: {attributes: {ads: {type: select, title: Ads, options: [Old]}}}}")
    attio_ctl("apply", "--auto-approve")
    renamed = """
        objects:
          people:
            attributes:
              source: {type: select, title: Source, renamed_from: ads, options: [{title: New, renamed_from: Old}]}
    """
    write(renamed)
    changes = json.loads(attio_ctl("plan", "--format", "json").stdout)["resource_changes"]
    attio_ctl("apply", "--auto-approve")

    assert [change["change"]["actions"] for change in changes] == [["update"], ["update"]]
    assert "No changes" in attio_ctl("plan").stdout
    write(renamed.replace("title: New", "title: Newer").replace("Old", "New"))
    (later,) = json.loads(attio_ctl("plan", "--format", "json").stdout)["resource_changes"]
    assert later["ids"] == changes[1]["ids"]


def test_removing_a_block_changes_nothing_and_a_removed_entry_archives(attio_ctl: Run, write: Write) -> None:
    write("objects: {people: {attributes: {score: {type: number, title: Score}}}}")
    attio_ctl("apply", "--auto-approve")
    write("objects: {}")
    kept = attio_ctl("plan", "--detailed-exitcode")
    write("removed: [{address: object.people.attribute.score, action: archive, reason: replaced}]")
    attio_ctl("apply", "--auto-approve")
    write("objects: {people: {attributes: {score: {type: number, title: Score}}}}")
    restored = attio_ctl("apply", "--auto-approve")

    assert "object.people.attribute.score" in kept.stdout
    assert "left alone" in kept.stdout
    assert "1 restored" in restored.stdout


def test_deleting_an_object_takes_three_switches(attio_ctl: Run, write: Write, project: Path) -> None:
    write("objects: {cars: {singular: Car, plural: Cars}}")
    attio_ctl("apply", "--auto-approve")
    write("removed: [{address: object.cars, action: delete}]")
    attio_ctl("apply", "--auto-approve", code=10)
    assert "DELETE" not in {method for method, _ in requests(project)}

    done = attio_ctl("apply", "--auto-approve", "--allow-destroy", "object.cars")

    assert "1 destroyed" in done.stdout


def test_the_secret_of_a_webhook_goes_to_its_file_and_nowhere_else(attio_ctl: Run, write: Write, project: Path) -> None:
    write(VEHICLES)
    applied = attio_ctl("apply", "--auto-approve")
    secret_file = project / "workspaces" / "acme" / ".secrets" / "billing"
    secret = secret_file.read_text().strip()

    assert stat.S_IMODE(secret_file.stat().st_mode) == 0o600
    assert len(secret) == 64
    assert secret not in applied.output
    journals = list((project / ".attio-ctl" / "runs").glob("*/*"))
    assert journals
    assert all(secret not in path.read_text() for path in journals)


def test_the_token_of_another_workspace_is_refused_before_any_other_request(
    attio_ctl: Run, write: Write, project: Path
) -> None:
    write("workspace_id: 14beef7a-99f7-4534-a87e-70b564330a4c\n")
    for command in (("plan",), ("apply", "--auto-approve"), ("records", "people")):
        wrong = attio_ctl(*command, code=15)
        assert "the token belongs to workspace" in wrong.stderr

    assert set(requests(project)) == {("GET", "/v2/self")}


def test_a_workspace_named_sandbox_keeps_its_state_apart_from_the_sandboxes(
    attio_ctl: Run, write: Write, project: Path
) -> None:
    """A sandbox named `ledger` would else lie where the ledger of that workspace does."""
    write("objects: {cars: {singular: Car, plural: Cars}}", head="workspace: sandbox\napi: {sandbox: ledger}\n")
    attio_ctl("apply", "--auto-approve")

    assert not (project / ".attio-ctl" / "sandbox" / "ledger.sqlite").exists()
    assert ("POST", "/v2/objects") in requests(project, "ledger")


def test_a_second_apply_is_refused_while_one_runs(attio_ctl: Run, write: Write, project: Path) -> None:
    write("objects: {people: {attributes: {a: {type: text, title: A}}}}")
    attio_ctl("apply", "--auto-approve")
    write("objects: {people: {attributes: {a: {type: text, title: B}}}}")
    (lease,) = (project / ".attio-ctl" / "runs").glob("*/lease.json")
    before = requests(project)
    held = {"owner": "grace@ci pid 7", "run": "r_1", "fencing": 3, "expires": time.time() + 3600}
    lease.write_text(json.dumps(held))

    refused = attio_ctl("apply", "--auto-approve", code=12)

    assert "grace@ci pid 7" in refused.stderr
    assert {method for method, _ in requests(project)[len(before) :]} == {"GET"}


def test_apply_without_anybody_to_ask_is_a_usage_error(attio_ctl: Run, write: Write) -> None:
    write("objects: {}")

    assert "--auto-approve" in attio_ctl("apply", code=64).stderr


@pytest.mark.parametrize(
    "arguments", [["plan", "--no-such"], ["pln"], ["plan", "extra"], ["show"], ["plan", "--expires", "x"]]
)
def test_a_usage_error_is_64_and_never_2(attio_ctl: Run, write: Write, arguments: list[str]) -> None:
    write("objects: {}")

    assert attio_ctl(*arguments, code=64).stdout == ""


def test_a_typo_in_a_command_is_answered_with_the_right_one(attio_ctl: Run) -> None:
    assert "Did you mean `plan`?" in attio_ctl("pln", code=64).stderr


def test_every_problem_of_the_files_is_shown_at_its_place(attio_ctl: Run, write: Write) -> None:
    write("objects: {people: {attributes: {a: {type: txt}, b: {type: text, titel: B}}}}")
    wrong = attio_ctl("plan", code=65)

    assert "workspaces/acme/workspace.yaml:3:" in wrong.stderr
    assert "2 problems" in wrong.stderr


def test_the_plan_fits_80_columns_and_has_no_colours_where_there_is_no_terminal(attio_ctl: Run, write: Write) -> None:
    write(VEHICLES)
    text = attio_ctl("plan").stdout

    assert max(len(line) for line in text.splitlines()) <= 80
    assert "\033[" not in text


def test_the_markdown_plan_begins_with_its_marker(attio_ctl: Run, write: Write) -> None:
    write(VEHICLES)

    assert attio_ctl("plan", "--format", "markdown").stdout.startswith("<!-- attio-ctl:plan workspace=acme -->\n")


def test_a_read_that_fails_makes_a_plan_that_cannot_be_applied(
    attio_ctl: Run, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list that could not be read must not look like a list that is not there."""

    async def fail(_: AttioReader) -> list[object]:
        raise NoAnswerError("no answer came")

    write(VEHICLES)
    attio_ctl("apply", "--auto-approve")
    monkeypatch.setattr(AttioReader, "lists", fail)

    planned = attio_ctl("plan", "--out", "plan.json", code=1)
    refused = attio_ctl("apply", "plan.json", code=10)

    assert "could not read lists" in planned.stdout
    assert "cannot be applied" in planned.stdout
    assert "could not be read whole" in refused.stderr
