"""Changes of records as text: `~ people[ada@x.io].job_title "CTO" → "CEO" (events 17, 42)`."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Final

from attio_ctl.delivery.differences import AttributeDifference, RecordDifference
from attio_ctl.delivery.files import shown_place
from attio_ctl.mapping.writes import PersonalName, RecordId, RecordKey, Value
from attio_ctl.render.escaping import shorten, visible
from attio_ctl.render.records import plain_value
from attio_ctl.render.text import Style, wrap

_INDENT: Final = 7
"""Characters before what is told of a change beyond its first line."""


def render_differences(
    found: Sequence[RecordDifference], style: Style, hide: Callable[[str], str] = lambda text: text
) -> str:
    """
    One line for each attribute that would change, in the order of what was found; a value is a line of the terminal at
    the most, and says how much of it is left out.

    Args:
        hide: Takes out of a text what nobody may see.
    """
    if not found:
        return ""

    def cut(value: str) -> str:
        return shorten(visible(hide(value)), style.width - _INDENT - 1)

    first = "the first record" if len(found) == 1 else f"the first {len(found)} records"
    if len({record.key.object for record in found}) > 1:
        first = f"{len(found)} records, the first of each object,"
    lines = [style.paint(f"  # {first} against what is in Attio now", dim=True)]
    several = len({event.file for record in found for each in record.attributes for event in each.events}) > 1
    for record in found:
        mark, colour = ("+", "green") if record.is_new else ("~", "yellow")
        for each in record.attributes:
            change = f"{cut(_name(record.key))}.{each.slug} {_change(each, cut)}"
            text = f"{change} ({visible(_events(each, several=several))})"
            said = wrap(text, style.width, first="     ", rest=" " * _INDENT)[5:]
            lines.append(style.paint(f"  {mark:<2} ", fg=colour, bold=True) + said)
    if same := sum(not record.attributes for record in found):
        lines.append(f"     {same} of them stand{'s' if same == 1 else ''} there already, as it would be written")
    return "\n".join(lines) + "\n\n"


def _name(key: RecordKey) -> str:
    return f"{key.object}[{key.value}]"


def _change(each: AttributeDifference, cut: Callable[[str], str]) -> str:
    before = cut(", ".join(_quoted(plain_value(value)) for value in each.before))
    if each.added:
        return f"+ {cut(_said(list(each.added)))}"
    after = cut(_said(each.after))
    return f"{before} → {after}" if before else f"→ {after}"


def _said(value: Value) -> str:
    match value:
        case None | []:
            return "nothing"
        case list():
            return ", ".join(map(_said, value))
        case RecordKey():
            return _name(value)
        case RecordId():
            return f"{value.object}[{value.id}]"
        case PersonalName():
            return _quoted(value["full_name"])
        case str():
            return _quoted(value)
        case _:
            return json.dumps(value, ensure_ascii=False)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _events(each: AttributeDifference, *, several: bool) -> str:
    named = [shown_place(str(event)) if several else str(event.number) for event in each.events]
    more = ["…"] if each.has_more else []
    return f"event{'s' if len(each.events) > 1 else ''} {', '.join([*more, *named])}"
