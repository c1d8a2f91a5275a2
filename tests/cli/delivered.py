"""What the tests of `deliver` share: mappings and events; and any command as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, Any

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


PROGRAM = ("-m", "attio_ctl.cli.main")
PATIENT = (
    "-c",
    "from attio_ctl.apply import run; from attio_ctl.cli.main import main; from attio_ctl.delivery import dispatch; "
    "run.GRACE = dispatch.GRACE = 3600.0; main()",
)
"""`attio-ctl` that waits an hour for what is on its way after a signal: what ends it sooner is what a test has done."""


def start(
    project: Path, *arguments: str, program: Sequence[str] = PROGRAM, stderr: int | IO[str] = subprocess.PIPE
) -> subprocess.Popen[str]:
    """`attio-ctl` in a process of its own, in the project."""
    environ = {**os.environ, "ATTIO_TOKEN": TOKEN, "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, *program, *arguments]
    return subprocess.Popen(command, cwd=project, env=environ, stdout=subprocess.PIPE, stderr=stderr, text=True)


def computed(process: subprocess.Popen[str]) -> float:
    """Seconds of processor time that it has had, however busy the machine is with others; 0 where none can tell."""
    try:
        fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def computed_to_end(process: subprocess.Popen[str]) -> float:
    """Wait for its end; the seconds of processor time that it has had in all."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime
