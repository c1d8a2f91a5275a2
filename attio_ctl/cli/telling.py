"""Tells people how deliveries go: a command, a chat, a file for a dashboard. What fails here is a warning, no more."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from attio_ctl.attio.posting import post_json
from attio_ctl.cli import console, outputs, wiring
from attio_ctl.config.load import Loaded
from attio_ctl.config.models import Alerts
from attio_ctl.delivery.health import AlertThreshold, Health, LastRun, after, news
from attio_ctl.errors import AttioCtlError
from attio_ctl.render.health import alert_document

HEALTH: Final = "health.json"

COMMAND_TIMEOUT: Final = 30.0
"""Seconds that a command of `alerts:` is given."""


def read_health(loaded: Loaded) -> Health | None:
    """How deliveries to a workspace have gone from this machine; None before the first, or where it cannot be read."""
    try:
        return Health.from_json(json.loads((wiring.state_directory(loaded) / HEALTH).read_bytes()))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def note_run(loaded: Loaded, run: LastRun) -> Health:
    """Take the end of a delivery into the health of its workspace, and tell those who are to know."""
    alerts = loaded.spec.alerts
    threshold = AlertThreshold(alerts.after, frozenset(alerts.on)) if alerts else AlertThreshold()
    health = after(read_health(loaded), run, threshold)
    word = news(health)
    if alerts is not None and word is not None:
        document = alert_document(health, word, loaded.spec.workspace)
        if not (faults := list(tell(alerts, document))):
            health = replace(health, told=word == "failing")
        for fault in faults:
            console.note(f"warning: nobody was told that deliveries are {word}: {fault}")
    keep_health(health, wiring.state_directory(loaded) / HEALTH)
    return health


def keep_health(health: Health, path: Path) -> None:
    """Write the document, to standard output where the path is `-`; where that fails, say so."""
    try:
        outputs.write_output(path, json.dumps(health.as_json(), indent=2) + "\n")
    except AttioCtlError as error:
        console.note(f"warning: how deliveries go cannot be kept: {error.what} ({error.where})")


def tell(alerts: Alerts, document: Mapping[str, Any]) -> Iterator[str]:
    """Call the command and the webhook; gives what went wrong, without the address or the arguments."""
    if alerts.command is not None and (fault := run_command(alerts.command, document)):
        yield fault
    if alerts.webhook is not None and (fault := asyncio.run(post_json(alerts.webhook.url, document))):
        yield fault


def run_command(command: Sequence[str], document: Mapping[str, Any], timeout: float = COMMAND_TIMEOUT) -> str | None:
    """
    Run a program with the document on standard input; gives what went wrong.

    What it prints goes to standard error, and past the timeout (seconds) it is ended with all that it started.
    """
    try:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=2, start_new_session=True)  # noqa: S603  theirs
    except OSError as error:
        return f"`{command[0]}` cannot be run: {error.strerror}"
    try:
        process.communicate(json.dumps(document).encode(), timeout=timeout)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return f"`{command[0]}` had not ended after {timeout:.0f} s"
    return f"`{command[0]}` ended with code {process.returncode}" if process.returncode else None
