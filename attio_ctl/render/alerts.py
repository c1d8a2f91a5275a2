"""
The part of a pull-request comment that is never folded and never cut: what goes away, what is held up, what is unknown.

Every address that is archived or deleted is named here. Thousands of them are named in a shorter form, by resource.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from attio_ctl.address import Address
from attio_ctl.plan.changes import Archive, Blocked, Delete
from attio_ctl.plan.model import Plan
from attio_ctl.render.escaping import at_most, code, escape, prose, shorten
from attio_ctl.render.view import describe_impact, local_name

SHARE: Final = 0.73
"""
Of the whole budget, for what goes away. In a comment that is a line for each of about 500 changes, or the names of
about 2,000; where longer names do not fit, they are counted, and the summary and the page of the job name them.
"""

_BLOCKED_BUDGET: Final = 4_500
_INCOMPLETE_BUDGET: Final = 1_500
_COUNTED_BUDGET: Final = 18_000


@dataclass(frozen=True, slots=True)
class Going:
    """
    Something that the plan archives or deletes, or deletes along with what `change` is about.

    `mappings` write it; `reach` tells how many records and which lists it is in, empty where nobody counted.
    """

    change: Archive | Delete
    address: Address
    mappings: tuple[Address, ...] = ()
    reach: str = ""

    @property
    def because(self) -> str:
        """Why it goes, as far as anybody has said."""
        return f"with {self.change.address}" if self.address != self.change.address else self.change.note or ""

    @property
    def word(self) -> str:
        return "archive" if isinstance(self.change, Archive) else "delete"


def going(plan: Plan) -> tuple[Going, ...]:
    """All that goes away, in the order of the plan."""
    return tuple(
        each for change in plan.changes if isinstance(change, Archive | Delete) for each in _going_with(change, plan)
    )


def _going_with(change: Archive | Delete, plan: Plan) -> Iterator[Going]:
    yield Going(change, change.address, plan.mappings_hit_by(change), _reach(plan, change))
    yield from (Going(change, address) for address in change.takes_along) if isinstance(change, Delete) else ()


def _reach(plan: Plan, change: Archive | Delete) -> str:
    impact = plan.impacts.get(change.address)
    return describe_impact(change, impact) if impact is not None else ""


def alerts(plan: Plan, budget: int) -> Iterator[str]:
    """
    The alert blocks, as GitHub draws them, in lines of Markdown; an empty line follows each.

    Args:
        budget: UTF-8 bytes of the whole text that they stand in.
    """
    gone = going(plan)
    if gone:
        yield "> [!CAUTION]"
        yield f"> This plan takes away {len(gone):,} {'thing' if len(gone) == 1 else 'things'}:"
        yield from _first_that_fits(int(budget * SHARE), map(_each, gone), _named(gone), _counted(gone))
        yield ""
    if plan.held_by:
        yield "> [!WARNING]"
        yield "> This plan is held back and cannot be applied as it is:"
        reasons = (f"> - {prose(shorten(why, 300))}" for why in plan.held_by)
        yield from at_most(_INCOMPLETE_BUDGET, reasons, "> - … and {} more")
        yield ""
    if plan.blocked:
        yield "> [!WARNING]"
        yield from at_most(_BLOCKED_BUDGET, map(_held, plan.blocked), "> - … and {} more that are blocked")
        yield ""
    if plan.incomplete:
        yield "> [!WARNING]"
        yield "> This plan is incomplete and cannot be applied:"
        unread = (f"> - could not read {escape(shorten(what, 300))}" for what in plan.incomplete)
        yield from at_most(_INCOMPLETE_BUDGET, unread, "> - … and {} more")
        yield ""


def _held(change: Blocked) -> str:
    why, way_out = prose(shorten(change.why, 300)), prose(shorten(change.way_out, 300))
    return f"> - {code(shorten(str(change.address), 200))} is blocked: {why}; way out: {way_out}"


def _first_that_fits(size: int, *forms: Iterable[str]) -> Sequence[str]:
    lines: list[str] = []
    for form in forms:
        lines = list(form)
        if sum(len(line.encode()) + 1 for line in lines) <= size:
            break
    return lines


def _each(gone: Going) -> str:
    """A line for each, with its reason and the mappings that write it."""
    written = f", written by {', '.join(code(str(address)) for address in gone.mappings)}" if gone.mappings else ""
    because = f" ({escape(shorten(gone.because, 300))})" if gone.because else ""
    reach = f": **{escape(shorten(gone.reach, 300))}**" if gone.reach else ""
    return f"> - {_emphasised(gone.word)} {code(str(gone.address))}{reach}{because}{written}"


def _named(gone: Sequence[Going]) -> Iterator[str]:
    """A line for each resource, with the name of everything in it that goes."""
    for (top, word), parts in _by_resource(gone):
        names = (local_name(part.address).removeprefix("attribute.") for part in parts)
        yield f"> - {_emphasised(word)} in {code(top)}: {', '.join(code(name) for name in names)}"


def _counted(gone: Sequence[Going]) -> Iterator[str]:
    """A line for each resource with a number: the last resort, which says that it is one."""
    yield "> (too many to name here; read the whole plan in the job's artefact before you approve)"
    rows = (
        f"> - {_emphasised(word)} {len(parts):,} in {code(shorten(top, 80))}"
        for (top, word), parts in _by_resource(gone)
    )
    yield from at_most(_COUNTED_BUDGET, rows, "> - … and in {} more objects, lists and webhooks")


def _by_resource(gone: Sequence[Going]) -> list[tuple[tuple[str, str], list[Going]]]:
    def key(part: Going) -> tuple[str, str]:
        return str(part.address.top), part.word

    return [(group, list(parts)) for group, parts in groupby(sorted(gone, key=key), key)]


def _emphasised(word: str) -> str:
    return f"**{word}**" if word == "delete" else word
