"""
What every folder of tests shares: asyncio, properties that take their time, no network but loopback, and cassettes.

A test marked `vcr` talks to Attio through a cassette, `cassettes/<module>/<test>.yaml`. It is replayed unless pytest is
told `--record-mode=rewrite`; then it is recorded against an embedded sandbox, or against a real workspace when
`ATTIO_TOKEN` is set (a workspace made for it: the tests create and delete things).
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

ATTIO = "https://api.attio.com"
ROOT = Path(__file__).parent.parent
RECORDING_TOKEN = "c0ffee00" * 8  # for the sandbox, when a cassette is recorded against one
LOOPBACK = [r"127\.0\.0\.1$", r"::1$", r"localhost$", "/"]  # the last one: unix sockets

# How long an example takes says something about the machine; a folder or a server may serve all examples of a property.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
settings.load_profile("any machine")


@pytest.fixture
def anyio_backend() -> str:
    """Async tests run on asyncio, as the program does."""
    return "asyncio"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """No test reaches beyond this machine; a cassette is the only way to hear from Attio."""
    for item in items:
        item.add_marker(pytest.mark.block_network(allowed_hosts=LOOPBACK))


@pytest.fixture(scope="module")
def vcr_cassette_dir(request: pytest.FixtureRequest) -> str:
    """Cassettes stand at the top level, a folder per test module."""
    return str(ROOT / "cassettes" / request.path.stem)


@pytest.fixture
def vcr_config() -> dict[str, Any]:
    """Any host and port fit, so that a recording from a sandbox replays as Attio; `record_mode` stays the flag's."""
    return {
        "match_on": ["method", "path", "query", "body"],
        "decode_compressed_response": True,
        "before_record_request": _as_sent_to_attio,
        "before_record_response": _without_secrets,
    }


@pytest.fixture
def attio_endpoint(record_mode: str) -> Iterator[tuple[str, str]]:
    """Base URL and token for a test with a cassette: nobody when replaying, else a sandbox or a real workspace."""
    token = os.environ.get("ATTIO_TOKEN", "")
    if record_mode == "none" or token:
        yield ATTIO, token or RECORDING_TOKEN
        return
    from attio_ctl.sandbox.server import embedded  # noqa: PLC0415  only a recording needs a server

    with embedded(":memory:", token=RECORDING_TOKEN) as url:
        yield url, RECORDING_TOKEN


KEPT_REQUEST_HEADERS = frozenset({"accept", "content-type"})
KEPT_RESPONSE_HEADERS = frozenset({"content-type", "date", "retry-after", "x-attio-execution-id"})
EMAIL = re.compile(r"[\w.+-]+@(?!example\.(?:com|org)\b)[\w-]+(?:\.[\w-]+)+")
PRIVATE = {"secret": "s3cr3t" * 10 + "0000", "avatar_url": None, "workspace_logo_url": None, "client_id": "", "aud": ""}
PRIVATE_OF_MEMBERS = {"first_name": "Ada", "last_name": "Lovelace"}


def _as_sent_to_attio(request: Any) -> Any:
    """The request under Attio's own host, without the token and without what changes from machine to machine."""
    request.uri = re.sub(r"^https?://[^/]+", ATTIO, request.uri)
    for name in [name for name in request.headers if name.lower() not in KEPT_REQUEST_HEADERS]:
        del request.headers[name]
    return request


def _without_secrets(response: dict[str, Any]) -> dict[str, Any]:
    """The answer without cookies, tokens, webhook secrets and the people of a real workspace."""
    headers = {name: value for name, value in response["headers"].items() if name.lower() in KEPT_RESPONSE_HEADERS}
    text = response["body"]["string"].decode()
    for token in filter(None, (os.environ.get("ATTIO_TOKEN"), RECORDING_TOKEN)):
        text = text.replace(token, "**********")
    text = EMAIL.sub("someone@example.com", text)
    with contextlib.suppress(json.JSONDecodeError):
        text = json.dumps(_masked(json.loads(text)), ensure_ascii=False)
    return {**response, "headers": headers, "body": {"string": text.encode()}}


def _masked(value: Any) -> Any:
    if isinstance(value, list):
        return [_masked(item) for item in value]
    if not isinstance(value, dict):
        return value
    masks = PRIVATE | (PRIVATE_OF_MEMBERS if "access_level" in value else {})
    return {key: masks[key] if key in masks and item else _masked(item) for key, item in value.items()}
