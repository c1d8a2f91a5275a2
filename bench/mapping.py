"""
How fast events become checked Attio bodies: from NDJSON lines in memory to bodies of `batch/records`, in one process.

    python bench/mapping.py [--events 20000] [--rounds 7] [--segment]

Pairs are measured in interleaved rounds of one run, so that a busy machine slows both sides alike; figures are
medians. The yardstick is `orjson.loads` over the same lines, each value dropped at once; decoding alone shows how much
is left for mappings. Ours is the way that `mapping run` goes, headers and writes that of `deliver`, and the interpreter
looks for cycles as seldom as in the command. `--segment` installs Segment's published code
(`@segment/action-destinations`) from npm into a folder of its own under the temporary directory and runs the same
mapping there, `onBatch` of 1,000 events with requests that go nowhere; without npm it says so.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import orjson
import segment
from pydantic import TypeAdapter

from attio_ctl.cli.main import COLLECT_AFTER
from attio_ctl.config.models import Mapping
from attio_ctl.mapping.fast.batch import make_bodies
from attio_ctl.mapping.fast.program import FastProgram, accelerate, lines_of
from attio_ctl.mapping.program import compile_mappings
from attio_ctl.state.schema import AttributeSchema, ObjectSchema, Schema, build_schema
from attio_ctl.state.standard import standard_state

BLOCK_LINES = 250
"""What delivery reads at a time is 256 KB."""
RECEIVED = "2026-11-02T09:00:00.300Z"

PERSON = {
    "name": {"@template": "{{traits.lastName}}, {{traits.firstName}}"},
    "phone_numbers": {"@path": "$.traits.phone"},
    "job_title": {"@path": "$.traits.title"},
    "company": {"@path": "$.traits.domain"},
}
USER = {
    "plan": {"@path": "$.traits.plan"},
    "mrr": {"@path": "$.traits.mrr"},
    "seats": {"@path": "$.traits.seats"},
    "last_seen_at": {"@path": "$.timestamp"},
}


def event(number: int, phone: str) -> bytes:
    """One identify call as a browser sends it, about 1 kB."""
    company = number % 500
    return orjson.dumps(
        {
            "type": "identify",
            "messageId": f"ajs-next-{number:016d}",
            "anonymousId": f"a{number:015d}",
            "userId": f"u_{number}",
            "timestamp": f"2026-11-02T09:{number // 60 % 60:02d}:{number % 60:02d}.{number % 999 + 1:03d}Z",
            "originalTimestamp": "2026-11-02T09:00:00.100Z",
            "sentAt": "2026-11-02T09:00:00.200Z",
            "receivedAt": "2026-11-02T09:00:00.300Z",
            "version": 2,
            "channel": "browser",
            "writeKey": "wk_1",
            "integrations": {"All": True},
            "context": {
                "ip": "192.0.2.1",
                "locale": "en-GB",
                "timezone": "Europe/London",
                "userAgent": "Mozilla/5.0 (X11; Linux x86_64)",
                "userAgentData": {
                    "mobile": False,
                    "platform": "Linux",
                    "brands": [{"brand": "Chromium", "version": "141"}],
                },
                "library": {"name": "analytics.js", "version": "2.11.1"},
                "page": {"path": "/", "referrer": "", "search": "", "title": "Home", "url": "https://app.example.com/"},
                "campaign": {"name": "spring", "source": "ads", "medium": "cpc"},
                "screen": {"width": 1920, "height": 1080, "density": 2},
            },
            "traits": {
                "email": f"ada.{number}@acme-{company}.com",
                "firstName": "Ada",
                "lastName": "Lovelace",
                "phone": phone,
                "title": "Head of Data",
                "domain": f"acme-{company}.com",
                "plan": ("Free", "Pro")[number % 2],
                "mrr": number % 90 + 0.5,
                "seats": number % 40,
                "createdAt": "2025-01-01",
                "newsletter": True,
            },
        }
    )


def incomplete(number: int, line: bytes) -> bytes:
    """The same event with a value missing, odd or refused, as one in ten has it."""
    if number % 10:
        return line
    made = orjson.loads(line)
    odd = ("phone", None), ("firstName", "Zoë"), ("email", f"Ada.{number}@Example.com"), ("plan", "Gold"), ("mrr", "9")
    name, value = odd[number // 10 % len(odd)]
    made["traits"] = {key: given for key, given in made["traits"].items() if key != name}
    if value is not None:
        made["traits"][name] = value
    return orjson.dumps(made)


def blocks_of(lines: list[bytes]) -> list[bytes]:
    return [b"\n".join(lines[at : at + BLOCK_LINES]) + b"\n" for at in range(0, len(lines), BLOCK_LINES)]


def schema() -> Schema:
    """The standard objects, with the user's attributes that the mapping fills."""
    standard = build_schema(standard_state())
    users = {
        **standard.objects["users"].attributes,
        "plan": AttributeSchema("plan", "select", titles=frozenset({"Free", "Pro"})),
        "mrr": AttributeSchema("mrr", "currency"),
        "seats": AttributeSchema("seats", "number"),
        "last_seen_at": AttributeSchema("last_seen_at", "timestamp"),
    }
    return Schema({**standard.objects, "users": ObjectSchema("users", True, users)})


def program() -> FastProgram:
    spec = {"action": "identify-user", "preset": "customer-io", "person": PERSON, "user": USER}
    return accelerate(compile_mappings({"identify": TypeAdapter[Any](Mapping).validate_python(spec)}, schema()))


def bodies(running: FastProgram, blocks: list[bytes]) -> int:
    """Make the bodies of every block, as `mapping run` does; the sum of their lengths shows that they were made."""
    return sum(len(body) for block in blocks for body in make_bodies(running, lines_of(block), RECEIVED).bodies)


def writes(running: FastProgram, blocks: list[bytes]) -> int:
    """Make the writes of every event, as delivery folds them."""
    return sum(len(outcomes) for block in blocks for _, outcomes in running.run_headed(block))


def decodes(running: FastProgram, lines: list[bytes]) -> None:
    for line in lines:
        running.decoder.decode(line)


def loads(lines: list[bytes]) -> None:
    for line in lines:
        orjson.loads(line)


def rates(count: int, rounds: int, *sides: Callable[[], object]) -> list[float]:
    """Events per second of each side: medians of CPU time over interleaved rounds."""
    taken: list[list[float]] = [[] for _ in sides]
    for _ in range(rounds):
        for times, side in zip(taken, sides, strict=True):
            started = time.process_time()
            side()
            times.append(time.process_time() - started)
    return [count / statistics.median(times) for times in taken]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--segment", action="store_true", help="measure Segment's published code, too (npm)")
    options = parser.parse_args()
    gc.set_threshold(COLLECT_AFTER)  # as in the command
    running = program()
    lines = [event(number, f"+1415555{number % 800 + 2000}") for number in range(options.events)]
    repeated = blocks_of(lines)
    distinct = blocks_of([event(number, f"+1{2_122_000_000 + number}") for number in range(options.events)])
    sparse = blocks_of([incomplete(number, line) for number, line in enumerate(lines)])
    yardstick, decoding, writing, ours, phones, incompletes = rates(
        options.events,
        options.rounds,
        lambda: loads(lines),
        lambda: decodes(running, lines),
        lambda: writes(running, repeated),
        lambda: bodies(running, repeated),
        lambda: bodies(running, distinct),
        lambda: bodies(running, sparse),
    )
    print(f"{options.events:,} events of {len(lines[0]):,} bytes, Python {sys.version.split()[0]}, events/s of CPU")
    print(f"orjson.loads alone                    {yardstick:>10,.0f}")
    print(f"NDJSON to checked bodies              {ours:>10,.0f}   {ours / yardstick:.2f} x orjson.loads")
    print(f"  of that, decoding into Structs      {decoding:>10,.0f}   {ours / decoding:.0%} of the time")
    print(f"  and headers and writes, decoded too {writing:>10,.0f}   {writing / yardstick:.2f} x orjson.loads")
    print(f"the same, every phone number new      {phones:>10,.0f}   {phones / yardstick:.2f} x orjson.loads")
    print(f"the same, a value odd or missing      {incompletes:>10,.0f}   {incompletes / yardstick:.2f} x orjson.loads")
    if options.segment:
        theirs = segment.rate(lines, PERSON, USER, max(3, options.rounds // 2))
        if theirs is None:
            print("Segment's published code              not measured: npm is absent or cannot install it")
        else:
            print(f"Segment's published code, onBatch     {theirs:>10,.0f}   ours is {ours / theirs:.1f} x")


if __name__ == "__main__":
    main()
