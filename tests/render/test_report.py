"""The report of an apply says of every change that was not done why."""

from __future__ import annotations

from plans import add, attribute

from attio_ctl.apply.outcomes import Applied, NotAttempted, Report
from attio_ctl.plan.changes import Blocked, Create
from attio_ctl.render.terminal import render_report
from attio_ctl.render.text import Style

INTERRUPTED = "the run was interrupted"
LOST = "this run lost its lease; `grace@ci` holds the workspace now"


def changes(count: int) -> tuple[Create, ...]:
    return tuple(add(attribute(f"vehicles.a{number}")) for number in range(count))


def report(*outcomes: Applied | NotAttempted, stopped_by: str | None = None) -> str:
    return render_report(Report("r_1", outcomes, writes=0, stopped_by=stopped_by), Style(width=80))


def test_an_interrupted_run_is_not_said_to_wait_for_what_is_blocked() -> None:
    done, *rest = changes(4)
    text = report(Applied(done), *(NotAttempted(change, INTERRUPTED) for change in rest))

    assert "3 not attempted: the run was interrupted\n" in text
    assert "blocked" not in text


def test_a_lost_lease_names_who_has_it() -> None:
    text = report(*(NotAttempted(change, LOST) for change in changes(2)), stopped_by=LOST)

    assert f"2 not attempted: {LOST}" in " ".join(text.split())


def test_what_was_not_attempted_is_counted_by_reason() -> None:
    """What is blocked itself has a line of its own, with its way out."""
    one, two, three = changes(3)
    users = attribute("users.plan").top
    blocked = Blocked(
        address=users, reason="needs_activation", why="`users` is not active", way_out="activate it", absent=True
    )
    needs = f"it needs `{users}`: `users` is not active"
    text = report(
        NotAttempted(blocked, blocked.why),
        NotAttempted(one, needs),
        NotAttempted(two, INTERRUPTED),
        NotAttempted(three, INTERRUPTED),
    )

    assert [row.split("#")[1].strip() for row in text.splitlines() if "not attempted:" in row] == [
        f"1 not attempted: {needs}",
        f"2 not attempted: {INTERRUPTED}",
    ]
    assert text.count("`users` is not active") == 2
