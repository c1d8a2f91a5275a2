"""How a plan is judged for review: the class of each change, and one word for the whole."""

from __future__ import annotations

from typing import Final, Literal

from attio_ctl.plan.changes import Blocked, Change
from attio_ctl.plan.model import Plan, risk_of
from attio_ctl.render.view import Group, group_changes

Class = Literal["destructive", "breaking", "blocked", "additive"]
CLASSES: Final[tuple[Class, ...]] = ("destructive", "breaking", "blocked", "additive")
"""In the order in which a reviewer should look at them."""

MEANINGS: Final[dict[Class, str]] = {
    "destructive": "hides or deletes data",
    "breaking": "may refuse what went through before, or moves a name that others use",
    "blocked": "cannot be done as things are",
    "additive": "adds, and takes nothing away",
}

PlanVerdict = Literal["Failed", "Destructive", "Blocked", "Changes", "No changes"]


def class_of(change: Change) -> Class:
    """Where a change stands in a review."""
    return "blocked" if isinstance(change, Blocked) else risk_of(change)


def groups_of(plan: Plan, kind: Class) -> tuple[Group, ...]:
    """The changes of one class by resource."""
    return group_changes(plan, [change for change in plan.changes if class_of(change) == kind])


def verdict(plan: Plan) -> PlanVerdict:
    """One word for the whole plan, the gravest that holds."""
    if plan.incomplete or any(problem.severity == "error" for problem in plan.checks):
        return "Failed"
    if any(risk_of(change) == "destructive" for change in plan.doable):
        return "Destructive"
    if plan.blocked or plan.held_by:
        return "Blocked"
    return "Changes" if plan.changes else "No changes"
