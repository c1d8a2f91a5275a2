"""A sandbox that stands for Attio itself: reached by URL and token, as a real workspace is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from attio_ctl.sandbox.faults import read_rules
from attio_ctl.sandbox.options import NO_LIMITS, Options
from attio_ctl.sandbox.server import embedded

TOKEN = "5afe" * 16


@contextmanager
def attio(project: Path, *faults: dict[str, Any], tokens: dict[str, Any] | None = None) -> Iterator[str]:
    """A sandbox of this process with a fault script, kept in a file of the project; it stands for api.attio.com."""
    options = Options(
        limits=NO_LIMITS,
        tokens=tokens or {},
        workspace_slug="acme",
        workspace_name="Acme",
        faults=tuple(read_rules(list(faults))),
        admin_token=TOKEN,
    )
    with embedded(project / "attio.sqlite", token=TOKEN, options=options) as url:
        yield url


def head(url: str) -> str:
    """The first lines of a workspace file whose token is in the environment."""
    return f"workspace: acme\napi: {{token: {{env: ATTIO_TOKEN}}, base_url: {url!r}}}\n"


def create_records(url: str, object_slug: str, values: list[dict[str, Any]]) -> None:
    """Records made by somebody else."""
    for each in values:
        answer = httpx.post(
            f"{url}/v2/objects/{object_slug}/records",
            headers={"authorization": f"Bearer {TOKEN}"},
            json={"data": {"values": each}},
            trust_env=False,
            timeout=60,
        )
        assert answer.is_success, answer.text


def change(url: str, path: str, **data: Any) -> None:
    """A change that somebody makes in Attio's settings."""
    answer = httpx.patch(
        f"{url}/v2/{path}",
        headers={"authorization": f"Bearer {TOKEN}"},
        json={"data": data},
        trust_env=False,
        timeout=60,
    )
    assert answer.is_success, answer.text


def ask(url: str, path: str) -> list[dict[str, Any]]:
    """What Attio says, without the client under test."""
    answer = httpx.get(f"{url}/v2/{path}", headers={"authorization": f"Bearer {TOKEN}"}, trust_env=False, timeout=60)
    return list(answer.json()["data"])
