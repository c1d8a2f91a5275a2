"""A query that must look at every row does so beside the other requests, not before them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from attio_ctl.sandbox.apart import ApartReader
from attio_ctl.sandbox.options import NO_LIMITS, Options
from attio_ctl.sandbox.server import embedded
from attio_ctl.sandbox.store.store import SCANS, LongReadError, Store

RECORDS = 12_000
UNINDEXED = {"filter": {"job_title": {"$contains": "7 of"}}, "sorts": [{"attribute": "job_title", "direction": "desc"}]}


def assertions(count: int) -> list[Any]:
    return [
        {
            "object": "people",
            "matching_attribute": "email_addresses",
            "values": {"email_addresses": f"p{n}@example.com", "job_title": f"{n} of many"},
        }
        for n in range(count)
    ]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    db = tmp_path_factory.mktemp("long") / "sandbox.db"
    with embedded(db, token="t", options=Options(limits=NO_LIMITS)) as url:
        headers = {"authorization": "Bearer t"}
        for start in range(0, RECORDS, 4000):
            body = {"assertions": assertions(RECORDS)[start : start + 4000]}
            httpx.put(f"{url}/v2/batch/records", json=body, headers=headers, timeout=60).raise_for_status()
        last = {"filter": {"email_addresses": f"p{RECORDS - 1}@example.com"}}
        while not post(url, last).json()["data"]:
            time.sleep(0.05)
        yield url


def post(url: str, body: Any) -> httpx.Response:
    headers = {"authorization": "Bearer t"}
    return httpx.post(f"{url}/v2/objects/people/records/query", json=body, headers=headers, timeout=60)


@pytest.mark.slow
def test_others_are_answered_while_a_query_looks_at_every_row(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which it does not come to the end of before they are."""
    begun, others_are_done = threading.Event(), threading.Event()
    read = ApartReader._read

    def held(reader: ApartReader, work: Any) -> Any:
        begun.set()
        others_are_done.wait()
        return read(reader, work)

    monkeypatch.setattr(ApartReader, "_read", held)
    with ThreadPoolExecutor(1) as one:
        long = one.submit(post, url, UNINDEXED)
        begun.wait()
        try:
            for _ in range(10):
                answered = httpx.get(f"{url}/v2/objects", headers={"authorization": "Bearer t"}, timeout=60)
                assert answered.json()["data"]
            assert not long.done()
        finally:
            others_are_done.set()
    titles = [one["values"]["job_title"][0]["value"] for one in long.result().json()["data"]]
    assert titles == sorted((f"{n} of many" for n in range(RECORDS) if n % 10 == 7), reverse=True)[:500]


@pytest.mark.slow
def test_a_long_query_sees_what_was_written_right_before_it(url: str) -> None:
    headers = {"authorization": "Bearer t"}
    body = {"data": {"values": {"job_title": "brand new"}}}
    httpx.post(f"{url}/v2/objects/people/records", json=body, headers=headers, timeout=60).raise_for_status()
    assert len(post(url, {"filter": {"job_title": {"$starts_with": "BRAND"}}}).json()["data"]) == 1


@pytest.mark.slow
def test_a_long_query_is_refused_with_the_same_words(url: str) -> None:
    answer = post(
        url, {"filter": {"job_title": {"$contains": "x"}}, "sorts": [{"attribute": "name", "direction": "asc"}]}
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "missing_sort_field")


def test_a_store_refuses_only_what_is_long_and_only_when_told(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.db", Options())
    people = store.schema.objects["people"]
    with store.transaction():
        for n in range(SCANS):
            store.db.write(
                "INSERT INTO records (id, collection, created_at, actor, data) VALUES (?, ?, 0, 0, '{}')",
                (str(n), people.pk),
            )
    store.refuses_scans = True
    store.before_scan(people)
    store.db.write(
        "INSERT INTO records (id, collection, created_at, actor, data) VALUES ('x', ?, 0, 0, '{}')", (people.pk,)
    )
    with pytest.raises(LongReadError):
        store.before_scan(people)
    store.refuses_scans = False
    store.before_scan(people)
    store.close()
