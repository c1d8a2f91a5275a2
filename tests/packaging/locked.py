"""
How the action, the image and the hooks install attio-ctl: their own steps, run here: `make locked`.

Needs a package index, so it is no part of `make test`.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

import pytest
import yaml
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.timeout(300)


def test_the_action_installs_what_is_locked(run, tmp_path):
    """The very script of its first step, under the shell options that GitHub gives it."""
    step = yaml.safe_load((ROOT / "action.yml").read_text())["runs"]["steps"][0]
    script = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"])
    run(*script, folder=tmp_path, RUNNER_TEMP=str(tmp_path), GITHUB_ACTION_PATH=str(ROOT))
    locked = re.findall(r"^([\w.-]+==[^ ;\\]+)", (ROOT / "requirements" / "run.txt").read_text(), re.MULTILINE)
    python = tmp_path / "attio-ctl" / "bin" / "python"
    freeze = run(python, "-m", "pip", "freeze", folder=tmp_path).splitlines()

    assert run(python.with_name("attio-ctl"), "--version", folder=tmp_path).startswith("attio-ctl ")
    assert {_canonical(line) for line in freeze if "==" in line} <= {_canonical(line) for line in locked}


def _canonical(pin: str) -> str:
    name, _, version = pin.partition("==")
    return f"{canonicalize_name(name)}=={version}"


def test_the_image_is_built_from_what_its_context_holds(run, tmp_path):
    """No container engine is needed: the steps of the first stage run here, on exactly the files that they copy."""
    target, source = tmp_path / "opt", tmp_path / "src"
    source.mkdir()
    stage = (ROOT / "Dockerfile").read_text().replace("\\\n", " ").split("\nFROM ")[1].splitlines()
    context = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    for instruction, _, rest in (line.partition(" ") for line in stage):
        if instruction == "COPY":
            *names, into = rest.split()
            assert set(names) <= context
            for name in names:
                _copy(ROOT / name, source / into / name.rpartition("/")[2] if into.endswith("/") else source / into)
        elif instruction == "RUN":
            run("sh", "-ec", rest.replace("/opt/attio-ctl", str(target)), folder=source)

    assert run(target / "bin" / "attio-ctl", "--version", folder=tmp_path).startswith("attio-ctl ")


def test_the_hooks_of_pre_commit_run(run, tmp_path):
    """In a repository of somebody else, in the environment that pre-commit makes for them."""
    files = tmp_path / "workspaces" / "acme" / "workspace.yaml"
    files.parent.mkdir(parents=True)
    files.write_text("workspace: acme\napi: {sandbox: acme}\n\nobjects:\n  people: {}\n")
    run("git", "init", "--quiet", folder=tmp_path)
    run("git", "add", "workspaces", folder=tmp_path)
    hooks = (Path(sys.executable).with_name("pre-commit"), "try-repo", ROOT, "--all-files")
    places = {"PRE_COMMIT_HOME": str(tmp_path / "home"), "PATH": os.environ["PATH"]}
    passed = run(*hooks, folder=tmp_path, **places)
    files.write_text(files.read_text().replace("people: {}", "people:   {nonsense: 1}"))
    failed = run(*hooks, folder=tmp_path, code=1, **places)

    assert passed.count("Passed") == 2
    assert failed.count("Failed") == 2
    assert "unknown key" in failed


def _copy(what: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    if what.is_dir():
        shutil.copytree(what, to, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(what, to)
