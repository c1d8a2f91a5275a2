"""
What came of each mapping while a process delivers: counted where it happens, read by whoever shows it.

A write counts for the mapping that had the newest word in it, so the writes of all mappings add up to those of the run.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Tally:
    """
    Counts that only grow; those of a window that is read again, after a stop, are of another process.

    Attributes:
        said: Mapping to the record writes that it made of events, before any folding.
        written: Mapping to the folded writes that Attio took.
        letters: Mapping (empty when none was reached) and code to dead letters.
    """

    said: Counter[str] = field(default_factory=Counter)
    written: Counter[str] = field(default_factory=Counter)
    letters: Counter[tuple[str, str]] = field(default_factory=Counter)
