"""The generated week: reproducible, as large as wanted, and as bad as real streams are."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import phonenumbers
import pytest
from email_validator import validate_email

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "workspaces" / "demo" / "events.ndjson"
GENERATOR = ROOT / "bench" / "generate_events.py"


def run(*arguments: str) -> bytes:
    """What the generator prints."""
    return subprocess.run([sys.executable, str(GENERATOR), *arguments], check=True, capture_output=True).stdout


def parsed(line: bytes) -> dict[str, Any] | None:
    """The event of a line, None where the line is broken."""
    try:
        event = json.loads(line)
    except json.JSONDecodeError:
        return None
    assert isinstance(event, dict)
    return event


@pytest.fixture(scope="module")
def events() -> list[dict[str, Any]]:
    """The sound lines of the demo's events."""
    return [event for line in DEMO.read_bytes().splitlines() if (event := parsed(line)) is not None]


def test_the_demos_events_are_what_the_generator_makes() -> None:
    made = run("--events", "2000", "--users", "120", "--seed", "7")
    assert made == DEMO.read_bytes(), "python bench/generate_events.py --events 2000 --users 120 --seed 7"
    assert len(made) < 1_000_000


def test_another_seed_gives_another_week() -> None:
    assert run("--events", "50", "--seed", "1") != run("--events", "50", "--seed", "2")


def test_lines_are_padded_to_the_size_asked_for() -> None:
    sizes = [len(line) for line in run("--events", "300", "--bytes", "1000").splitlines() if parsed(line)]
    assert 990 <= sorted(sizes)[len(sizes) // 2] <= 1010


def test_every_user_signs_up_with_an_identify(events: list[dict[str, Any]]) -> None:
    users = {event.get("userId") for event in events if event["type"] == "identify"}
    assert len(users - {None}) >= 115


def test_all_kinds_of_events_occur(events: list[dict[str, Any]]) -> None:
    kinds = Counter(event["type"] for event in events)
    names = {event.get("event") for event in events}

    assert set(kinds) == {"identify", "group", "track", "page", "screen", "alias"}
    assert {"Subscription Started", "Subscription Changed", "Subscription Cancelled"} <= names
    assert {"Report Viewed", "Dashboard Created", "Demo Requested", "Signed Up"} <= names


def test_all_kinds_of_faults_occur(events: list[dict[str, Any]]) -> None:
    lines = DEMO.read_bytes().splitlines()
    ids = Counter(event["messageId"] for event in events)
    text = DEMO.read_text()
    times = [event["timestamp"] for event in events if "timestamp" in event]

    assert any(parsed(line) is None for line in lines), "a broken line"
    assert max(ids.values()) > 1, "a repeated message"
    assert times != sorted(times), "events out of order"
    assert len(times) < len(events), "an event whose time the reader has to correct"
    assert any("integrations" in event for event in events), "an event that is not for Attio"
    assert any(event["type"] == "identify" and "userId" not in event for event in events), "an identify of nobody"
    assert '"Platinum"' in text, "an unknown option"
    assert '"a few"' in text, "a text where a number belongs"
    assert '"n/a"' in text or "@@" in text, "a bad e-mail address"


def test_the_sound_values_are_sound(events: list[dict[str, Any]]) -> None:
    """E-mail addresses and phone numbers that are not faults on purpose would be taken by Attio."""
    traits = [event["traits"] for event in events if event["type"] == "identify"]
    for address in {one["email"] for one in traits if str(one["email"]).lower().endswith(".example.com")}:
        if "@@" not in address and " at " not in address:
            validate_email(address, check_deliverability=False)
    for phone in {one["phone"] for one in traits if "phone" in one}:
        assert phonenumbers.is_valid_number(phonenumbers.parse(phone))
