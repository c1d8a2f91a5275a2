"""Drift as text for a terminal, and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attio_ctl.plan.drift import Drift
from attio_ctl.render.text import Style, wrap
from attio_ctl.render.view import show_value


def render_drift(found: Sequence[Drift], style: Style) -> str:
    """Each changed field under its address, and how many there are."""
    if not found:
        return "No drift. Attio is as the last apply left it.\n"
    lines = []
    for address in dict.fromkeys(drift.address for drift in found):
        lines.append(style.paint(f"  # {address} was changed in Attio", dim=True))
        mark = style.paint("  ~  ", fg="yellow", bold=True)
        said = (wrap(_say(drift), style.width - 5, rest=" " * 7) for drift in found if drift.address == address)
        lines += [mark + text for text in said]
        lines.append("")
    count = len({drift.address for drift in found})
    what = "1 resource was" if count == 1 else f"{count} resources were"
    lines.append(style.paint(f"Drift: {what} changed in Attio since the last apply.", bold=True))
    lines.append("To keep what is in Attio: attio-ctl drift --accept ADDRESS. To undo it: attio-ctl apply.")
    return "\n".join(lines) + "\n"


def _say(drift: Drift) -> str:
    if drift.field is None:
        return "it is gone"
    return f"{drift.field} {show_value(drift.applied)} → {show_value(drift.live)}"


def drift_json(found: Sequence[Drift]) -> list[dict[str, Any]]:
    """As `resource_drift` of the plan document."""
    return [{"address": str(d.address), "field": d.field, "before": d.applied, "after": d.live} for d in found]
