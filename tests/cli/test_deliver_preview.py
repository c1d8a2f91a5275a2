"""`deliver --dry-run`: what it foresees is what the delivery then does, and it writes nothing."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import Result
from delivered import event, lines, summary
from servers import TOKEN, attio, create_records, head

from attio_ctl.cli.previewing import scratch_of
from attio_ctl.cli.wiring import load_workspace, state_directory

Run = Callable[..., Result]
Write = Callable[..., Path]
DELIVER = ("deliver", "--events", "events.ndjson", "--json-into", "account.json")

MAPPINGS = """
    objects:
      people:
        attributes:
          tags: {type: select, title: Tags, multiselect: true, options: [red, green]}
    mappings:
      note:
        action: assert-record
        object: people
        match: email_addresses
        when: type = "track"
        values: {email_addresses: $.email, description: $.note, job_title: $.title, tags: $.tags, company: $.domain}
      company:
        action: assert-record
        object: companies
        match: domains
        when: type = "group"
        values: {domains: $.domain, name: $.name}
"""


def account(project: Path) -> dict[str, Any]:
    return dict(json.loads((project / "account.json").read_text()))


def requests_of(url: str) -> list[dict[str, Any]]:
    """The writes that reached the sandbox, oldest first."""
    bearer = {"authorization": f"Bearer {TOKEN}"}
    answer = httpx.get(f"{url}/_sandbox/requests", params={"limit": 500}, headers=bearer, trust_env=False, timeout=60)
    found = answer.json()["data"]
    return [each for each in reversed(found) if each["method"] in ("PUT", "PATCH", "POST", "DELETE")]


def history() -> list[Any]:
    """12 events of 6 people, 2 of a company, one that nothing takes and one that is broken."""
    return [
        {"type": "group", "messageId": "g1", "timestamp": "2026-01-01T00:00:00Z", "domain": "acme.com", "name": "A"},
        {"type": "group", "messageId": "g2", "timestamp": "2026-01-01T00:00:01Z", "domain": "acme.com", "name": "Acme"},
        *({**event(n, who=n % 6), "tags": ["red"] if n % 2 else None, "domain": "acme.com"} for n in range(12)),
        {"type": "page", "messageId": "x"},
        b"broken",
    ]


@pytest.mark.parametrize("way", ["documented", "simple", "batch"])
def test_what_it_foresees_is_what_the_delivery_then_does(
    attio_ctl: Run, write: Write, project: Path, token: str, way: str
) -> None:
    (project / "events.ndjson").write_bytes(lines(history()))
    with attio(project) as url:
        write(MAPPINGS, head=head(url))
        attio_ctl("apply", "--auto-approve")
        before = len(requests_of(url))
        seen = attio_ctl(*DELIVER, "--transport", way, "--dry-run", "--requests", "requests.ndjson")
        assert len(requests_of(url)) == before
        foreseen = account(project)
        attio_ctl(*DELIVER, "--transport", way)
        made = requests_of(url)[before:]
    done = account(project)
    planned = [json.loads(line) for line in (project / "requests.ndjson").read_text().splitlines()]

    same = ("read", "delivered", "duplicate", "superseded", "filtered", "dead_lettered", "pending", "writes", "codes")
    assert {name: foreseen[name] for name in same} == {name: done[name] for name in same}
    assert Counter(each["method"] for each in planned) == Counter(each["method"] for each in writes(made))
    assert sum(n for kind, n in foreseen["requests_by_kind"].items() if kind != "query") == len(planned)
    assert TOKEN not in (project / "requests.ndjson").read_text() + seen.stdout
    assert "/s" not in summary(seen)
    assert "events.ndjson:16: the line is no JSON" in seen.stdout
    assert "dead-letters list" not in seen.stdout


def writes(made: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [each for each in made if not each["path"].endswith("/query")]


def test_the_requests_are_those_of_the_wire_with_a_place_for_ids(attio_ctl: Run, write: Write, project: Path) -> None:
    write(MAPPINGS)
    attio_ctl("apply", "--auto-approve")
    (project / "events.ndjson").write_bytes(lines([{**event(1), "tags": ["red"]}]))
    attio_ctl(*DELIVER, "--dry-run", "--requests", "requests.ndjson")

    assert [json.loads(line) for line in (project / "requests.ndjson").read_text().splitlines()] == [
        {
            "method": "PUT",
            "path": "/v2/objects/people/records",
            "query": {"matching_attribute": "email_addresses"},
            "body": {
                "data": {
                    "values": {
                        "email_addresses": [{"email_address": "p1@example.com"}],
                        "description": [{"value": "n1"}],
                    }
                }
            },
        },
        {
            "method": "PATCH",
            "path": "/v2/objects/people/records/{record_id}",
            "query": {},
            "body": {"data": {"values": {"tags": [{"option": "red"}]}}},
        },
    ]


def test_a_diff_shows_each_attribute_against_what_is_in_attio_now(
    attio_ctl: Run, write: Write, project: Path, token: str
) -> None:
    """Two events on one attribute are both named, the one that counts last; records that stand are only counted."""
    (project / "events.ndjson").write_bytes(
        lines(
            [
                {**event(1, who=0), "title": "CTO"},
                {**event(2, who=0), "title": "CEO"},
                {**event(3, who=1, note="here"), "tags": ["red"]},
                {**event(4, who=2), "title": "New\x1b[31m"},
            ]
        )
    )
    with attio(project) as url:
        write(MAPPINGS, head=head(url))
        attio_ctl("apply", "--auto-approve")
        create_records(
            url,
            "people",
            [
                {"email_addresses": ["p0@example.com"], "job_title": "CTO", "description": "n2"},
                {"email_addresses": ["p1@example.com"], "description": "here", "tags": ["red"]},
            ],
        )
        before = len(requests_of(url))
        shown = attio_ctl(*DELIVER, "--dry-run", "--diff", "10").stdout
        queries = [each for each in requests_of(url)[before:] if each["path"].endswith("/query")]
        fewer = attio_ctl(*DELIVER, "--dry-run", "--diff", "1").stdout

    assert '  ~  people[p0@example.com].job_title "CTO" → "CEO" (events 1, 2)' in shown.splitlines()
    assert '  +  people[p2@example.com].description → "n4" (event 4)' in shown.splitlines()
    assert "people[p1@example.com]" not in shown
    assert "1 of them stands there already" in shown
    assert "\x1b" not in shown
    assert len(queries) == 1
    assert "# the first record against" in fewer


def test_a_diff_has_the_first_records_of_the_input_in_its_order(attio_ctl: Run, write: Write, project: Path) -> None:
    """They are sent in another one, and by object."""
    write(MAPPINGS)
    attio_ctl("apply", "--auto-approve")
    company = {"type": "group", "messageId": "g", "domain": "c.com", "name": "C"}
    (project / "events.ndjson").write_bytes(lines([event(3), event(1), company, event(2), event(0)]))

    shown = attio_ctl(*DELIVER, "--dry-run", "--diff", "4").stdout
    records = re.findall(r"  \+  \w+\[(.+?)\]", shown)

    assert list(dict.fromkeys(records)) == ["p3@example.com", "p1@example.com", "c.com", "p2@example.com"]


def test_a_long_value_in_a_diff_is_cut_to_a_line_with_how_much_is_left_out(
    attio_ctl: Run, write: Write, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A value from the environment is taken out first: no half of it is left at the cut."""
    secret = "s3cr3t-" * 8
    monkeypatch.setenv("SECRET", secret)
    write(MAPPINGS.replace("$.note", '"{{note}} ${SECRET}"').replace("$.title", '"{{title}} ${SECRET}"'))
    attio_ctl("apply", "--auto-approve")
    (project / "events.ndjson").write_bytes(lines([{**event(1, note="n" * 5_000), "title": "t" * 40}]))

    shown = attio_ctl(*DELIVER, "--dry-run", "--diff", "1").stdout.partition("# nothing was written")[0]

    assert "nnn… (4,9" in " ".join(shown.split())
    assert all(len(line) <= 80 for line in shown.splitlines())
    assert "s3cr3t" not in shown
    assert "${SECRET}" in shown


def test_a_diff_of_few_records_has_some_of_each_object(attio_ctl: Run, write: Write, project: Path) -> None:
    write(MAPPINGS)
    attio_ctl("apply", "--auto-approve")
    companies = [{"type": "group", "messageId": f"g{n}", "domain": f"c{n}.com", "name": f"C{n}"} for n in range(2)]
    (project / "events.ndjson").write_bytes(lines([*(event(n) for n in range(10)), *companies]))

    shown = attio_ctl(*DELIVER, "--dry-run", "--diff", "5").stdout
    records = set(re.findall(r"(\w+)\[(.+?)\]", shown.partition("nothing was written")[0]))

    assert "# 5 records, the first of each object, against what is in Attio now" in shown
    assert Counter(each for each, _ in records) == {"companies": 2, "people": 3}


def test_all_dead_letters_of_a_preview_can_be_written_down(attio_ctl: Run, write: Write, project: Path) -> None:
    write(MAPPINGS)
    attio_ctl("apply", "--auto-approve")
    (project / "events.ndjson").write_bytes(lines({**event(n), "email": f"x{n}"} for n in range(12)))

    shown = attio_ctl(*DELIVER, "--dry-run", "--dead-letters", "letters.ndjson").stdout
    attio_ctl(*DELIVER)
    kept = [json.loads(line) for line in (project / "letters.ndjson").read_text().splitlines()]
    left = attio_ctl("dead-letters", "list", "--format", "json").stdout.splitlines()

    assert "… and 7 more; `--dead-letters FILE` writes all of them down" in shown
    assert kept == [json.loads(line) for line in left]
    assert len(kept) == 12


def test_what_a_preview_cannot_hold_goes_where_that_of_a_delivery_does(
    attio_ctl: Run, write: Write, project: Path
) -> None:
    write(MAPPINGS)
    attio_ctl("apply", "--auto-approve")
    loaded = load_workspace("acme")
    before = scratch_of(loaded)
    (project / "events.ndjson").write_bytes(lines([event(1)]))
    attio_ctl(*DELIVER)

    assert before is None
    assert scratch_of(loaded) == state_directory(loaded)


def test_a_reason_is_told_whole_however_narrow_the_terminal_is(
    attio_ctl: Run, write: Write, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last words of a reason are what to do about it."""
    monkeypatch.setenv("COLUMNS", "60")
    write(MAPPINGS)
    attio_ctl("apply", "--auto-approve")
    (project / "events.ndjson").write_bytes(lines([{**event(1), "email": "nobody"}]))

    head = attio_ctl(*DELIVER).stdout.partition("Deliver:")[0]

    assert "an email address must have an @-sign" in " ".join(head.split())
    assert all(len(line) <= 60 for line in head.splitlines())


def test_a_preview_leaves_no_trace_that_a_delivery_could_see(attio_ctl: Run, write: Write, project: Path) -> None:
    write(MAPPINGS)
    attio_ctl("apply", "--auto-approve")
    (project / "events.ndjson").write_bytes(lines(history()))
    attio_ctl(*DELIVER, "--dry-run")
    assert "Nothing was delivered" in attio_ctl("deliver", "status").stdout

    attio_ctl(*DELIVER)
    again = attio_ctl(*DELIVER, "--dry-run")

    assert summary(again).startswith("Preview: 16 read = 0 delivered + 16 duplicate")
    assert len(json.loads(attio_ctl("deliver", "status", "--json").stdout)["runs"]) == 1
