"""What became of every change: applied, failed, skipped because of a failure, or not attempted. They add up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from attio_ctl.address import Address
from attio_ctl.plan.changes import Change
from attio_ctl.state.resource import EMPTY, ID_NAMES


@dataclass(frozen=True, slots=True)
class Applied:
    """
    Done. `adopted` tells that an earlier try whose answer was lost had made it already; `note` what a person should
    know about it, `meanwhile` what somebody else changed at the same time. `ids` are Attio's ids of the resource.
    """

    change: Change
    adopted: bool = False
    note: str | None = None
    ids: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    meanwhile: tuple[str, ...] = ()


def made_id(outcome: Applied) -> str:
    """Attio's own id of what was changed or made."""
    return outcome.ids[ID_NAMES[outcome.change.address.kind]]


@dataclass(frozen=True, slots=True)
class Failed:
    """Attio refused it; `error` says why, in Attio's words."""

    change: Change
    error: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that it depends on failed."""

    change: Change
    because_of: Address


@dataclass(frozen=True, slots=True)
class NotAttempted:
    """It is blocked, depends on something that is, or the run was stopped before it."""

    change: Change
    why: str


@dataclass(frozen=True, slots=True)
class Moved:
    """The workspace moved under it since the plan was made, so it was refused."""

    change: Change
    how: tuple[str, ...]


Outcome = Applied | Failed | Skipped | NotAttempted | Moved


@dataclass(frozen=True, slots=True)
class Report:
    """The outcomes of one run, in the order of the plan; every change of the plan has exactly one."""

    run: str
    outcomes: tuple[Outcome, ...]
    writes: int
    stopped_by: str | None = None

    def of(self, *kinds: type[Outcome]) -> tuple[Outcome, ...]:
        """The outcomes of some kinds."""
        return tuple(outcome for outcome in self.outcomes if isinstance(outcome, kinds))

    @property
    def counts(self) -> Mapping[str, int]:
        """How many outcomes of each kind."""
        kinds = {
            "applied": Applied,
            "failed": Failed,
            "skipped": Skipped,
            "not_attempted": NotAttempted,
            "moved": Moved,
        }
        return {name: len(self.of(kind)) for name, kind in kinds.items()}
