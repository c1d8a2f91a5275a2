"""
Kills a delivery at a chosen moment, seen from outside by what it does to its files. Its last writes are held back, so
that it never ends before it is killed, however late that is:

    reading     from the claim of the ledger to the first note of the pass
    sending     from that note on
    noting      the ledger's log has just grown: a note is being written, or was a moment ago
    settling    the dead letters have just grown, which the last note of all follows; nothing is held back then
"""

from __future__ import annotations

import contextlib
import json
import random
import re
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

import httpx
from delivered import computed, start
from proxy import HangingProxy
from servers import TOKEN

from attio_ctl.delivery.account import NOTHING, Account
from attio_ctl.delivery.sqlite_ledger import SqliteLedger
from tests.delivery.conftest import TOKEN as READING_TOKEN

from .model import WORKSPACE

Phase = Literal["reading", "sending", "noting", "settling"]
ADMIN = "faults-admin"
LOOK_EVERY = 0.001
"""Seconds between two looks at a file."""

PATIENCE = 240.0
"""Seconds after which a run that does not come to the moment of its kill is taken to hang."""

LONGEST_SENDING = 1.6
"""Seconds of sending before a kill at most: longer than the time between two notes."""


USER = re.compile(rb"\bu\d+\b")

TAKEN = """
select (select count(*) from requests where method = 'PUT' and status = 200 and path not like '/v2/batch/%')
     + (select coalesce(sum(total), 0) from batches)
"""
"""In the sandbox's own file; of its log of requests the last 100,000 are kept, which is enough for a suite."""


@contextlib.contextmanager
def sandbox(folder: Path, *flags: str) -> Iterator[str]:
    """`attio-ctl sandbox serve` as a process of its own; its URL."""
    arguments = ("--db", "sandbox.sqlite", "--admin-token", ADMIN, "--activate", "users,workspaces", "--no-limits")
    serving = start(folder, "sandbox", "serve", *arguments, "--token", TOKEN, "--token", READING_TOKEN, *flags)
    assert serving.stdout is not None
    try:
        yield serving.stdout.readline().strip()
    finally:
        serving.terminate()
        serving.communicate(timeout=100)


class Gate(HangingProxy):
    """Lets the writes of some users through, whoever comes first, and holds those of all others back."""

    def __init__(self, url: str, users: int) -> None:
        """
        Args:
            users: How many may pass; as often as they like.
        """
        super().__init__(int(url.rsplit(":", 1)[1]), 1, "before", re.compile(rb"(?s).*user_id"))
        self._users = users
        self._passed: set[bytes] = set()

    def _is_late(self, data: bytes) -> bool:
        with self._lock:
            passed = self._passed.union(USER.findall(data))
            if len(passed) > self._users:
                return True
            self._passed = passed
            return False


@contextlib.contextmanager
def gate(url: str, users: int) -> Iterator[Gate]:
    """A gate before a server, for as long as the block runs."""
    made = Gate(url, users)
    try:
        yield made
    finally:
        made.close()


@dataclass(frozen=True)
class Kill:
    """
    One run that was killed.

    Attributes:
        hit: False when it had ended before.
        again: Writes that Attio has taken of it and the ledger does not know: the next run sends them again.
        noted: Those that it does.
        starting: Seconds of computing from the start of the process until it began to read.
    """

    phase: Phase
    hit: bool
    again: int
    noted: int
    starting: float


@dataclass(frozen=True)
class Project:
    """A project in an empty folder, with events to deliver into a sandbox."""

    folder: Path
    url: str

    @property
    def state(self) -> Path:
        """Where the ledger and the dead letters are."""
        return self.folder / ".attio-ctl" / "workspaces" / "acme"

    def aim(self, url: str) -> None:
        """Have deliveries go this way to the sandbox."""
        self._file.write_text(re.sub(r"base_url: '[^']*'", f"base_url: {url!r}", self._file.read_text()))

    @property
    def _file(self) -> Path:
        return self.folder / "workspaces" / "acme" / "workspace.yaml"

    def prepare(self, content: bytes, *, batch: bool, writes: float) -> None:
        """Write the workspace file and the events, and make the attributes."""
        limits = f"limits: {{reads: 2000, writes: {writes}}}"
        api = f"api: {{token: {{env: ATTIO_TOKEN}}, base_url: {self.url!r}, {limits}}}"
        self._file.parent.mkdir(parents=True)
        self._file.write_text(f"workspace: acme\n{api}\n{WORKSPACE.replace('BATCH', json.dumps(batch))}")
        (self.folder / "events.ndjson").write_bytes(content)
        assert self.run("apply", "--auto-approve").returncode == 0

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`attio-ctl` to its end."""
        process = start(self.folder, *arguments)
        out, err = process.communicate(timeout=PATIENCE)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def start(self, *options: str, stderr: int | IO[str] = subprocess.PIPE) -> subprocess.Popen[str]:
        """A delivery of the events."""
        arguments = ("deliver", "--events", "events.ndjson", "--json-into", "account.json", *options)
        return start(self.folder, *arguments, stderr=stderr)

    @property
    def status(self) -> dict[str, Any]:
        """The newest run, as `deliver status` tells it."""
        return dict(json.loads(self.run("deliver", "status", "--json").stdout)["runs"][0])

    @property
    def account(self) -> Account:
        """Of the newest run, as the ledger has it."""
        ledger = SqliteLedger(self.state / "ledger.sqlite")
        try:
            return next((run.account for run in ledger.runs(1)), NOTHING)
        finally:
            ledger.close()

    def ask(self, path: str) -> Any:
        """What the sandbox's console says."""
        answer = httpx.get(
            f"{self.url}{path}", headers={"authorization": f"Bearer {ADMIN}"}, trust_env=False, timeout=60
        )
        return answer.raise_for_status().json()["data"]

    @property
    def taken(self) -> int:
        """Writes of records that Attio has taken so far, singly and in batches; a PATCH goes with a PUT."""
        self.ask("/_sandbox/status")  # so that the log of requests is written
        with contextlib.closing(sqlite3.connect(self.folder / "sandbox.sqlite")) as db:
            return int(db.execute(TAKEN).fetchone()[0])


class Killer:
    """Kills runs of a project, one after the other."""

    def __init__(
        self, project: Project, gate: Gate, options: tuple[str, ...], reading: float, draw: random.Random
    ) -> None:
        """
        Args:
            gate: What the project is aimed at, but for what is killed while it settles.
            reading: Seconds that reading takes when nobody disturbs it.
        """
        self._project = project
        self._gate = gate
        self._options = options
        self._reading = reading
        self._draw = draw
        self._taken = project.taken
        self._noted = 0

    def kill(self, phase: Phase) -> Kill:
        """Start a run, and kill it in this phase; its sandbox goes on."""
        state, draw, held = self._project.state, self._draw, self._gate.hung
        self._project.aim(self._project.url if phase == "settling" else self._gate.url)
        held.clear()
        before = {name: stamp(state / name) for name in ("ledger.sqlite.reserve", "dead-letters.ndjson")}
        process = self._project.start(*self._options)
        wait_for(process, lambda: stamp(state / "ledger.sqlite.reserve") != before["ledger.sqlite.reserve"])
        starting = computed(process)
        if phase == "reading":
            time.sleep(draw.uniform(0, self._reading))
        else:
            next_note(process, state, held)
            if phase == "sending":
                time.sleep(draw.uniform(0, LONGEST_SENDING))
            elif phase == "noting":
                for _ in range(draw.randint(1, 2)):
                    next_note(process, state, held)
            else:
                name = "dead-letters.ndjson"
                wait_for(process, lambda: stamp(state / name) != before[name])
                time.sleep(draw.uniform(0, 0.01))
        hit = process.poll() is None
        process.kill()
        process.communicate()
        again, noted = self._progress()
        return Kill(phase, hit, again, noted, starting)

    def _progress(self) -> tuple[int, int]:
        """Of the writes taken since the last look, those that the ledger does not know, and those that it does."""
        taken, noted = self._project.taken, self._project.account.writes
        new, known = taken - self._taken, noted - self._noted
        self._taken, self._noted = taken, noted
        return new - known, known


def stamp(path: Path) -> tuple[int, int] | None:
    """Changes whenever a file does; None where there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_mtime_ns, found.st_size


def next_note(process: subprocess.Popen[str], state: Path, held: threading.Event) -> None:
    """Return when the ledger is written to, or the process ends or gets no further."""
    log = state / "ledger.sqlite-wal"
    before = stamp(log)
    wait_for(process, lambda: stamp(log) != before or held.is_set())


def wait_for(process: subprocess.Popen[str], is_so: Callable[[], bool]) -> None:
    """Return when it is so, or the process ends."""
    deadline = time.monotonic() + PATIENCE
    while not is_so() and process.poll() is None:
        assert time.monotonic() < deadline, "the run hangs"
        time.sleep(LOOK_EVERY)
