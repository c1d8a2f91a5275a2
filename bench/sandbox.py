"""
How fast the sandbox is, beside the bare parts that it is made of.

    python bench/sandbox.py [--seconds 1] [--rounds 5] [--records 20000] [--large 1000000]

Each line is what one server process did for sixteen keep-alive connections: per second of the clock, and per second of
CPU time that the server itself used, which is what a core of its own would do while the load generator has another.
Rounds of the sandbox and of the bare parts take turns, and the medians are shown: so a busy machine slows both.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import os
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from attio_ctl.sandbox.ids import new_id
from attio_ctl.sandbox.options import Options
from attio_ctl.sandbox.store.store import Store

CONNECTIONS = 16
BATCH = 5000
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


@dataclass(frozen=True)
class Round:
    """What was done in so many seconds of the clock and of the server's CPU."""

    done: int
    took: float
    cpu: float
    said: str = ""

    @property
    def per_core(self) -> float:
        return self.done / self.cpu


def ask(server: Server, requests: Iterator[bytes], seconds: float, each: int = 1) -> Round:
    """One round of a stream of requests, counted times what each of them carries."""
    started, before = time.perf_counter(), server.cpu()
    statuses = asyncio.run(_load(server.port, requests, seconds))
    took, cpu = time.perf_counter() - started, server.cpu() - before
    said = " ".join(f"{status.decode()}×{count}" for status, count in sorted(statuses.items()))
    return Round(sum(statuses.values()) * each, took, cpu, said)


def report(name: str, rounds: list[Round]) -> None:
    """The medians, and what the last round said."""
    rate = statistics.median(one.done / one.took for one in rounds)
    per_core = statistics.median(one.per_core for one in rounds)
    print(f"{name:44}{rate:12,.0f}/s{per_core:12,.0f} per core-second   {rounds[-1].said}", flush=True)


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


def store_batches(server: Server, db: Path, bodies: list[bytes], total: int) -> Round:
    """From the first byte sent until the last assertion is stored, which the batches table tells."""
    started, before = time.perf_counter(), server.cpu()
    asyncio.run(_load(server.port, iter(bodies), 600))
    watching = sqlite3.connect(db)
    while watching.execute("SELECT COUNT(*) FROM batches WHERE finished_at IS NULL").fetchone()[0]:
        time.sleep(0.01)
    (dropped,) = watching.execute("SELECT COUNT(*) FROM dropped_assertions").fetchone()
    watching.close()
    return Round(total, time.perf_counter() - started, server.cpu() - before, f"dropped {dropped}")


def batches(make: Callable[[int], object], first: int, total: int) -> list[bytes]:
    return [
        request("PUT", "/v2/batch/records", {"assertions": [make(n) for n in range(start, start + BATCH)]})
        for start in range(first, first + total, BATCH)
    ]


class BareInserts:
    """Rows of 700 bytes, each committed on its own, as a write of the API is."""

    def __init__(self, folder: Path) -> None:
        self.connection = sqlite3.connect(folder / "bare.db", isolation_level=None)
        self.connection.execute("PRAGMA journal_mode = WAL")
        self.connection.execute("PRAGMA synchronous = NORMAL")
        self.connection.execute("CREATE TABLE t (pk INTEGER PRIMARY KEY, id TEXT UNIQUE, data BLOB)")
        self.n = 0

    def insert(self, seconds: float) -> Round:
        """One round."""
        started, before, first = time.perf_counter(), time.process_time(), self.n
        while time.perf_counter() - started < seconds:
            self.n += 1
            row = f"{self.n * 2654435761 % 2**32:032x}", b"x" * 700
            self.connection.execute("INSERT INTO t (id, data) VALUES (?, ?)", row)
        return Round(self.n - first, time.perf_counter() - started, time.process_time() - before)


def take_turns(rounds: int, works: dict[str, Callable[[], Round]]) -> None:
    """Run every work once in each round, then report on each."""
    done: dict[str, list[Round]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            done[name].append(work())
    for name, its in done.items():
        report(name, its)


def measure_requests(folder: Path, rounds: int, seconds: float) -> None:
    """Single requests beside the bare parts."""
    listing = request("GET", "/v2/objects")
    new, known = asserts(fresh=True), asserts(fresh=False)
    bare = BareInserts(folder)
    with Server(BARE) as starlette, Server(SERVE, str(folder / "one.db"), "store") as server:
        take_turns(
            rounds,
            {
                "bare Starlette route": lambda: ask(starlette, forever(listing), seconds),
                "GET /v2/objects": lambda: ask(server, forever(listing), seconds),
                "bare SQLite insert + commit": lambda: bare.insert(seconds),
                "PUT assert, new person": lambda: ask(server, new, seconds),
                "PUT assert, known person, nothing new": lambda: ask(server, known, seconds),
            },
        )


def measure_batches(folder: Path, rounds: int, seconds: float, total: int) -> None:
    """Batches until they are stored, and a query that finds a hundred of their records."""
    db = folder / "two.db"
    starts = count(0, total)
    find = {"filter": {"email_addresses": {"$in": [f"person{n}@company{n}.example.com" for n in range(100)]}}}
    body = request("POST", "/v2/objects/people/records/query", find)
    with Server(SERVE, str(db), "store") as server:

        def new_then_known() -> tuple[Round, Round, Round]:
            first = next(starts)
            return (
                store_batches(server, db, batches(assertion, first, total), total),
                store_batches(server, db, batches(assertion, first, total), total),
                store_batches(server, db, batches(nested, first, total), total),
            )

        done = [new_then_known() for _ in range(rounds)]
        report("batch, new people", [one[0] for one in done])
        report("batch, known people", [one[1] for one in done])
        report("batch, new users, known person nested", [one[2] for one in done])
        take_turns(rounds, {"POST query, $in of 100 unique values": lambda: ask(server, forever(body), seconds)})


def measure_sink(folder: Path, rounds: int, seconds: float) -> None:
    """The sink, which must be quicker than any client."""
    (body,), new = batches(assertion, 0, BATCH), asserts(fresh=True)
    with Server(SERVE, str(folder / "three.db"), "sink") as server:
        take_turns(
            rounds,
            {
                "sink: batch of 5,000": lambda: ask(server, forever(body), seconds, each=BATCH),
                "sink: PUT assert": lambda: ask(server, new, seconds),
            },
        )


def fill(db: Path, total: int) -> None:
    """So many people, straight into the tables."""
    store = Store(db, Options())
    people = store.schema.objects["people"]
    email = people.known["email_addresses"].pk
    data = '{{"{}":[[0,0,["p{}@example.com","p{}@example.com"]]]}}'
    with store.transaction():
        store.db.connection.executemany(
            "INSERT INTO records (id, collection, created_at, actor, data) VALUES (?, ?, 0, 0, ?)",
            ((new_id(), people.pk, data.format(email, n, n).encode()) for n in range(total)),
        )
        store.db.connection.executemany(
            "INSERT INTO unique_values (attribute, value, record) VALUES (?, ?, ?)",
            ((email, f"p{n}@example.com", n + 1) for n in range(total)),
        )
    store.close()


def measure_lookups(folder: Path, total: int) -> None:
    """How long one answer takes in a large workspace."""
    db = folder / "large.db"
    fill(db, total)
    anyone = random.Random(7)
    with Server(SERVE, str(db), "store") as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        headers = {"authorization": "Bearer t", "content-type": "application/json"}
        for name, values in (("$eq", 1), ("$in of 10", 10), ("$in of 100", 100)):
            took: list[float] = []
            for _ in range(200):
                wanted = [f"p{anyone.randrange(total)}@example.com" for _ in range(values)]
                operand = {"$eq": wanted[0]} if values == 1 else {"$in": wanted}
                body = json.dumps({"filter": {"email_addresses": operand}})
                started = time.perf_counter()
                connection.request("POST", "/v2/objects/people/records/query", body, headers)
                answer = connection.getresponse().read()
                took.append(time.perf_counter() - started)
                assert answer.count(b'"record_id":"') == len(set(wanted))
            print(f"{name + f' among {total:,} records':44}{statistics.median(took) * 1000:12.2f} ms median")
        connection.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=1.0, help="of each round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--records", type=int, default=20_000, help="in each round of batches")
    parser.add_argument("--large", type=int, default=0, metavar="N", help="also look up records among so many")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        measure_requests(folder, chosen.rounds, chosen.seconds)
        measure_batches(folder, chosen.rounds, chosen.seconds, chosen.records)
        measure_sink(folder, chosen.rounds, chosen.seconds)
        if chosen.large:
            measure_lookups(folder, chosen.large)


if __name__ == "__main__":
    main()
