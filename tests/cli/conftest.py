"""A project in an empty folder, and the command line run in it against the embedded sandbox."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from servers import TOKEN

from attio_ctl.cli.main import main

Run = Callable[..., Result]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is the current directory; nothing of the caller's environment shows through."""
    monkeypatch.chdir(tmp_path)
    for name in ("ATTIO_CTL_WORKSPACE", "NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def attio_ctl(project: Path) -> Run:
    """Runs `attio-ctl` with some arguments in the project."""

    def run(*arguments: str, code: int | None = 0) -> Result:
        result = CliRunner().invoke(main, list(arguments), catch_exceptions=False)
        if code is not None:
            assert result.exit_code == code, f"{arguments}\n{result.stdout}\n{result.stderr}"
        return result

    return run


@pytest.fixture
def write(project: Path) -> Callable[..., Path]:
    """Writes `workspaces/acme/workspace.yaml` with a body below what every workspace has."""

    def write_workspace(body: str, name: str = "acme", head: str | None = None) -> Path:
        path = project / "workspaces" / name / "workspace.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        start = head if head is not None else f"workspace: {name}\napi: {{sandbox: {name}}}\n"
        path.write_text(start + textwrap.dedent(body))
        return path

    return write_workspace


@pytest.fixture
def token(monkeypatch: pytest.MonkeyPatch) -> str:
    """The token of `servers.attio`, where its workspace file looks for it."""
    monkeypatch.setenv("ATTIO_TOKEN", TOKEN)
    return TOKEN
