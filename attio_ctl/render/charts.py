"""
Figures as SVG drawings within a page: what was done over time, and shares of a whole.

Colours come from the style of the page, by class; every text is escaped. Each drawing says in words what it shows, and
stands beside a table with its figures.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from typing import Final

WIDTH: Final = 480
HEIGHT: Final = 190
_LEFT: Final = 44
"""At least; more where the figures at the axis are longer."""
_DIGIT: Final = 7
"""Width of a digit in the size of the style, the widest of the usual fonts."""
_RIGHT: Final = 14
_TOP: Final = 14
_BOTTOM: Final = 26

_BAR: Final = 1000

_ROOM: Final = 1.08
"""Above the highest value, so that it does not touch the edge."""


@dataclass(frozen=True, slots=True)
class Step:
    """A value that holds for a while; times are in seconds."""

    begin: float
    end: float
    value: float


@dataclass(frozen=True, slots=True)
class Series:
    """Steps that follow each other, drawn in the colour of a class of the style."""

    name: str
    style: str
    steps: Sequence[Step]


def time_chart(series: Sequence[Series], *, what: str, limit: float | None = None) -> str:
    """
    One `<svg>` element: the series as areas, each on top of the one before it, over the same times.

    Args:
        what: The drawing in words.
        limit: A dashed line; drawn where it is not far above everything else.
    """
    shown = [each for each in series if any(step.value for step in each.steps)] or list(series[:1])
    tops = _stacked(shown)
    highest = max((top for row in tops for top in row), default=0.0)
    limit = limit if limit is not None and limit <= 3 * highest else None
    ticks = _ticks(max(highest, limit or 0.0) * _ROOM)
    seconds = max((step.end for each in shown for step in each.steps), default=0.0)
    left = max(_LEFT, 8 + _DIGIT * max(len(figure(tick)) for tick in ticks))
    frame = _Frame(seconds or 1.0, ticks[-1], left)
    return "".join(_chart(shown, tops=tops, frame=frame, ticks=ticks, what=what, limit=limit))


def share_bar(shares: Sequence[tuple[str, str, int]], *, what: str) -> str:
    """One `<svg>` element: a bar of parts (name, class, count) that make up a whole; a small part can still be seen."""
    whole = sum(count for _, _, count in shares)
    seen = [(name, style, max(count / whole, 0.004)) for name, style, count in shares if count]
    scale = _BAR / sum(share for _, _, share in seen) if seen else 0.0
    parts = [f'<svg class="bar" viewBox="0 0 {_BAR} 26" preserveAspectRatio="none" role="img" ']
    parts.append(f'aria-label="{escape(what)}"><rect class="track" width="{_BAR}" height="26"/>')
    x = 0.0
    for name, style, share in seen:
        width = share * scale
        parts.append(f'<rect class="fill {style}" x="{x:.1f}" width="{max(width - 1.5, 0.5):.1f}" height="26">')
        parts.append(f"<title>{escape(name)}</title></rect>")
        x += width
    return "".join([*parts, "</svg>"])


def length_bar(share: float, style: str) -> str:
    """A bar as long as its share of the longest one; the figure itself stands beside it."""
    width = 200 * min(max(share, 0.005), 1.0)
    return (
        '<svg class="length" viewBox="0 0 200 12" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="fill {style}" width="{width:.1f}" height="12" rx="2"/></svg>'
    )


def duration(seconds: float) -> str:
    """A length of time: `0.4 s`, `48 s`, `3 min 20 s`, `2 h 05 min`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s" if whole % 60 else f"{whole // 60} min"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


def figure(value: float) -> str:
    """A number as short as it may be: `0.4`, `24.9`, `1,284`."""
    if value == 0 or value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}".removesuffix(".0") if value >= 0.1 else f"{value:.2g}"


@dataclass(frozen=True, slots=True)
class _Frame:
    seconds: float
    top: float
    left: float

    def x(self, seconds: float) -> float:
        return self.left + seconds / self.seconds * (WIDTH - self.left - _RIGHT)

    def y(self, value: float) -> float:
        return HEIGHT - _BOTTOM - value / self.top * (HEIGHT - _TOP - _BOTTOM)


def _stacked(series: Sequence[Series]) -> list[list[float]]:
    tops: list[list[float]] = []
    below = [0.0] * len(series[0].steps) if series else []
    for each in series:
        below = [under + step.value for under, step in zip(below, each.steps, strict=True)]
        tops.append(below)
    return tops


def _ticks(highest: float) -> list[float]:
    """From 0 in round steps, three or four of them, to just above the highest value."""
    if highest <= 0:
        return [0.0, 1.0]
    rough = highest / 4
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(unit * factor for factor in (1, 2, 2.5, 5, 10) if unit * factor >= rough)
    return [step * n for n in range(math.ceil(highest / step) + 1)]


def _moments(seconds: float) -> list[float]:
    """Round times, some five of them."""
    steps = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400)
    step = next((each for each in steps if seconds / each <= 6), seconds / 6)
    return [step * n for n in range(int(seconds / step + 1e-9) + 1)]


def _chart(
    series: Sequence[Series],
    *,
    tops: Sequence[Sequence[float]],
    frame: _Frame,
    ticks: Sequence[float],
    what: str,
    limit: float | None,
) -> Iterator[str]:
    yield f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(what)}">'
    for tick in ticks:
        y = frame.y(tick)
        yield f'<path class="grid" d="M{frame.left} {y:.1f}H{WIDTH - _RIGHT}"/>'
        yield f'<text class="tick end" x="{frame.left - 8}" y="{y + 4:.1f}">{figure(tick)}</text>'
    for moment in _moments(frame.seconds):
        x, end = frame.x(moment), " end" if moment > 0.95 * frame.seconds else ""
        yield f'<text class="tick{end}" x="{x:.1f}" y="{HEIGHT - 7}">{_tick(moment)}</text>'
    bottom = [0.0] * len(tops[0]) if tops else []
    for each, top in zip(series, tops, strict=True):
        area = _outline(each.steps, top, frame) + _back(each.steps, bottom, frame)
        yield f'<path class="fill area {each.style}" d="{area}Z"/>'
        yield f'<path class="rim {each.style}" d="{_rim(each.steps, top, frame)}"/>'
        bottom = list(top)
    if limit is not None:
        y = frame.y(limit)
        yield f'<path class="limit" d="M{frame.left} {y:.1f}H{WIDTH - _RIGHT}"/>'
        yield f'<text class="limit end" x="{WIDTH - _RIGHT}" y="{y - 5:.1f}">limit {figure(limit)}</text>'
    yield "</svg>"


def _tick(seconds: float) -> str:
    return duration(seconds).replace(".0 s", " s") if seconds else "0"


def _rim(steps: Sequence[Step], tops: Sequence[float], frame: _Frame) -> str:
    """The outline, where there is anything: elsewhere it would hide that of the series below."""
    path = ""
    for there, run in groupby(zip(steps, tops, strict=True), key=lambda pair: pair[0].value > 0):
        if there:
            pairs = list(run)
            path += _outline([step for step, _ in pairs], [top for _, top in pairs], frame)
    return path


def _outline(steps: Sequence[Step], tops: Sequence[float], frame: _Frame) -> str:
    if not steps:
        return f"M{frame.left} {frame.y(0):.1f}"
    path = f"M{frame.x(steps[0].begin):.1f} {frame.y(tops[0]):.1f}"
    for step, top in zip(steps, tops, strict=True):
        path += f"V{frame.y(top):.1f}H{frame.x(step.end):.1f}"
    return path


def _back(steps: Sequence[Step], bottoms: Sequence[float], frame: _Frame) -> str:
    """From the right to the left, along the top of the series below."""
    path = ""
    for step, bottom in zip(reversed(steps), reversed(bottoms), strict=True):
        path += f"V{frame.y(bottom):.1f}H{frame.x(step.begin):.1f}"
    return path
