"""Inside one changed field: which leaves differ. The only use of deepdiff, on plain data of changed pairs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from attio_ctl.state.resource import Json


@dataclass(frozen=True, slots=True)
class Leaf:
    """One leaf that differs; `path` steps into the field's value, and a side that lacks the leaf is `MISSING`."""

    path: tuple[str | int, ...]
    before: Json
    after: Json


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"


MISSING: Any = _Missing()


def diff_leaves(before: Json, after: Json) -> tuple[Leaf, ...]:
    """The leaves that differ between two values of one field, in path order; a scalar pair is one leaf with no path."""
    if not isinstance(before, dict | list) or not isinstance(after, dict | list) or type(before) is not type(after):
        return (Leaf((), before, after),)
    from deepdiff import DeepDiff  # noqa: PLC0415  it costs 0.6 s to import, and most plans change scalars only

    tree = DeepDiff(before, after, view="tree", ignore_numeric_type_changes=False, verbose_level=2)
    return tuple(sorted(_leaves(tree), key=lambda leaf: [str(step) for step in leaf.path]))


def _leaves(tree: Any) -> Iterator[Leaf]:
    for nodes in tree.values():
        for node in nodes:
            before = MISSING if type(node.t1).__name__ == "NotPresent" else node.t1
            after = MISSING if type(node.t2).__name__ == "NotPresent" else node.t2
            yield Leaf(tuple(node.path(output_format="list")), before, after)
