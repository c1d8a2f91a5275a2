"""A value from the environment reaches Attio and nothing else: no plan, lock, journal, undo file or output."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
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
