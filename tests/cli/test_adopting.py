"""`init` and `import` as a person runs them, on the embedded sandbox."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import Result
from servers import attio

from attio_ctl.config.load import load
from attio_ctl.state.desired import build_desired

Run = Callable[..., Result]
Write = Callable[..., Path]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def demo(project: Path, attio_ctl: Run) -> None:
    """The demo workspace, applied to its sandbox."""
    shutil.copytree(ROOT / "workspaces" / "demo", project / "workspaces" / "demo")
    attio_ctl("sandbox", "activate", "users", "workspaces", "-w", "demo")
    attio_ctl("apply", "-w", "demo", "--auto-approve")


@pytest.mark.usefixtures("demo")
def test_importing_the_applied_demo_covers_it_and_plans_nothing(attio_ctl: Run, project: Path) -> None:
    imported = attio_ctl("import", "copy", "--sandbox", "demo")
    loaded = load("demo", root=project, environ={})
    covered = len(build_desired(loaded.spec, loaded.places.at).resources) + 1  # the other side of the relationship

    assert f"which manage {covered} resources.\nA plan of them changes nothing.\n" in imported.stdout
    assert "Left alone" not in imported.stdout
    assert imported.stderr == ""
    plan = attio_ctl("plan", "-w", "copy", "--detailed-exitcode")
    assert plan.stdout.startswith("No changes.")
    attio_ctl("fmt", "--check", "-w", "copy")
    attio_ctl("validate", "-w", "copy")


@pytest.mark.usefixtures("demo")
def test_an_import_says_what_the_demo_says(attio_ctl: Run, project: Path) -> None:
    """Field by field, but for mappings, comments and the place of the webhook's secret."""
    attio_ctl("import", "copy", "--sandbox", "demo")
    demo, copy = (load(name, root=project, environ={}).spec for name in ("demo", "copy"))
    given = [{slug: one.model_dump(exclude_unset=True) for slug, one in spec.objects.items()} for spec in (demo, copy)]

    assert given[1] == given[0]
    assert copy.lists == demo.lists
    assert copy.webhooks["billing"].on == demo.webhooks["billing"].on


@pytest.mark.usefixtures("demo")
def test_an_import_sends_nothing_but_reads(attio_ctl: Run, project: Path) -> None:
    with sqlite3.connect(project / ".attio-ctl" / "sandboxes" / "demo.sqlite") as connection:
        connection.execute("delete from requests")
    attio_ctl("import", "copy", "--sandbox", "demo", "--pin")
    with sqlite3.connect(project / ".attio-ctl" / "sandboxes" / "demo.sqlite") as connection:
        assert connection.execute("select distinct method from requests").fetchall() == [("GET",)]


@pytest.mark.usefixtures("demo")
def test_with_pinned_ids_another_title_is_a_rename(attio_ctl: Run, project: Path) -> None:
    attio_ctl("import", "copy", "--sandbox", "demo", "--pin")
    file = project / "workspaces" / "copy" / "objects" / "companies.yaml"
    file.write_text(file.read_text().replace("Strategic", "Key account"))
    plan = attio_ctl("plan", "-w", "copy").stdout

    assert "Plan: 0 to add, 1 to change, 0 to archive, 0 to destroy" in plan


@pytest.mark.usefixtures("demo")
def test_an_import_replaces_files_only_when_told_to(attio_ctl: Run, project: Path) -> None:
    refused = attio_ctl("import", "demo", "--sandbox", "demo", code=64)
    assert "--force" in refused.stderr
    attio_ctl("import", "copy", "--sandbox", "demo")
    mapping = project / "workspaces" / "copy" / "mappings" / "mine.yaml"
    mapping.parent.mkdir()
    shutil.copy(project / "workspaces" / "demo" / "mappings" / "activity.yaml", mapping)
    people = project / "workspaces" / "copy" / "objects" / "people.yaml"
    people.write_text("objects: {}\n")

    assert "A plan of them changes nothing" in attio_ctl("import", "copy", "--sandbox", "demo", "--force").stdout
    assert "lead_source" in people.read_text()
    assert mapping.exists()


@pytest.fixture
def serving(project: Path) -> Iterator[str]:
    """A sandbox that is reached over the network."""
    with attio(project) as url:
        yield url


def test_an_import_over_the_network_names_the_workspace_and_where_the_token_is(
    attio_ctl: Run, project: Path, token: str, serving: str
) -> None:
    imported = attio_ctl("import", "acme", "--token-env", "ATTIO_TOKEN", "--base-url", serving)
    assert imported.stdout.startswith("Wrote 1 file to workspaces/acme, which manage 0 resources.\nA plan of them")
    spec = load("acme", root=project, environ={}).spec
    text = (project / "workspaces" / "acme" / "workspace.yaml").read_text()

    assert spec.workspace_id is not None
    assert "token: {env: ATTIO_TOKEN}" in text
    assert token not in text
    attio_ctl("plan", "--detailed-exitcode")


def test_an_import_asks_attio_before_it_loads_what_it_needs_for_files() -> None:
    """Making the models takes as long as all else that stands before the first request."""
    late = {"pydantic", "yaml", "attio_ctl.config.models", "attio_ctl.plan"}
    check = f"import sys, attio_ctl.cli.importing; print({late} & sys.modules.keys())"
    loaded = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)

    assert loaded.stdout == "set()\n"


class _NoAttio(BaseHTTPRequestHandler):
    """Sends everybody on to a page where they may log in."""

    def do_GET(self) -> None:
        self.send_response(302)
        self.send_header("location", "/login")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


def test_an_import_from_what_is_no_attio_speaks_of_its_option(attio_ctl: Run, token: str) -> None:
    """There is no file yet that could have an `api.base_url`."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _NoAttio) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        refused = attio_ctl("import", "acme", "--token-env", "ATTIO_TOKEN", "--base-url", url, code=1)
        server.shutdown()

    assert "check that `--base-url` leads to Attio itself" in " ".join(refused.stderr.split())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("acme",), "give either"),
        (("acme", "--sandbox", "x", "--token-env", "T"), "give either"),
        (("1acme", "--token-env", "T"), "cannot be the name"),
        (("acme", "--token-env", "T", "--base-url", "nonsense"), "--base-url"),
        (("acme", "--sandbox", "x", "--base-url", "http://127.0.0.1:1"), "--base-url"),
        (("acme", "--sandbox", "nowhere"), "no sandbox `nowhere`"),
    ],
)
def test_an_import_that_makes_no_sense_is_refused(
    attio_ctl: Run, project: Path, arguments: tuple[str, ...], said: str
) -> None:
    assert said in attio_ctl("import", *arguments, code=64).stderr
    assert not (project / "workspaces").exists()


def test_a_workspace_that_cannot_be_read_whole_is_not_written_down(attio_ctl: Run, project: Path, token: str) -> None:
    fault = {"method": "GET", "path": "/v2/lists", "status": 400}
    with attio(project, fault) as url:
        refused = attio_ctl("import", "acme", "--token-env", "ATTIO_TOKEN", "--base-url", url, code=10)

    assert "could not be read whole: lists" in refused.stderr
    assert not (project / "workspaces").exists()


def test_an_import_without_a_token_writes_nothing(attio_ctl: Run, project: Path) -> None:
    attio_ctl("import", "acme", "--token-env", "NOT_SET", code=13)
    assert list(project.iterdir()) == []


def test_a_new_workspace_is_valid_laid_out_and_can_be_applied(attio_ctl: Run, project: Path) -> None:
    made = attio_ctl("init", "acme", "--sandbox")

    assert "workspaces/acme/workspace.yaml\n" in made.stdout
    assert attio_ctl("validate").stderr == ""
    attio_ctl("fmt", "--check")
    attio_ctl("apply", "--auto-approve")
    attio_ctl("plan", "--detailed-exitcode")
    assert (project / "schemas" / "workspace.schema.json").exists()
    assert ".secrets/" in (project / ".gitignore").read_text()


def test_a_new_workspace_may_be_a_real_one(attio_ctl: Run, project: Path) -> None:
    made = attio_ctl("init", "acme-eu")

    assert "ATTIO_TOKEN_ACME_EU" in made.stderr
    assert attio_ctl("validate").stderr == ""


def test_a_new_workspace_overwrites_nothing(attio_ctl: Run, project: Path) -> None:
    attio_ctl("init", "acme")
    (project / ".gitignore").write_text("mine\n")
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}

    assert "already" in attio_ctl("init", "acme", code=64).stderr
    assert {path: path.read_bytes() for path in project.rglob("*") if path.is_file()} == before
    attio_ctl("init", "other")
    assert (project / ".gitignore").read_text() == "mine\n"
