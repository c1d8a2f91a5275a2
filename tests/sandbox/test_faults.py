"""Fault scripts: the request that is meant goes wrong in the way that is meant, and no other."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attio_ctl.errors import UsageError
from attio_ctl.sandbox.faults import Effects, FaultScript, Rule, read_rules
from attio_ctl.sandbox.options import NO_LIMITS, Options
from attio_ctl.sandbox.server import embedded

PEOPLE = "/objects/people/records"
BODY = {"data": {"values": {"job_title": "x"}}}


@pytest.fixture
def ask(tmp_path: Path, request: pytest.FixtureRequest, http_to: Any) -> Iterator[Any]:
    options = Options(limits=NO_LIMITS, faults=tuple(read_rules([request.param])))
    with embedded(tmp_path / "s.db", token="t", options=options) as url:
        yield http_to(url)


def stored(ask: Any) -> int:
    return len(ask("POST", f"{PEOPLE}/query", {}).json()["data"])


def wait_until(is_so: Callable[[], object]) -> None:
    while not is_so():
        time.sleep(0.02)


@pytest.mark.parametrize("ask", [{"path": f"/v2{PEOPLE}", "nth": 2, "status": 503}], indirect=True)
def test_the_second_write_meets_a_503_and_is_not_kept(ask: Any) -> None:
    statuses = [ask("POST", PEOPLE, BODY).status_code for _ in range(3)]
    assert statuses == [200, 503, 200]
    assert stored(ask) == 2


@pytest.mark.parametrize("ask", [{"path": f"/v2{PEOPLE}", "status": 502, "at": "after"}], indirect=True)
def test_a_status_after_the_commit_keeps_the_write(ask: Any) -> None:
    assert ask("POST", PEOPLE, BODY).status_code == 502
    assert stored(ask) == 1


@pytest.mark.parametrize(
    ("ask", "kept"),
    [({"path": f"/v2{PEOPLE}", "reset": "before"}, 0), ({"path": f"/v2{PEOPLE}", "reset": "after"}, 1)],
    indirect=["ask"],
)
def test_a_reset_loses_the_request_or_only_its_answer(ask: Any, kept: int) -> None:
    with pytest.raises(httpx.ReadError):
        ask("POST", PEOPLE, BODY)
    assert stored(ask) == kept


@pytest.mark.parametrize("ask", [{"path": "/v2/objects", "truncate": True}], indirect=True)
def test_a_truncated_body_ends_before_its_length(ask: Any) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        ask("GET", "/objects")
    assert ask("GET", "/objects").status_code == 200


@pytest.mark.parametrize("ask", [{"path": "/v2/objects", "latency_ms": 80}], indirect=True)
def test_latency_holds_one_answer_back(ask: Any) -> None:
    started = time.perf_counter()
    ask("GET", "/objects")
    assert time.perf_counter() - started >= 0.08


@pytest.mark.parametrize("ask", [{"path": f"/v2{PEOPLE}", "answer_delay_ms": 60_000}], indirect=True)
def test_a_late_answer_is_lost_for_a_client_that_waits_less_and_its_write_is_kept(ask: Any) -> None:
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{ask.url}/v2{PEOPLE}", json=BODY, headers=ask.headers, timeout=httpx.Timeout(60, read=0.3))
    wait_until(lambda: stored(ask))
    assert stored(ask) == 1


@pytest.mark.parametrize("ask", [{"path": "/v2/batch/records", "reset": "after"}], indirect=True)
def test_a_batch_whose_answer_is_lost_is_carried_out(ask: Any) -> None:
    one = {"object": "people", "matching_attribute": "email_addresses", "values": {"email_addresses": "a@example.com"}}
    with pytest.raises(httpx.ReadError):
        ask("PUT", "/batch/records", {"assertions": [one]})
    wait_until(lambda: stored(ask))
    assert stored(ask) == 1


@pytest.mark.parametrize("ask", [{"every": 1, "skew_s": -3600}], indirect=True)
def test_a_skewed_clock_shows_in_the_date(ask: Any) -> None:
    before = time.time()
    date = parsedate_to_datetime(ask("GET", "/objects").headers["date"]).timestamp()
    assert before - 3602 <= date <= time.time() - 3598


@pytest.mark.parametrize("ask", [{"nth": 2, "revoke": True}], indirect=True)
def test_a_token_dies_at_the_request_that_is_named(ask: Any) -> None:
    assert [ask("GET", "/objects").status_code for _ in range(3)] == [200, 401, 401]
    assert ask("GET", "/self").json() == {"active": False}


@pytest.mark.parametrize("ask", [{"path": "/v2/batch/records", "drop_every": 2, "batch_delay_ms": 500}], indirect=True)
def test_a_batch_is_late_and_loses_every_second_assertion(ask: Any) -> None:
    assertions = [
        {"object": "companies", "matching_attribute": "domains", "values": {"domains": f"c{n}.example.com"}}
        for n in range(4)
    ]
    sent_at = time.monotonic()
    assert ask("PUT", "/batch/records", {"assertions": assertions}).status_code == 202

    def domains() -> list[str]:
        found = ask("POST", "/objects/companies/records/query", {}).json()["data"]
        return [record["values"]["domains"][0]["domain"] for record in found]

    wait_until(domains)
    assert time.monotonic() - sent_at >= 0.5
    assert domains() == ["c0.example.com", "c2.example.com"]


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ({}, "a fault script is a list of rules under `faults`"),
        ([{"path": "/v2"}], "fault 1 does nothing"),
        ([{"status": 500}, {"statuss": 500}], "fault 2 has the unknown key `statuss`"),
        ([{"status": "500"}], "fault 1: `status` cannot be `500`"),
        ([{"reset": "now"}], "fault 1: `reset` cannot be `now`"),
    ],
)
def test_a_wrong_script_says_where(script: Any, said: str) -> None:
    with pytest.raises(UsageError) as raised:
        read_rules(script)
    assert raised.value.what == said


rules = st.builds(
    Rule,
    st.builds(Effects, status=st.sampled_from([429, 500, 503]), latency_ms=st.integers(0, 9)),
    nth=st.integers(1, 9),
    every=st.integers(0, 4),
    times=st.integers(0, 4),
)


@given(rules)
def test_a_rule_reads_back_what_it_writes(rule: Rule) -> None:
    assert read_rules([rule.as_json()]) == [rule]


@given(rules)
def test_a_rule_strikes_as_often_as_it_says(rule: Rule) -> None:
    script = FaultScript()
    script.set([rule])
    struck = [n for n in range(1, 60) if script.meet("GET", "/") != Effects()]
    if rule.every == 0:
        assert struck == list(range(rule.nth, rule.nth + max(1, rule.times)))
    else:
        every = list(range(rule.nth, 60, rule.every))
        assert struck == (every[: rule.times] if rule.times else every)
