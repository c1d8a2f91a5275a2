"""A minute in which Attio refuses everything with 429, and the time after it."""

from __future__ import annotations

import asyncio
import math
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import httpx
import pytest

from attio_ctl.attio.writer import AttioWriter

pytestmark = pytest.mark.anyio

OPTION = {
    "id": {"workspace_id": "w", "object_id": "o", "attribute_id": "a", "option_id": "x"},
    "title": "Gold",
    "is_archived": False,
}
ALLOWED = 25
STORM = 60.0


class Stormy(httpx.AsyncBaseTransport):
    """
    Refuses everything until the storm is over and then what is beyond the allowance of a second, always with
    `Retry-After` at the start of the next second; its dates are off by `skew` seconds.
    """

    def __init__(self, clock: Any, skew: int) -> None:
        self._clock = clock
        self._skew = skew
        self._over = clock.now + STORM
        self.taken: list[float] = []
        self.refused: list[float] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        now = self._clock.now
        used = sum(int(time) == int(now) for time in self.taken[-ALLOWED:])
        if now >= self._over and used < ALLOWED:
            self.taken.append(now)
            return httpx.Response(200, json={"data": OPTION})
        self.refused.append(now)
        headers = {"date": self._date(math.floor(now)), "retry-after": self._date(math.floor(now) + 1)}
        return httpx.Response(429, headers=headers)

    def _date(self, seconds: int) -> str:
        return format_datetime(datetime.fromtimestamp(1_800_000_000 + seconds + self._skew, UTC), usegmt=True)


@pytest.mark.parametrize("skew", [0, -600, 600])
async def test_a_storm_is_probed_once_a_second_and_full_speed_is_back_five_seconds_after_it(
    clock: Any, token: str, skew: int
) -> None:
    stormy = Stormy(clock, skew)
    ended = clock.now + STORM

    async def work(attio: AttioWriter) -> None:
        while clock.now < ended + 25:
            await attio.update_option("objects", "companies", "tier", "x", title="Gold")

    async with AttioWriter.connect(
        base_url="https://api.attio.com", token=token, transport=stormy, clock=clock, retry_for=300
    ) as attio:
        await asyncio.gather(*(work(attio) for _ in range(16)))

    in_storm = [time for time in stormy.refused if time < ended]
    after = [time for time in stormy.taken if ended + 5 <= time < ended + 25]
    assert len(in_storm) <= STORM + 16
    assert len(after) >= 0.95 * ALLOWED * 20
    assert len([time for time in stormy.refused if time >= ended]) <= 0.01 * len(stormy.taken)
