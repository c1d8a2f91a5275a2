"""What was acknowledged stays: through a kill, a restart, an export and an import."""

from __future__ import annotations

import itertools
import json
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attio_ctl.errors import DocumentError, StorageError
from attio_ctl.sandbox import ids
from attio_ctl.sandbox.admin import export_workspace, import_workspace
from attio_ctl.sandbox.batches import BatchWorker, accept
from attio_ctl.sandbox.errors import RefusedError
from attio_ctl.sandbox.model import Actor
from attio_ctl.sandbox.options import NO_LIMITS, Options
from attio_ctl.sandbox.portable import export_from, grow
from attio_ctl.sandbox.records import rows
from attio_ctl.sandbox.records.delete import delete_row
from attio_ctl.sandbox.records.parse import SimpleReader
from attio_ctl.sandbox.records.write import Multiselect, Writer
from attio_ctl.sandbox.server import embedded
from attio_ctl.sandbox.store.store import Store

SERVE = """
import sys
from pathlib import Path
from attio_ctl.sandbox.options import NO_LIMITS, Options
from attio_ctl.sandbox.server import serve

options = Options(tokens={"t": None}, limits=NO_LIMITS)
stopped = serve(Path(sys.argv[1]), options, on_ready=lambda url: print(url, flush=True))
print("stopped by", stopped.name, flush=True)
"""


def start(db: Path) -> tuple[subprocess.Popen[str], str]:
    process = subprocess.Popen([sys.executable, "-c", SERVE, str(db)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def finish(process: subprocess.Popen[str], number: signal.Signals) -> str:
    process.send_signal(number)
    said, _ = process.communicate(timeout=60)
    return said.strip()


@pytest.mark.slow
def test_a_kill_loses_no_acknowledged_write_and_no_acknowledged_batch(tmp_path: Path, http_to: Any) -> None:
    db = tmp_path / "sandbox.db"
    process, url = start(db)
    ask = http_to(url)
    acknowledged = [
        ask("POST", "/objects/people/records", {"data": {"values": {"job_title": str(n)}}}).json()["data"]["id"][
            "record_id"
        ]
        for n in range(40)
    ]
    batch = [
        {"object": "companies", "matching_attribute": "domains", "values": {"domains": f"c{n}.example.com"}}
        for n in range(3000)
    ]
    assert ask("PUT", "/batch/records", {"assertions": batch}).status_code == 202
    finish(process, signal.SIGKILL)

    store = Store(db, Options())
    people = store.schema.objects["people"]
    assert all(rows.by_id(store.db, people.pk, id_) for id_ in acknowledged)
    while BatchWorker(store).work() is not None:
        continue
    companies = store.schema.objects["companies"].pk
    assert store.db.row("SELECT COUNT(*) FROM records WHERE collection = ?", (companies,)) == (3000,)
    assert store.db.row("PRAGMA integrity_check") == ("ok",)
    store.close()


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_the_program_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    process, url = start(tmp_path / "sandbox.db")
    assert httpx.get(f"{url}/v2/self", timeout=60).json() == {"active": False}
    assert finish(process, number) == f"stopped by {number.name}"
    assert process.returncode == 0


emails = st.sampled_from([f"p{n}@example.com" for n in range(4)])
domains = st.sampled_from([f"d{n}.example.com" for n in range(3)])
people_values = st.fixed_dictionaries(
    {},
    optional={
        "email_addresses": st.lists(emails, max_size=2),
        "job_title": st.sampled_from(["a", "b", None]),
        "company": st.one_of(domains, st.none()),
        "phone_numbers": st.just(["+442071838750"]),
    },
)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("create"), people_values),
        st.tuples(st.just("update"), st.integers(0, 5), people_values, st.sampled_from(list(Multiselect))),
        st.tuples(st.just("delete"), st.integers(0, 5)),
        st.tuples(st.just("company"), domains),
        st.tuples(st.just("batch"), st.lists(people_values, max_size=3)),
        st.tuples(st.just("activate"), st.sampled_from(["users", "deals"])),
    ),
    max_size=15,
)


def perform(store: Store, step: Any) -> None:
    actor = Actor("api-token", "00000000-0000-4000-8000-00000000000a")
    people = store.schema.objects["people"]
    pks = [pk for (pk,) in store.db.rows("SELECT pk FROM records WHERE collection = ? ORDER BY pk", (people.pk,))]
    match step:
        case "create", values:
            Writer(store, actor).create(people, SimpleReader(store).read(people, values))
        case "update", index, values, how if pks:
            row = rows.by_pk(store.db, pks[index % len(pks)])
            Writer(store, actor).update(row, SimpleReader(store).read(people, values), how)
        case "delete", index if pks:
            delete_row(store, actor, pks[index % len(pks)])
        case "company", domain:
            companies = store.schema.objects["companies"]
            Writer(store, actor).create(companies, SimpleReader(store).read(companies, {"domains": domain}))
        case "batch", people_:
            accept(
                store,
                actor,
                [{"object": "people", "matching_attribute": "email_addresses", "values": one} for one in people_],
            )
        case "activate", slug:
            store.activate(slug)


def run(store: Store, script: list[Any]) -> list[str]:
    """Each step in its transaction; what was refused is part of the outcome."""
    refused = []
    for step in script:
        try:
            with store.transaction():
                perform(store, step)
        except RefusedError as refusal:
            refused.append(refusal.message)
        while BatchWorker(store).work() is not None:
            continue
    return refused


@settings(max_examples=40)
@given(steps)
def test_any_writes_leave_the_same_in_memory_and_in_a_file_after_a_restart(script: list[Any]) -> None:
    outcomes = []
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        for location in (":memory:", Path(folder) / "s.db"):
            numbers = itertools.count()
            patch.setattr(ids.os, "urandom", lambda size, numbers=numbers: next(numbers).to_bytes(size, "big"))
            moments = itertools.count(1_700_000_000)
            options = Options(limits=NO_LIMITS, clock=lambda moments=moments: float(next(moments)))
            store = Store(location, options)
            refused = run(store, script)
            before = export_from(store.db)
            if isinstance(location, Path):
                store.close()
                store = Store(location, options)
            assert export_from(store.db) == before
            store.close()
            outcomes.append((refused, before))
    assert outcomes[0] == outcomes[1]


def test_an_export_comes_back_exactly(tmp_path: Path, http_to: Any) -> None:
    with embedded(tmp_path / "one.db", token="t", options=Options(limits=NO_LIMITS)) as url:
        ask = http_to(url)
        ask("POST", "/objects/companies/records", {"data": {"values": {"domains": ["example.com"]}}})
        ask("POST", "/objects/people/records", {"data": {"values": {"company": "example.com"}}})
        there = ask("POST", "/objects/people/records/query", {}).json()
    document = json.loads(json.dumps(export_workspace(tmp_path / "one.db")))
    import_workspace(tmp_path / "two.db", document)
    with embedded(tmp_path / "two.db", token="t", options=Options(limits=NO_LIMITS)) as url:
        assert http_to(url)("POST", "/objects/people/records/query", {}).json() == there
    seeded = Store(":memory:", Options(seed=document))
    grow(seeded, document)
    assert seeded.schema.workspace_id == there["data"][0]["id"]["workspace_id"]
    seeded.close()


def test_a_seed_is_made_of_requests() -> None:
    seed = {
        "activate": ["users"],
        "requests": [
            {"method": "POST", "path": "/v2/objects/companies/records", "body": {"data": {"values": {"name": "One"}}}},
            {
                "method": "put",
                "path": "/v2/objects/people/records?matching_attribute=email_addresses",
                "body": {"data": {"values": {"email_addresses": ["ada@example.com"]}}},
            },
        ],
    }
    with embedded(":memory:", token="t", options=Options(limits=NO_LIMITS, seed=seed)) as url:
        headers = {"authorization": "Bearer t"}
        assert httpx.get(f"{url}/v2/objects/users", headers=headers, timeout=60).status_code == 200
        found = httpx.post(f"{url}/v2/objects/people/records/query", json={}, headers=headers, timeout=60)
        assert len(found.json()["data"]) == 1


@pytest.mark.parametrize(
    ("seed", "said"),
    [
        ([], "a seed has the keys `activate` and `requests`, or is an export"),
        ({"tables": {}}, "the document is no export of a sandbox"),
        ({"requests": [{}]}, "seed request 1 needs `method` and `path`, and a `body` where one is sent"),
        ({"requests": [{"method": "GET", "path": "/v2/x"}]}, "the seed asks for an unknown endpoint: GET /v2/x"),
        (
            {"requests": [{"method": "GET", "path": "/v2/objects/x"}]},
            'seed request 1 is refused: Object with slug/ID "x" not found. [not_found]',
        ),
    ],
)
def test_a_wrong_seed_says_what_is_wrong(seed: Any, said: str) -> None:
    store = Store(":memory:", Options())
    with pytest.raises(DocumentError) as raised:
        grow(store, seed)
    assert raised.value.what == said
    store.close()


def test_a_file_of_the_version_before_is_opened_and_its_waiting_batch_carried_out(tmp_path: Path) -> None:
    db = tmp_path / "sandbox.db"
    store = Store(db, Options())
    batch = [{"object": "companies", "matching_attribute": "domains", "values": {"domains": "old.example.com"}}]
    accept(store, Actor("api-token", "00000000-0000-4000-8000-00000000000a"), batch)
    execute = store.db.connection.execute
    execute("ALTER TABLE batches ADD COLUMN body BLOB")
    execute("UPDATE batches SET body = (SELECT body FROM batch_bodies)")
    execute("DROP TABLE batch_bodies")
    execute("PRAGMA user_version = 1")
    store.close()

    store = Store(db, Options())
    assert BatchWorker(store).work() == 0.0
    assert store.db.row("SELECT COUNT(*) FROM unique_values WHERE value = 'old.example.com'") == (1,)
    assert store.db.rows("SELECT * FROM batch_bodies") == []
    store.close()


def test_a_file_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    db = tmp_path / "sandbox.db"
    store = Store(db, Options())
    store.db.connection.execute("PRAGMA user_version = 99")
    store.close()
    with pytest.raises(StorageError, match="has version 99"):
        Store(db, Options())
