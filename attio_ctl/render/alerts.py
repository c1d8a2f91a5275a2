"""
The part of a pull-request comment that is never folded and never cut: what goes away, what is held up, what is unknown.

Every address that is archived or deleted is named here. Thousands of them are named in a shorter form, by resource.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final

from attio_ctl.plan.changes import Archive, Blocked, Change, Delete
from attio_ctl.plan.model import Plan
from attio_ctl.render.escaping import at_most, code, escape, shorten
from attio_ctl.render.view import local_name

BUDGET: Final = 44_000
"""Bytes for what goes away: a line for each of about 500 changes, or the names of about 1,800."""

_BLOCKED_BUDGET: Final = 5_000
_INCOMPLETE_BUDGET: Final = 2_000
_COUNTED_BUDGET: Final = 20_000


def alerts(plan: Plan) -> Iterator[str]:
    """The alert blocks, as GitHub draws them, in lines of Markdown; an empty line follows each."""
    gone = [change for change in plan.doable if isinstance(change, Archive | Delete)]
    if gone:
        yield "> [!CAUTION]"
        yield f"> This plan takes away {len(gone):,} {'thing' if len(gone) == 1 else 'things'}:"
        yield from _first_that_fits(_each(plan, gone), _named(gone), _counted(gone))
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
    why = f"{shorten(change.why, 300)}. {shorten(change.way_out, 300)}"
    return f"> - {code(shorten(str(change.address), 200))} is blocked: {escape(why)}"


def _first_that_fits(*forms: Iterable[str]) -> Sequence[str]:
    lines: list[str] = []
    for form in forms:
        lines = list(form)
        if sum(len(line.encode()) + 1 for line in lines) <= BUDGET:
            break
    return lines


def _each(plan: Plan, gone: Sequence[Change]) -> Iterator[str]:
    """A line for each, with its reason and the mappings that write it."""
    for change in gone:
        hit = plan.mappings_hit_by(change)
        written = f", written by {', '.join(code(str(address)) for address in hit)}" if hit else ""
        note = change.note if isinstance(change, Archive | Delete) else None
        because = f" ({escape(shorten(note, 300))})" if note else ""
        yield f"> - {_word(change)} {code(str(change.address))}{because}{written}"


def _named(gone: Sequence[Change]) -> Iterator[str]:
    """A line for each resource, with the name of everything in it that goes."""
    for (top, word), changes in _by_resource(gone):
        names = ", ".join(code(local_name(change.address).removeprefix("attribute.")) for change in changes)
        yield f"> - {word} in {code(top)}: {names}"


def _counted(gone: Sequence[Change]) -> Iterator[str]:
    """A line for each resource with a number: the last resort, which says that it is one."""
    yield "> (too many to name here; read the whole plan in the job's artefact before you approve)"
    rows = (f"> - {word} {len(changes):,} in {code(shorten(top, 80))}" for (top, word), changes in _by_resource(gone))
    yield from at_most(_COUNTED_BUDGET, rows, "> - … and in {} more objects, lists and webhooks")


def _by_resource(gone: Sequence[Change]) -> list[tuple[tuple[str, str], list[Change]]]:
    def key(change: Change) -> tuple[str, str]:
        return str(change.address.top), _word(change)

    return [(group, list(changes)) for group, changes in groupby(sorted(gone, key=key), key)]


def _word(change: Change) -> str:
    return "archive" if isinstance(change, Archive) else "**delete**"
