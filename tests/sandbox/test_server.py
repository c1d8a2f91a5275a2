"""The sandbox as a server: started, asked by another client, stopped, found again in its file."""

from __future__ import annotations

import json
import time
from http.client import HTTPConnection
from pathlib import Path

import httpx

from attio_ctl.sandbox.admin import activate, reset
from attio_ctl.sandbox.options import NO_LIMITS, Options
from attio_ctl.sandbox.server import embedded

OPEN = Options(limits=NO_LIMITS)


def get(url: str, path: str, token: str = "t") -> httpx.Response:
    return httpx.get(f"{url}/v2{path}", headers={"authorization": f"Bearer {token}"}, timeout=60)


def test_an_embedded_sandbox_answers_and_stops_without_waiting_for_who_stays_connected() -> None:
    """The shortest of five times: what a busy machine adds is not the sandbox's."""
    took = []
    for _ in range(5):
        with embedded(":memory:", token="t", options=OPEN) as url:
            staying = HTTPConnection(url.removeprefix("http://"), timeout=60)
            staying.request("GET", "/v2/self", headers={"authorization": "Bearer t"})
            assert json.load(staying.getresponse())["active"] is True
            leaving = time.perf_counter()
        took.append(time.perf_counter() - leaving)
        staying.close()
    assert min(took) < 1


def test_a_file_keeps_its_workspace_between_servers(tmp_path: Path) -> None:
    seen = []
    for _ in range(2):
        with embedded(tmp_path / "sandbox.db", token="t", options=OPEN) as url:
            seen.append(get(url, "/self").json()["workspace_id"])
    assert seen[0] == seen[1]


def test_a_switch_made_without_the_server_is_seen_by_it_at_once(tmp_path: Path) -> None:
    db = tmp_path / "sandbox.db"
    with embedded(db, token="t", options=OPEN) as url:
        assert get(url, "/objects/users").json()["code"] == "standard_object_disabled"
        assert activate(db, ["users", "people"]) == ["users"]
        assert get(url, "/objects/users").status_code == 200


def test_two_servers_on_one_file_see_what_the_other_writes(tmp_path: Path) -> None:
    db = tmp_path / "sandbox.db"
    body = {"data": {"api_slug": "vehicles", "singular_noun": "Vehicle", "plural_noun": "Vehicles"}}
    with embedded(db, token="t", options=OPEN) as one, embedded(db, token="t", options=OPEN) as other:
        httpx.post(f"{one}/v2/objects", json=body, headers={"authorization": "Bearer t"}, timeout=60)
        assert get(other, "/objects/vehicles").status_code == 200


def test_a_reset_makes_another_workspace(tmp_path: Path) -> None:
    db = tmp_path / "sandbox.db"
    ids = set()
    for _ in range(2):
        with embedded(db, token="t", options=OPEN) as url:
            ids.add(get(url, "/self").json()["workspace_id"])
        reset(db)
    assert len(ids) == 2
