"""A plan: the changes, and all that is needed to trust them, show them and carry them out later."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from attio_ctl.address import Address
from attio_ctl.errors import Problem
from attio_ctl.plan.changes import Archive, Blocked, Change, Create, Delete, Doable, Restore, Update
from attio_ctl.plan.drift import Drift
from attio_ctl.plan.impact import NO_IMPACTS, Impact
from attio_ctl.state.resource import Workspace


@dataclass(frozen=True, slots=True)
class Source:
    """What the plan was made from: the digest of the merged files, and the git commit they lie in."""

    config_hash: str
    git_sha: str | None = None
    dirty: bool = False


@dataclass(frozen=True, slots=True)
class MappingNote:
    """
    A mapping that the plan vouches for: its slugs and types were checked against desired-and-live.

    `writes` are the attributes that it writes; `status` compares `digest` with what was last delivered with.
    """

    address: Address
    digest: str
    status: Literal["new", "changed", "unchanged"]
    writes: tuple[Address, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """
    What apply would do to one workspace.

    `incomplete` names what could not be read; such a plan is shown, never applied. `unmanaged` lists what is in the
    workspace and in no file, system attributes left out: nothing happens to it. `drift` is what somebody changed in
    Attio since the last apply. `held_by` says why thresholds keep the plan from being applied.
    """

    name: str
    workspace: Workspace
    source: Source
    changes: tuple[Change, ...]
    unmanaged: tuple[Address, ...] = ()
    checks: tuple[Problem, ...] = ()
    mappings: tuple[MappingNote, ...] = ()
    impacts: Mapping[Address, Impact] = field(default_factory=lambda: NO_IMPACTS)
    drift: tuple[Drift, ...] = ()
    held_by: tuple[str, ...] = ()
    incomplete: tuple[str, ...] = ()
    created_at: datetime
    expires_at: datetime

    @property
    def doable(self) -> tuple[Doable, ...]:
        """The changes that are not blocked."""
        return tuple(change for change in self.changes if not isinstance(change, Blocked))

    @property
    def blocked(self) -> tuple[Blocked, ...]:
        """The changes that cannot be done."""
        return tuple(change for change in self.changes if isinstance(change, Blocked))

    @property
    def waiting(self) -> frozenset[Address]:
        """What cannot be done before something that is blocked is there; it is planned, and not attempted."""
        missing = {change.address for change in self.blocked if change.absent}
        for change in self.doable:  # in the order of apply, so that what a change needs comes before it
            if missing.intersection(change.depends_on):
                missing.add(change.address)
        return frozenset(missing - {change.address for change in self.blocked})

    @property
    def writes(self) -> int:
        """The requests that apply sends as things are: one for each change that neither is blocked nor waits."""
        waiting = self.waiting
        return sum(change.address not in waiting for change in self.doable)

    def mappings_hit_by(self, change: Change) -> tuple[Address, ...]:
        """The mappings that write what a change takes away or renames."""
        match change:
            case Delete():
                gone = (change.address, *change.takes_along)
            case Archive():
                gone = (change.address,)
            case Update(previous=Address() as previous):
                gone = (previous,)
            case _:
                return ()
        hit = (
            note
            for note in self.mappings
            if any(written.is_within(each) or each.is_within(written) for written in note.writes for each in gone)
        )
        return tuple(note.address for note in hit)


@dataclass(frozen=True, slots=True)
class Summary:
    """
    How many changes of each kind a plan holds.

    A rename counts as a change, and as a move besides; what a deletion takes along is destroyed as well. `waiting` are
    the changes that something blocked holds up, which are not counted among the others.
    """

    add: int = 0
    restore: int = 0
    change: int = 0
    archive: int = 0
    destroy: int = 0
    move: int = 0
    blocked: int = 0
    waiting: int = 0


def summarise(changes: Iterable[Change], waiting: frozenset[Address] = frozenset()) -> Summary:
    """Count changes by what they do; `waiting` are the addresses that are held up."""
    counts = dict.fromkeys(Summary.__dataclass_fields__, 0)
    for change in changes:
        match change:
            case _ if change.address in waiting:
                counts["waiting"] += 1
            case Create():
                counts["add"] += 1
            case Restore():
                counts["restore"] += 1
            case Update(previous=previous):
                counts["change"] += 1
                counts["move"] += previous is not None
            case Archive():
                counts["archive"] += 1
            case Delete():
                counts["destroy"] += 1 + len(change.takes_along)
            case Blocked():
                counts["blocked"] += 1
    return Summary(**counts)


Risk = Literal["additive", "breaking", "destructive"]


def risk_of(change: Change) -> Risk:
    """
    What a reviewer should look at first.

    Destructive hides or deletes data; breaking may refuse writes that went through before, or moves a name that other
    programs use; additive does neither.
    """
    match change:
        case Archive() | Delete():
            return "destructive"
        case Update(previous=Address()):
            return "breaking"
        case Update(after=after) if after.get("is_required") or after.get("is_unique") or "currency" in after:
            return "breaking"
        case Update(after=after) if {"allowed_objects", "target_url", "subscriptions"} & after.keys():
            return "breaking"
        case _:
            return "additive"
