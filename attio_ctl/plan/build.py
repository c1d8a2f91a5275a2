"""From both sides to a plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from attio_ctl.address import Address
from attio_ctl.attribute_types import STANDARD_OBJECTS
from attio_ctl.errors import Problem
from attio_ctl.plan.changes import Change
from attio_ctl.plan.drift import Drift
from attio_ctl.plan.impact import NO_IMPACTS, Impact
from attio_ctl.plan.match import Pairs, match, renames_of
from attio_ctl.plan.model import MappingNote, Plan, Source
from attio_ctl.plan.removal import Removal
from attio_ctl.state.resource import State


def build_plan(
    *,
    name: str,
    changes: tuple[Change, ...],
    desired: State,
    live: State,
    removals: tuple[Removal, ...],
    source: Source,
    now: datetime,
    expires: timedelta,
    checks: Iterable[Problem] = (),
    mappings: Iterable[MappingNote] = (),
    impacts: Mapping[Address, Impact] = NO_IMPACTS,
    drift: Iterable[Drift] = (),
    held_by: Iterable[str] = (),
) -> Plan:
    """
    Put the changes, what they reach, the checks and the mappings together.

    Args:
        name: The workspace's name in the files.
        changes: What `diff` gives for both sides, or the part of it that was asked for.
        now: Aware, in UTC; the caller owns the clock.
        expires: How long the plan may be applied.
    """
    assert live.workspace is not None, "a live state knows its workspace"
    return Plan(
        name=name,
        workspace=live.workspace,
        source=source,
        changes=changes,
        unmanaged=find_unmanaged(desired, live, removals),
        checks=tuple(checks),
        mappings=tuple(sorted(mappings, key=lambda note: note.address)),
        impacts=impacts,
        drift=tuple(drift),
        held_by=tuple(held_by),
        incomplete=live.incomplete,
        created_at=now,
        expires_at=now + expires,
    )


def find_unmanaged(
    desired: State, live: State, removals: Iterable[Removal] = (), pairs: Pairs | None = None
) -> tuple[Address, ...]:
    """
    What a person made in the workspace and no file names: it stays as it is.

    Left out: system attributes and standard objects, archived things, parts of something that is itself unmanaged or
    whose file names no parts, reverse sides of relationships that a file makes, and what a `removed:` entry names.

    Args:
        pairs: What `match` makes of both sides, where the caller has it already.
    """
    pairs = match(desired, live) if pairs is None else pairs
    renames = renames_of(pairs)
    matched = {resource.address for resource in pairs.values() if resource is not None}
    titled = {address.parent for address in desired.resources if address.kind in ("option", "status")}
    named = matched | _mirrors(desired) | {removal.address for removal in removals}

    def is_unmanaged(address: Address) -> bool:
        resource = live.resources[address]
        if resource.archived or resource.system or _is_standard(address):
            return False
        if address in named or renames.address(address) in named:
            return False
        match address.kind:
            case "attribute":
                return address.parent in matched or _is_standard(address.parent)
            case "option" | "status":
                return address.parent in matched and address.parent in titled
            case _:
                return True

    return tuple(sorted(address for address in live.resources if is_unmanaged(address)))


def _mirrors(desired: State) -> set[Address]:
    """The reverse sides of relationships that a file makes."""
    relationships = (r.fields.get("relationship") for r in desired.resources.values())
    return {Address.root("object", r["object"]).child("attribute", r["api_slug"]) for r in relationships if r}


def _is_standard(address: Address | None) -> bool:
    return address is not None and address.kind == "object" and address.name in STANDARD_OBJECTS
