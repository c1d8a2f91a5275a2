"""Records as a table for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from attio_ctl.render.text import Style

Record = Mapping[str, Any]
GAP = 2
SHOWN = ("name", "full_name", "email_address", "domain", "currency_value", "phone_number", "target_record_id")
SYSTEM = frozenset({"record_id", "created_at", "created_by"})


def render_records(records: Sequence[Record], columns: Sequence[str] | None, style: Style) -> str:
    """
    One row per record, one column per attribute, cut to the width of the terminal.

    Args:
        columns: Attribute slugs; by default those that have a value in some record, as many as fit.
    """
    if not records:
        return "No records.\n"
    slugs = tuple(columns) if columns is not None else _with_values(records)
    rows = [[_cell(record["values"].get(slug) or ()) for slug in slugs] for record in records]
    table = [list(slugs), *rows]
    widths = _widths(table, style.width, fixed=columns is not None)
    lines = [_row(row, widths) for row in table]
    return "\n".join([style.paint(lines[0], bold=True), *lines[1:]]) + "\n"


def _with_values(records: Sequence[Record]) -> tuple[str, ...]:
    return tuple(
        slug
        for slug in records[0]["values"]
        if slug not in SYSTEM and any(record["values"].get(slug) for record in records)
    )


def _widths(table: Sequence[Sequence[str]], width: int, *, fixed: bool) -> list[int]:
    """Columns as wide as their cells; too many of them are left out, or narrowed when they were asked for."""
    natural = [max(len(row[index]) for row in table) for index in range(len(table[0]))]
    if fixed:
        while sum(natural) + GAP * (len(natural) - 1) > width and max(natural) > 4:
            natural[natural.index(max(natural))] -= 1
        return natural
    kept: list[int] = []
    for cells in (min(28, each) for each in natural):
        if kept and sum(kept) + GAP * len(kept) + cells > width:
            break
        kept.append(cells)
    return kept


def _row(cells: Sequence[str], widths: Iterable[int]) -> str:
    cut = (_cut(cell, width).ljust(width) for cell, width in zip(cells, widths, strict=False))
    return (" " * GAP).join(cut).rstrip()


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _cell(values: Iterable[Mapping[str, Any]]) -> str:
    return ", ".join(plain_value(value) for value in values)


def plain_value(value: Mapping[str, Any]) -> str:
    """The part of a value that people read. Source: read shapes per attribute type in the OpenAPI document."""
    match value:
        case {"option": {"title": title}} | {"status": {"title": title}}:
            return str(title)
        case {"value": bool() as flag}:
            return "yes" if flag else "no"
        case {"value": plain}:
            return str(plain)
        case {"line_1": _}:
            parts = (value.get(key) for key in ("line_1", "locality", "region", "postcode", "country_code"))
            return ", ".join(str(part) for part in parts if part)
        case {"referenced_actor_type": kind, "referenced_actor_id": actor}:
            return f"{kind} {actor}"
        case _:
            return next((str(value[key]) for key in SHOWN if value.get(key) is not None), "")
