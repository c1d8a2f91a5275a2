"""Rate limits per token: so many reads and writes in each second of the clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from attio_ctl.sandbox.options import Limits


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

    def used(self, now: float) -> dict[tuple[str, str], int]:
        """Requests of this second by token and kind."""
        return dict(self._counts) if int(now) == self._second else {}
