"""The end of a delivery, as text."""

from __future__ import annotations

from attio_ctl.delivery.account import Account
from attio_ctl.delivery.dead_letters import DeadLetter
from attio_ctl.delivery.source import Line
from attio_ctl.render.delivery import account_line, render_account
from attio_ctl.render.text import Style

WIDE = Style(width=200)


def letter(code: str, reason: str) -> DeadLetter:
    return DeadLetter(Line("events.ndjson", 0, 2, 1, b"{}"), code, reason, "identify")


def test_of_retries_it_is_said_what_they_were_for():
    account = Account(read=2, delivered=2, writes=2, retries=6, throttled=3, failed=2, unanswered=1)

    assert account_line(account) == (
        "Deliver: 2 read = 2 delivered + 0 duplicate + 0 superseded + 0 filtered + 0 dead-lettered + 0 pending; "
        "2 writes, 6 retries (429 3, 5xx 2, no answer 1), 0 lost."
    )


def test_the_reason_of_one_dead_letter_is_not_told_as_that_of_all():
    account = Account(read=30, dead_lettered=30, codes={"invalid_json": 29, "unknown_option": 1})
    letters = [letter("invalid_json", "it ends at column 87"), letter("unknown_option", "`Gold` is no option")]
    text = render_account(account, letters, WIDE)

    assert "29 invalid_json    such as: it ends at column 87\n" in text
    assert "1 unknown_option  `Gold` is no option\n" in text


def test_of_stamps_in_the_future_it_is_said_what_counts_with_receipt_and_without():
    text = render_account(Account(read=1, delivered=1, clamped=1), [], WIDE)

    assert "1 event is stamped in the future: `receivedAt` counts instead, and without one the time at which" in text
