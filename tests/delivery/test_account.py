"""The identity: every event that was read has one verdict."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attio_ctl.delivery.account import NOTHING, VERDICTS, Account
from attio_ctl.delivery.verdicts import DUPLICATE, LIVE, MAPPED, REFUSED, UNREADABLE, UNSENT, Marks

some_marks = st.lists(st.integers(0, 2 * UNREADABLE - 1), max_size=20)


def marked(found: list[int]) -> Marks:
    marks = Marks()
    for event, mark in enumerate(found):
        marks.extend(bytes([mark & ~UNSENT]))
        if mark & UNSENT:
            marks.leave(event)
    return marks


def test_an_account_whose_verdicts_do_not_add_up_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="3 events were read"):
        Account(read=3, delivered=1, filtered=1)


@given(some_marks, st.integers(0, 20))
def test_accounts_of_parts_add_up_to_the_account_of_the_whole(found: list[int], cut: int) -> None:
    marks = marked(found)

    assert marks.account(0, cut) + marks.account(cut) + NOTHING == marks.account()


def test_the_first_unreadable_timestamp_of_the_whole_is_that_of_its_first_part() -> None:
    parts = [
        Account(read=1, filtered=1, unreadable_timestamps=n, first_unreadable_timestamp=f"{n}:1" if n else "")
        for n in (0, 2, 1)
    ]

    whole = sum(parts, NOTHING)

    assert (whole.unreadable_timestamps, whole.first_unreadable_timestamp) == (3, "2:1")


@given(some_marks)
def test_an_account_survives_json(found: list[int]) -> None:
    account = marked(found).account() + Account(codes={"invalid_email": 2})

    assert Account.from_json(account.as_json()) == account


@pytest.mark.parametrize(
    ("marks", "verdict"),
    [
        (0, "filtered"),
        (MAPPED, "superseded"),
        (MAPPED | LIVE, "delivered"),
        (MAPPED | LIVE | REFUSED, "dead_lettered"),
        (MAPPED | LIVE | UNSENT, "pending"),
        (DUPLICATE, "duplicate"),
    ],
)
def test_what_became_of_an_event_is_read_off_its_marks(marks: int, verdict: str) -> None:
    account = marked([marks]).account()

    assert {each: getattr(account, each) for each in VERDICTS if getattr(account, each)} == {verdict: 1}


def test_while_anything_is_unsent_no_dead_letter_counts_since_none_is_kept() -> None:
    assert marked([REFUSED, UNSENT]).account() == Account(read=2, pending=2)
