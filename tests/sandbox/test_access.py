"""Who may ask, how often, and what is written down about it."""

from __future__ import annotations

from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from attio_ctl.sandbox.options import Limits

pytestmark = pytest.mark.anyio

READER = "reader".ljust(64, "0")


async def test_a_dead_token_is_told_so_with_200_on_self_and_401_elsewhere(make_client: Callable[..., Any]) -> None:
    client = make_client("wrong")
    answer = await client.ask("GET", "/self")
    assert (answer.status_code, answer.json()) == (200, {"active": False})
    status, code, message = await client.refusal("GET", "/objects")
    assert (status, code) == (401, "unauthorized")
    assert message.startswith("The API Key provided was invalid because it was the wrong length")
    assert (await make_client(None).refusal("GET", "/objects"))[:2] == (401, "unauthorized")


async def test_a_token_does_what_its_scopes_say(make_client: Callable[..., Any]) -> None:
    client = make_client(READER, tokens={READER: frozenset({"object_configuration:read-write"})})
    assert (await client.ask("GET", "/self")).json()["scope"] == "object_configuration:read-write"
    await client.data("GET", "/objects")
    status, code, message = await client.refusal("GET", "/workspace_members")
    assert (status, code) == (403, "unauthorized")
    assert "user_management:read" in message


async def test_the_limit_names_the_next_second_as_an_http_date(make_client: Callable[..., Any]) -> None:
    now = [1_700_000_000.25]
    client = make_client(limits=Limits(reads=2, writes=1), clock=lambda: now[0])
    for _ in range(2):
        await client.data("GET", "/objects")
    answer = await client.ask("GET", "/objects")
    assert answer.json() == {
        "status_code": 429,
        "type": "rate_limit_error",
        "code": "rate_limit_exceeded",
        "message": "Rate limit exceeded, please try again later",
    }
    assert parsedate_to_datetime(answer.headers["retry-after"]).timestamp() == 1_700_000_001
    assert parsedate_to_datetime(answer.headers["date"]).timestamp() == 1_700_000_000
    await client.object("vehicles")
    now[0] += 1
    await client.data("GET", "/objects")


async def test_queries_spend_a_score_that_comes_back_after_ten_seconds(make_client: Callable[..., Any]) -> None:
    now = [1_700_000_000.0]
    client = make_client(limits=Limits(reads=0, writes=0, score=20), clock=lambda: now[0])
    body = {"filter": {"$or": [{"job_title": "a"}, {"job_title": {"$in": ["b", "c"]}}]}, "limit": 100}
    for _ in range(3):
        await client.data("POST", "/objects/people/records/query", body)
        now[0] += 1
    answer = await client.ask("POST", "/objects/people/records/query", body)
    assert answer.status_code == 429
    assert parsedate_to_datetime(answer.headers["retry-after"]).timestamp() == 1_700_000_011
    now[0] = 1_700_000_011
    await client.data("POST", "/objects/people/records/query", body)


async def test_an_unknown_route_is_named(client: Any) -> None:
    for method, path in (("GET", "/objects/people/records"), ("DELETE", "/objects/people/attributes/name")):
        said = await client.refusal(method, path)
        assert said == (404, "not_found", f'Could not find endpoint "{method} /v2{path}".')


async def test_a_body_that_is_no_json_is_refused(client: Any) -> None:
    answer = await client.http.post("/v2/objects", content=b"{")
    assert answer.json()["code"] == "validation_type"


async def test_every_request_is_logged(client: Any) -> None:
    answer = await client.ask("GET", "/objects", q="1")
    await client.refusal("GET", "/objects/none")
    client.app.api.log.flush()
    rows = client.app.api.store.db.rows("SELECT method, path, status, code, execution_id FROM requests ORDER BY pk")
    assert [row[:4] for row in rows] == [
        ("GET", "/v2/objects?q=1", 200, None),
        ("GET", "/v2/objects/none", 404, "not_found"),
    ]
    assert rows[0][4] == answer.headers["x-attio-execution-id"]
