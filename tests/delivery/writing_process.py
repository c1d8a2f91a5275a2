"""A process that writes as fast as it may, once told to: URL TOKEN FILE WRITES; prints when it began and ended."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

from attio_ctl.attio.token import Token
from attio_ctl.attio.writer import AttioWriter
from attio_ctl.delivery.shared_limiter import SharedLimiter


async def main(url: str, token: Token, path: Path, writes: int) -> None:
    with SharedLimiter(path=path, token=token) as limiter:
        async with AttioWriter.connect(base_url=url, token=token, limiter=limiter) as attio:
            left = iter(range(writes))

            async def work() -> None:
                for _ in left:
                    await attio.assert_record(
                        "companies", matching_attribute="domains", values={"domains": ["example.com"]}
                    )

            sys.stdout.write("ready\n")
            sys.stdout.flush()
            sys.stdin.readline()
            began = time.monotonic()
            await asyncio.gather(*(work() for _ in range(8)))
            sys.stdout.write(json.dumps({"began": began, "ended": time.monotonic(), "writes": attio.usage.writes}))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Token(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])))
