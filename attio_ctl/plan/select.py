"""A part of a plan: what `--target` and `--exclude` leave of it. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from attio_ctl.address import Address
from attio_ctl.plan.changes import Change, Delete


def select(
    changes: Sequence[Change], targets: Sequence[Address] = (), excludes: Sequence[Address] = ()
) -> tuple[Change, ...]:
    """
    The changes within the targets, with what they depend on; without the excluded ones, and what depends on those.

    Args:
        changes: In the order of apply, so that what a change depends on comes before it.
        targets: None means all.
    """
    dropped: set[Address] = set()
    for change in changes:
        if _takes(change, excludes) or dropped.intersection(change.depends_on):
            dropped.add(change.address)
    kept = [change for change in changes if change.address not in dropped]
    if not targets:
        return tuple(kept)
    wanted: set[Address] = set()
    for change in reversed(kept):
        if _within(change, targets) or change.address in wanted:
            wanted |= {change.address, *change.depends_on}
    return tuple(change for change in kept if change.address in wanted)


def _takes(change: Change, excludes: Sequence[Address]) -> bool:
    """Whether a change is about something excluded, or deletes it along with something else."""
    taken = change.takes_along if isinstance(change, Delete) else ()
    return _within(change, excludes) or any(each.is_within(address) for each in taken for address in excludes)


def _within(change: Change, addresses: Sequence[Address]) -> bool:
    return any(change.address.is_within(address) for address in addresses)
