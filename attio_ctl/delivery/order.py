"""
In which order the records of a window are sent: each after the ones it refers to.

    wave 1   people           companies
    wave 2   users → people   workspaces → companies
    last     links: references that would have closed a circle, sent once both ends exist

Only references within the window order anything; a record outside it is in Attio already, or Attio says that it is not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import replace
from typing import TypeAlias

from attio_ctl.delivery.fold import Contribution
from attio_ctl.mapping.writes import RecordKey, Value, Write

Groups: TypeAlias = dict[RecordKey, tuple[Contribution, ...]]
"""The contributions to each record, in the order of the input."""


def group(contributions: Sequence[Contribution]) -> Groups:
    """Sort contributions by the record that they are about."""
    lists: dict[RecordKey, list[Contribution]] = {}
    for contribution in contributions:
        lists.setdefault(contribution.write.key, []).append(contribution)
    return {key: tuple(items) for key, items in lists.items()}


def waves(groups: Groups) -> list[Groups]:
    """
    Cut the groups into waves to be sent one after the other; records of one wave do not need each other.

    A circle (two records that refer to each other, or one to itself) is broken at the reference that closes it: its
    record goes first without that attribute, and a last wave links it.
    """
    needs = {key: _needs(items, groups) for key, items in groups.items()}
    height: dict[RecordKey, int] = {}
    cuts: dict[RecordKey, set[RecordKey]] = {}
    for root in needs:
        _climb(root, needs, height, cuts)
    found: list[Groups] = [{} for _ in range(max(height.values(), default=-1) + 1)]
    links: Groups = {}
    for key, items in groups.items():
        cut = cuts.get(key)
        found[height[key]][key] = _without(items, cut) if cut else items
        if cut:
            links[key] = _linking(items, cut)
    return [*found, links] if links else found


def _needs(items: Sequence[Contribution], groups: Mapping[RecordKey, object]) -> tuple[RecordKey, ...]:
    return tuple(dict.fromkeys(need for item in items for need in item.write.references if need in groups))


def _climb(
    root: RecordKey,
    needs: Mapping[RecordKey, Sequence[RecordKey]],
    height: dict[RecordKey, int],
    cuts: dict[RecordKey, set[RecordKey]],
) -> None:
    """
    Give the root and everything that it needs a height: 0 without needs, else one more than the highest need.

    A walk in depth without recursion, since a chain of references may be as long as the window; a need that is still
    being walked closes a circle and is cut.
    """
    open_: dict[RecordKey, int] = {}
    path = [] if root in height else [root]
    while path:
        key = path[-1]
        step = open_.setdefault(key, 0)
        if step == len(needs[key]):
            kept = (height[need] for need in needs[key] if need not in cuts.get(key, ()))
            height[key] = 1 + max(kept, default=-1)
            del open_[key]
            path.pop()
            continue
        open_[key] = step + 1
        need = needs[key][step]
        if need in open_:
            cuts.setdefault(key, set()).add(need)
        elif need not in height:
            path.append(need)


def _without(items: Sequence[Contribution], cut: Set[RecordKey]) -> tuple[Contribution, ...]:
    return tuple(_narrowed(item, keep=lambda value: not _refers(value, cut)) for item in items)


def _linking(items: Sequence[Contribution], cut: Set[RecordKey]) -> tuple[Contribution, ...]:
    linking = (item for item in items if any(reference in cut for reference in item.write.references))
    return tuple(_narrowed(item, keep=lambda value: _refers(value, cut)) for item in linking)


def _narrowed(item: Contribution, *, keep: Callable[[Value], bool]) -> Contribution:
    write = item.write
    values = {slug: value for slug, value in write.values.items() if slug == write.key.attribute or keep(value)}
    return replace(item, write=Write(write.key, values, write.append & values.keys()))


def _refers(value: Value, cut: Set[RecordKey]) -> bool:
    return any(isinstance(item, RecordKey) and item in cut for item in (value if isinstance(value, list) else (value,)))
