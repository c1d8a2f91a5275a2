"""Where this machine keeps what belongs to a workspace: the same place from everywhere, one lease for one workspace."""

from __future__ import annotations

import json
import os
import shutil
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from servers import attio, head

Run = Callable[..., Result]
Write = Callable[..., Path]

CARS = "objects: {cars: {singular: Car, plural: Cars}}\n"
HOOK = "webhooks: {w: {url: 'https://hooks.example.com/a', secret: {file: .secrets/w}, on: [{event: note.created}]}}\n"


def hold(lease: Path) -> None:
    """The lease of a run on this machine that is alive: this very process."""
    lease.parent.mkdir(parents=True, exist_ok=True)
    lease.write_text(
        json.dumps(
            {
                "owner": "grace@ci pid 7",
                "run": "r_1",
                "fencing": 3,
                "expires": time.time() + 3600,
                "host": socket.gethostname(),
                "pid": os.getpid(),
            }
        )
    )


def test_two_names_for_one_workspace_have_one_lease(attio_ctl: Run, write: Write, project: Path, token: str) -> None:
    with attio(project) as url:
        write(CARS, head=head(url))
        attio_ctl("apply", "--auto-approve")
        (lease,) = (project / ".attio-ctl" / "runs").glob("*/lease.json")
        hold(lease)
        other = head(url).replace("workspace: acme", "workspace: acme-again")
        write("objects: {bikes: {singular: Bike, plural: Bikes}}", name="again", head=other)
        refused = attio_ctl("apply", "-w", "again", "--auto-approve", code=12)

    assert "grace@ci pid 7" in refused.stderr


def test_a_subfolder_leads_to_the_same_project(
    attio_ctl: Run, write: Write, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(CARS + HOOK)
    attio_ctl("plan", "--out", "plan.json")
    inside = project / "workspaces" / "acme" / "deeper"
    inside.mkdir()
    monkeypatch.chdir(inside)
    again = attio_ctl("plan", "--format", "json").stdout
    attio_ctl("apply", str(project / "plan.json"))

    assert "No changes" in attio_ctl("plan").stdout
    assert (project / "workspaces" / "acme" / ".secrets" / "w").exists()
    assert [path.name for path in inside.iterdir()] == []
    assert [c["secret_file"] for c in json.loads(again)["resource_changes"]][-1] == "workspaces/acme/.secrets/w"


def test_a_workspace_named_by_its_path_keeps_its_state_in_its_own_project(
    attio_ctl: Run,
    write: Write,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    path = write(CARS)
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.chdir(elsewhere)
    attio_ctl("apply", "-w", str(path.parent), "--auto-approve")
    monkeypatch.chdir(project)

    assert list(elsewhere.iterdir()) == []
    assert "No changes" in attio_ctl("plan").stdout


@pytest.mark.parametrize("name", ["sandboxes", "sandbox", "runs", "workspaces", "cars"])
def test_no_name_of_a_workspace_or_sandbox_is_in_the_way_of_another(attio_ctl: Run, write: Write, name: str) -> None:
    write(CARS, name=name, head=f"workspace: {name}\napi: {{sandbox: ledger}}\n")
    attio_ctl("apply", "-w", name, "--auto-approve")

    assert "No changes" in attio_ctl("plan", "-w", name).stdout


MAPPING = """
    mappings:
      car:
        action: assert-record
        object: companies
        match: domains
        when: type = "track"
        values: {domains: $.properties.domain}
"""


def as_before(project: Path) -> None:
    """Lay the state of `acme` out as earlier versions did."""
    folder = project / ".attio-ctl"
    (folder / "workspaces" / "acme").rename(folder / "acme")
    (runs,) = (folder / "runs").iterdir()
    shutil.move(runs, folder / "acme" / "runs")
    (folder / "acme" / "runs" / "lease.json").rename(folder / "acme" / "lease.json")
    (folder / "acme" / "runs" / "lease.lock").unlink()
    (folder / "acme" / "health.json").unlink(missing_ok=True)
    (folder / "runs").rmdir()
    (folder / "workspaces").rmdir()


def test_what_an_earlier_version_kept_is_taken_over(attio_ctl: Run, write: Write, project: Path) -> None:
    write(MAPPING + "\n    " + CARS)
    attio_ctl("apply", "--auto-approve")
    event = {"type": "track", "messageId": "m1", "event": "Sold", "properties": {"domain": "example.com"}}
    bad = {"type": "track", "messageId": "m2", "event": "Sold", "properties": {"domain": 7}}
    (project / "events.ndjson").write_text(json.dumps(event) + "\n" + json.dumps(bad) + "\n")
    attio_ctl("deliver", "--events", "events.ndjson", code=None)
    letters = attio_ctl("dead-letters", "list").stdout
    as_before(project)
    (run,) = (path.stem for path in (project / ".attio-ctl" / "acme" / "runs").glob("*.journal"))

    assert attio_ctl("dead-letters", "list").stdout == letters != "No dead letters.\n"
    assert "duplicate" in attio_ctl("deliver", "--events", "events.ndjson", code=None).output
    assert "1 added" in attio_ctl("apply", "--resume", run).stdout
    assert not (project / ".attio-ctl" / "acme").exists()


def test_an_apply_of_an_earlier_version_that_is_running_is_not_disturbed(
    attio_ctl: Run, write: Write, project: Path
) -> None:
    write(CARS)
    hold(project / ".attio-ctl" / "acme" / "lease.json")
    refused = attio_ctl("apply", "--auto-approve", code=12)

    assert "an earlier version of attio-ctl" in " ".join(refused.stderr.split())
    assert (project / ".attio-ctl" / "acme" / "lease.json").exists()
