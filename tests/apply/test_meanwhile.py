"""What is told of changes that somebody else made during an apply, and what is kept of what was written."""

from __future__ import annotations

import json
from dataclasses import replace

from plans import add, archive, attribute, delete, retitle

from attio_ctl.address import Address
from attio_ctl.apply.meanwhile import found_in_answer, with_later_changes, written_by
from attio_ctl.apply.outcomes import Applied, Failed
from attio_ctl.plan.changes import Change
from attio_ctl.state.resource import Resource, State
from attio_ctl.state.sealing import is_sealed

PLAN = attribute("users.plan")


def live(address: Address = PLAN, *, archived: bool = False, **fields: object) -> Resource:
    return Resource(address, {"title": "Plan", "description": None, **fields}, {"attribute_id": "1"}, archived=archived)


def done(change: Change) -> Applied:
    return Applied(change, ids={"attribute_id": "1", "object_id": "9"})


def test_an_answer_that_shows_what_was_written_and_what_was_there_tells_nothing() -> None:
    change = retitle(PLAN, "Plan", "Tier")

    assert found_in_answer(change, live(), live(title="Tier")) == ()
    assert found_in_answer(change, None, None) == ()
    assert found_in_answer(archive(PLAN), live(), live(archived=True)) == ()


def test_an_answer_tells_of_fields_that_nobody_here_has_written_without_their_values() -> None:
    told = found_in_answer(retitle(PLAN, "Plan", "Tier"), live(), live(title="Tier", description="secret"))

    assert told == ("`description` is not what it was: somebody, or Attio itself, changed it at the same time",)


def test_what_came_after_the_last_write_is_told_with_that_write() -> None:
    outcomes = [done(add(PLAN)), done(retitle(PLAN, "plan", "Tier"))]
    found = with_later_changes(outcomes, State(resources={PLAN: live(title="Mine", type="text")}))

    assert [outcome.meanwhile for outcome in found if isinstance(outcome, Applied)] == [
        (),
        ('`title` is `"Mine"`, and `"Tier"` was written: somebody, or Attio itself, changed it at the same time',),
    ]


def test_what_is_gone_is_told_unless_the_plan_deletes_it() -> None:
    nothing = State(resources={})
    change = done(retitle(PLAN, "Plan", "Tier"))
    deletion = done(replace(delete(Address.root("object", "cars")), takes_along=(PLAN,)))
    (told,) = with_later_changes([change], nothing)

    assert isinstance(told, Applied)
    assert told.meanwhile == ("somebody deleted it at the same time",)
    assert with_later_changes([change, deletion], nothing) == (change, deletion)


def test_a_value_from_the_environment_is_neither_shown_nor_kept() -> None:
    change = replace(retitle(PLAN, "old-secret", "new-secret"), sealed=("title",))
    (told,) = with_later_changes([done(change)], State(resources={PLAN: live(title="other-secret")}))

    assert isinstance(told, Applied)
    assert "secret" not in "".join(told.meanwhile)
    assert "(hidden)" in told.meanwhile[0]
    assert is_sealed(written_by([told])[PLAN]["title"])
    assert "secret" not in json.dumps({str(a): fields for a, fields in written_by([told]).items()})


def test_what_failed_has_written_nothing() -> None:
    assert written_by([Failed(add(PLAN), "no")]) == {}
