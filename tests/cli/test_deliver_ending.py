"""How `deliver` ends when something comes in between: signals, a full disk, other files; and how it goes on."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import Result
from delivered import MAPPINGS, PATIENT, PROGRAM, computed, computed_to_end, event, lines, start, summary
from proxy import PUT, HangingProxy, hanging_at
from servers import TOKEN, attio, head

from attio_ctl.delivery import dispatch
from attio_ctl.delivery.sqlite_ledger import RESERVE

Run = Callable[..., Result]
Write = Callable[..., Path]
ROOM = 8 * 1024 * 1024
LATER = 17
"""The write that is held back, with all that come after it, where a run is met in the middle."""

DELIVER = ("deliver", "--events", "events.ndjson", "--json-into", "account.json")


def account(project: Path) -> dict[str, Any]:
    return dict(json.loads((project / "account.json").read_text()))


def wait_until(running: subprocess.Popen[str], is_so: Callable[[], object]) -> None:
    while not is_so():
        assert running.poll() is None, running.communicate()
        time.sleep(0.02)


@contextmanager
def midway(project: Path, write: Write, nth: int, program: Sequence[str] = PROGRAM) -> Iterator[Midway]:
    """A delivery whose nth write, and all later ones, have not come to Attio yet."""
    with (
        attio(project) as url,
        hanging_at(url, nth, "before", PUT) as proxy,
        (project / "stderr").open("w+") as stderr,
    ):
        write(MAPPINGS, head=head(proxy.url))
        running = start(project, *DELIVER, program=program, stderr=stderr)
        try:
            wait_until(running, proxy.hung.is_set)
            yield Midway(running, proxy, project / "stderr", url)
        finally:
            running.kill()
            running.communicate()


@dataclass(frozen=True)
class Midway:
    """A delivery that is held, by what stands between it and Attio; `url` is the way around that."""

    running: subprocess.Popen[str]
    proxy: HangingProxy
    stderr: Path
    url: str

    def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        """Send a signal, and wait until it was heard."""
        self.running.send_signal(number)
        wait_until(self.running, lambda: "Stopping: what is on its way to Attio comes in first" in self.said)

    @property
    def said(self) -> str:
        """On standard error."""
        return self.stderr.read_text()


def status(attio_ctl: Run) -> dict[str, Any]:
    return dict(json.loads(attio_ctl("deliver", "status", "--json").stdout))


def requests(url: str) -> list[Any]:
    """Those that the sandbox has answered."""
    answer = httpx.get(
        f"{url}/_sandbox/requests", headers={"authorization": f"Bearer {TOKEN}"}, trust_env=False, timeout=60
    )
    return list(answer.json()["data"])


def verdicts(account: dict[str, Any]) -> int:
    names = ("delivered", "duplicate", "superseded", "filtered", "dead_lettered", "pending", "lost")
    return sum(account[name] for name in names)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_lets_what_is_on_its_way_come_in_and_the_same_command_does_the_rest(
    attio_ctl: Run, write: Write, project: Path, token: str, number: signal.Signals, code: int
) -> None:
    (project / "events.ndjson").write_bytes(lines(event(n) for n in range(60)))
    with midway(project, write, LATER, PATIENT) as run:
        run.stop(number)
        run.proxy.release()
        ended, err = run.running.wait(), run.said
        first, stood = account(project), status(attio_ctl)
        taken = [each for each in requests(run.url) if each["method"] == "PUT"]
    with attio(project) as url:
        write(MAPPINGS, head=head(url))
        done = attio_ctl(*DELIVER, "--report", "out.html")
        second = account(project)

    assert ended == code, err
    words = "read in the last pass, but not settled, since not all of the input was sent"
    assert f"{first['pending']} events are pending: {words}" in err
    assert f"{first['writes']} writes of this run stand in Attio already" in err
    assert LATER <= first["writes"] == len(taken) < 60
    assert 0 < first["pending"] == 60 - first["delivered"]
    assert verdicts(first) == first["read"] == 60
    assert stood["runs"][0]["status"] == "unfinished"
    assert stood["runs"][0]["account"]["writes"] == first["writes"]
    assert (second["delivered"], second["read"], second["writes"]) == (60, 60, 60)
    assert "its figures are of the whole, what was done before included" in done.stderr
    assert "1.0 : 1" in (project / "out.html").read_text()


def test_what_hangs_is_given_up_after_less_than_five_seconds(write: Write, project: Path) -> None:
    (project / "events.ndjson").write_bytes(lines(event(n) for n in range(20)))
    with midway(project, write, 1) as run:
        run.stop()

        assert run.running.wait() == 130
    assert dispatch.GRACE < 5


def test_a_second_signal_ends_it_at_once(attio_ctl: Run, write: Write, project: Path, token: str) -> None:
    """Without a wait, since all that it could wait for never comes; and without anything to compute."""
    (project / "events.ndjson").write_bytes(lines(event(n) for n in range(20)))
    with midway(project, write, 1, PATIENT) as run:
        run.stop()
        before = computed(run.running)
        run.running.send_signal(signal.SIGINT)
        used = computed_to_end(run.running) - before
        err = run.said

    assert run.running.returncode == 130
    assert used <= 0.2 or not before
    assert "Ended at once. What Attio has taken stands, and no event is lost. The same command goes on" in err
    assert status(attio_ctl)["ledger"]["holder"] is None
    with attio(project) as url:
        write(MAPPINGS, head=head(url))
        attio_ctl(*DELIVER)
    assert account(project)["delivered"] == 20


def test_a_second_signal_does_not_wait_for_whoever_reads_what_it_says(write: Write, project: Path) -> None:
    (project / "events.ndjson").write_bytes(lines(event(n) for n in range(20)))
    unread, pipe = os.pipe()
    with attio(project) as url, hanging_at(url, 1, "before", PUT) as proxy:
        write(MAPPINGS, head=head(proxy.url))
        with start(project, *DELIVER, program=PATIENT, stderr=pipe) as running:
            wait_until(running, proxy.hung.is_set)
            while select.select((), (pipe,), (), 0)[1]:
                os.write(pipe, bytes(4096))
            while running.poll() is None:  # two that come before the first was heard are one
                running.send_signal(signal.SIGINT)
                time.sleep(0.3)
    os.close(unread)
    os.close(pipe)

    assert running.returncode == 130


def test_a_signal_that_comes_with_the_last_write_stops_nothing(write: Write, project: Path) -> None:
    (project / "events.ndjson").write_bytes(lines([event(1)]))
    with midway(project, write, 1, PATIENT) as run:
        run.stop()
        run.proxy.release()
        ended, err = run.running.wait(), run.said

    assert ended == 0, err
    assert "Stopped" not in err
    assert account(project)["finished"] is True
    assert account(project)["delivered"] == 1


def test_a_signal_before_anything_is_read_says_that_nothing_was_sent(write: Write, project: Path) -> None:
    (project / "events.ndjson").write_bytes(lines([event(1)]))
    with attio(project, {"path": "/v2/objects", "every": 1, "latency_ms": 3_600_000}) as url:
        write(MAPPINGS, head=head(url))
        running = start(project, *DELIVER)
        wait_until(running, lambda: requests(url))
        running.send_signal(signal.SIGINT)
        _, err = running.communicate()

    assert running.returncode == 130
    assert "Stopped before anything was sent. To go on, run the same command again" in err


def test_a_killed_run_is_shown_as_it_stands_and_a_running_one_with_its_process(
    attio_ctl: Run, write: Write, project: Path, token: str
) -> None:
    (project / "events.ndjson").write_bytes(lines(event(n) for n in range(60)))
    with midway(project, write, LATER) as run:
        during = status(attio_ctl)
        run.running.kill()
        run.running.wait()
        after = status(attio_ctl)
        shown = attio_ctl("deliver", "status").stdout

    assert f"process {run.running.pid} on " in during["ledger"]["holder"]
    assert during["runs"][0]["status"] == "running"
    assert (after["ledger"]["holder"], after["runs"][0]["status"]) == (None, "unfinished")
    assert (after["runs"][0]["account"]["pending"], verdicts(after["runs"][0]["account"])) == (60, 60)
    assert "Delivering now: nobody" in shown
    said = " ".join(shown.split())
    assert "as of its last pass: 60 read = " in said
    assert "60 events are pending: read in the last pass, but not settled" in said
    assert "To go on, run `attio-ctl deliver --events events.ndjson`" in said
    assert all(len(line) <= 80 for line in shown.splitlines())


def test_status_is_that_of_the_workspace_in_the_files_or_none(attio_ctl: Run, write: Write, project: Path) -> None:
    write(MAPPINGS)
    assert "Nothing was delivered" in attio_ctl("deliver", "status").stdout

    (project / "events.ndjson").write_bytes(lines([event(1), b"no event"]))
    attio_ctl("deliver", "--events", "events.ndjson")
    assert "Dead letters: 1 open: invalid_json 1" in attio_ctl("deliver", "status").stdout

    other = "workspace_id: 00000000-0000-4000-8000-000000000000\n"
    write(MAPPINGS, head=f"workspace: acme\n{other}api: {{sandbox: acme}}\n")
    attio_ctl("deliver", "status", code=15)


@pytest.mark.parametrize("named", [True, False])
def test_a_delivery_that_has_only_made_its_ledger_has_delivered_nothing_yet(
    attio_ctl: Run, write: Write, project: Path, named: bool
) -> None:
    """`deliver status` may look between the making of the file and that of its tables; a kill may come there too."""
    identity = "workspace_id: 00000000-0000-4000-8000-000000000000\n" if named else ""
    write(MAPPINGS, head=f"workspace: acme\n{identity}api: {{sandbox: acme}}\n")
    folder = project / ".attio-ctl/workspaces/acme"
    folder.mkdir(parents=True)
    (folder / "ledger.sqlite").touch()

    assert attio_ctl("deliver", "status").stdout == "Nothing was delivered from this machine.\n"


def test_a_file_that_changed_is_refused_until_the_run_is_restarted(
    attio_ctl: Run, write: Write, project: Path, token: str
) -> None:
    file = project / "events.ndjson"
    file.write_bytes(lines(event(n) for n in range(60)))
    with midway(project, write, LATER) as run:
        run.stop()
        run.proxy.release()
        run.running.wait()
    file.write_bytes(lines(event(n, note="other") for n in range(60)))
    with attio(project) as url:
        write(MAPPINGS, head=head(url))
        refused = attio_ctl(*DELIVER, code=65)
        attio_ctl(*DELIVER, "--restart")

    assert "`--restart`" in refused.stderr
    assert account(project)["delivered"] == 60
    assert [run["status"] for run in status(attio_ctl)["runs"]] == ["finished", "abandoned"]


def test_of_a_file_that_grew_only_the_new_lines_are_sent(attio_ctl: Run, write: Write, project: Path) -> None:
    write(MAPPINGS)
    file = project / "events.ndjson"
    file.write_bytes(lines([event(1), event(2)]))
    attio_ctl(*DELIVER)
    with file.open("ab") as more:
        more.write(lines([event(3)]))
    done = attio_ctl(*DELIVER)

    assert "3 read = 1 delivered + 2 duplicate" in summary(done)
    assert account(project)["writes"] == 1


def test_too_many_dead_letters_stop_it_and_are_named(attio_ctl: Run, write: Write, project: Path) -> None:
    write(MAPPINGS)
    (project / "events.ndjson").write_bytes(
        lines([*(event(n) for n in range(90)), b"bad", *(b"[%d]" % n for n in range(30))])
    )
    halted = attio_ctl(*DELIVER, "--max-dead-ratio", "0.1", code=14)
    foreseen = attio_ctl(*DELIVER, "--max-dead-ratio", "0.1", "--dry-run", code=14)

    for told in (halted, foreseen):
        assert re.search(
            r"dead letters, more than 10%: not_an_event \d+, invalid_json \d+", " ".join(told.stderr.split())
        )
    assert account(project)["writes"] == 0


def test_duplicates_of_dead_letters_are_a_reminder_of_them(attio_ctl: Run, write: Write, project: Path) -> None:
    write(MAPPINGS)
    (project / "events.ndjson").write_bytes(lines([event(1), b"no event"]))
    first, again = attio_ctl(*DELIVER), attio_ctl(*DELIVER)

    assert "dead letter still" not in first.stderr
    assert "1 of the events of earlier runs is a dead letter still" in again.stderr


@pytest.fixture
def small_disk(project: Path) -> Iterator[Path]:
    """A disk of its own for what the project keeps, with some room beyond the reserve."""
    folder = project / ".attio-ctl"
    folder.mkdir()
    size = f"size={RESERVE // 1024 + ROOM // 1024}k"
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(folder)], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"only an administrator can mount a disk that is small enough: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_on_a_full_disk_it_stops_while_what_was_sent_can_still_be_noted(
    attio_ctl: Run, write: Write, project: Path, token: str, small_disk: Path
) -> None:
    """Every write that Attio answered is in the ledger: once there is room, none of them is sent again."""
    (project / "events.ndjson").write_bytes(lines(event(n) for n in range(150)))
    with midway(project, write, 3 * LATER, PATIENT) as run:
        with (small_disk / "ballast").open("wb", buffering=0) as ballast:
            try:
                while ballast.write(bytes(4096)):
                    pass
            except OSError:
                pass
        run.proxy.release()
        ended, err = run.running.wait(), run.said
        first = account(project)
        (small_disk / "ballast").unlink()
    with attio(project) as url:
        write(MAPPINGS, head=head(url))
        attio_ctl(*DELIVER)

    assert ended == 74, err
    assert "disk is full" in err
    assert 0 < first["writes"] < 150
    assert (account(project)["delivered"], account(project)["writes"]) == (150, 150)


def test_without_room_for_the_ledger_nothing_is_sent(
    attio_ctl: Run, write: Write, project: Path, token: str, small_disk: Path
) -> None:
    (project / "events.ndjson").write_bytes(lines([event(1)]))
    (small_disk / "ballast").write_bytes(bytes(ROOM))
    with attio(project) as url:
        write(MAPPINGS, head=head(url))
        attio_ctl(*DELIVER, code=74)
        (small_disk / "ballast").unlink()
        attio_ctl(*DELIVER)

    assert (account(project)["delivered"], account(project)["writes"]) == (1, 1)
