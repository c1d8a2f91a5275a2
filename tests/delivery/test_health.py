"""Whether deliveries go well: what counts, when it is told, and that its end is told once."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attio_ctl.delivery.account import Account
from attio_ctl.delivery.health import AlertThreshold, Health, LastRun, after, last_run, news

CLEAN = Account(read=2, delivered=2)
DEAD = Account(read=2, delivered=1, dead_lettered=1, codes={"invalid_email": 1})
BOTH = frozenset({"failed", "dead_letters"})


def run(n: int, *, error: str | None = None, account: Account = CLEAN, open_letters: int = 0) -> LastRun:
    code, letters = 14 if error else 0, max(open_letters, account.dead_lettered)
    return last_run(
        began_at=n * 60, ended_at=n * 60 + 5, exit_code=code, error=error, account=account, open_dead_letters=letters
    )


def told(runs: list[LastRun], threshold: AlertThreshold) -> tuple[Health, list[str]]:
    """The health in the end, and what was told on the way, by somebody who always hears."""
    health: Health | None = None
    words = []
    for each in runs:
        health = after(health, each, threshold)
        if word := news(health):
            words.append(word)
            health = replace(health, told=word == "failing")
    assert health is not None
    return health, words


def test_a_failure_is_told_once_it_has_lasted_and_its_end_once():
    bad = [run(n, error="no") for n in range(5)]
    health, words = told([run(0), *bad, run(6), run(7)], AlertThreshold(after=3))

    assert words == ["failing", "recovered"]
    assert (health.status, health.consecutive_failures, health.last_success) == ("ok", 0, run(7).ended_at)


def test_dead_letters_are_a_failure_for_those_who_say_so():
    letters = [run(n, account=DEAD) for n in range(3)]

    quiet, words = told(letters, AlertThreshold(after=2))
    assert (quiet.status, words) == ("degraded", [])
    assert told(letters, AlertThreshold(after=2, on=BOTH))[1] == ["failing"]


def test_while_dead_letters_are_open_nothing_has_recovered_from_them_and_nothing_grows_worse():
    duplicates = [run(n, account=Account(read=2, duplicate=2), open_letters=1) for n in range(2, 5)]
    health, words = told([run(1, account=DEAD), *duplicates], AlertThreshold(after=1, on=BOTH))

    assert (health.status, health.consecutive_failures, words) == ("failing", 1, ["failing"])
    assert told([run(1, account=DEAD), *duplicates, run(9)], AlertThreshold(after=1, on=BOTH))[1] == [
        "failing",
        "recovered",
    ]


def test_open_dead_letters_are_no_failure_where_they_do_not_count_as_one():
    health, words = told([run(1, error="no"), run(2, open_letters=1)], AlertThreshold(after=1))

    assert (health.status, words) == ("degraded", ["failing", "recovered"])


def test_a_document_of_an_older_version_can_be_read():
    document = told([run(1)], AlertThreshold())[0].as_json()
    del document["last_run"]["open_dead_letters"]

    assert Health.from_json(document).last_run.open_dead_letters == 0


def test_the_status_says_since_when():
    health, _ = told([run(0), run(1, error="no"), run(2, error="no"), run(3, error="no")], AlertThreshold(after=3))

    assert (health.status, health.since, health.failing_since) == ("failing", run(3).ended_at, run(1).ended_at)
    assert health.last_success == run(0).ended_at


@given(st.lists(st.sampled_from(["clean", "dead", "failed"]), min_size=1, max_size=30), st.integers(1, 5))
def test_failing_and_recovered_take_turns(kinds, threshold):
    made = {"clean": run(1), "dead": run(1, account=DEAD), "failed": run(1, error="no")}
    health, words = told([made[kind] for kind in kinds], AlertThreshold(after=threshold))

    assert words == ["failing", "recovered"] * (len(words) // 2) + ["failing"] * (len(words) % 2)
    assert health.told == (len(words) % 2 == 1)
    assert Health.from_json(json.loads(json.dumps(health.as_json()))) == health


@pytest.mark.parametrize("document", [{}, {"version": 9}, {"version": 1, "status": "ok"}])
def test_what_is_no_health_is_told_apart(document):
    with pytest.raises((KeyError, TypeError, ValueError)):
        Health.from_json(document)
