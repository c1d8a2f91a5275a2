"""
A plan arranged for people: grouped by object, list and webhook, a line per change, parts of a create folded into it.

Every view of a plan (terminal, Markdown, HTML) is made from this, so that none can know more than another. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from attio_ctl.address import Address
from attio_ctl.plan.changes import Archive, Blocked, Change, Create, Delete, Restore, Update
from attio_ctl.plan.impact import Impact
from attio_ctl.plan.leaves import MISSING, diff_leaves
from attio_ctl.plan.model import MappingNote, Plan, Summary, summarise
from attio_ctl.render.escaping import visible
from attio_ctl.state.resource import Json
from attio_ctl.state.sealing import HIDDEN, is_sealed

Symbol = Literal["+", "~", "-a", "-", "!", "<=", "#", ""]
"""Create or restore, change in place, archive, delete, blocked, checked only, remark, none."""

VERBS: Mapping[Symbol, str] = {"+": "add", "~": "change", "-a": "archive", "-": "destroy", "!": "blocked"}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a view: the symbol, how deep it stands, what it says, and a remark that may be cut or dimmed."""

    symbol: Symbol
    depth: int
    text: str
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """All changes of one object, list or webhook."""

    address: Address
    heading: str
    lines: tuple[Line, ...]
    changes: tuple[Change, ...]


def group_changes(plan: Plan, among: Iterable[Change] | None = None) -> tuple[Group, ...]:
    """
    The changes of a plan by the resource at the head of their address: blocked ones, objects, lists, webhooks.

    Args:
        among: The changes to show, all of the plan by default.
    """
    by_top: dict[Address, list[Change]] = {}
    for change in plan.changes if among is None else among:
        by_top.setdefault(change.address.top, []).append(change)
    held = _Held(plan.waiting, frozenset(blocked.address for blocked in plan.blocked if blocked.absent))
    groups = (_group(top, changes, plan, held) for top, changes in by_top.items())
    kinds = ("object", "list", "webhook", "mapping")
    return tuple(sorted(groups, key=lambda group: (not _is_blocked_whole(group), kinds.index(group.address.kind))))


@dataclass(frozen=True, slots=True)
class _Held:
    """What waits in a plan, and for what; worked out once for all groups."""

    waiting: frozenset[Address]
    absent: frozenset[Address]


def _is_blocked_whole(group: Group) -> bool:
    return any(isinstance(c, Blocked) and c.absent and c.address == group.address for c in group.changes)


def _group(top: Address, changes: list[Change], plan: Plan, held: _Held) -> Group:
    counts = summarise(changes, held.waiting)
    lines = tuple(
        replace(line, text=visible(line.text), remark=visible(line.remark))
        for line in _lines(_in_reading_order(changes), plan, held)
    )
    return Group(top, f"{top}: {describe_counts(counts)}", lines, tuple(changes))


def describe_counts(counts: Summary) -> str:
    """`3 to add, 1 to archive`: what is not zero."""
    parts = (
        (counts.add, "to add"),
        (counts.restore, "to restore"),
        (counts.change, "to change"),
        (counts.archive, "to archive"),
        (counts.destroy, "to destroy"),
        (counts.blocked, "blocked"),
        (counts.waiting, "waiting for it" if counts.blocked else "waiting"),
    )
    return ", ".join(f"{count} {what}" for count, what in parts if count) or "nothing to do"


def _in_reading_order(changes: list[Change]) -> list[Change]:
    """A resource before its parts, each with its parts right under it, otherwise as the plan has them."""
    first = {address: index for index, address in reversed([(i, c.address) for i, c in enumerate(changes)])}

    def key(change: Change) -> tuple[tuple[int, str], ...]:
        steps = change.address.steps
        prefixes = [Address(steps[: n + 1]) for n in range(len(steps))]
        return tuple((first.get(prefix, len(changes)), str(prefix)) for prefix in prefixes)

    return sorted(changes, key=key)


def _lines(changes: list[Change], plan: Plan, held: _Held) -> Iterator[Line]:
    created = {change.address for change in changes if isinstance(change, Create)}
    titles: dict[Address | None, list[Create]] = {}
    for change in changes:
        if isinstance(change, Create) and _is_folded(change, created):
            titles.setdefault(change.address.parent, []).append(change)
    for change in changes:
        if not _is_folded(change, created):
            yield from _change_lines(change, tuple(titles.get(change.address, ())), plan, held)


def _is_folded(change: Change, created: set[Address]) -> bool:
    """Options and statuses of a new attribute stand in its line."""
    return change.address.kind in ("option", "status") and change.address.parent in created


def _change_lines(change: Change, titles: tuple[Create, ...], plan: Plan, held: _Held) -> Iterator[Line]:
    depth = 0 if len(change.address.steps) == 1 else 1
    name = local_name(change.address)
    match change:
        case Create():
            waits = _waits_for(change, held)
            yield Line("+", depth, name, ", ".join(filter(None, (_create_remark(change), waits))))
            if change.note:
                yield Line("!", depth + 1, change.note)
            if titles:
                what = "options" if titles[0].address.kind == "option" else "statuses"
                yield Line("", depth + 1, f"{what}: {', '.join(_title_remark(title) for title in titles)}")
        case Update():
            previous = change.previous
            remark = f"renamed from `{previous.name}`, same id, values kept" if previous else ""
            if change.reason == "default_after_titles":
                remark = "once its titles are in place"
            yield Line("~", depth, name, remark)
            yield from _field_lines(change.before, change.after, depth + 1)
            if change.unchanged:
                yield Line("#", depth + 1, f"({change.unchanged} unchanged {_fields(change.unchanged)} hidden)")
        case Restore():
            yield Line("+", depth, name, "restored from the archive, values kept")
            yield from _field_lines(change.before, change.after, depth + 1)
        case Archive():
            yield Line("-a", depth, name, f"archived: {change.note}" if change.note else "archived")
        case Delete():
            yield Line("-", depth, name, f"deleted: {change.note}" if change.note else "deleted")
            yield from (Line("-", depth + 1, str(address), "deleted with it") for address in change.takes_along)
        case Blocked():
            yield Line("!", depth, f"{name}: {change.why}")
            yield from _field_lines(change.before, change.after, depth + 1)
            yield Line("", depth + 1, f"way out: {change.way_out}")
    yield from _reach_lines(change, plan, depth + 1)


def _reach_lines(change: Change, plan: Plan, depth: int) -> Iterator[Line]:
    """What a change reaches beyond itself: records, lists, mappings, and what somebody changed in Attio."""
    drifted = [drift for drift in plan.drift if drift.address == change.address]
    for drift in drifted:
        what = f"`{drift.field}` was" if drift.field else "it was"
        yield Line("!", depth, f"{what} changed in Attio since the last apply")
    impact = plan.impacts.get(change.address)
    if impact is not None:
        reach = describe_impact(change, impact)
        if reach:
            yield Line("!" if impact.records else "#", depth, reach)
    hit = plan.mappings_hit_by(change)
    if hit:
        yield Line("!", depth, f"written by {', '.join(str(address) for address in hit)}")


def describe_impact(change: Change, impact: Impact) -> str:
    """`311 records hold a value; list.renewals shows them`, or that it could not be counted."""
    shown = () if isinstance(change, Delete) else impact.lists  # they go with a deleted object, which is said by itself
    lists = f"; shown by {', '.join(str(address) for address in shown)}" if shown else ""
    if impact.records is None:
        return f"how many records hold a value cannot be counted{lists}"
    count = f"{impact.records}" if impact.exact else f"at least {impact.records}"
    one = impact.records == 1 and impact.exact
    what = "exist" if change.address.kind == "object" else "hold a value" if not one else "holds a value"
    return f"{count} {'record' if one else 'records'} {what}{lists if impact.records else ''}"


def _waits_for(change: Change, held: _Held) -> str:
    """What holds a change up, unless it is the resource that the group is about."""
    held_by = [str(address) for address in change.depends_on if address in held.absent - {change.address.top}]
    return f"waits for {', '.join(held_by)}" if held_by else ""


def _fields(count: int) -> str:
    return "field" if count == 1 else "fields"


def local_name(address: Address) -> str:
    """The address within its group: `attribute.plan.option["Pro"]`."""
    if len(address.steps) == 1:
        return str(address)
    return str(address).removeprefix(f"{address.top}.")


def _create_remark(change: Create) -> str:
    after = change.after
    match change.address.kind:
        case "object":
            return f"{after['singular_noun']} / {after['plural_noun']}"
        case "attribute":
            return ", ".join(_attribute_facts(after))
        case "list":
            access = after["workspace_access"] or "private"
            return f"{after['name']}, of {after['parent_object']}, {access}"
        case "webhook":
            events = len(after["subscriptions"])
            return f"{after['target_url']}, {events} event {'type' if events == 1 else 'types'}"
        case _:
            return ""


def _attribute_facts(after: Mapping[str, Json]) -> Iterator[str]:
    yield after["type"]
    if after.get("currency"):
        yield after["currency"]["code"]
    if after.get("allowed_objects"):
        yield f"to {' or '.join(after['allowed_objects'])}"
    if after.get("relationship"):
        other = after["relationship"]
        yield f"back as {other['object']}.{other['api_slug']}"
    for field, word in (("is_multiselect", "multiselect"), ("is_unique", "unique"), ("is_required", "required")):
        if after.get(field):
            yield word
    if after.get("default_value") is not None:
        yield f"default {show_value(after['default_value'])}"


def _title_remark(change: Create) -> str:
    facts = []
    if change.after.get("celebration_enabled"):
        facts.append("celebration")
    if change.after.get("target_time_in_status"):
        facts.append(f"within {change.after['target_time_in_status']}")
    return f"{change.address.name} ({', '.join(facts)})" if facts else change.address.name


def _field_lines(before: Mapping[str, Json], after: Mapping[str, Json], depth: int) -> Iterator[Line]:
    width = max((len(name) for name in after), default=0)
    for name in after:
        if is_sealed(before.get(name)):
            yield Line("~", depth, f"{name.ljust(width)} {HIDDEN} → {show_value(after[name])}")
            continue
        for leaf in diff_leaves(before.get(name), after[name]):
            label = ".".join([name, *(str(step) for step in leaf.path)]).ljust(width)
            if leaf.before is MISSING:
                yield Line("+", depth, f"{label} {show_value(leaf.after)}")
            elif leaf.after is MISSING:
                yield Line("-", depth, f"{label} {show_value(leaf.before)}")
            else:
                yield Line("~", depth, f"{label} {show_value(leaf.before)} → {show_value(leaf.after)}")


def show_value(value: Json) -> str:
    """A value as a person reads it; defaults lose their wrapping."""
    match value:
        case None:
            return "none"
        case _ if is_sealed(value):
            return HIDDEN
        case {"static": [only]}:
            return show_value(only)
        case {"static": list() as several}:
            return show_value(several)
        case {"dynamic": str() as dynamic}:
            return f"{dynamic} from now" if dynamic.startswith("P") else dynamic
        case _:
            return json.dumps(value, ensure_ascii=False)


def mapping_remark(note: MappingNote) -> str:
    """Where a mapping stands with deliveries, which a plan does not change, and what it writes."""
    standing = {"new": "not delivered with yet", "changed": "changed since a delivery"}
    objects = sorted({address.top.name for address in note.writes})
    attributes = "1 attribute" if len(note.writes) == 1 else f"{len(note.writes)} attributes"
    return f"{standing.get(note.status, note.status)}, writes {attributes} of {', '.join(objects)}"


def summary_line(plan: Plan) -> str:
    """`Plan: 5 to add, 3 to change, 1 to archive, 0 to destroy.`: stable, one line, in Terraform's order."""
    counts = summarise(plan.changes, plan.waiting)
    restored = f"{counts.restore} to restore, " if counts.restore else ""
    blocked = f" {counts.blocked} blocked, {counts.waiting} waiting." if counts.blocked else ""
    return (
        f"Plan: {counts.add} to add, {restored}{counts.change} to change, "
        f"{counts.archive} to archive, {counts.destroy} to destroy.{blocked}"
    )
