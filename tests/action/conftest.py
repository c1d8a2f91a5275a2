"""A checkout in an empty folder, a stand-in for GitHub, and the action's scripts run as a runner would run them."""

from __future__ import annotations

import importlib.util
import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / ".github" / "action"
PULL_REQUEST = {"number": 7, "merged": False, "head": {"sha": "a" * 40}, "base": {"sha": "HEAD"}}

_spec = importlib.util.spec_from_file_location("standin", Path(__file__).with_name("standin.py"))
assert _spec is not None
assert _spec.loader is not None
standin = importlib.util.module_from_spec(_spec)
sys.modules["standin"] = standin
_spec.loader.exec_module(standin)


@dataclass
class Checkout:
    """The repository on the runner, and what GitHub holds of it."""

    folder: Path
    api: str
    github: Any
    inputs: dict[str, str] = field(default_factory=dict)
    event: dict[str, Any] = field(default_factory=dict)

    @property
    def files(self) -> Path:
        return self.folder.parent / "plan-files"

    @property
    def summary(self) -> str:
        return (self.folder.parent / "summary.md").read_text()

    @property
    def outputs(self) -> dict[str, str]:
        lines = (self.folder.parent / "output.txt").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)

    def write(self, body: str, name: str = "acme") -> None:
        path = self.folder / "workspaces" / name / "workspace.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"workspace: {name}\napi: {{sandbox: {name}}}\n{body}")

    def run(self, command: str, code: int = 0) -> str:
        """One run of the action; what it printed."""
        outside = self.folder.parent
        event = outside / "event.json"
        event.write_text(json.dumps(self.event))
        for name in ("summary.md", "output.txt"):
            (outside / name).write_text("")
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(outside),
            "ATTIO_CTL": str(Path(sys.executable).with_name("attio-ctl")),
            "ATTIO_CTL_FILES": str(self.files),
            "GITHUB_API_URL": self.api,
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_OUTPUT": str(outside / "output.txt"),
            "GITHUB_REPOSITORY": "acme/crm",
            "GITHUB_RUN_ID": "99",
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_SHA": "b" * 40,
            "GITHUB_STEP_SUMMARY": str(outside / "summary.md"),
            "GITHUB_TOKEN": standin.TOKEN,
            "GITHUB_WORKSPACE": str(self.folder),
            "INPUT_ARTIFACT": "attio-plan",
            **self.inputs,
        }
        script = [sys.executable, str(SCRIPTS / f"{command}.py")]
        done = subprocess.run(script, env=environ, capture_output=True, text=True, timeout=300, check=False)
        said = done.stdout + done.stderr
        assert done.returncode == code, said
        assert standin.TOKEN not in said
        return said

    def attio_ctl(self, *arguments: str) -> str:
        """The same project from a terminal."""
        program = Path(sys.executable).with_name("attio-ctl")
        done = subprocess.run([program, *arguments], cwd=self.folder, capture_output=True, text=True, check=True)
        return done.stdout

    def keep_artifact(self, sha: str = "a" * 40, **more: Any) -> None:
        """What the upload step does with the files of a plan."""
        own = len(self.github.artifacts) + 1
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w") as archive:
            for path in self.files.iterdir():
                archive.write(path, path.name)
        self.github.archives[own] = data.getvalue()
        facts = {"expired": False, "created_at": f"2026-11-22T09:00:{own:02}Z", "workflow_run": {"head_sha": sha}}
        self.github.artifacts.append({"id": own, "name": "attio-plan", **facts, **more})


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Checkout]:
    """A checkout with nothing in it, at an open pull request."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    repository = standin.Repository()
    with standin.serving(repository) as api:
        yield Checkout(folder, api, repository, event={"pull_request": dict(PULL_REQUEST)})


@pytest.fixture
def merge(checkout: Checkout) -> Callable[[], None]:
    """The pull request is merged."""

    def do() -> None:
        checkout.event = {}
        checkout.github.pulls["b" * 40] = [{**PULL_REQUEST, "merged_at": "2026-11-22T10:00:00Z"}]

    return do
