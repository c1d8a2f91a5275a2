"""A value from the environment reaches Attio and nothing else: no plan, lock, journal, undo file, letter or output."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from click.testing import Result
from delivered import event, lines, start
from servers import TOKEN, ask, attio, change, head

Run = Callable[..., Result]
Write = Callable[..., Path]

HOOK = """
    webhooks:
      billing:
        url: https://hooks.example.com/${HOOK_KEY}
        secret: {file: .secrets/billing}
        on: [{event: note.created}]
"""
FIRST, SECOND = "canary-first-4711", "canary-second-0815"


def everything_written(project: Path) -> str:
    """All text that commands left behind, but for the secret's own file and Attio's."""
    kept = []
    for path in project.rglob("*"):
        if path.is_file() and ".secrets" not in path.parts and not path.name.startswith("attio.sqlite"):
            kept.append(path.read_bytes().decode("utf-8", "replace"))
    return "\n".join(kept)


def test_a_value_from_the_environment_reaches_attio_and_nothing_else(
    attio_ctl: Run, write: Write, project: Path, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    outputs = []
    with attio(project) as url:
        write(HOOK, head=head(url))
        monkeypatch.setenv("HOOK_KEY", FIRST)
        for arguments in (
            ("validate",),
            ("plan",),
            ("plan", "--format", "json"),
            ("plan", "--format", "markdown"),
            ("plan", "--out", "plan.json"),
            ("show", "plan.json"),
            ("apply", "plan.json"),
        ):
            outputs.append(attio_ctl(*arguments).output)
        first = [hook["target_url"] for hook in ask(url, "webhooks")]
        outputs.append(attio_ctl("plan", "--detailed-exitcode").output)
        monkeypatch.setenv("HOOK_KEY", SECOND)
        rotated = attio_ctl("plan").output
        outputs.append(attio_ctl("drift").output)
        second_webhook = ask(url, "webhooks")[0]["id"]["webhook_id"]
        change(url, f"webhooks/{second_webhook}", target_url=f"https://hooks.example.com/{FIRST}-x")
        outputs.append(attio_ctl("drift").output)

    assert 'target_url (hidden) → "https://hooks.example.com/${HOOK_KEY}"' in rotated
    assert first == [f"https://hooks.example.com/{FIRST}"]
    assert "(hidden)" in outputs[-1]
    secret = (project / "workspaces" / "acme" / ".secrets" / "billing").read_text().strip()
    for canary in (FIRST, SECOND, TOKEN, secret):
        for output in (*outputs, rotated, everything_written(project)):
            assert canary not in output


def test_a_saved_plan_needs_the_variable_again(
    attio_ctl: Run, write: Write, project: Path, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with attio(project) as url:
        path = write(HOOK, head=head(url))
        monkeypatch.setenv("HOOK_KEY", FIRST)
        attio_ctl("plan", "--out", "plan.json")
        document = json.loads((project / "plan.json").read_text())
        path.write_text(path.read_text().replace("${HOOK_KEY}", "plain"))
        monkeypatch.delenv("HOOK_KEY")
        refused = attio_ctl("apply", "plan.json", code=65)

    (hook,) = document["resource_changes"]
    assert hook["change"]["after"]["target_url"] == "https://hooks.example.com/${HOOK_KEY}"
    assert hook["change"]["after_sensitive"] == {"target_url": True}
    assert "`HOOK_KEY` is not set" in refused.stderr


KEY, PIN = 'Canary "key" 31', "473121"
KEYED = """
    objects:
      people:
        attributes:
          pin: {type: number, title: Pin}
          stamp: {type: text, title: Stamp}
          level: {type: select, title: Level, options: [Free]}
    mappings:
      keyed:
        action: assert-record
        object: people
        match: email_addresses
        values:
          email_addresses: $.email
          description: ${DELIVERY_KEY}
          job_title: "{{ email }} by ${DELIVERY_KEY}"
          stamp: ${DELIVERY_KEY:-nothing}
          pin: ${DELIVERY_PIN}
          level: $.level
"""


def test_a_value_from_the_environment_in_a_mapping_is_delivered_and_neither_shown_nor_kept(
    attio_ctl: Run, write: Write, project: Path, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its name stands in requests, differences, dead letters, of a preview too, reports and listings."""
    monkeypatch.setenv("DELIVERY_KEY", KEY)
    monkeypatch.setenv("DELIVERY_PIN", PIN)
    with attio(project, {"method": "PUT", "path": "/v2/objects/*/records", "nth": 2, "status": 400}) as url:
        write(KEYED, head=head(url))
        attio_ctl("apply", "--auto-approve")
        for n, name in enumerate(("good", "refused", "bad")):
            event = {"type": "identify", "messageId": name, "email": f"p{n}@example.com", "level": "Free"}
            event |= {"level": "None such"} if name == "bad" else {}
            (project / f"{name}.ndjson").write_text(json.dumps(event) + "\n")
        preview = ("--dry-run", "--diff", "5", "--requests", "requests.ndjson", "--dead-letters", "foreseen.ndjson")
        outputs = [
            attio_ctl("deliver", "--events", "good.ndjson", *preview, "--transport", way).output
            for way in ("batch", "simple", "documented")
        ]
        outputs.append(attio_ctl("deliver", "--events", "good.ndjson").output)
        query, token_header = f"{url}/v2/objects/people/records/query", {"authorization": f"Bearer {TOKEN}"}
        (person,) = httpx.post(query, json={}, headers=token_header, trust_env=False, timeout=60).json()["data"]
        rest = ("--events", "refused.ndjson", "--events", "bad.ndjson", "--report", "report.html")
        outputs.append(attio_ctl("deliver", *rest).output)
        outputs.append(attio_ctl("dead-letters", "list", "--format", "json").output)

    assert person["values"]["description"][0]["value"] == KEY
    assert person["values"]["pin"][0]["value"] == int(PIN)
    assert '.description → "${DELIVERY_KEY}"' in outputs[0]
    rejected, refused = map(json.loads, outputs[-1].splitlines())
    assert refused["request"]["body"]["data"]["values"]["pin"] == [{"value": "${DELIVERY_PIN}"}]
    assert rejected["code"] == "unknown_option"
    kept = "\n".join(
        path.read_bytes().decode("utf-8", "replace")
        for path in project.rglob("*")
        if path.is_file() and not path.name.startswith(("attio.sqlite", "ledger.sqlite"))
    )
    assert "p0@example.com by ${DELIVERY_KEY}" in kept
    for canary in (KEY, json.dumps(KEY)[1:-1], PIN):
        for output in (*outputs, kept):
            assert canary not in output


LEVEL = "Canary level 31"
LEVELLED = """
    objects:
      people:
        attributes:
          level: {type: select, title: Level, options: ["%s"]}
    mappings:
      levelled:
        action: assert-record
        object: people
        match: email_addresses
        values: {email_addresses: $.email, level: "${DELIVERY_LEVEL}{{ suffix }}"}
"""


def test_a_refusal_of_mapping_run_names_the_variable(
    attio_ctl: Run, write: Write, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bodies hold the value, since they are what is sent."""
    monkeypatch.setenv("DELIVERY_LEVEL", LEVEL)
    write(LEVELLED % LEVEL)
    (project / "events.ndjson").write_bytes(lines([event(1), event(2) | {"suffix": "!"}]))

    run = attio_ctl("mapping", "run", "--events", "events.ndjson", code=65)

    assert "there is no option `${DELIVERY_LEVEL}!`" in run.stderr
    assert LEVEL not in run.stderr
    assert LEVEL in run.stdout


def test_why_a_delivery_ended_is_told_without_the_value_everywhere(
    attio_ctl: Run, write: Write, project: Path, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An option that somebody archives while files are followed is named by its variable."""
    monkeypatch.setenv("DELIVERY_LEVEL", LEVEL)
    alert = "\n    alerts: {command: [tee, -a, alerts.json], after: 1}\n"
    with attio(project) as url:
        write(LEVELLED % LEVEL + alert, head=head(url))
        attio_ctl("apply", "--auto-approve")
        events = project / "events.ndjson"
        events.write_bytes(lines([event(1)]))
        rest = ("--health", "shown.json", "--report", "report.html")
        running = start(project, "deliver", "--events", "events.ndjson", "--follow", *rest)
        wait_for_people(url)
        change(url, f"objects/people/attributes/level/options/{LEVEL}", is_archived=True)
        with events.open("ab") as more:
            more.write(lines([event(2)]))
        out, err = running.communicate()

    assert running.returncode == 14
    told = "the option `${DELIVERY_LEVEL}` of `people.level` is archived or renamed"
    kept = [(project / name).read_text() for name in ("shown.json", "report.html", "alerts.json")]
    assert told in " ".join(err.split())
    assert told in json.loads(kept[0])["last_run"]["error"]
    for text in (out, err, *kept):
        assert LEVEL not in text


def wait_for_people(url: str) -> None:
    """Until somebody is in Attio."""
    while True:
        query, headers = f"{url}/v2/objects/people/records/query", {"authorization": f"Bearer {TOKEN}"}
        if httpx.post(query, json={}, headers=headers, trust_env=False, timeout=60).json()["data"]:
            return
        time.sleep(0.1)
