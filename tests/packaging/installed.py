"""
The wheel, installed as its users install it, in environments without any tool of development: `make package`.

Needs a package index, so it is no part of `make test`.
"""

from __future__ import annotations

import json
import sys
import venv
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., str]
ROOT = Path(__file__).parents[2]
TOOLS = Path(sys.executable).parent
EVENT = {
    "type": "track",
    "event": "Signed Up",
    "messageId": "1",
    "timestamp": "2026-11-02T09:00:00Z",
    "properties": {"email": "ada@example.com", "first_name": "Ada", "last_name": "Lovelace", "source": "Referral"},
}

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def wheel(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", target, folder=ROOT)
    (made,) = target.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of a fresh environment, in which tests install; it holds Python and nothing else."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    return folder / "bin"


def install(run: Run, programs: Path, what: str) -> None:
    pip = (sys.executable, "-m", "pip", "--python", programs / "python", "--disable-pip-version-check")
    run(*pip, "install", "--quiet", what, folder=programs)


def test_without_the_extra_a_sandbox_says_what_to_install(run, programs, wheel, tmp_path):
    install(run, programs, str(wheel))
    attio_ctl = programs / "attio-ctl"
    run(attio_ctl, "init", "acme", "--sandbox", folder=tmp_path)

    assert "acme is valid" in run(attio_ctl, "validate", folder=tmp_path)
    for refused in (["plan"], ["sandbox", "serve"]):
        said = run(attio_ctl, *refused, folder=tmp_path, code=64)
        assert "which is not installed" in said
        for way in ("pip install", "pipx install --force", "uv tool install", "uvx --from"):
            assert f"`{way} 'attio-ctl[sandbox]'" in " ".join(said.split())


def test_with_the_extra_a_newcomer_goes_from_nothing_to_records(run, programs, wheel, tmp_path):
    """In the same environment: what was said to be installed is installed, and is all that was missing."""
    install(run, programs, f"{wheel}[sandbox]")
    attio_ctl = programs / "attio-ctl"
    run(attio_ctl, "init", "acme", "--sandbox", folder=tmp_path)
    (tmp_path / "events.ndjson").write_text(json.dumps(EVENT) + "\n")

    assert run(attio_ctl, "--version", folder=tmp_path).startswith("attio-ctl ")
    assert "acme is valid" in run(attio_ctl, "validate", folder=tmp_path)
    run(attio_ctl, "plan", "--out", "plan.json", folder=tmp_path)
    assert "<!doctype html>" in run(attio_ctl, "show", "plan.json", "--format", "html", folder=tmp_path)
    assert "Apply complete!" in run(attio_ctl, "apply", "plan.json", folder=tmp_path)
    assert "No changes." in run(attio_ctl, "plan", folder=tmp_path)
    assert "1 delivered" in run(attio_ctl, "deliver", "--events", "events.ndjson", folder=tmp_path)
    assert "ada@example.com" in run(attio_ctl, "records", "people", folder=tmp_path)
    schema = json.loads(run(attio_ctl, "schema", folder=tmp_path))
    assert schema == json.loads((ROOT / "schemas" / "workspace.schema.json").read_text())


def test_with_the_extra_for_metrics_a_delivery_gives_its_figures(run, programs, wheel, tmp_path):
    """What was said to be missing before is all that was."""
    install(run, programs, f"{wheel}[sandbox]")
    deliver = (programs / "attio-ctl", "deliver", "--events", "events.ndjson", "--metrics-file", "deliver.prom")
    run(deliver[0], "init", "acme", "--sandbox", folder=tmp_path)
    run(deliver[0], "apply", "--auto-approve", folder=tmp_path)
    (tmp_path / "events.ndjson").write_text(json.dumps(EVENT) + "\n")

    assert "`pip install 'attio-ctl[metrics]'`" in " ".join(run(*deliver, folder=tmp_path, code=64).split())
    install(run, programs, f"{wheel}[sandbox,metrics]")
    run(*deliver, folder=tmp_path)
    figures = (tmp_path / "deliver.prom").read_text()
    assert 'attio_ctl_delivery_events_total{verdict="delivered",workspace="acme"} 1.0' in figures


def test_types_are_seen_by_those_who_import_the_package(run, programs, wheel, tmp_path):
    install(run, programs, str(wheel))
    (tmp_path / "use.py").write_text(
        "from attio_ctl.address import Address\nreveal_type(Address.root('object', 'x'))\n"
    )
    mypy = (TOOLS / "mypy", "--python-executable", programs / "python", "--cache-dir", tmp_path / "cache")

    assert 'Revealed type is "attio_ctl.address.Address"' in run(*mypy, "use.py", folder=tmp_path)


def test_uvx_runs_the_wheel(run, wheel, tmp_path):
    said = run(TOOLS / "uvx", "--quiet", "--from", f"{wheel}[sandbox]", "attio-ctl", "--version", folder=tmp_path)

    assert said.startswith("attio-ctl ")


def test_pipx_installs_the_wheel(run, wheel, tmp_path):
    places = {"PIPX_HOME": str(tmp_path / "home"), "PIPX_BIN_DIR": str(tmp_path / "bin")}
    run(TOOLS / "pipx", "install", "--quiet", f"{wheel}[sandbox]", folder=tmp_path, **places)

    assert run(tmp_path / "bin" / "attio-ctl", "--version", folder=tmp_path).startswith("attio-ctl ")
