"""What holds an apply back until somebody has done something: expiry, thresholds, activation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result

from attio_ctl.cli import applying, state_folder
from attio_ctl.plan import document
from attio_ctl.sandbox import admin

Run = Callable[..., Result]
Write = Callable[..., Path]

TWO = "objects: {people: {attributes: {a: {type: text, title: A}, b: {type: text, title: B}}}}\n"


def test_a_plan_is_not_carried_out_after_its_time(attio_ctl: Run, write: Write, project: Path) -> None:
    write(TWO)
    attio_ctl("plan", "--out", "plan.json", "--expires", "1")
    file = project / "plan.json"
    plan = document.load(file.read_bytes(), file="plan.json")
    past = timedelta(hours=2)
    file.write_bytes(document.dump(replace(plan, created_at=plan.created_at - past, expires_at=plan.expires_at - past)))
    refused = attio_ctl("apply", "plan.json", code=11)

    assert plan.expires_at - plan.created_at == timedelta(hours=1)
    assert "the plan expired at" in refused.stderr


def test_more_archives_than_allowed_are_shown_and_not_done(attio_ctl: Run, write: Write) -> None:
    write(TWO)
    attio_ctl("apply", "--auto-approve")
    removed = [f"{{address: object.people.attribute.{slug}, action: archive}}" for slug in "ab"]
    write(f"removed: [{', '.join(removed)}]\n")
    held = attio_ctl("apply", "--auto-approve", "--max-archive", "1", code=10)
    done = attio_ctl("apply", "--auto-approve", "--max-archive", "2")

    assert "it takes away 2 resources, more than `--max-archive 1` allows" in " ".join(held.stdout.split())
    assert "2 archived" in done.stdout


def test_an_apply_waits_for_an_object_to_be_activated(
    attio_ctl: Run, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(applying, "ACTIVATION_POLL", 0.2)
    write("objects: {users: {active: true, attributes: {plan: {type: text, title: Plan}}}}\n")
    blocked = attio_ctl("apply", "--auto-approve", code=10)

    say = applying.console.note

    def activate_when_told(text: str) -> None:
        say(text)
        admin.activate(state_folder.sandbox_file("acme"), ["users"])

    monkeypatch.setattr(applying.console, "note", activate_when_told)
    done = attio_ctl("apply", "--auto-approve", "--wait-activation", "60s")

    assert "Workspace settings → Objects" in " ".join(blocked.stdout.split())
    assert "1 not attempted: it needs `object.users`" in " ".join(blocked.stdout.split())
    assert "waiting for `users` to be activated" in done.stderr
    assert "1 added" in done.stdout


def test_what_is_excluded_is_left_out_with_what_depends_on_it(attio_ctl: Run, write: Write) -> None:
    write(
        "objects: {cars: {singular: Car, plural: Cars, attributes: {vin: {type: text, title: VIN}}}}\n"
        "lists: {fleet: {name: Fleet, parent: cars}}\n"
    )

    assert "No changes" in attio_ctl("plan", "--exclude", "object.cars").stdout
    assert "2 to add" in attio_ctl("plan", "--exclude", "list.fleet").stdout
