"""Rate limits per token: so many reads and writes in each second of the clock."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final, Literal

from attio_ctl.sandbox.model import Json
from attio_ctl.sandbox.options import Limits

WINDOW_S: Final = 10


def score_of(body: Json) -> int:
    """
    What a query costs: more for each comparison and sort, and for each hundred records asked for.

    Attio counts sorts, filters and records too; its figures are not public. Source:
    docs.attio.com/rest-api/guides/rate-limiting.
    """
    if not isinstance(body, dict):
        return 1
    sorts, limit = body.get("sorts"), body.get("limit", 500)
    records = limit if isinstance(limit, int | float) else 500
    return round(
        (1 + _leaves(body.get("filter")) + 2 * len(sorts if isinstance(sorts, list) else ())) * (1 + records / 100)
    )


def _leaves(raw: Json) -> int:
    if isinstance(raw, dict):
        return sum(_leaves(one) for one in raw.values())
    if isinstance(raw, list) and any(isinstance(one, dict) for one in raw):
        return sum(_leaves(one) for one in raw)
    return 0 if raw is None else 1


@dataclass(slots=True)
class RateLimiter:
    """
    Counts requests of each token in the running second.

    A refused request counts as not made. Source: docs.attio.com/rest-api/guides/rate-limiting, which says that waiting
    is usually over at the start of the next second.
    """

    limits: Limits
    refused: int = 0
    _second: int = 0
    _counts: dict[tuple[str, str], int] = field(default_factory=dict)
    _spent: deque[tuple[float, int]] = field(default_factory=deque)

    def take(self, token: str, kind: Literal["read", "write"], now: float) -> int | None:
        """
        Count one request.

        Returns:
            None when it may pass, else the second (since 1970) from which the client may try again.
        """
        allowed = self.limits.reads if kind == "read" else self.limits.writes
        if allowed == 0:
            return None
        second = int(now)
        if second != self._second:
            self._second = second
            self._counts.clear()
        used = self._counts.get((token, kind), 0)
        if used >= allowed:
            self.refused += 1
            return second + 1
        self._counts[token, kind] = used + 1
        return None

    def spend(self, score: int, now: float) -> int | None:
        """
        Count the score of a query against what all tokens of the workspace may spend in ten seconds.

        Returns:
            As for `take`.
        """
        if self.limits.score == 0:
            return None
        while self._spent and self._spent[0][0] <= now - WINDOW_S:
            self._spent.popleft()
        if sum(one for _, one in self._spent) + score > self.limits.score:
            self.refused += 1
            freed = self._spent[0][0] + WINDOW_S if self._spent else now
            return int(freed) + 1
        self._spent.append((now, score))
        return None

    def used(self, now: float) -> dict[tuple[str, str], int]:
        """Requests of this second by token and kind."""
        return dict(self._counts) if int(now) == self._second else {}
