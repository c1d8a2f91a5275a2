"""What is in the cassettes: Attio's words, and nobody's secrets."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

CASSETTES = sorted((Path(__file__).parents[2] / "cassettes").rglob("*.yaml"))
TELLTALES = {
    "a bearer token": r"(?i)bearer\s+(?!\*)\S",
    "an authorization or cookie header": r"(?i)^\s*-?\s*'?(authorization|set-cookie|cookie)'?:",
    "a local address": r"(?i)localhost|127\.0\.0\.1|\[::1\]|0\.0\.0\.0",
    "an API key": r"(?<![0-9A-Za-z])[0-9a-f]{64}(?![0-9A-Za-z])",
    "somebody's e-mail address": r"[\w.+-]+@(?!example\.(?:com|org)\b)[\w-]+\.[\w.-]+",
    "a binary body that nobody can check": r"!!binary",
}


def test_there_are_cassettes() -> None:
    assert len(CASSETTES) >= 10


@pytest.mark.parametrize("path", CASSETTES, ids=lambda path: path.stem)
def test_a_cassette_holds_no_secret_and_no_trace_of_the_machine(path: Path) -> None:
    text = path.read_text()

    found = {what: hit[0] for what, shape in TELLTALES.items() if (hit := re.search(shape, text, re.MULTILINE))}
    assert found == {}


@pytest.mark.parametrize("path", CASSETTES, ids=lambda path: path.stem)
def test_a_cassette_was_asked_of_attio(path: Path) -> None:
    for exchange in yaml.safe_load(path.read_text())["interactions"]:
        assert exchange["request"]["uri"].startswith("https://api.attio.com/v2/")


def test_every_cassette_belongs_to_a_test() -> None:
    """A cassette of a renamed test would stay behind and never be looked at again."""
    tests = Path(__file__).parents[1]
    orphans = []
    for path in CASSETTES:
        module = next(tests.rglob(f"{path.parent.name}.py"), None)
        name = path.stem.split("[")[0]
        if module is None or f"def {name}(" not in module.read_text():
            orphans.append(str(path))
    assert orphans == []


def test_what_is_recorded_is_cleaned(vcr_config: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """The hooks, on an exchange that holds everything that must not be kept."""

    secret_headers = {"Authorization": "Bearer t0ken", "Cookie": "a=b", "host": "127.0.0.1:4512"}
    monkeypatch.setenv("ATTIO_TOKEN", "t0ken")
    request = vcr_config["before_record_request"](
        SimpleNamespace(uri="http://127.0.0.1:4512/v2/webhooks?limit=10", headers={**secret_headers, "accept": "*/*"})
    )
    member = {"email_address": "jo@acme.io", "access_level": "admin", "first_name": "Jo"}
    body = json.dumps({"secret": "f" * 64, "data": [member], "echo": "Bearer t0ken"})
    response = vcr_config["before_record_response"](
        {
            "status": {"code": 200},
            "headers": {"Set-Cookie": ["s=1"], "Content-Type": ["application/json"]},
            "body": {"string": body.encode()},
        }
    )

    assert request.uri == "https://api.attio.com/v2/webhooks?limit=10"
    assert request.headers == {"accept": "*/*"}
    assert response["headers"] == {"Content-Type": ["application/json"]}
    cleaned = response["body"]["string"].decode()
    assert not [secret for secret in ("t0ken", "ffff", "acme.io", "Jo") if secret in cleaned]
    assert "record_mode" not in vcr_config
