"""Changes with the values from the environment taken out, and put in again right before they are carried out. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from attio_ctl.plan.changes import Blocked, Change, Create, Doable, Restore, Update
from attio_ctl.state.resource import Json
from attio_ctl.state.sealing import Written, as_written, map_text, seal


def seal_change(change: Change, written: Written) -> Change:
    """The change without values from the environment; `sealed` names the fields that had any."""
    if not written or not isinstance(change, Create | Update | Restore | Blocked):
        return change
    after = {name: as_written(value, written) for name, value in change.after.items()}
    sealed = tuple(sorted(name for name, value in after.items() if value != change.after[name]))
    if not sealed:
        return change
    if isinstance(change, Create):
        return replace(change, after=after, sealed=sealed)
    before = {name: seal(value) if name in sealed else value for name, value in change.before.items()}
    return replace(change, before=before, after=after, sealed=sealed)


def unseal_change(change: Doable, fill: Callable[[str], str]) -> Doable:
    """
    The change with its values from the environment.

    Args:
        fill: Puts variables into a text; raises when one is not set.
    """
    if not isinstance(change, Create | Update | Restore) or not change.sealed:
        return change
    after: Mapping[str, Json] = {
        name: map_text(value, fill) if name in change.sealed else value for name, value in change.after.items()
    }
    return replace(change, after=after)
