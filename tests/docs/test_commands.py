"""
Every command in the documentation runs, and prints what the page says that it prints.

A `console` block is typed line by line into a shell, in a folder of the page's own; the lines below a command must
appear in its output in that order, `…` standing for anything. A block of another language with `title="PATH"` is
written to that file first. Each page begins with nothing. What cannot run here is read by `test_blocks.py`.
"""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from servers import TOKEN, attio

from .fences import FENCE

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
ELSEWHERE = {DOCS / "sandbox.md"}  # starts servers: tests/sandbox/test_docs.py runs it
PAGES = sorted(path for path in DOCS.rglob("*.md") if "```console" in path.read_text() and path not in ELSEWHERE)


@dataclass(frozen=True)
class Step:
    """A command as it is typed, with the lines that follow it on the page."""

    command: str
    expected: tuple[str, ...]


def steps(body: str) -> list[Step]:
    found: list[Step] = []
    for line in body.splitlines():
        if line.startswith("$ "):
            found.append(Step(line[2:], ()))
        elif found:
            found[-1] = Step(found[-1].command, (*found[-1].expected, line))
    return found


def run(step: Step, folder: Path) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environ = {"PATH": path, "HOME": str(folder), "NO_COLOR": "1", "COLUMNS": "100", "LANG": "C.UTF-8"}
    script = f"set -euo pipefail; {step.command}" if "; echo" not in step.command else step.command
    done = subprocess.run(
        ["bash", "-c", script], cwd=folder, env=environ, capture_output=True, text=True, timeout=300, check=False
    )
    said = f"$ {step.command}\n{done.stdout}{done.stderr}"
    assert done.returncode == 0, said
    rest = [line.rstrip() for line in done.stdout.splitlines()]
    for line in step.expected:
        if line.strip() in ("…", ""):
            continue
        assert line.rstrip() in rest, f"{line!r} is not (or not here) in\n{said}"
        rest = rest[rest.index(line.rstrip()) + 1 :]
    if step.expected and "…" not in step.expected:
        assert [line for line in rest if line.strip()] == [], said


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(DOCS).as_posix())
def test_every_command_of_a_page_runs_and_prints_what_it_says(page, tmp_path):
    for fence in FENCE.finditer(page.read_text()):
        if fence["language"] == "console":
            for step in steps(fence["body"]):
                run(step, tmp_path)
        elif fence["title"]:
            file = tmp_path / fence["title"]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(fence["body"])


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_commands_of_the_readme_run(tmp_path):
    """Its workspace is one of Attio; here the sandbox stands for it, with `users` switched on as an admin would."""
    readme = (ROOT / "README.md").read_text()
    body = next(f["body"] for f in FENCE.finditer(readme) if f["language"] == "yaml" and "workspace:" in f["body"])
    lines = [line for line in body.splitlines() if not line.startswith(("workspace_id:", "api:"))]
    file = tmp_path / "workspaces" / "acme" / "workspace.yaml"
    file.parent.mkdir(parents=True)
    file.write_text("\n".join(["api: {sandbox: acme}", *lines]) + "\n")
    event = '{"type": "identify", "userId": "u1", "traits": {"email": "ada@example.com", "plan": "Pro"}}\n'
    (tmp_path / "events.ndjson").write_text(event)
    run(Step("attio-ctl sandbox activate users", ()), tmp_path)
    typed = [step for f in FENCE.finditer(readme) if f["language"] == "console" for step in steps(f["body"])]
    ours = [step for step in typed if step.command.startswith("attio-ctl ")]

    assert len(ours) >= 4
    for step in ours:
        run(step, tmp_path)


@pytest.mark.slow
def test_the_import_of_the_readme_runs_with_a_token(tmp_path):
    """Its commands, but for the installation; all that is added is the address of what stands for Attio."""
    readme = (ROOT / "README.md").read_text()
    body = next(f["body"] for f in FENCE.finditer(readme) if f["language"] == "sh" and "ATTIO_TOKEN=…" in f["body"])
    install, *lines = body.splitlines()
    assert install.startswith("pipx install ")
    with attio(tmp_path) as url:
        typed = "\n".join(f"{line} --base-url {url}" if " import " in line else line for line in lines)
        same = 'No changes. Workspace "Acme" (acme) matches the configuration.'
        run(Step(typed.replace("…", TOKEN), ("…", same)), tmp_path)


def test_the_generated_pages_are_what_the_code_says():
    spec = importlib.util.spec_from_file_location("generate", DOCS / "reference" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    for name, text in module.pages().items():
        assert (DOCS / "reference" / name).read_text() == text, f"run `python docs/reference/generate.py` for {name}"


def test_every_page_is_in_the_navigation_and_every_link_leads_somewhere():
    navigation = yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"]
    named = set(re.findall(r"[\w/-]+\.md", str(navigation)))
    there = {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")}

    assert named == there
    for page in DOCS.rglob("*.md"):
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page}: {target}"


@pytest.mark.parametrize("page", sorted(ROOT.glob("*.md")), ids=lambda path: path.name)
def test_every_link_of_the_pages_beside_the_code_leads_somewhere(page):
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text()):
        assert (ROOT / target).exists(), target
