"""
The way back: after an apply, a plan that undoes what it did, as far as Attio lets anybody undo it. Pure.

It is a plan like any other: shown with `show`, reviewed, applied with `apply`, and refused where somebody has changed a
touched field since.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from attio_ctl.apply.outcomes import Applied, Report, made_id
from attio_ctl.plan.changes import Archive, Blocked, Change, Create, Delete, Restore, Update
from attio_ctl.plan.model import Plan
from attio_ctl.plan.order import in_order
from attio_ctl.plan.removal import ARCHIVABLE
from attio_ctl.plan.wording import with_article
from attio_ctl.state.resource import Json, Resource, State, own_id
from attio_ctl.state.sealing import seal

NOTE = "undo of an apply"


def build_undo(plan: Plan, report: Report, live: State, *, now: datetime, expires: timedelta) -> Plan:
    """
    The plan that takes back what a run applied.

    Args:
        plan: As it was saved, without the values from the environment.
        live: The workspace as the run left it; the undo holds as long as the touched fields stay like that.
        expires: How long it may be applied.
    """
    pairs = zip(plan.changes, report.outcomes, strict=True)
    done = [(change, outcome) for change, outcome in pairs if isinstance(outcome, Applied)][::-1]
    by_id = {own_id(resource): resource for resource in live.resources.values()}
    changes = in_order([undone for change, outcome in done for undone in _undo(change, by_id.get(made_id(outcome)))])
    return replace(
        plan,
        changes=changes,
        checks=(),
        mappings=(),
        unmanaged=(),
        created_at=now,
        expires_at=now + expires,
    )


def _undo(change: Change, found: Resource | None) -> Iterator[Change]:
    match change, found:
        case Delete(), _:
            yield _impossible(change, "what was deleted is gone, with its records")
        case _, None:
            yield _impossible(change, "it is not there any more")
        case Create(), Resource() if change.address.kind in ARCHIVABLE:
            yield _archive(change, found)
        case Create(), Resource() if change.address.kind == "webhook":
            before = _as_sealed(found.fields, change)
            yield Delete(
                address=change.address, reason="removed", ids=found.ids, before=before, note=NOTE, sealed=change.sealed
            )
        case Create(), Resource():
            kind = change.address.kind
            yield _impossible(
                change, f"Attio cannot archive {with_article(kind)}, and a deletion is never planned here"
            )
        case Update(sealed=(_, *_)), Resource():
            yield _impossible(change, "a value from the environment was there before, and it is not kept anywhere")
        case Update(previous=None), Resource():
            yield _back(change, found)
        case Update(), Resource():
            yield _rename_back(change, found)
        case Archive(), Resource():
            yield Restore(address=change.address, reason="archived_in_workspace", ids=found.ids, before={}, after={})
        case Restore(), Resource():
            yield _archive(change, found)
        case _:
            pass


def _archive(change: Change, found: Resource) -> Archive:
    before = {**_as_sealed(found.fields, change), "is_archived": False}
    return Archive(
        address=change.address, reason="removed", ids=found.ids, before=before, note=NOTE, sealed=change.sealed
    )


def _as_sealed(fields: Mapping[str, Json], change: Change) -> dict[str, Json]:
    """Live fields without the values that came from the environment."""
    return {name: seal(value) if name in change.sealed else value for name, value in fields.items()}


def _back(change: Update, found: Resource) -> Update:
    return Update(
        address=change.address,
        reason="fields_differ",
        ids=found.ids,
        before=change.after,
        after=change.before,
        unchanged=len(found.fields.keys() - change.after.keys()),
    )


def _rename_back(change: Update, found: Resource) -> Update:
    assert change.previous is not None
    back = _back(change, found)
    return replace(back, address=change.previous, reason="renamed_from", previous=change.address)


def _impossible(change: Change, why: str) -> Blocked:
    return Blocked(
        address=change.address,
        reason="no_such_call",
        why=f"this cannot be undone: {why}",
        way_out="take it back by hand in Attio",
        absent=False,
    )
