"""`deliver` over each of its transports, from the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from servers import attio, head

Run = Callable[..., Result]
Write = Callable[..., Path]

PEOPLE = """
    mappings:
      note:
        action: assert-record
        object: people
        match: email_addresses
        when: type = "track"
        values: {email_addresses: $.email, description: $.note}
        batch: BATCH
"""


def events(project: Path, count: int) -> None:
    lines = [
        {"type": "track", "event": "Noted", "messageId": f"m{n}", "email": f"p{n}@example.com", "note": f"n{n}"}
        for n in range(count)
    ]
    (project / "events.ndjson").write_text("".join(json.dumps(line) + "\n" for line in lines))


def account(result: Result) -> dict[str, Any]:
    return dict(json.loads(result.stdout[result.stdout.index("{") :]))


@pytest.mark.parametrize(
    ("batch", "options", "writes"),
    [
        ("false", (), 20),
        ("true", (), 1),
        ("false", ("--transport", "batch", "--batch-size", "5"), 4),
        ("true", ("--transport", "documented"), 20),
        ("true", ("--transport", "simple"), 20),
    ],
)
def test_a_mapping_or_an_option_says_which_way_records_go(
    attio_ctl: Run, write: Write, project: Path, token: str, batch: str, options: tuple[str, ...], writes: int
) -> None:
    events(project, 20)
    with attio(project) as url:
        write(PEOPLE.replace("BATCH", batch), head=head(url))
        done = account(attio_ctl("deliver", "--events", "events.ndjson", *options, "--no-verify", "--json-into", "-"))
        again = account(attio_ctl("deliver", "--events", "events.ndjson", *options, "--json-into", "-"))

    assert (done["delivered"], done["writes"], done["requests"]) == (20, 20, writes)
    assert (again["duplicate"], again["requests"]) == (20, 0)


def test_an_endpoint_that_is_not_there_is_said_once_and_nothing_else_changes(
    attio_ctl: Run, write: Write, project: Path, token: str
) -> None:
    events(project, 20)
    gone = {"path": "/v2/batch/records", "every": 1, "status": 404}
    with attio(project, gone) as url:
        write(PEOPLE.replace("BATCH", "true"), head=head(url))
        result = attio_ctl("deliver", "--events", "events.ndjson", "--batch-size", "5", "--json-into", "-")

    assert account(result)["delivered"] == 20
    assert result.stderr.count("fell back from batch to simple: PUT /v2/batch/records: Attio answered 404") == 1
