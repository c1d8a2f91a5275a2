"""Webhook deliveries: what is sent, how it is signed, and what happens when nobody takes it."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from attio_ctl.sandbox.deliveries import MAX_TRIES, retry_after
from attio_ctl.sandbox.events import passes
from attio_ctl.sandbox.options import NO_LIMITS, Options
from attio_ctl.sandbox.server import embedded


class Target:
    """A real HTTP server that keeps what it is sent and answers as it is told."""

    def __init__(self) -> None:
        self.taken: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []
        target = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                target.taken.append(({key.lower(): value for key, value in self.headers.items()}, body))
                self.send_response(target.answers.pop(0) if target.answers else 204)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()

    def wait(self, count: int) -> list[tuple[dict[str, str], bytes]]:
        deadline = time.monotonic() + 60
        while len(self.taken) < count and time.monotonic() < deadline:
            time.sleep(0.01)
        return self.taken

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def target() -> Iterator[Target]:
    made = Target()
    yield made
    made.close()


@pytest.fixture
def http(target: Target, http_to: Any) -> Iterator[Any]:
    options = Options(limits=NO_LIMITS, deliver_to={"https://hooks.example.com": target.url}, retry_pace=0.001)
    with embedded(":memory:", token="t", options=options) as url:
        yield http_to(url)


def hook(http: Any, *event_types: str, filter_: Any = None) -> Any:
    subscriptions = [{"event_type": one, "filter": filter_} for one in event_types]
    body = {"data": {"target_url": "https://hooks.example.com/attio?x=1", "subscriptions": subscriptions}}
    return http("POST", "/webhooks", body).json()["data"]


def create(http: Any, object_: str = "people", **values: Any) -> Any:
    return http("POST", f"/objects/{object_}/records", {"data": {"values": values}}).json()["data"]


def test_an_event_arrives_signed_with_ids_and_no_values(http: Any, target: Target) -> None:
    made = hook(http, "record.created")
    person = create(http, job_title="Boss")
    ((headers, body),) = target.wait(1)
    signature = hmac.new(made["secret"].encode(), body, hashlib.sha256).hexdigest()
    assert headers["attio-signature"] == headers["x-attio-signature"] == signature
    said = json.loads(body)
    assert said["webhook_id"] == made["id"]["webhook_id"]
    (event,) = said["events"]
    assert event["event_type"] == "record.created"
    assert event["id"] == person["id"]
    assert event["actor"]["type"] == "api-token"
    assert b"Boss" not in body


def test_each_changed_attribute_is_an_event_and_an_unchanged_one_is_none(http: Any, target: Target) -> None:
    person = create(http, job_title="Boss", description="x")
    hook(http, "record.updated")
    body = {"data": {"values": {"job_title": "Chief", "description": "x", "twitter": "y"}}}
    http("PATCH", f"/objects/people/records/{person['id']['record_id']}", body)
    time.sleep(0.1)
    ids = {json.loads(body)["events"][0]["id"]["attribute_id"] for _, body in target.wait(2)}
    assert len(target.taken) == len(ids) == 2


def test_both_sides_of_a_reference_are_told(http: Any, target: Target) -> None:
    create(http, "companies", domains=["example.com"])
    hook(http, "record.updated", "record.created")
    create(http, company="example.com")
    events = [json.loads(body)["events"][0] for _, body in target.wait(2)]
    assert sorted(one["event_type"] for one in events) == ["record.created", "record.updated"]


def test_a_refused_delivery_is_tried_again_with_the_same_key_and_bytes(http: Any, target: Target) -> None:
    made = hook(http, "record.created")
    target.answers = [500, 503, 404]
    create(http)
    taken = target.wait(4)
    assert len({headers["idempotency-key"] for headers, _ in taken}) == 1
    assert len({body for _, body in taken}) == 1
    path = f"/webhooks/{made['id']['webhook_id']}"
    deadline = time.monotonic() + 60
    while http("GET", path).json()["data"]["status"] != "active" and time.monotonic() < deadline:
        time.sleep(0.01)
    assert http("GET", path).json()["data"]["status"] == "active"


def test_a_target_that_keeps_failing_is_degraded(http: Any, target: Target) -> None:
    made = hook(http, "record.created")
    target.answers = [500] * MAX_TRIES
    create(http)
    target.wait(4)
    statuses = set()
    deadline = time.monotonic() + 60
    while "degraded" not in statuses and time.monotonic() < deadline:
        statuses.add(http("GET", f"/webhooks/{made['id']['webhook_id']}").json()["data"]["status"])
    assert "degraded" in statuses


def test_a_filter_on_an_object_lets_only_its_records_through(http: Any, target: Target) -> None:
    object_id = http("GET", "/objects/companies").json()["data"]["id"]["object_id"]
    hook(
        http,
        "record.created",
        filter_={"$and": [{"field": "id.object_id", "operator": "equals", "value": object_id}]},
    )
    create(http)
    company = create(http, "companies")
    ((_, body),) = target.wait(1)
    assert json.loads(body)["events"][0]["id"] == company["id"]


@pytest.mark.parametrize(
    ("filter_", "passed"),
    [
        (None, True),
        ({"$and": []}, True),
        ({"$or": []}, False),
        ({"$or": [{"field": "id.x", "operator": "equals", "value": "1"}]}, True),
        ({"$and": [{"field": "id.x", "operator": "not_equals", "value": "1"}]}, False),
        ({"$and": [{"field": "id.none", "operator": "not_equals", "value": "1"}]}, True),
    ],
)
def test_a_filter_reads_the_fields_of_the_event(filter_: Any, passed: bool) -> None:
    assert passes(filter_, {"id": {"x": "1"}}) is passed


def test_ten_tries_take_about_three_days() -> None:
    assert 2.5 < sum(retry_after(n) for n in range(1, MAX_TRIES)) / 86400 < 3.5
