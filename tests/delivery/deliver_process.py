"""A delivery as a process of its own, so that a test can kill it: FOLDER URL FILE; prints the account when it ends."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

from attio_ctl.attio.limiter import Limits
from attio_ctl.attio.messages import Exchange
from attio_ctl.state.live import read_live
from attio_ctl.state.schema import build_schema

from .conftest import Place

WRITES_PER_SECOND = 200


async def main(folder: Path, url: str, file: Path) -> None:
    log = os.open(folder / "requests.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def count(exchange: Exchange) -> None:
        if exchange.kind == "write":
            os.write(log, b".")

    place = Place(folder, url)
    async with place.reader() as attio:
        place.schema = build_schema(await read_live(attio, await attio.whoami()))
    outcome = await place.deliver(file, client={"limits": Limits(1_000, WRITES_PER_SECOND), "on_request": count})
    sys.stdout.write(json.dumps({"finished": outcome.finished, **outcome.account.as_json()}))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])))
