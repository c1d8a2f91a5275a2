"""What the tests of `deliver` share: mappings, events, and the command as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from click.testing import Result
from servers import TOKEN

MAPPINGS = """
    mappings:
      note:
        action: assert-record
        object: people
        match: email_addresses
        when: type = "track"
        values: {email_addresses: $.email, description: $.note}
"""


def event(n: int, note: str | None = None, who: int | None = None) -> dict[str, Any]:
    """The `n`th event, about a person of its own unless told."""
    email = f"p{n if who is None else who}@example.com"
    stamp = f"2026-01-01T{n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}Z"
    return {"type": "track", "messageId": f"m{n}", "timestamp": stamp, "email": email, "note": note or f"n{n}"}


def lines(events: Iterable[Any]) -> bytes:
    """NDJSON; bytes go in as they are."""
    return b"".join((each if isinstance(each, bytes) else json.dumps(each).encode()) + b"\n" for each in events)


def summary(result: Result) -> str:
    return next(line for line in result.stdout.splitlines() if line.startswith(("Deliver: ", "Preview: ")))


def start(project: Path, *arguments: str, stderr: int = subprocess.PIPE) -> subprocess.Popen[str]:
    """`attio-ctl` in a process of its own, in the project."""
    environ = {**os.environ, "ATTIO_TOKEN": TOKEN, "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "attio_ctl.cli.main", *arguments]
    return subprocess.Popen(command, cwd=project, env=environ, stdout=subprocess.PIPE, stderr=stderr, text=True)
