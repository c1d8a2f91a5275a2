"""`attio-ctl sandbox`: a server of its own process, its options, and workspaces that move as JSON."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
from click.testing import Result

Run = Callable[..., Result]
SCHEMA_VERSION = "schema_version"
PERSON = {"data": {"values": {"email_addresses": ["ada@example.com"]}}}


@dataclass(frozen=True)
class Served:
    """A running `sandbox serve`, and the two lines that it printed."""

    process: subprocess.Popen[str]
    url: str
    console: str

    def call(self, method: str, path: str, body: Any = None) -> httpx.Response:
        return httpx.request(
            method, f"{self.url}/v2{path}", json=body, headers={"authorization": "Bearer dev"}, timeout=60
        )

    def stop(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(60)


@contextmanager
def serving(*arguments: str) -> Iterator[Served]:
    command = [sys.executable, "-m", "attio_ctl.cli.main", "sandbox", "serve", "--token", "dev", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ) as process:
        try:
            assert process.stdout is not None
            url, console = (process.stdout.readline().strip() for _ in range(2))
            yield Served(process, url, console.removeprefix("Console: "))
        finally:
            process.kill()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_first_line_is_the_url_the_second_the_console_and_a_signal_is_the_exit_code(
    project: Path, number: signal.Signals, code: int
) -> None:
    with serving() as served:
        assert served.call("GET", "/self").json()["active"] is True
        page = httpx.get(served.console, follow_redirects=False, timeout=60)
        assert (page.status_code, page.headers["location"]) == (303, "/")
        assert httpx.get(f"{served.url}/", timeout=60).status_code == 401
        assert served.stop(number) == code


def test_faults_a_seed_and_the_limit_on_objects_are_in_force(project: Path) -> None:
    Path("faults.yaml").write_text("faults:\n  - {path: /v2/objects, method: GET, status: 503}\n")
    seed = {"requests": [{"method": "POST", "path": "/v2/objects/people/records", "body": PERSON}]}
    Path("seed.json").write_text(json.dumps(seed))
    with serving("--faults", "faults.yaml", "--seed", "seed.json", "--max-objects", "2") as served:
        assert [served.call("GET", "/objects").status_code for _ in range(2)] == [503, 200]
        assert len(served.call("POST", "/objects/people/records/query", {}).json()["data"]) == 1
        body = {"data": {"api_slug": "ships", "singular_noun": "Ship", "plural_noun": "Ships"}}
        assert served.call("POST", "/objects", body).json()["code"] == "quota_exceeded"


def test_a_sink_answers_and_keeps_nothing(project: Path) -> None:
    with serving("--sink") as served:
        put = served.call("PUT", "/objects/people/records?matching_attribute=email_addresses", PERSON)
        assert put.status_code == 200
        assert served.call("POST", "/objects/people/records/query", {}).json()["data"] == []


def test_webhooks_are_delivered_where_they_are_sent_instead(project: Path) -> None:
    heard: list[dict[str, Any]] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Hook) as server:
        server.timeout = 60
        here = f"http://127.0.0.1:{server.server_port}"
        waiting = Thread(target=server.handle_request)
        waiting.start()
        with serving("--deliver-to", f"https://hooks.example.com={here}") as served:
            subscription = [{"event_type": "record.created", "filter": None}]
            hook = {"data": {"target_url": "https://hooks.example.com/a", "subscriptions": subscription}}
            assert served.call("POST", "/webhooks", hook).status_code == 200
            served.call("POST", "/objects/people/records", PERSON)
            waiting.join(60)
    assert heard[0]["events"][0]["event_type"] == "record.created"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--deliver-to", "hooks.example.com"), 64, "FROM is the beginning of an https URL"),
        (("--faults", "bad.yaml"), 64, "unknown key `stats`"),
        (("--faults", "torn.yaml"), 65, "torn.yaml:2:1"),
        (("--seed", "torn.json"), 65, "torn.json: this is no JSON"),
        (("--seed", "bad.yaml"), 65, "a seed has the keys"),
    ],
)
def test_options_that_make_no_sense_are_refused_before_anything_is_served(
    attio_ctl: Run, arguments: tuple[str, ...], code: int, words: str
) -> None:
    Path("bad.yaml").write_text("faults: [{path: /v2/objects, stats: 503}]\n")
    Path("torn.yaml").write_text("faults: [\n")
    Path("torn.json").write_text("{")

    assert words in " ".join(attio_ctl("sandbox", "serve", *arguments, code=code).stderr.split())


def contents(text: str) -> Any:
    """An export without the count of schema changes, by which running servers notice an import."""
    document = json.loads(text)
    document["tables"]["meta"]["rows"] = [row for row in document["tables"]["meta"]["rows"] if row[0] != SCHEMA_VERSION]
    return document


def test_a_workspace_moves_as_one_document(attio_ctl: Run, write: Callable[..., Path]) -> None:
    write("objects: {vessels: {singular: Vessel, plural: Vessels}}\n")
    attio_ctl("apply", "--auto-approve")
    attio_ctl("sandbox", "export", "before.json")
    attio_ctl("sandbox", "reset")
    assert "1 to add" in attio_ctl("plan").stdout
    attio_ctl("sandbox", "import", "before.json")

    assert "No changes" in attio_ctl("plan").stdout
    assert contents(attio_ctl("sandbox", "export", "-").stdout) == contents(Path("before.json").read_text())


def test_an_export_makes_a_sandbox_in_a_new_file(attio_ctl: Run, project: Path) -> None:
    attio_ctl("sandbox", "activate", "users", "--db", "one.sqlite")
    attio_ctl("sandbox", "export", "one.json", "--db", "one.sqlite")
    attio_ctl("sandbox", "import", "one.json", "--db", "new/two.sqlite")

    copied = attio_ctl("sandbox", "export", "-", "--db", "new/two.sqlite").stdout
    assert contents(copied) == contents(Path("one.json").read_text())


def test_a_sandbox_that_is_not_there_is_not_made_by_an_export(attio_ctl: Run, project: Path) -> None:
    assert "no sandbox `none.sqlite`" in attio_ctl("sandbox", "export", "-", "--db", "none.sqlite", code=64).stderr
    assert not Path("none.sqlite").exists()


def test_a_broken_export_changes_nothing(attio_ctl: Run, project: Path) -> None:
    attio_ctl("sandbox", "activate", "users", "--db", "one.sqlite")
    good = attio_ctl("sandbox", "export", "-", "--db", "one.sqlite").stdout
    for break_it in (
        lambda tables: tables["records"].update(rows=[[1, 2]]),
        lambda tables: tables["collections"].pop("rows"),
        lambda tables: tables.update(meta=[]),
        lambda tables: tables["collections"].update(rows=[tables["collections"]["rows"][0]] * 2),
        lambda tables: tables["records"].update(rows=[[{} for _ in tables["records"]["columns"]]]),
    ):
        document = json.loads(good)
        break_it(document["tables"])
        Path("broken.json").write_text(json.dumps(document))
        refused = attio_ctl("sandbox", "import", "broken.json", "--db", "one.sqlite", code=65)

        assert refused.stderr.startswith("error: the export")
        assert attio_ctl("sandbox", "export", "-", "--db", "one.sqlite").stdout == good
