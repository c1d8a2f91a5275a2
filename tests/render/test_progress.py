"""How a delivery that is under way looks."""

from __future__ import annotations

import pytest

from attio_ctl.attio.limiter import Limits
from attio_ctl.attio.messages import Usage
from attio_ctl.delivery.account import NOTHING, Account
from attio_ctl.delivery.outcome import Progress
from attio_ctl.render.progress import ETA_AFTER, Moment, progress_bar, progress_line, rough_duration
from attio_ctl.render.text import Style

READING = Moment(Progress(NOTHING, 50_000), Progress(NOTHING), 2.0, Limits())
SENDING = Moment(
    Progress(NOTHING, 3_000, writes=340, records=6_000, done=360, usage=Usage(writes=350, throttled=2), dead=4),
    Progress(NOTHING, 3_000, writes=100, records=6_000, done=120, usage=Usage(writes=110)),
    10.0,
    Limits(),
)
IDLE = Moment(Progress(Account(read=9, delivered=9)), Progress(Account(read=9, delivered=9)), 10.0, Limits())


def test_a_log_tells_all_of_it_in_one_line() -> None:
    assert progress_line(READING) == "50,000 events read, 25,000/s"
    assert progress_line(SENDING) == (
        "3,000 events read, 360 of 6,000 records, 24.0 writes/s (96% of the limit), 4 min left, "
        "2 times 429, 4 dead letters"
    )
    assert progress_line(IDLE) == "9 events read"


@pytest.mark.parametrize("moment", [READING, SENDING, IDLE])
@pytest.mark.parametrize("width", [40, 80, 120])
def test_a_bar_never_breaks_its_line(moment: Moment, width: int) -> None:
    assert len(progress_bar(moment, Style(width=width))) < width


def test_a_bar_of_80_columns_has_share_rate_limit_and_time_left() -> None:
    assert progress_bar(SENDING, Style(width=80)) == (
        "░░░░░░░░ 6%  360/6,000 records  24.0 writes/s  96% of limit  4 min left"
    )


def test_what_is_spilled_and_counted_twice_never_shows_more_than_all() -> None:
    late = Moment(Progress(NOTHING, 1, records=10, done=12), Progress(NOTHING), ETA_AFTER, Limits())

    assert (late.share, late.left) == (1.0, 0)


def test_nothing_is_said_of_a_pace_that_is_not_known() -> None:
    begun = Moment(Progress(NOTHING, 1, records=10), Progress(NOTHING), 0.0, Limits())

    assert (begun.left, begun.writes, begun.limit_use) == (None, 0.0, 0.0)


REFUSED = Progress(
    NOTHING,
    40,
    records=40,
    is_estimate=True,
    usage=Usage(writes=9, retries=6, throttled=4, failed=3, unanswered=1),
    dead=1,
)


def test_while_all_requests_fail_it_says_that_it_sends_and_what_they_fail_of() -> None:
    moment = Moment(REFUSED, REFUSED, 0.0, Limits())

    assert progress_line(moment) == (
        "40 events read, sending 0 of ~40 records, 4 times 429, 3 times 5xx, 1 time no answer, 6 retries, 1 dead letter"
    )
    assert progress_bar(moment, Style(width=80)) == (
        "░░░░░░░░ 0%  0/~40 records  sending  4 times 429  3 times 5xx  1 time no answer"
    )


@pytest.mark.parametrize(("seconds", "left"), [(1.0, None), (ETA_AFTER, 27.0)])
def test_how_long_it_takes_is_told_after_some_seconds_of_sending(seconds: float, left: float | None) -> None:
    moment = Moment(Progress(NOTHING, 1, records=10, done=1), Progress(NOTHING, 1, records=10), seconds, Limits())

    assert moment.left == left


def test_one_is_told_as_one() -> None:
    one = Progress(NOTHING, 1, records=1, usage=Usage(writes=1, retries=1, throttled=1), dead=1)

    assert progress_line(Moment(one, one, 0.0, Limits())) == (
        "1 event read, sending 0 of 1 record, 1 time 429, 1 retry, 1 dead letter"
    )


@pytest.mark.parametrize(("seconds", "text"), [(0.4, "under 1 s"), (12, "12 s"), (200, "3 min"), (9_000, "2.5 h")])
def test_a_span_is_told_in_the_unit_that_people_use(seconds: float, text: str) -> None:
    assert rough_duration(seconds) == text
