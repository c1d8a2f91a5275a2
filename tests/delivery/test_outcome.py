"""What a delivery ends with: a code for scripts, and what is wrong with it."""

from __future__ import annotations

import pytest

from attio_ctl.delivery.account import Account
from attio_ctl.delivery.outcome import Outcome, too_many_dead
from attio_ctl.errors import AttioCtlError, CredentialsError, Exit, PartialError, StorageError

WHOLE = Account(read=1, delivered=1)
LOST = Account(read=2, delivered=1, lost=1)


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        (Outcome(WHOLE, None, finished=True), Exit.DONE),
        (Outcome(WHOLE, None, finished=False), Exit.PARTIAL),
        (Outcome(WHOLE, PartialError("gone"), finished=False), Exit.PARTIAL),
        (Outcome(WHOLE, AttioCtlError("odd"), finished=False), Exit.PARTIAL),
        (Outcome(WHOLE, CredentialsError("dead"), finished=False), Exit.CREDENTIALS),
        (Outcome(WHOLE, StorageError("full"), finished=False), Exit.IO),
        (Outcome(LOST, None, finished=True), Exit.ERROR),
        (Outcome(LOST, PartialError("gone"), finished=False), Exit.PARTIAL),
    ],
)
def test_the_exit_code_tells_what_kind_of_end_it_was(outcome: Outcome, code: Exit) -> None:
    assert outcome.exit_code is code


def test_events_that_came_to_no_verdict_are_a_fault_and_said() -> None:
    fault = Outcome(LOST, None, finished=True).fault

    assert fault is not None
    assert fault.what == "1 of 2 events that were read came to no verdict"
    assert Outcome(WHOLE, None, finished=True).fault is None


@pytest.mark.parametrize(
    ("dead", "read", "said"),
    [(1, 1, "1 of 1 event is a dead letter, more than 5%: "), (2, 9, "2 of 9 events are dead letters, more than 5%: ")],
)
def test_one_dead_letter_of_one_event_is_told_as_one(dead: int, read: int, said: str) -> None:
    error = too_many_dead(dead, read, {"invalid_json": dead}, 0.05)

    assert error is not None
    assert error.what == f"{said}invalid_json {dead}"
