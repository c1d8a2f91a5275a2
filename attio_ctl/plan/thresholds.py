"""Thresholds: a plan that takes away more than was allowed is shown, and not applied. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from attio_ctl.address import Address
from attio_ctl.plan.changes import Archive, Change, Delete
from attio_ctl.plan.impact import Impact


@dataclass(frozen=True, slots=True)
class Thresholds:
    """
    What one plan may take away.

    `max_archive` counts archives and deletions, `max_impact` the records that hold a value of any one of them; None is
    no limit.
    """

    max_archive: int | None = 10
    max_impact: int | None = None


def find_excesses(changes: Iterable[Change], impacts: Mapping[Address, Impact], allowed: Thresholds) -> Iterator[str]:
    """Why a plan must not be applied, in words; nothing when it is within what is allowed."""
    removals = [change for change in changes if isinstance(change, Archive | Delete)]
    count = len(removals) + sum(len(change.takes_along) for change in removals if isinstance(change, Delete))
    if allowed.max_archive is not None and count > allowed.max_archive:
        yield f"it takes away {count} resources, more than `--max-archive {allowed.max_archive}` allows"
    if allowed.max_impact is None:
        return
    for change in removals:
        impact = impacts.get(change.address)
        if impact is None or impact.records is None:
            yield f"the records that `{change.address}` reaches cannot be counted, and `--max-impact` is set"
        elif impact.records > allowed.max_impact or not impact.exact:
            reached = impact.records if impact.exact else f"at least {impact.records}"
            yield f"`{change.address}` reaches {reached} records, more than `--max-impact {allowed.max_impact}` allows"
