"""
What somebody else changed while a plan was carried out. Pure.

Attio takes no precondition with a write, so a change between the last look and the write cannot be refused. It is told
afterwards: the answer to a write holds the whole resource, and the workspace is read back once the run is over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from attio_ctl.address import Address
from attio_ctl.apply.outcomes import Applied, Outcome, made_id
from attio_ctl.plan.changes import Archive, Change, Create, Delete, Doable, Restore, Update
from attio_ctl.plan.diff import SLUGGED, equal
from attio_ctl.plan.fingerprint import show_json
from attio_ctl.state.resource import Json, Resource, State, own_id
from attio_ctl.state.sealing import HIDDEN, seal

TOLD_ELSEWHERE: Final = frozenset({"relationship"})
"""What a resource says of another one, which the same plan may change."""

BY_WHOM: Final = "somebody, or Attio itself, changed it at the same time"


def written_fields(change: Change) -> Mapping[str, Json]:
    """What a resource holds once a change is done, as far as the change says; `is_archived` is among it."""
    match change:
        case Create() | Update() | Restore():
            return {**change.after, "is_archived": False}
        case Archive():
            return {"is_archived": True}
        case _:
            return {}


def written_by(outcomes: Iterable[Outcome]) -> Mapping[Address, Mapping[str, Json]]:
    """The fields that a run has written, by address; values from the environment are sealed."""
    written: dict[Address, dict[str, Json]] = {}
    for each in outcomes:
        if isinstance(each, Applied):
            sealed = each.change.sealed
            fields = {name: seal(v) if name in sealed else v for name, v in written_fields(each.change).items()}
            written.setdefault(each.change.address, {}).update(fields)
    return written


def found_in_answer(change: Doable, seen: Resource | None, left: Resource | None) -> tuple[str, ...]:
    """
    What the answer to a write shows and nobody here has written.

    Args:
        seen: The resource right before the write; None for one that was made.
        left: The resource as the answer shows it; None where it shows nothing.
    """
    if left is None:
        return ()
    before = {} if seen is None else _fields_of(seen)
    return tuple(_differences(change, {**before, **written_fields(change)}, left))


def with_later_changes(outcomes: Iterable[Outcome], live: State) -> tuple[Outcome, ...]:
    """The outcomes of a run, with what was changed under them by the time that `live` was read."""
    outcomes = tuple(outcomes)
    gone = [
        address
        for each in outcomes
        if isinstance(each, Applied) and isinstance(each.change, Delete)
        for address in (each.change.address, *each.change.takes_along)
    ]
    kept = [
        each
        for each in outcomes
        if isinstance(each, Applied) and not any(each.change.address.is_within(address) for address in gone)
    ]
    expected: dict[str, dict[str, Json]] = {}
    for each in kept:
        expected.setdefault(made_id(each), {}).update(written_fields(each.change))
    last = {made_id(each): id(each) for each in kept}  # of several changes to one resource the last one tells it
    by_id = {own_id(resource): resource for resource in live.resources.values()}

    def told(outcome: Outcome) -> Outcome:
        if not isinstance(outcome, Applied) or last.get(made_id(outcome)) != id(outcome):
            return outcome
        found = by_id.get(made_id(outcome))
        if found is None:
            later = ["somebody deleted it at the same time"]
        else:
            later = list(_differences(outcome.change, expected[made_id(outcome)], found))
        return replace(outcome, meanwhile=tuple(dict.fromkeys((*outcome.meanwhile, *later))))

    return tuple(told(outcome) for outcome in outcomes)


def _fields_of(resource: Resource) -> dict[str, Json]:
    slug = {"api_slug": resource.address.name} if resource.address.kind in SLUGGED else {}
    return {**resource.fields, **slug, "is_archived": resource.archived}


def _differences(change: Change, expected: Mapping[str, Json], now: Resource) -> Iterator[str]:
    """Values that the change does not write are not shown: they may be secrets."""
    fields = _fields_of(now)
    for name, value in expected.items():
        if name in TOLD_ELSEWHERE or equal(value, fields.get(name)):
            continue
        if name in written_fields(change):
            shown = (HIDDEN, HIDDEN) if name in change.sealed else (show_json(fields.get(name)), show_json(value))
            yield f"`{name}` is {shown[0]}, and {shown[1]} was written: {BY_WHOM}"
        else:
            yield f"`{name}` is not what it was: {BY_WHOM}"
