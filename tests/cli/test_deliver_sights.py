"""What people see of a delivery: the page, the figures, the health, and who is alerted."""

from __future__ import annotations

import builtins
import json
import re
import signal
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from delivered import MAPPINGS, event, lines, start, summary
from proxy import PUT, hanging_at
from servers import attio, head

from attio_ctl.cli.telling import run_command

Run = Callable[..., Result]
Write = Callable[..., Path]

REFUSE = {"method": "PUT", "status": 401, "every": 1}
BAD_EVENT = {"type": "track", "messageId": "b", "email": "no address", "note": "x"}
RECORD = "import sys; open('told.ndjson', 'a').write(sys.stdin.read() + chr(10))"


@pytest.fixture
def chat() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Something that takes JSON, and what it was told."""
    heard: list[dict[str, Any]] = []

    class Chat(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200 if "good" in self.path else 404)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Chat) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", heard
        server.shutdown()
        thread.join()


def events(project: Path, *found: Any) -> None:
    (project / "events.ndjson").write_bytes(lines(found))


def told(project: Path) -> list[dict[str, Any]]:
    file = project / "told.ndjson"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def alerting(**alerts: Any) -> str:
    return f"{MAPPINGS}\n    alerts: {json.dumps(alerts)}\n"


def test_the_page_the_figures_and_the_health_agree_with_the_summary(attio_ctl: Run, write: Write, project: Path):
    write(MAPPINGS)
    events(project, *(event(n, who=n % 5) for n in range(40)), BAD_EVENT, {"type": "page"})
    sights = ("--report", "out.html", "--health", "health.json", "--metrics-file", "deliver.prom")
    done = attio_ctl("deliver", "--events", "events.ndjson", *sights)

    account = json.loads((project / "health.json").read_text())["last_run"]["account"]
    figures = (project / "deliver.prom").read_text()
    page = (project / "out.html").read_text()
    assert summary(done) in page
    assert (account["read"], account["dead_lettered"], account["filtered"], account["writes"]) == (42, 1, 1, 5)
    for verdict in ("delivered", "superseded", "filtered", "dead_lettered"):
        line = f'attio_ctl_delivery_events_total{{verdict="{verdict}",workspace="acme"}} {account[verdict]:.1f}'
        assert line in figures
    assert 'attio_ctl_delivery_writes_total{mapping="note",workspace="acme"} 5.0' in figures
    assert 'attio_ctl_delivery_mapped_writes_total{mapping="note",workspace="acme"} 40.0' in figures
    assert f'requests_total{{answer="success",workspace="acme"}} {account["requests"]:.1f}' in figures
    assert "8.0 : 1" in page


def test_status_shows_the_health_that_the_file_has(attio_ctl: Run, write: Write, project: Path):
    write(MAPPINGS)
    events(project, event(1), BAD_EVENT)
    attio_ctl("deliver", "--events", "events.ndjson", "--health", "health.json")
    status = json.loads(attio_ctl("deliver", "status", "--json").stdout)

    assert status["health"] == json.loads((project / "health.json").read_text())
    assert status["health"]["status"] == "degraded"
    assert "Health: degraded since " in attio_ctl("deliver", "status").stdout


def test_a_delivery_that_fails_again_and_again_is_told_once_and_so_is_its_end(
    attio_ctl: Run, write: Write, project: Path, token: str
):
    body = alerting(after=2, command=[sys.executable, "-c", RECORD])
    events(project, event(1))
    with attio(project, REFUSE) as url:
        write(body, head=head(url))
        codes = [attio_ctl("deliver", "--events", "events.ndjson", code=None).exit_code for _ in range(3)]
    assert codes == [13, 13, 13]
    assert [each["event"] for each in told(project)] == ["failing"]
    with attio(project) as url:
        write(body, head=head(url))
        attio_ctl("deliver", "--events", "events.ndjson")
        attio_ctl("deliver", "--events", "events.ndjson")

    first, last = told(project)
    assert (first["consecutive_failures"], first["status"], first["last_run"]["exit_code"]) == (2, "failing", 13)
    assert (last["event"], last["status"], last["consecutive_failures"]) == ("recovered", "ok", 0)
    assert "2 deliveries in a row to acme went wrong" in first["text"]
    assert token not in json.dumps(told(project))


def test_a_chat_is_told_and_its_address_is_shown_nowhere(
    attio_ctl: Run, write: Write, project: Path, monkeypatch: pytest.MonkeyPatch, chat: Any
):
    address, heard = chat
    events(project, event(1), BAD_EVENT)
    write(alerting(after=1, on=["dead_letters"], webhook={"url": "${CHAT}"}))
    monkeypatch.setenv("CHAT", f"{address}/good/s3cret")
    done = attio_ctl("deliver", "--events", "events.ndjson", "--report", "out.html")

    assert [each["event"] for each in heard] == ["failing"]
    assert "Dead letters: invalid_email 1" in heard[0]["text"]
    kept = [path.read_bytes() for path in project.rglob("*") if path.is_file() and path.name != "workspace.yaml"]
    assert "s3cret" not in done.stdout + done.stderr
    assert not any(b"s3cret" in each for each in kept)


def test_an_alert_that_reaches_nobody_is_a_warning_and_is_tried_again(
    attio_ctl: Run, write: Write, project: Path, monkeypatch: pytest.MonkeyPatch, chat: Any
):
    address, heard = chat
    write(alerting(after=1, on=["dead_letters"], webhook={"url": "${CHAT}"}))
    monkeypatch.setenv("CHAT", f"{address}/bad/s3cret")
    events(project, event(1), BAD_EVENT)
    done = attio_ctl("deliver", "--events", "events.ndjson")
    events(project, event(2), {**BAD_EVENT, "messageId": "c"})
    attio_ctl("deliver", "--events", "events.ndjson", "--restart")

    assert "warning: nobody was told that deliveries are failing: `127.0.0.1` answered 404" in done.stderr
    assert "s3cret" not in done.stderr
    assert len(heard) == 2


@pytest.mark.parametrize(
    ("command", "fault"),
    [
        (("/nowhere/notify",), "`/nowhere/notify` cannot be run: No such file or directory"),
        ((sys.executable, "-c", "raise SystemExit(3)"), f"`{sys.executable}` ended with code 3"),
        ((sys.executable, "-c", "import time; time.sleep(60)"), f"`{sys.executable}` had not ended after 1 s"),
        ((sys.executable, "-c", "import sys; sys.stdin.read()"), None),
    ],
    ids=["missing", "failing", "slow", "well"],
)
def test_a_command_that_goes_wrong_is_said_and_ends(command: tuple[str, ...], fault: str | None):
    document = {"text": "x" * (200_000 if fault is None else 1)}

    assert run_command(command, document, timeout=1 if "sleep" in command[-1] else 30) == fault


def test_a_page_that_cannot_be_written_is_no_failure_of_the_delivery(attio_ctl: Run, write: Write, project: Path):
    write(MAPPINGS)
    events(project, event(1))
    (project / ".out.html.new").mkdir()
    attio_ctl("deliver", "--events", "events.ndjson", "--report", "out.html", code=74)
    status = json.loads(attio_ctl("deliver", "status", "--json").stdout)

    assert (status["health"]["status"], status["health"]["consecutive_failures"]) == ("ok", 0)


def test_an_account_that_cannot_be_written_is_no_failure_of_the_delivery(attio_ctl: Run, write: Write, project: Path):
    write(MAPPINGS)
    events(project, event(1))
    (project / ".account.json.new").mkdir()
    attio_ctl("deliver", "--events", "events.ndjson", "--json-into", "account.json", code=74)
    status = json.loads(attio_ctl("deliver", "status", "--json").stdout)

    assert (status["health"]["status"], status["health"]["consecutive_failures"]) == ("ok", 0)


@pytest.mark.parametrize("option", ["--json-into", "--report", "--health", "--metrics-file"])
def test_a_target_that_cannot_be_written_is_found_before_anything_is_sent(
    attio_ctl: Run, write: Write, project: Path, option: str
):
    write(MAPPINGS)
    events(project, event(1))
    refused = attio_ctl("deliver", "--events", "events.ndjson", option, "/proc/out", code=74)

    assert "/proc/out: cannot write it" in refused.stderr
    assert attio_ctl("deliver", "status").stdout == "Nothing was delivered from this machine.\n"


def test_while_dead_letters_are_open_nobody_is_told_that_it_is_well_again(attio_ctl: Run, write: Write, project: Path):
    write(alerting(after=1, on=["dead_letters"], command=[sys.executable, "-c", RECORD]))
    events(project, event(1), BAD_EVENT)
    attio_ctl("deliver", "--events", "events.ndjson")
    attio_ctl("deliver", "--events", "events.ndjson", "--health", "health.json")
    duplicates = json.loads((project / "health.json").read_text())
    assert [each["event"] for each in told(project)] == ["failing"]
    attio_ctl("dead-letters", "discard", "--yes")
    attio_ctl("deliver", "--events", "events.ndjson")

    assert (duplicates["status"], duplicates["last_run"]["open_dead_letters"]) == ("failing", 1)
    assert [each["event"] for each in told(project)] == ["failing", "recovered"]


def test_what_an_alert_command_prints_is_no_part_of_the_account(write: Write, project: Path):
    write(alerting(after=1, on=["dead_letters"], command=[sys.executable, "-c", "print('hello from the pager')"]))
    events(project, BAD_EVENT)
    running = start(project, "deliver", "--events", "events.ndjson", "--json-into", "-")
    out, err = running.communicate(timeout=60)

    assert "hello from the pager" in err
    assert json.loads(out[out.index("{\n") :])["dead_lettered"] == 1


def test_what_only_reads_alerts_nobody(attio_ctl: Run, write: Write, project: Path):
    write(alerting(after=1, on=["dead_letters"], command=[sys.executable, "-c", RECORD]))
    events(project, BAD_EVENT)
    attio_ctl("deliver", "--events", "events.ndjson", "--dry-run")
    attio_ctl("deliver", "status")

    assert told(project) == []


def test_without_the_extra_it_says_how_to_get_it_before_anything_is_sent(
    attio_ctl: Run, write: Write, project: Path, monkeypatch: pytest.MonkeyPatch
):
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name.split(".", maxsplit=1)[0] == "prometheus_client":
            raise ModuleNotFoundError("no", name="prometheus_client")
        return real(name, *rest, **more)

    write(MAPPINGS)
    events(project, event(1))
    monkeypatch.setattr(builtins, "__import__", without)
    for option in (("--metrics-file", "m.prom"), ("--metrics-listen", "127.0.0.1:0")):
        result = attio_ctl("deliver", "--events", "events.ndjson", *option, code=64)
        assert "pip install 'attio-ctl[metrics]'" in result.stderr
    assert attio_ctl("deliver", "status").stdout == "Nothing was delivered from this machine.\n"


@pytest.mark.parametrize("address", ["9464", "127.0.0.1:", "127.0.0.1:99999", ":80", "host:port"])
def test_what_is_no_address_is_a_usage_error(attio_ctl: Run, write: Write, project: Path, address: str):
    write(MAPPINGS)
    events(project, event(1))

    assert (
        "no address to listen on"
        in attio_ctl("deliver", "--events", "events.ndjson", "--metrics-listen", address, code=64).stderr
    )


def test_following_until_it_is_stopped_is_a_delivery_that_went_well(
    attio_ctl: Run, write: Write, project: Path, token: str
):
    def delivered() -> bool:
        runs = json.loads(attio_ctl("deliver", "status", "--json").stdout)["runs"]
        return bool(runs and runs[0]["account"]["delivered"])

    events(project, event(1))
    with attio(project) as url:
        write(MAPPINGS, head=head(url))
        running = start(project, "deliver", "--events", "events.ndjson", "--follow", "--health", "health.json")
        wait_for(delivered)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate()
    health = json.loads((project / "health.json").read_text())

    assert running.returncode == 130, out + err
    assert (health["status"], health["last_run"]["exit_code"], health["last_run"]["error"]) == ("ok", 130, None)
    assert health["last_run"]["account"]["delivered"] == 1


def test_a_delivery_that_somebody_stops_leaves_the_health_as_it_was(
    attio_ctl: Run, write: Write, project: Path, token: str
):
    events(project, event(1))
    with attio(project) as url:
        write(MAPPINGS, head=head(url))
        attio_ctl("deliver", "--events", "events.ndjson", "--health", "before.json")
    events(project, *(event(n) for n in range(2, 40)))
    with attio(project) as url, hanging_at(url, 9, "before", PUT) as proxy:
        write(MAPPINGS, head=head(proxy.url))
        running = start(project, "deliver", "--events", "events.ndjson", "--health", "after.json")
        wait_for(proxy.hung.is_set)
        running.send_signal(signal.SIGINT)
        running.communicate()

    assert running.returncode == 130
    assert (project / "after.json").read_bytes() == (project / "before.json").read_bytes()


def wait_for(is_so: Callable[[], object]) -> None:
    while not is_so():
        time.sleep(0.05)


@pytest.mark.slow
def test_prometheus_is_answered_while_files_are_followed(attio_ctl: Run, write: Write, project: Path):
    write(MAPPINGS)
    events(project, *(event(n) for n in range(10)))
    process = start(project, "deliver", "--events", "events.ndjson", "--follow", "--metrics-listen", "127.0.0.1:0")
    assert process.stderr is not None
    try:
        address = next(found[0] for line in process.stderr if (found := re.search(r"http://\S+", line)))
        wanted = b'attio_ctl_delivery_events_total{verdict="delivered",workspace="acme"} 10.0'
        wait_for(lambda: wanted in urllib.request.urlopen(address, timeout=60).read())
    finally:
        process.terminate()
        process.communicate()
    assert process.returncode == 143
