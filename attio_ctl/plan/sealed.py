"""Changes with the values from the environment taken out, and put in again right before they are carried out. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

from attio_ctl.plan.changes import Archive, Change, Create, Delete, Doable, Restore, Update
from attio_ctl.state.resource import Json
from attio_ctl.state.sealing import Placeholders, as_written, map_text, seal


def seal_change(change: Change, placeholders: Placeholders, hidden: Collection[str] = ()) -> Change:
    """
    The change without values from the environment; `sealed` names the fields that have or had any.

    Args:
        hidden: Fields that the lock file keeps as a hash: what they hold now came from the environment, too.
    """
    after: Mapping[str, Json] = {} if isinstance(change, Archive | Delete) else change.after
    filled = {name: as_written(value, placeholders) for name, value in after.items()}
    sealed = {name for name, value in filled.items() if value != after[name]}
    if isinstance(change, Create):
        return replace(change, after=filled, sealed=tuple(sorted(sealed))) if sealed else change
    sealed |= change.before.keys() & set(hidden)
    if not sealed:
        return change
    before = {name: seal(value) if name in sealed else value for name, value in change.before.items()}
    if isinstance(change, Archive | Delete):
        return replace(change, before=before, sealed=tuple(sorted(sealed)))
    return replace(change, before=before, after=filled, sealed=tuple(sorted(sealed)))


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
