"""What a change of mappings does to events, for the terminal and for a pull request."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from attio_ctl.mapping.behaviour import Behaviour, Example, Kind, ValueChange
from attio_ctl.render.escaping import code, fenced, prose, shorten, visible
from attio_ctl.render.markdown import Section
from attio_ctl.render.text import Style

EXAMPLES: Final = 12
"""Ways of changing that a comment shows, those of most events first within each mapping."""

_LINE: Final = 300
_UNSEEN: Final = (
    "changed, but no sample event ends otherwise: give events that do with --events, or write `tests:` for it"
)
_SIGNS: Final[dict[Kind, str]] = {"added": "+", "removed": "-", "changed": "!"}
_COLOURS: Final = {"+": "green", "-": "red", "!": "yellow"}


def render_mapping_changes(behaviour: Behaviour, against: str) -> Section:
    """
    The section of a pull-request comment.

    Args:
        against: The revision that it is compared with, as a person wrote it.
    """
    lines = [f"Compared with {code(against)}: {count_events(behaviour)}", ""]
    for example in behaviour.examples[:EXAMPLES]:
        lines += [f"**{code(f'mapping.{example.mapping}')}** {prose(headline(example))}", ""]
        lines += [fenced("diff", "\n".join(diff_lines(example))), ""]
    if len(behaviour.examples) > EXAMPLES:
        lines += [f"… and {len(behaviour.examples) - EXAMPLES} more ways in which events change", ""]
    for name in behaviour.unseen:
        lines.append(f"- **{code(f'mapping.{name}')}** {_UNSEEN}")
    return Section(f"Mappings: {count_events(behaviour)}", "\n".join(lines))


def render_behaviour(behaviour: Behaviour, against: str, style: Style) -> str:
    """The same for a terminal, with every way in which events change."""
    lines = []
    for example in behaviour.examples:
        lines += [style.paint(f"mapping.{example.mapping}", bold=True) + f"  {headline(example)}"]
        for line in diff_lines(example):
            colour = _COLOURS.get(line[0])
            lines.append("  " + (style.paint(line, fg=colour) if colour else line))
        lines.append("")
    for name in behaviour.unseen:
        lines += [style.paint(f"mapping.{name}", bold=True) + f"  {_UNSEEN}", ""]
    lines.append(style.paint(f"Compared with {visible(against)}: {count_events(behaviour)}.", bold=True))
    return "\n".join(lines) + "\n"


def count_events(behaviour: Behaviour) -> str:
    """`3 of 20 sample events end otherwise`."""
    events = f"{behaviour.compared:,} sample {'event' if behaviour.compared == 1 else 'events'}"
    return f"{behaviour.touched:,} of {events} {'ends' if behaviour.touched == 1 else 'end'} otherwise"


def headline(example: Example) -> str:
    """Where the event stands, and how many more change like it."""
    others = f", and {example.events - 1:,} more change in the same way" if example.events > 1 else ""
    return f"{visible(example.sample.source)}{others}"


def diff_lines(example: Example) -> Iterator[str]:
    """What becomes of the event, record by record; `+`, `-` or `!` in the first column of what differs."""
    if example.before != example.after:
        yield f"- {shorten(visible(example.before), _LINE)}"
        yield f"+ {shorten(visible(example.after), _LINE)}"
    record = None
    for change in example.changes:
        if change.record != record:
            record = change.record
            yield f"  {shorten(visible(record), _LINE)}"
        yield f"{_SIGNS[change.kind]}   {shorten(_line(change), _LINE)}"


def _line(change: ValueChange) -> str:
    match change.kind:
        case "added":
            return f"{change.slug}: {_shown(change.after)}"
        case "removed":
            return f"{change.slug}: {_shown(change.before)}"
        case "changed":
            return f"{change.slug}: {_shown(change.before)} → {_shown(change.after)}"


def _shown(value: object) -> str:
    match value:
        case None:
            return "none"
        case {"add": list() as added}:
            return f"adds {_shown(added)}"
        case _:
            return visible(json.dumps(value, ensure_ascii=False))
