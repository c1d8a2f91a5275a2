"""What apply does when things go wrong: lost answers, kills, failures, missing scopes; and the way back."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from delivered import PATIENT, start
from proxy import hanging_at
from servers import TOKEN, ask, attio, head

from attio_ctl.apply.journal import read_journal
from attio_ctl.cli import applying

Run = Callable[..., Result]
Write = Callable[..., Path]

EVERYTHING = """
    objects:
      people:
        attributes:
          source: {type: select, title: Source, options: [Website, Referral, Event]}
      cars:
        singular: Car
        plural: Cars
        attributes:
          vin: {type: text, title: VIN, unique: true}
          owner: {type: record-reference, title: Owner, to: [people], relationship: {slug: cars, title: Cars}}
          stage: {type: status, title: Stage, statuses: [New, Sold]}
          fuel: {type: select, title: Fuel, options: [Petrol], default: Petrol}
    lists:
      renewals: {name: Renewals, parent: companies, attributes: {phase: {type: status, title: Phase, statuses: [Open]}}}
    webhooks:
      billing:
        url: https://hooks.example.com/a
        secret: {file: .secrets/billing}
        on: [{event: note.created}, {event: record.updated, object: cars}]
"""


def inventory(url: str) -> dict[str, list[str]]:
    """Everything that an apply can make, by kind, without ids; a duplicate would show as a second entry."""
    found: dict[str, list[str]] = {"objects": [o["api_slug"] for o in ask(url, "objects")]}
    found["lists"] = [x["api_slug"] for x in ask(url, "lists")]
    found["webhooks"] = [hook["target_url"] for hook in ask(url, "webhooks")]
    for target in [*(f"objects/{slug}" for slug in ("people", "cars")), *(f"lists/{x}" for x in found["lists"])]:
        if target.split("/")[1] not in (*found["objects"], *found["lists"]):
            continue
        for attribute in ask(url, f"{target}/attributes"):
            if attribute["is_system_attribute"]:
                continue
            path = f"{target}/attributes/{attribute['api_slug']}"
            found.setdefault(target, []).append(attribute["api_slug"])
            for kind, of_type in (("options", "select"), ("statuses", "status")):
                if attribute["type"] == of_type:
                    found[path] = [each["title"] for each in ask(url, f"{path}/{kind}")]
    return {name: sorted(names) for name, names in found.items()}


CREATED = 16
"""The creates of an apply of `EVERYTHING`, of every kind."""

KILL_EVERY = int(os.environ.get("KILL_EVERY", "5"))
"""At which write boundaries to kill: every fifth, or with `make faults` each of them."""

CREATES = ["objects", "*/attributes", "*/options", "*/statuses", "lists", "webhooks"]


@pytest.mark.parametrize("reset", ["before", "after"])
@pytest.mark.parametrize("path", CREATES)
def test_a_lost_answer_to_any_create_leaves_exactly_one(
    attio_ctl: Run, write: Write, project: Path, token: str, path: str, reset: str
) -> None:
    """The connection is cut before Attio has done it, or after: the outcome is the same, and nothing is made twice."""
    with attio(project, {"method": "POST", "path": f"/v2/{path}", "reset": reset}) as url:
        write(EVERYTHING, head=head(url))
        result = attio_ctl("apply", "--auto-approve")
        made = inventory(url)

    assert made["objects"].count("cars") == 1
    assert made["lists"] == ["renewals"]
    assert made["webhooks"] == ["https://hooks.example.com/a"]
    assert made["objects/cars/attributes/stage"] == ["New", "Sold"]
    assert "Apply complete! Resources: 16 added, 1 changed" in result.stdout
    if path == "webhooks" and reset == "after":
        assert "the secret that Attio shows once" in " ".join(result.stdout.split())


def test_one_failure_skips_what_depends_on_it_and_nothing_else(
    attio_ctl: Run, write: Write, project: Path, token: str
) -> None:
    with attio(project, {"method": "POST", "path": "/v2/objects", "status": 400}) as url:
        write(EVERYTHING, head=head(url))
        failed = attio_ctl("apply", "--auto-approve", code=14)
        made = inventory(url)
        run = failed.stderr.split("--resume ")[1].split()[0]
        resumed = attio_ctl("apply", "--resume", run)
        after = inventory(url)

    assert "Apply incomplete: 7 applied, 1 failed, 9 skipped, 0 not attempted." in failed.stdout
    assert "cars" not in made["objects"]
    assert made["objects/people/attributes/source"] == ["Event", "Referral", "Website"]
    assert "Apply complete!" in resumed.stdout
    assert after["objects/cars"] == ["fuel", "owner", "stage", "vin"]


def test_a_missing_scope_is_told_before_the_first_write(
    attio_ctl: Run, write: Write, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = frozenset({"object_configuration:read", "list_configuration:read", "webhook:read", "user_management:read"})
    monkeypatch.setenv("ATTIO_TOKEN", "few5" * 16)
    with attio(project, tokens={"few5" * 16: few}) as url:
        write(EVERYTHING, head=head(url))
        planned = attio_ctl("plan")
        refused = attio_ctl("apply", "--auto-approve", code=13)
        made = inventory(url)

    assert "Plan: 16 to add" in planned.stdout
    told = " ".join(refused.stderr.split())
    for scope in ("object_configuration:read-write", "list_configuration:read-write", "webhook:read-write"):
        assert f"`{scope}`" in told
    assert "cars" not in made["objects"]


def test_a_token_revoked_in_the_middle_stops_the_run_and_a_new_one_finishes_it(
    attio_ctl: Run, write: Write, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = "dead" * 16
    monkeypatch.setenv("ATTIO_TOKEN", first)
    with attio(project, {"method": "POST", "nth": 6, "revoke": True}, tokens={first: None}) as url:
        write(EVERYTHING, head=head(url))
        stopped = attio_ctl("apply", "--auto-approve", "--parallelism", "2", code=None)
        monkeypatch.setenv("ATTIO_TOKEN", TOKEN)
        run = next(iter((project / ".attio-ctl" / "runs").glob("*/*.journal"))).stem
        attio_ctl("apply", "--resume", run)
        assert "No changes" in attio_ctl("plan").stdout

    assert stopped.exit_code in (13, 14)


def test_the_undo_file_takes_back_what_can_be_taken_back(
    attio_ctl: Run, write: Write, project: Path, token: str
) -> None:
    with attio(project) as url:
        write(EVERYTHING, head=head(url))
        attio_ctl("apply", "--auto-approve")
        write(EVERYTHING.replace("title: VIN", "title: Number").replace("Referral", "Friend"), head=head(url))
        changed = attio_ctl("apply", "--auto-approve")
        undo = changed.stderr.split("attio-ctl apply ")[1].split()[0]
        shown = attio_ctl("show", undo)
        attio_ctl("apply", undo)
        write(EVERYTHING, head=head(url))
        again = attio_ctl("plan")

    assert '"Number" → "VIN"' in shown.stdout
    assert "No changes" in again.stdout


def test_the_undo_of_an_object_says_that_it_cannot_be_done(
    attio_ctl: Run, write: Write, project: Path, token: str
) -> None:
    with attio(project) as url:
        write("objects: {cars: {singular: Car, plural: Cars}}", head=head(url))
        made = attio_ctl("apply", "--auto-approve")
        shown = attio_ctl("show", made.stderr.split("attio-ctl apply ")[1].split()[0])

    assert "this cannot be undone" in " ".join(shown.stdout.split())


def test_protection_outlives_the_block_that_it_stood_in(attio_ctl: Run, write: Write) -> None:
    score = "score: {type: number, title: Score, protect: true}"
    path = write(f"objects: {{people: {{attributes: {{{score}}}}}}}")
    attio_ctl("apply", "--auto-approve")
    lock = path.parent / "attio.lock.yaml"
    assert "protect: true" in lock.read_text()
    removed = "removed: [{address: object.people.attribute.score, action: archive}]"
    write(removed)
    refused = attio_ctl("apply", "--auto-approve", code=10)
    write(removed.replace("archive", "forget"))
    attio_ctl("apply", "--auto-approve")
    write(removed)
    done = attio_ctl("apply", "--auto-approve")

    assert "is protected" in refused.stdout
    assert "1 archived" in done.stdout


def test_the_lock_file_holds_ids_and_managed_fields_and_is_stable(attio_ctl: Run, write: Write) -> None:
    path = write("objects: {people: {attributes: {score: {type: number, title: Score}}}}")
    attio_ctl("apply", "--auto-approve")
    lock = path.parent / "attio.lock.yaml"
    first = lock.read_text()
    attio_ctl("apply", "--auto-approve")

    assert '  "object.people.attribute.score":\n    id: "' in first
    assert '    fields:\n      title: "Score"\n      type: "number"\n' in first
    assert lock.read_text() == first


@pytest.mark.slow
@pytest.mark.parametrize("moment", range(1, CREATED + 1, KILL_EVERY))
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_kill_at_a_write_boundary_and_a_resume_equal_an_uninterrupted_run(
    attio_ctl: Run, write: Write, project: Path, token: str, moment: int, when: str
) -> None:
    """
    The process is killed while it waits: the nth write was not sent yet, or is done and its answer has not come.

    So the intent is in the journal and the result is not. After the resume everything is there exactly once.
    """
    with attio(project) as url:
        with hanging_at(url, moment, when) as proxy:
            write(EVERYTHING, head=head(proxy.url))
            process = start(project, "apply", "--auto-approve", "--parallelism", "1")
            assert proxy.hung.wait(100)
            process.kill()
            process.communicate()
        write(EVERYTHING, head=head(url))
        run = next(iter((project / ".attio-ctl" / "runs").glob("*/*.journal"))).stem
        attio_ctl("apply", "--resume", run)
        made = inventory(url)
        settled = attio_ctl("plan").stdout

    assert "No changes" in settled
    assert made["objects"] == ["cars", "companies", "people"]
    assert made["objects/cars"] == ["fuel", "owner", "stage", "vin"]
    assert made["objects/cars/attributes/stage"] == ["New", "Sold"]
    assert made["objects/people/attributes/source"] == ["Event", "Referral", "Website"]
    assert made["lists"] == ["renewals"]
    assert made["webhooks"] == ["https://hooks.example.com/a"]


@pytest.mark.slow
def test_of_two_applies_at_once_one_is_refused_and_told_who_the_other_is(
    attio_ctl: Run, write: Write, project: Path, token: str
) -> None:
    with attio(project) as url, hanging_at(url, 3, "before") as proxy:
        write(EVERYTHING, head=head(proxy.url))
        first = start(project, "apply", "--auto-approve")
        assert proxy.hung.wait(100)
        write(EVERYTHING, head=head(url))
        second = attio_ctl("apply", "--auto-approve", code=12)
        run = next(iter((project / ".attio-ctl" / "runs").glob("*/*.journal"))).stem
        resumed = attio_ctl("apply", "--resume", run, code=12)
        first.kill()
        first.communicate()

    assert f"pid {first.pid}` is applying to this workspace" in " ".join(second.stderr.split())
    assert "frees itself in" in second.stderr
    assert f"(run {run})" in " ".join(resumed.stderr.split())


@pytest.mark.slow
def test_a_signal_lets_what_is_under_way_end_and_says_how_to_go_on(write: Write, project: Path, token: str) -> None:
    with attio(project) as url, hanging_at(url, 3, "before") as proxy:
        write(EVERYTHING, head=head(proxy.url))
        process = start(project, "apply", "--auto-approve")
        assert proxy.hung.wait(100)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate()

    assert process.returncode == 130, errors
    assert applying.DRAIN < 5
    assert "--resume" in errors
    (lease,) = (project / ".attio-ctl" / "runs").glob("*/lease.json")
    assert json.loads(lease.read_text())["expires"] == 0.0


@pytest.mark.slow
def test_a_signal_while_attio_does_not_answer_a_last_look_starts_no_write(
    attio_ctl: Run, write: Write, project: Path, token: str
) -> None:
    last_look = re.compile(rb"GET /v2/objects/[0-9a-f-]{36}/attributes/[0-9a-f-]{36} ")
    with attio(project) as url, hanging_at(url, 1, "before", last_look) as proxy:
        write("objects: {people: {attributes: {a: {type: text, title: A}}}}", head=head(url))
        attio_ctl("apply", "--auto-approve")
        write("objects: {people: {attributes: {a: {type: text, title: B}}}}", head=head(proxy.url))
        process = start(project, "apply", "--auto-approve")
        assert proxy.hung.wait(100)
        process.send_signal(signal.SIGINT)
        process.communicate()
        titles = [each["title"] for each in ask(url, "objects/people/attributes") if each["api_slug"] == "a"]

    assert process.returncode == 130
    assert titles == ["A"]


def is_waiting(process: subprocess.Popen[bytes]) -> bool:
    """Whether it waits for something, as far as the system tells."""
    try:
        return Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "S"
    except FileNotFoundError:
        return True


@pytest.mark.slow
@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_at_the_prompt_ends_it_with_nothing_written(
    write: Write, project: Path, token: str, sent: signal.Signals, code: int
) -> None:
    """At a real terminal: the signal comes while the process waits for the `yes`."""
    with attio(project) as url:
        write(EVERYTHING, head=head(url))
        ours, theirs = pty.openpty()
        command = [sys.executable, "-m", "attio_ctl.cli.main", "apply"]
        process = subprocess.Popen(command, cwd=project, stdin=theirs, stdout=theirs, stderr=theirs)
        os.close(theirs)
        shown = b""
        while b"Enter a value" not in shown:
            shown += os.read(ours, 65536)
        while not is_waiting(process):
            time.sleep(0.02)
        process.send_signal(sent)
        try:
            ended = process.wait(100)
        finally:
            process.kill()
            process.wait()
            os.close(ours)
        made = inventory(url)

    assert ended == code
    assert made["objects"] == ["companies", "people"]
    assert not (project / ".attio-ctl" / "runs").exists()


@pytest.mark.slow
def test_a_second_signal_ends_it_at_once_with_the_journal_whole(write: Write, project: Path, token: str) -> None:
    """Without a wait, since all that it could wait for never comes."""
    with attio(project) as url, hanging_at(url, 3, "before") as proxy:
        write(EVERYTHING, head=head(proxy.url))
        process = start(project, "apply", "--auto-approve", program=PATIENT)
        assert proxy.hung.wait(100)
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        assert any("Stopping" in line for line in process.stderr)
        process.send_signal(signal.SIGINT)
        process.communicate()

    (journal,) = (project / ".attio-ctl" / "runs").glob("*/*.journal")
    assert process.returncode == 130
    assert read_journal(journal)[0].event == "begin"
