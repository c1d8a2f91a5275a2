"""
How fast the sandbox is, beside the bare parts that it is made of.

    python bench/sandbox.py [--seconds 3] [--records 20000]

Each figure is what one server process did for sixteen keep-alive connections; `cpu` is the share of one core that the
server used, so that `rate / cpu` tells what a core of its own would do while the load generator has another.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

CONNECTIONS = 16
HEAD = (
    "{} {} HTTP/1.1\r\nhost: sandbox\r\nauthorization: Bearer t\r\n"
    "content-type: application/json\r\ncontent-length: {}\r\n\r\n"
)

SERVE = """
import sys
from pathlib import Path
from attio_ctl.sandbox.options import NO_LIMITS, Options
from attio_ctl.sandbox.server import serve

options = Options(tokens={"t": None}, limits=NO_LIMITS, activate=("users", "workspaces"), sink=sys.argv[2] == "sink")
serve(Path(sys.argv[1]), options, on_ready=lambda url: print(url, flush=True))
"""

BARE = """
import socket, uvicorn
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

async def answer(request):
    return Response(b'{"data":[]}', media_type="application/json")

listening = socket.create_server(("127.0.0.1", 0))
print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
app = Starlette(routes=[Route("/v2/objects", answer)])
uvicorn.Server(uvicorn.Config(app, log_level="critical", access_log=False)).run([listening])
"""


class Server:
    """A server process and the CPU time that it has used."""

    def __init__(self, program: str, *arguments: str) -> None:
        self.process = subprocess.Popen([sys.executable, "-c", program, *arguments], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline().rsplit(":", 1)[1])

    def cpu(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait()


def request(method: str, path: str, body: object = None) -> bytes:
    content = b"" if body is None else json.dumps(body).encode()
    return HEAD.format(method, path, len(content)).encode() + content


async def _connection(port: int, requests: Iterator[bytes], until: float, statuses: dict[bytes, int]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**24)
    for one in requests:
        if time.perf_counter() > until:
            break
        writer.write(one)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
        await reader.readexactly(length)
        statuses[head[9:12]] = statuses.get(head[9:12], 0) + 1
    writer.close()


async def _load(port: int, requests: Iterator[bytes], seconds: float) -> dict[bytes, int]:
    statuses: dict[bytes, int] = {}
    until = time.perf_counter() + seconds
    await asyncio.gather(*(_connection(port, requests, until, statuses) for _ in range(CONNECTIONS)))
    return statuses


def measure(name: str, server: Server, requests: Iterator[bytes], seconds: float, each: int = 1) -> None:
    """Print the rate of a stream of requests, times what each of them carries."""
    started, before = time.perf_counter(), server.cpu()
    statuses = asyncio.run(_load(server.port, requests, seconds))
    took, cpu = time.perf_counter() - started, server.cpu() - before
    done = sum(statuses.values()) * each
    said = " ".join(f"{status.decode()}×{count}" for status, count in sorted(statuses.items()))
    report(name, done, took, cpu, said)


def report(name: str, done: int, took: float, cpu: float, more: str = "") -> None:
    per_core = f"{done / cpu:12,.0f}" if cpu > 0 else " " * 12
    print(f"{name:44}{done / took:12,.0f}/s{per_core}/core-s  cpu {cpu / took:4.0%}  {more}", flush=True)


def person(n: int) -> dict[str, object]:
    return {
        "email_addresses": [f"person{n}@company{n % 500}.example.com"],
        "name": f"Last{n}, First{n}",
        "job_title": "Engineer",
        "description": f"Number {n}",
    }


def assertion(n: int) -> dict[str, object]:
    return {
        "object": "people",
        "mode": "create-or-update",
        "matching_attribute": "email_addresses",
        "multiselect_values": "append",
        "values": person(n),
        "received_at": "2026-01-01T00:00:00.000Z",
    }


def nested(n: int) -> dict[str, object]:
    user = {"user_id": f"u{n}", "primary_email_address": f"person{n}@company{n % 500}.example.com"}
    return {
        **assertion(n),
        "object": "users",
        "matching_attribute": "user_id",
        "values": user | {"person": assertion(n)},
    }


def asserts(fresh: bool) -> Iterator[bytes]:
    n = 0
    while True:
        n += 1
        values = {"data": {"values": person(n if fresh else n % 1000)}}
        yield request("PUT", "/v2/objects/people/records?matching_attribute=email_addresses", values)


def forever(*requests: bytes) -> Iterator[bytes]:
    while True:
        yield from requests


def measure_batches(name: str, server: Server, db: Path, bodies: list[bytes], total: int) -> None:
    """From the first byte sent until the last assertion is stored, which the batches table tells."""
    started, before = time.perf_counter(), server.cpu()
    asyncio.run(_load(server.port, iter(bodies), 600))
    watching = sqlite3.connect(db)
    while watching.execute("SELECT COUNT(*) FROM batches WHERE finished_at IS NULL").fetchone()[0]:
        time.sleep(0.01)
    (dropped,) = watching.execute("SELECT COUNT(*) FROM dropped_assertions").fetchone()
    watching.close()
    report(name, total, time.perf_counter() - started, server.cpu() - before, f"dropped {dropped}")


def batches(make: object, total: int) -> list[bytes]:
    size = 5000
    return [
        request("PUT", "/v2/batch/records", {"assertions": [make(n) for n in range(start, start + size)]})  # type: ignore[operator]
        for start in range(0, total, size)
    ]


def bare_inserts(folder: Path, seconds: float) -> None:
    """Rows of 700 bytes, each committed on its own, as a write of the API is."""
    connection = sqlite3.connect(folder / "bare.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("CREATE TABLE t (pk INTEGER PRIMARY KEY, id TEXT UNIQUE, data BLOB)")
    started, before, n = time.perf_counter(), time.process_time(), 0
    while time.perf_counter() - started < seconds:
        n += 1
        connection.execute("INSERT INTO t (id, data) VALUES (?, ?)", (f"{n * 2654435761 % 2**32:032x}", b"x" * 700))
    report("bare SQLite insert + commit", n, time.perf_counter() - started, time.process_time() - before)
    connection.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--records", type=int, default=20_000)
    chosen = parser.parse_args()
    listing = request("GET", "/v2/objects")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with Server(BARE) as server:
            measure("bare Starlette route", server, forever(listing), chosen.seconds)
        bare_inserts(folder, chosen.seconds)
        with Server(SERVE, str(folder / "one.db"), "store") as server:
            measure("GET /v2/objects", server, forever(listing), chosen.seconds)
            measure("PUT assert, new person", server, asserts(fresh=True), chosen.seconds)
            measure("PUT assert, known person, nothing new", server, asserts(fresh=False), chosen.seconds)
        with Server(SERVE, str(folder / "two.db"), "store") as server:
            total, db = chosen.records, folder / "two.db"
            measure_batches("batch, new people", server, db, batches(assertion, total), total)
            measure_batches("batch, known people", server, db, batches(assertion, total), total)
            measure_batches("batch, new users, known person nested", server, db, batches(nested, total), total)
            find = {"filter": {"email_addresses": {"$in": [f"person{n}@company{n}.example.com" for n in range(100)]}}}
            body = request("POST", "/v2/objects/people/records/query", find)
            measure("POST query, $in of 100 unique values", server, forever(body), chosen.seconds)
        with Server(SERVE, str(folder / "three.db"), "sink") as server:
            measure("sink: batch of 5,000", server, forever(*batches(assertion, 5000)), chosen.seconds, each=5000)
            measure("sink: PUT assert", server, asserts(fresh=True), chosen.seconds)


if __name__ == "__main__":
    main()
