"""One event: recognised when it comes again, placed in time."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attio_ctl.delivery.events import UNTIMED, EventTime, Recogniser
from attio_ctl.delivery.events import event_time as time_of
from attio_ctl.mapping.fast.header import Header, head_of

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


def event_time(event: dict[str, Any], now: datetime) -> EventTime:
    head = head_of(event)
    assert isinstance(head, Header)
    return time_of(head, now)


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1_000_000)


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (
            {"timestamp": "2026-10-01T10:00:00Z", "originalTimestamp": "2020-01-01T00:00:00Z"},
            "2026-10-01T10:00:00+00:00",
        ),
        (
            {
                "originalTimestamp": "2026-10-01T09:00:00Z",
                "sentAt": "2026-10-01T09:00:05Z",
                "receivedAt": "2026-10-01T10:00:05Z",
            },
            "2026-10-01T10:00:00+00:00",
        ),
        ({"originalTimestamp": "2026-10-01T09:00:00Z"}, "2026-10-01T09:00:00+00:00"),
        ({"sentAt": "2026-10-01T09:00:00Z", "receivedAt": "2026-10-01T09:30:00Z"}, "2026-10-01T09:30:00+00:00"),
        ({"timestamp": "2026-10-01T09:30:00"}, "2026-10-01T09:30:00+00:00"),
        ({"timestamp": "2026-10-01T09:30:00.123456789Z"}, "2026-10-01T09:30:00.123456+00:00"),
    ],
)
def test_the_time_is_corrected_as_segment_does(event: dict[str, Any], expected: str) -> None:
    assert event_time(event, NOW) == EventTime(at(expected))


def test_clocks_that_are_put_back_in_autumn_do_not_turn_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wall time says 02:30 twice; the offset tells which comes first, and the machine's own zone says nothing."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    stamps = [
        "2026-10-25T02:59:59+02:00",
        "2026-10-25T02:30:00+01:00",
        "2026-10-25T01:30:01",
        "2026-10-25T03:00:00+01:00",
    ]
    moments = [event_time({"timestamp": stamp}, NOW).micros for stamp in stamps]
    monkeypatch.undo()
    time.tzset()

    assert moments == sorted(moments)
    assert moments[1] == at("2026-10-25T01:30:00+00:00")


def test_a_leap_second_is_flagged_and_the_other_stamps_count() -> None:
    event = {"timestamp": "2016-12-31T23:59:60Z", "receivedAt": "2017-01-01T00:00:01Z"}

    assert event_time(event, NOW) == EventTime(at("2017-01-01T00:00:01+00:00"), unreadable=True)


def test_an_event_without_a_time_is_older_than_all_others() -> None:
    assert event_time({}, NOW).micros == UNTIMED


@pytest.mark.parametrize("stamp", ["yesterday", "", 1_700_000_000, ["2026-10-01T09:30:00Z"]])
def test_a_timestamp_that_cannot_be_read_is_flagged_and_the_other_stamps_count(stamp: Any) -> None:
    event = {"timestamp": stamp, "receivedAt": "2026-10-01T09:30:00+02:00"}

    assert event_time(event, NOW) == EventTime(at("2026-10-01T07:30:00+00:00"), unreadable=True)
    assert event_time({"timestamp": stamp}, NOW) == EventTime(UNTIMED, unreadable=True)


@pytest.mark.parametrize("event", [{}, {"timestamp": None}, {"sentAt": "2026-10-01T09:30:00Z"}])
def test_an_event_that_has_no_timestamp_has_no_unreadable_one(event: dict[str, Any]) -> None:
    assert not event_time(event, NOW).unreadable


def test_a_stamp_from_the_future_is_clamped_to_its_receipt_and_flagged() -> None:
    event = {"timestamp": "2099-01-01T00:00:00Z", "receivedAt": "2026-10-31T00:00:00Z"}

    assert event_time(event, NOW) == EventTime(at("2026-10-31T00:00:00+00:00"), clamped=True)
    assert event_time({"timestamp": "2099-01-01T00:00:00Z"}, NOW) == EventTime(at("2026-11-01T12:00:00+00:00"), True)


def test_a_stamp_a_little_ahead_is_ordinary_skew() -> None:
    assert not event_time({"timestamp": "2026-11-01T12:05:00Z"}, NOW).clamped


stamps = st.text("0123456789-:TZ+.", max_size=30) | st.datetimes().map(datetime.isoformat) | st.integers()


@given(st.dictionaries(st.sampled_from(["timestamp", "originalTimestamp", "sentAt", "receivedAt"]), stamps))
def test_any_stamps_give_a_time_that_sqlite_can_hold(event: dict[str, Any]) -> None:
    assert -(2**63) <= event_time(event, NOW).micros < 2**63


def test_an_event_is_recognised_by_its_message_id_else_by_its_bytes_for_the_mappings_that_saw_it() -> None:
    recogniser = Recogniser(b"s")

    assert recogniser.by_message_id("m1") == Recogniser(b"s").by_message_id("m1")
    assert recogniser.by_message_id("m1") != recogniser.by_message_id("m2")
    assert recogniser.by_message_id("m1") != recogniser.by_bytes(b"m1")
    assert recogniser.by_message_id("m1") != Recogniser(b"t").by_message_id("m1")
