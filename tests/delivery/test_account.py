"""The identity: every event that was read has one verdict."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attio_ctl.delivery.account import NOTHING, VERDICTS, Account, tally

verdicts = st.lists(st.sampled_from(VERDICTS), max_size=20).map(lambda found: dict(enumerate(found)))


def test_an_account_whose_verdicts_do_not_add_up_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="3 events were read"):
        Account(read=3, delivered=1, filtered=1)


@given(verdicts, verdicts)
def test_accounts_of_parts_add_up_to_the_account_of_the_whole(a: dict, b: dict) -> None:
    whole = tally({**a, **{len(a) + n: verdict for n, verdict in b.items()}})

    assert tally(a) + tally(b) + NOTHING == whole


@given(verdicts)
def test_an_account_survives_json(found: dict) -> None:
    account = tally(found, clamped=1, codes={"invalid_email": 2})

    assert Account.from_json(account.as_json()) == account
