"""
In which order the records of a window are sent: each after the ones it refers to.

    rank 0   people, companies          ranks: by object, known from the mappings before the first event
    rank 1   users → people, workspaces → companies
    ...
    links    references that would have closed a circle, sent once both ends exist

Within a rank no record needs another one, unless an object refers to itself or two to each other: such a rank is cut
into waves by its records (`waves`), or, where it is too large to be looked at whole, into two: its records without
those references, then the references (`without`, `linking`).

Only references within the window order anything; a record outside it is in Attio already, or Attio says that it is not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from typing import TypeAlias

from attio_ctl.delivery.fold import Contribution
from attio_ctl.delivery.staging import Groups
from attio_ctl.mapping.program import Program
from attio_ctl.mapping.writes import RecordKey, Value, Write

Refers: TypeAlias = Callable[[RecordKey], bool]
"""Whether a reference is to one of some records."""


class Ranks:
    """The rank of each object that a program writes, and which ranks hold objects that need each other."""

    def __init__(self, program: Program) -> None:
        needs = _needs_of_objects(program)
        reached = {obj: _reach(obj, needs) for obj in needs}
        self.of: dict[str, int] = {}
        for obj in sorted(needs, key=lambda obj: (len(reached[obj]), obj not in reached[obj])):
            below = [self.of[need] for need in reached[obj] if obj not in reached[need]]
            self.of[obj] = 1 + max(below, default=-1)
        self.count = 1 + max(self.of.values(), default=-1)
        self.circular = frozenset(self.of[obj] for obj in needs if obj in reached[obj])


def _needs_of_objects(program: Program) -> dict[str, frozenset[str]]:
    makers = [maker for mapping in program.mappings for maker in mapping.records]
    objects = frozenset(maker.object for maker in makers)
    needs = dict.fromkeys(sorted(objects), frozenset[str]())
    for maker in makers:
        needs[maker.object] |= objects if maker.targets is None else maker.targets & objects
    return needs


def _reach(start: str, needs: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """The objects that an object refers to, directly or through others."""
    found: set[str] = set()
    open_ = [start]
    while open_:
        fresh = needs[open_.pop()] - found
        found |= fresh
        open_ += fresh
    return frozenset(found)


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
    found: list[dict[RecordKey, Sequence[Contribution]]] = [{} for _ in range(max(height.values(), default=-1) + 1)]
    links: dict[RecordKey, Sequence[Contribution]] = {}
    for key, items in groups.items():
        cut: Set[RecordKey] = cuts.get(key, frozenset())
        found[height[key]][key] = without(items, cut.__contains__) if cut else items
        if cut:
            links[key] = linking(items, cut.__contains__)
    return [*found, links] if links else [*found]


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


def without(items: Sequence[Contribution], refers: Refers) -> tuple[Contribution, ...]:
    """The contributions without the attributes that refer to such a record."""
    return tuple(_narrowed(item, keep=lambda value: not _holds(value, refers)) for item in items)


def linking(items: Sequence[Contribution], refers: Refers) -> tuple[Contribution, ...]:
    """Only those attributes of the contributions that refer to such a record; none where nothing does."""
    found = (item for item in items if any(refers(reference) for reference in item.write.references))
    return tuple(_narrowed(item, keep=lambda value: _holds(value, refers)) for item in found)


def _narrowed(item: Contribution, *, keep: Callable[[Value], bool]) -> Contribution:
    write = item.write
    values = {slug: value for slug, value in write.values.items() if slug == write.key.attribute or keep(value)}
    return Contribution(
        item.event, item.time, item.mapping, Write(write.key, values, write.append.intersection(values))
    )


def _holds(value: Value, refers: Refers) -> bool:
    return any(
        isinstance(item, RecordKey) and refers(item) for item in (value if isinstance(value, list) else (value,))
    )
