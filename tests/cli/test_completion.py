"""Completion in shells."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(sys.executable).with_name("attio-ctl")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_there_is_a_script_for_every_shell(attio_ctl, shell):
    script = attio_ctl("completion", shell).stdout

    assert "_ATTIO_CTL_COMPLETE" in script
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=script, text=True, check=True)


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        (["attio-ctl", "pl"], "plan"),
        (["attio-ctl", "plan", "-w", "ac"], "acme"),
        (["attio-ctl", "plan", "--bas"], "--base"),
    ],
)
def test_commands_options_and_workspaces_are_completed(project, write, typed, offered):
    write("")
    environ = {**os.environ, "_ATTIO_CTL_COMPLETE": "bash_complete", "COMP_WORDS": " ".join(typed)}
    environ["COMP_CWORD"] = str(len(typed) - 1)
    done = subprocess.run([PROGRAM], env=environ, cwd=project, capture_output=True, text=True, check=False)

    assert f"plain,{offered}" in done.stdout.splitlines()
