"""
What a delivery costs: `python bench/deliver.py [--events 1000000 --records 100000] [--rounds 3] [--segment] [--large]`.

1. End to end: the command from file to last acknowledged write, in batches, against the sandbox as a sink on the same
   cores; beside it the time that one process needs to read the file and `orjson.loads` every line, in interleaved
   rounds.
2. The same against the storing sandbox, verified, whose records are then compared with those of a model that knows
   nothing of this engine: the newest event of each person.
3. Requests: batches beside the fewest there can be, the documented endpoints beside the changed records, and what
   Segment's published destination sends for the same file (--segment: from npm).
4. The ledger: records a second into one that holds a million.
5. Growth from 10,000 events on, a tenth as many records each time, with the memory of the process; to ten million with
   --large.
6. Where the time goes: the phases of the engine in one process.

Ratios compare figures of one run on one machine.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import datetime
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
import segment
from mapping import PERSON, USER, event, program

from attio_ctl.attio.messages import Usage
from attio_ctl.delivery.cells import Cell, pack_cells
from attio_ctl.delivery.dead_letters import MemoryDeadLetters
from attio_ctl.delivery.fold import Due
from attio_ctl.delivery.inputs import Files
from attio_ctl.delivery.ledger import Input, Run, Settlement
from attio_ctl.delivery.reading import Reader
from attio_ctl.delivery.recent import Recent
from attio_ctl.delivery.run import Engine
from attio_ctl.delivery.source import read_blocks
from attio_ctl.delivery.sqlite_ledger import SqliteLedger, open_ledger
from attio_ctl.delivery.tally import Tally
from attio_ctl.delivery.transport import Verdict, Written
from attio_ctl.mapping.writes import RecordKey

TOKEN = "bench"
BATCH = 10_000
WORKSPACE = """\
workspace: bench
api:
  token: {env: BENCH_TOKEN}
  base_url: ${BENCH_URL}
  limits: {reads: 100000, writes: 100000}
objects:
  users:
    active: true
    attributes:
      plan: {type: select, title: Plan, options: [Free, Pro]}
      mrr: {type: currency, title: MRR, currency: {code: USD, display: symbol}}
      seats: {type: number, title: Seats}
      last_seen_at: {type: timestamp, title: Last seen at}
mappings:
  identify:
    action: identify-user
    preset: customer-io
    batch: true
    person:
      name: "{{traits.lastName}}, {{traits.firstName}}"
      phone_numbers: $.traits.phone
      job_title: $.traits.title
    user:
      plan: $.traits.plan
      mrr: $.traits.mrr
      seats: $.traits.seats
      last_seen_at: $.timestamp
"""
READ_AND_PARSE = """
import sys, orjson
with open(sys.argv[1], "rb") as lines:
    for line in lines:
        orjson.loads(line)
"""


def write_events(path: Path, events: int, records: int) -> dict[str, dict[str, Any]]:
    """A file of identify calls in the order of time; what a user has in the end, by the model that is the oracle."""
    draw = random.Random(events)
    start = datetime.datetime(2026, 11, 2, tzinfo=datetime.UTC)
    newest: dict[str, dict[str, Any]] = {}
    with path.open("wb") as out:
        for number in range(events):
            who = draw.randrange(records)
            made = orjson.loads(event(who, f"+1415555{who % 800 + 2000}"))
            made["messageId"] = f"ajs-next-{number:016d}"
            stamp = start + datetime.timedelta(milliseconds=50 * number)
            made["timestamp"] = stamp.isoformat(timespec="milliseconds").replace("+00:00", "Z")
            made["traits"] |= {"plan": draw.choice(["Free", "Pro"]), "seats": number % 400, "mrr": number % 900 + 0.25}
            newest[made["userId"]] = {key: made["traits"][key] for key in ("plan", "seats", "mrr")}
            out.write(orjson.dumps(made) + b"\n")
    return newest


class Bench:
    """A project in a folder, and the commands run in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "workspaces").mkdir(parents=True)
        (folder / "workspaces" / "bench.yaml").write_text(WORKSPACE)

    def run(self, url: str, *arguments: str) -> None:
        """One command, which has to succeed."""
        command = [sys.executable, "-m", "attio_ctl.cli.main", *arguments]
        environment = {**os.environ, "BENCH_URL": url, "BENCH_TOKEN": TOKEN}
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(
                f"{' '.join(arguments)}: exit {done.returncode}\n{done.stdout[-800:]}{done.stderr[-2000:]}"
            )

    def deliver(self, url: str, events: Path, *flags: str) -> tuple[dict[str, Any], float]:
        """The account of a delivery that begins with nothing known, and its wall time."""
        for kept in self.folder.rglob("ledger.sqlite*"):
            kept.unlink()
        account = self.folder / "account.json"
        began = time.perf_counter()
        self.run(url, "deliver", "--events", str(events), "--json-into", str(account), *flags)
        taken = time.perf_counter() - began
        return json.loads(account.read_text()), taken


@contextlib.contextmanager
def sandbox(*flags: str) -> Iterator[str]:
    """A sandbox without limits in a process of its own."""
    command = [sys.executable, "-m", "attio_ctl.cli.main", "sandbox", "serve", "--token", TOKEN, "--no-limits"]
    command += ["--activate", "users,workspaces", *flags]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def end_to_end(bench: Bench, events: Path, count: int, rounds: int) -> None:
    """Section 1."""
    ours: list[float] = []
    yardstick: list[float] = []
    account: dict[str, Any] = {}
    with sandbox("--sink") as url:
        bench.run(url, "apply", "--auto-approve")
        for _ in range(rounds):
            began = time.perf_counter()
            subprocess.run([sys.executable, "-c", READ_AND_PARSE, str(events)], check=True)
            yardstick.append(time.perf_counter() - began)
            account, taken = bench.deliver(url, events, "--transport", "batch", "--no-verify")
            ours.append(taken)
    mine, plain = statistics.median(ours), statistics.median(yardstick)
    assert account["read"] == account["delivered"] + account["superseded"] == count, account
    print(f"end to end into the sink: {mine:.1f} s = {mine / plain:.2f} x reading and orjson.loads, {plain:.1f} s")
    print(f"  {count / mine:,.0f} events/s; {account['writes']:,} records written in {account['requests']} requests")


class Taker:
    """A transport on which every write is taken at once."""

    usage = Usage()

    async def send(self, writes: Sequence[Due]) -> AsyncGenerator[tuple[Due, Verdict], None]:
        for due in writes:
            yield due, Written()


def phases(folder: Path) -> None:
    """Section 6: the engine in this process, on a hundred thousand events of ten thousand."""
    events = folder / "phases.ndjson"
    write_events(events, 100_000, 10_000)
    mapped = program()
    blocks = [block.data for block in read_blocks(events)]

    def parse() -> None:
        for block in blocks:
            for line in block.splitlines():
                orjson.loads(line)

    def map_() -> None:
        for block in blocks:
            for _ in mapped.run_headed(block):
                pass

    def read() -> None:
        reader = Reader(mapped.program)
        source = Files((Input(str(events)),))
        now = datetime.datetime.now(datetime.UTC)
        window = reader.window(source, now=now, scratch=folder, tally=Tally())
        for _ in reader.read(window, Recent()):
            pass
        window.close()

    def deliver() -> None:
        with tempfile.TemporaryDirectory(dir=folder) as place:
            kept = open_ledger(path=Path(place) / "ledger.sqlite", workspace_id="bench")
            engine = Engine(
                program=mapped.program,
                ledger=kept,
                dead_letters=MemoryDeadLetters(),
                transport=Taker(),
                stop=asyncio.Event(),
                scratch=folder,
            )
            asyncio.run(engine.deliver([events]))
            kept.close()

    steps = {"orjson.loads": parse, "decoded and mapped": map_, "read, told apart, staged": read, "delivered": deliver}
    times = dict.fromkeys(steps, 0.0)
    for _ in range(3):
        for name, step in steps.items():
            began = time.process_time()
            step()
            times[name] += time.process_time() - began
    print("where the time goes, CPU of one process:")
    for name, taken in times.items():
        print(f"  {name:<26} {taken / 0.3:>6.1f} µs an event  {taken / times['orjson.loads']:.1f} x orjson.loads")


def stored(bench: Bench, events: Path, newest: Mapping[str, dict[str, Any]]) -> None:
    """Section 2, and the first line of section 3."""
    with tempfile.TemporaryDirectory() as folder, sandbox("--db", f"{folder}/bench.sqlite") as url:
        bench.run(url, "apply", "--auto-approve")
        account, taken = bench.deliver(url, events, "--transport", "batch")
        found = {user["user_id"]: user for user in users(url)}
    wrong = (
        sum(found.get(who) != {"user_id": who, **values} for who, values in newest.items()) + len(found) - len(newest)
    )
    print(f"storing and verified: {taken:.1f} s, {account['writes']:,} records; {wrong} differ from the oracle")
    fewest = 2 * -(-len(newest) // BATCH)
    print(f"  {account['requests']} requests, of which {fewest} is the fewest batches there can be")


def users(url: str) -> Iterator[dict[str, Any]]:
    """What is in the users of a workspace."""
    for offset in range(0, sys.maxsize, 500):
        body = orjson.dumps({"limit": 500, "offset": offset})
        request = urllib.request.Request(f"{url}/v2/objects/users/records/query", body)
        request.add_header("Authorization", f"Bearer {TOKEN}")
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request) as answer:
            page = orjson.loads(answer.read())["data"]
        for record in page:
            values = record["values"]
            yield {
                "user_id": values["user_id"][0]["value"],
                "plan": values["plan"][0]["option"]["title"],
                "seats": values["seats"][0]["value"],
                "mrr": values["mrr"][0]["currency_value"],
            }
        if len(page) < 500:
            return


def requests(bench: Bench, folder: Path, *, with_segment: bool) -> None:
    """Section 3, on a file that the documented endpoints get through in seconds."""
    events = folder / "requests.ndjson"
    newest = write_events(events, 5_000, 500)
    with sandbox() as url:
        bench.run(url, "apply", "--auto-approve")
        account, _ = bench.deliver(url, events, "--transport", "documented")
        again = folder / "again.ndjson"
        again.write_bytes(b"".join(line.replace(b"ajs-next-", b"ajs-again") for line in events.open("rb")))
        began = time.perf_counter()
        bench.run(url, "deliver", "--events", str(again), "--json-into", str(folder / "again.json"))
        second = json.loads((folder / "again.json").read_text())
        taken = time.perf_counter() - began
    changed = 2 * len(newest)
    print(f"requests for 5,000 events of {len(newest)} people, who are {changed} records:")
    print(f"  documented  {account['requests']:>6}  {account['requests'] / changed:.2f} x the changed records")
    print(f"  again, as new events  {second['requests']:>6}  in {taken:.1f} s: nothing changed")
    if not with_segment:
        return
    theirs = segment.requests(events, PERSON, USER)
    if theirs is None:
        print("  Segment's published destination: not measured, npm is absent or cannot install it")
    else:
        single, batched = theirs
        print(f"  Segment's destination, single  {single:>6}")
        print(f"  Segment's destination, batches of 1,000  {batched:>6}, unverified")


def ledger(folder: Path) -> None:
    """Section 4."""
    opened = open_ledger(path=folder / "ledger.sqlite", workspace_id="bench")
    cells = {slug: Cell(1_700_000_000_000_000, 2**60 + n) for n, slug in enumerate(("plan", "mrr", "seats", "seen"))}
    draw = random.Random(5)

    def put(opened: SqliteLedger, keys: list[RecordKey]) -> float:
        began = time.process_time()
        opened.settle(Settlement(Run(0, (Input("bench"),)), dict.fromkeys(keys, pack_cells(cells))))
        return time.process_time() - began

    for start in range(0, 1_000_000, 100_000):
        put(opened, [RecordKey("users", "user_id", f"u_{n}") for n in range(start, start + 100_000)])
    size = (folder / "ledger.sqlite").stat().st_size
    known = [put(opened, [_user(n) for n in draw.sample(range(1_000_000), 100_000)]) for _ in range(3)]
    starts = range(2_000_000, 2_300_000, 100_000)
    fresh = [put(opened, [_user(n) for n in range(start, start + 100_000)]) for start in starts]
    opened.close()
    rates = (100_000 / statistics.median(times) for times in (known, fresh))
    print(f"ledger of 1,000,000 records, {size / 1e6:.0f} bytes each: ", end="")
    print("{:,.0f} known and {:,.0f} new records/s of CPU".format(*rates))


def _user(number: int) -> RecordKey:
    return RecordKey("users", "user_id", f"u_{number}")


def growth(bench: Bench, folder: Path, largest: int) -> None:
    """Section 5."""
    print("growth, sink:")
    count = 10_000
    with sandbox("--sink") as url:
        bench.run(url, "apply", "--auto-approve")
        while count <= largest:
            events = folder / "growth.ndjson"
            write_events(events, count, count // 10)
            _, taken = bench.deliver(url, events, "--transport", "batch", "--no-verify")
            peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
            print(f"  {count:>10,} events  {taken:>7.1f} s  {1e6 * taken / count:>6.1f} µs each  at most {peak:.0f} MB")
            count *= 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--segment", action="store_true", help="run Segment's published code, too (npm)")
    parser.add_argument("--large", action="store_true", help="grow to ten million events: 12 GB of disk, ten minutes")
    options = parser.parse_args()
    machine = f"Python {sys.version.split()[0]}, {os.cpu_count()} cores"
    print(f"{options.events:,} events of {options.records:,} people; {machine}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        growth(Bench(folder / "growth"), folder, 10_000_000 if options.large else 100_000)
        ledger(folder)
        requests(Bench(folder / "requests"), folder, with_segment=options.segment)
        events = folder / "events.ndjson"
        newest = write_events(events, options.events, options.records)
        end_to_end(Bench(folder / "sink"), events, options.events, options.rounds)
        stored(Bench(folder / "stored"), events, newest)
        phases(folder)


if __name__ == "__main__":
    main()
