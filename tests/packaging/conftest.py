"""Programs run as in a shell of somebody else."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., str]


@pytest.fixture(scope="session")
def run() -> Run:
    """Runs a command in a folder, with an exit code that is 0 unless told, and gives what it says on both streams."""
    return _run


def _run(*command: str | Path, folder: Path, code: int = 0, **environ: str) -> str:
    """Nothing of this checkout shows through."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    done = subprocess.run(
        command,
        cwd=folder,
        env={**kept, "NO_COLOR": "1", "PIP_NO_COMPILE": "1", **environ},
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == code, f"{command}\n{said}"
    return said
