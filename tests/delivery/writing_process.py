"""A process that writes as fast as it may for some seconds: URL TOKEN FILE SECONDS; prints how many, and 429s among."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

from attio_ctl.attio.token import Token
from attio_ctl.attio.writer import AttioWriter
from attio_ctl.delivery.shared_limiter import SharedLimiter


async def main(url: str, token: Token, path: Path, seconds: float) -> None:
    with SharedLimiter(path=path, token=token) as limiter:
        async with AttioWriter.connect(base_url=url, token=token, limiter=limiter) as attio:
            until = time.monotonic() + seconds

            async def work() -> None:
                while time.monotonic() < until:
                    await attio.assert_record(
                        "companies", matching_attribute="domains", values={"domains": ["example.com"]}
                    )

            await asyncio.gather(*(work() for _ in range(8)))
            sys.stdout.write(json.dumps({"writes": attio.usage.writes, "throttled": attio.usage.throttled}))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Token(sys.argv[2]), Path(sys.argv[3]), float(sys.argv[4])))
