"""Glob patterns of FQL's `match`: `*`, `?`, `[abc]`, `[a-z]` and `\\x`, in time that no pattern can blow up."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Glob:
    """
    A compiled pattern: the pieces between its stars, each a regular expression of a fixed width.

    Pieces are found from left to right, each as early as it can be; with pieces of fixed width that finds a fit
    whenever there is one, without going back. Source: twilio.com/docs/segment/api/public-api/fql (2026-08).
    """

    pieces: tuple[re.Pattern[str], ...]
    widths: tuple[int, ...]

    @staticmethod
    def of(pattern: str) -> Glob:
        """The compiled pattern; a bracket that does not close stands for itself."""
        return _compiled(pattern)

    def fits(self, value: str) -> bool:
        """Whether the pattern fits the whole text."""
        first, last = self.pieces[0], self.pieces[-1]
        if len(self.pieces) == 1:
            return len(value) == self.widths[0] and first.match(value) is not None
        end = len(value) - self.widths[-1]
        if first.match(value) is None or end < self.widths[0] or last.match(value, end) is None:
            return False
        at = self.widths[0]
        for piece in self.pieces[1:-1]:
            found = piece.search(value, at, end)
            if found is None:
                return False
            at = found.end()
        return True


_PART = re.compile(r"\\(.)|\[(!|\^)?((?:\\.|[^\]\\])+)\]|(.)", re.DOTALL)
_MEMBER = re.compile(r"\\?(.)(?:-\\?(.))?", re.DOTALL)


@functools.lru_cache(maxsize=1024)
def _compiled(pattern: str) -> Glob:
    pieces: list[list[str]] = [[]]
    for part in _PART.finditer(pattern):
        escaped, negated, members, plain = part.groups()
        if plain == "*":
            pieces.append([])
        elif plain == "?":
            pieces[-1].append(".")
        elif members is not None:
            pieces[-1].append(_one_of(members, negated=bool(negated)))
        else:
            pieces[-1].append(re.escape(plain if escaped is None else escaped))
    return Glob(tuple(re.compile("".join(p), re.DOTALL) for p in pieces), tuple(map(len, pieces)))


def _one_of(members: str, *, negated: bool) -> str:
    ranges = []
    for low, high in _MEMBER.findall(members):
        if high and high < low:
            continue  # an empty range has no members
        ranges.append(f"{re.escape(low)}-{re.escape(high)}" if high else re.escape(low))
    if not ranges:
        return r"." if negated else r"(?!.)."
    return f"[{'^' if negated else ''}{''.join(ranges)}]"
