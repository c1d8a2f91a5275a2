"""How a delivery that is under way looks."""

from __future__ import annotations

import pytest

from attio_ctl.attio.limiter import Limits
from attio_ctl.attio.messages import Usage
from attio_ctl.delivery.account import NOTHING, Account
from attio_ctl.delivery.outcome import Progress
from attio_ctl.render.progress import Moment, progress_bar, progress_line, rough_duration
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
        "4 dead letters, 2 times 429"
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
    late = Moment(Progress(NOTHING, 1, records=10, done=12), Progress(NOTHING), 1.0, Limits())

    assert (late.share, late.left) == (1.0, 0)


def test_nothing_is_said_of_a_pace_that_is_not_known() -> None:
    begun = Moment(Progress(NOTHING, 1, records=10), Progress(NOTHING), 0.0, Limits())

    assert (begun.left, begun.writes, begun.limit_use) == (None, 0.0, 0.0)


@pytest.mark.parametrize(("seconds", "text"), [(0.4, "under 1 s"), (12, "12 s"), (200, "3 min"), (9_000, "2.5 h")])
def test_a_span_is_told_in_the_unit_that_people_use(seconds: float, text: str) -> None:
    assert rough_duration(seconds) == text
