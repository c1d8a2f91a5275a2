"""The job that the action runs in: its inputs, its files, and how it is told what happened."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from github import GitHub, GitHubError

SUMMARY_BYTES = 1_000 * 1024
"""GitHub refuses a step summary above 1,024 KiB. Source: docs.github.com, workflow commands, job summaries."""

STALE = 11
"""The exit code of `attio-ctl` for a plan that no longer fits."""


@dataclass(frozen=True)
class Ran:
    """A finished `attio-ctl`: exit code, standard output and standard error."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Job:
    """What the environment says. `root` is the checkout, `folder` the directory that attio-ctl runs in."""

    environ: Mapping[str, str]

    @property
    def workspace(self) -> str:
        return self.environ.get("INPUT_WORKSPACE", "").strip()

    @property
    def name(self) -> str:
        """The name in the marker of comments and issues: what the files say, also where no plan can be made of them."""
        place = self._place
        if place is None:
            return Path(self.workspace).stem
        for file in [place] if place.is_file() else sorted(place.rglob("*.y*ml")):
            found = re.search(r"^workspace:\s*['\"]?([\w.-]+)", file.read_text(errors="replace"), re.MULTILINE)
            if found:
                return found[1]
        return place.stem

    @property
    def _place(self) -> Path | None:
        """The folder or file of the workspace: the one that was asked for, or the only one."""
        folder = self.folder / "workspaces"
        if self.workspace:
            given = (folder / self.workspace, folder / f"{self.workspace}.yaml", self.folder / self.workspace)
            return next((path for path in given if path.exists()), None)
        there = sorted(folder.iterdir()) if folder.is_dir() else []
        return there[0] if len(there) == 1 else None

    @property
    def root(self) -> Path:
        return Path(self.environ["GITHUB_WORKSPACE"])

    @property
    def folder(self) -> Path:
        return (self.root / self.environ.get("INPUT_WORKING_DIRECTORY", ".")).resolve()

    @property
    def files(self) -> Path:
        """Where the plan is written, to be kept as an artefact."""
        path = Path(self.environ["ATTIO_CTL_FILES"])
        path.mkdir(parents=True, exist_ok=True)
        return path

    @property
    def author(self) -> str:
        """Whose comments and issues are our own: nobody else's are changed, whatever they say."""
        return self.environ.get("INPUT_AUTHOR") or "github-actions[bot]"

    @property
    def github(self) -> GitHub:
        api = self.environ.get("GITHUB_API_URL", "https://api.github.com")
        return GitHub(api, self.environ["GITHUB_REPOSITORY"], self.environ["GITHUB_TOKEN"])

    @property
    def event(self) -> dict[str, Any]:
        """The webhook event that started the workflow."""
        event = json.loads(Path(self.environ["GITHUB_EVENT_PATH"]).read_text())
        assert isinstance(event, dict)
        return event

    @property
    def run_url(self) -> str:
        return "{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_ID}".format_map(self.environ)

    def words(self, name: str) -> list[str]:
        """The lines of an input that takes several values."""
        return [line.strip() for line in self.environ.get(name, "").splitlines() if line.strip()]

    def attio_ctl(self, *arguments: str, workspace: bool = True) -> Ran:
        """Run `attio-ctl` in the project; what it says on standard error is shown in the log."""
        selected = ["--workspace", self.workspace] if workspace and self.workspace else []
        program = self.environ.get("ATTIO_CTL", "attio-ctl")
        command = [program, arguments[0], *selected, *arguments[1:]]
        environment = {**self.environ, "NO_COLOR": "1", "COLUMNS": "100"}
        environment.pop("GITHUB_TOKEN", None)
        done = subprocess.run(  # noqa: S603  our own program, without a shell
            command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False
        )
        sys.stderr.write(done.stderr)
        return Ran(done.returncode, done.stdout, done.stderr)

    def summarise(self, markdown: str) -> None:
        """Add to the page of the run, no more than fits."""
        data = markdown.encode()[:SUMMARY_BYTES].decode(errors="ignore")
        with Path(self.environ.get("GITHUB_STEP_SUMMARY", os.devnull)).open("a", encoding="utf-8") as file:
            file.write(data + "\n")

    def output(self, name: str, value: object) -> None:
        """An output of the action: one line."""
        with Path(self.environ.get("GITHUB_OUTPUT", os.devnull)).open("a", encoding="utf-8") as file:
            file.write(f"{name}={' '.join(str(value).split())}\n")


def tell(kind: str, message: str, **properties: object) -> None:
    """A workflow command that shows a notice, warning or error in the log, on a line of a file if there is one."""
    where = ",".join(f"{key}={_escaped(str(value), more=True)}" for key, value in properties.items() if value)
    sys.stdout.write(f"::{kind}{' ' if where else ''}{where}::{_escaped(message)}\n")


def _escaped(text: str, *, more: bool = False) -> str:
    quoted = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return quoted.replace(":", "%3A").replace(",", "%2C") if more else quoted


def attempt(what: str, do: Callable[[], object]) -> None:
    """Do something that is only for people; a token that may not do it is a warning, not the end of the job."""
    try:
        do()
    except GitHubError as error:
        hint = " (a pull request from a fork has a token that only reads)" if error.status == 403 else ""
        tell("warning", f"could not {what}: {error}{hint}")


def fenced(text: str) -> str:
    """Text as a code block that it cannot leave."""
    ticks = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    return f"{ticks}\n{text.strip()}\n{ticks}"


def marker(what: str, name: str) -> str:
    """The first line of a comment or issue of ours; attio-ctl writes the same one on top of a plan."""
    return f"<!-- attio-ctl:{what} workspace={quote(name, safe='').replace('--', '%2D%2D')} -->"


def main(run: Callable[[Job], int], environ: Mapping[str, str]) -> int:
    """Run one of the action's commands; the exit code is attio-ctl's."""
    try:
        return run(Job(environ))
    except GitHubError as error:
        tell("error", f"GitHub: {error}")
        return 1
