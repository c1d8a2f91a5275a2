"""How a delivery goes at a moment, as text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from attio_ctl.attio.limiter import Limits
from attio_ctl.delivery.outcome import Progress
from attio_ctl.render.text import Style, noun

FULL: Final = "█"
EMPTY: Final = "░"
ETA_AFTER: Final = 3.0
"""Seconds of sending before which nothing is said of how long it takes."""

BAR_SHARE: Final = 10
"""How many times the bar would fit into the line."""


@dataclass(frozen=True, slots=True)
class Moment:
    """
    Two snapshots of a run.

    Attributes:
        now: The latest one.
        before: One of `seconds` ago, which rates are reckoned from; 0 seconds while Attio has not taken a write.
        limits: What the token is allowed.
    """

    now: Progress
    before: Progress
    seconds: float
    limits: Limits

    def _per_second(self, count: int, before: int) -> float:
        return max(0, count - before) / self.seconds if self.seconds else 0.0

    @property
    def read(self) -> float:
        """Events a second."""
        return self._per_second(self.now.account.read, self.before.account.read)

    @property
    def writes(self) -> float:
        """Folded writes a second."""
        return self._per_second(self.now.account.writes, self.before.account.writes)

    @property
    def limit_use(self) -> float:
        """Share of the allowed writing requests; 1 is all of them."""
        return self._per_second(self.now.usage.writes, self.before.usage.writes) / self.limits.writes_per_second

    @property
    def share(self) -> float:
        """Of the records of the window that need nothing more."""
        return min(1.0, self.now.done / self.now.records) if self.now.records else 0.0

    @property
    def left(self) -> float | None:
        """Seconds until the window is sent at the present pace; None where that cannot be told, or not yet."""
        pace = self._per_second(self.now.done, self.before.done)
        return max(0, self.now.records - self.now.done) / pace if pace and self.seconds >= ETA_AFTER else None


def progress_bar(moment: Moment, style: Style) -> str:
    """One line for a terminal: what is most wanted stands first, what has no room is left out."""
    now = moment.now
    read = _many(now.account.read, "event")
    if not now.records:
        head = ["reading", read, f"{moment.read:,.0f}/s"] if now.waiting else ["waiting for events", f"{read} so far"]
        return _fitting([*head, *_counters(now)], style.width)
    width = style.width // BAR_SHARE
    full = round(moment.share * width)
    bar = style.paint(FULL * full, fg="green") + EMPTY * (width - full)
    left = [] if moment.left is None else [f"{rough_duration(moment.left)} left"]
    parts = [f"{moment.share:.0%}", f"{min(now.done, now.records):,}/{_records(now)}"]
    parts += [f"{moment.writes:,.1f} writes/s", f"{moment.limit_use:.0%} of limit"] if moment.seconds else ["sending"]
    return f"{bar} " + _fitting([*parts, *left, *_counters(now), read], style.width - width - 1)


def progress_line(moment: Moment) -> str:
    """The same in words, for a log."""
    now = moment.now
    parts = [f"{_many(now.account.read, 'event')} read"]
    if not now.records:
        parts += [f"{moment.read:,.0f}/s"] * bool(now.waiting and moment.read)
        return ", ".join([*parts, *_counters(now)])
    done = f"{min(now.done, now.records):,} of {_records(now)}"
    parts.append(done if moment.seconds else f"sending {done}")
    if moment.seconds:
        parts.append(f"{moment.writes:,.1f} writes/s ({moment.limit_use:.0%} of the limit)")
    if moment.left is not None:
        parts.append(f"{rough_duration(moment.left)} left")
    return ", ".join([*parts, *_counters(now)])


def _records(now: Progress) -> str:
    return f"{'~' if now.is_estimate else ''}{_many(now.records, 'record')}"


def _counters(now: Progress) -> list[str]:
    usage = now.usage
    counts = (
        (usage.throttled, "time 429", "times 429"),
        (usage.failed, "time 5xx", "times 5xx"),
        (usage.unanswered, "time no answer", "times no answer"),
        (usage.retries, "retry", "retries"),
        (now.dead + sum(now.settled.codes.values()), "dead letter", ""),
    )
    return [_many(*each) for each in counts if each[0]]


def _many(count: int, one: str, more: str = "") -> str:
    return f"{count:,} {noun(count, one, more)}"


def _fitting(parts: list[str], width: int) -> str:
    """As many parts as there is room for, with two blanks between them."""
    text = parts[0]
    for part in parts[1:]:
        if len(text) + 2 + len(part) >= width:
            break
        text += f"  {part}"
    return text


def rough_duration(seconds: float) -> str:
    """`under 1 s`, `12 s`, `3 min`, `2.5 h`."""
    if seconds < 1:
        return "under 1 s"
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
