"""
How fast events become checked Attio bodies: from NDJSON lines in memory to bodies of `batch/records`, in one process.

    python bench/mapping.py [--events 20000] [--rounds 7] [--segment]

Pairs are measured in interleaved rounds of one run, so that a busy machine slows both sides alike; figures are
medians. The yardstick is `orjson.loads` over the same lines, each value dropped at once. Decoding and encoding alone
show how much is left for mappings. `--segment` installs
Segment's published code (`@segment/action-destinations`) from npm into a folder of its own under the temporary
directory and runs the same mapping there, `onBatch` of 1,000 events with requests that go nowhere; without npm it
says so.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import orjson
from pydantic import TypeAdapter

from attio_ctl.config.models import Mapping
from attio_ctl.mapping.fast.batch import make_batch
from attio_ctl.mapping.fast.program import FastProgram, accelerate
from attio_ctl.mapping.program import compile_mappings
from attio_ctl.state.schema import AttributeSchema, ObjectSchema, Schema, build_schema
from attio_ctl.state.standard import standard_state

CHUNK_LINES = 250
RECEIVED = "2026-11-02T09:00:00.300Z"
SEGMENT_VERSION = "3.497.0"
# Their package pins a version that npm no longer serves, and meets a newer fast-uri that refuses its schema names.
OVERRIDES = {"@aws-sdk/client-kinesis": "^3.800.0", "fast-uri": "3.0.6"}

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


def bodies(running: FastProgram, lines: list[bytes]) -> int:
    """Make the body of a call of every so many events; the sum of their lengths shows that they were made."""
    size = 0
    for at in range(0, len(lines), CHUNK_LINES):
        size += len(make_batch(running, lines[at : at + CHUNK_LINES], RECEIVED).body)
    return size


def writes(running: FastProgram, lines: list[bytes]) -> int:
    """Make the writes of every event, as delivery folds them."""
    return sum(len(outcomes) for _, outcomes in running.run_each(lines))


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


SEGMENT_PROGRAM = """
const core = '%(root)s/node_modules/@segment/actions-core/dist/cjs/';
const wire = require(core + 'fetch.js');
const answer = async () => new wire.Response('{}', {status: 202, headers: {'content-type': 'application/json'}});
Object.defineProperty(wire, 'default', {value: answer, configurable: true});
const {Destination} = require(core + 'index.js');
const destinations = '%(root)s/node_modules/@segment/action-destinations/dist/destinations/';
const definition = require(destinations + 'attio/index.js').default;
const lines = require('fs').readFileSync('%(events)s', 'utf8').trim().split('\\n');
const settings = {subscription: {subscribe: 'type = "identify"', partnerAction: 'identifyUser', mapping: %(mapping)s}};
(async () => {
  for (let round = 0; round < %(rounds)d; round++) {
    const destination = new Destination(definition);
    const started = process.cpuUsage();
    for (let at = 0; at < lines.length; at += 1000) {
      await destination.onBatch(lines.slice(at, at + 1000).map(JSON.parse), settings);
    }
    const used = process.cpuUsage(started);
    console.log((used.user + used.system) / 1e6);
  }
})();
"""


def segment_rate(lines: list[bytes], rounds: int) -> float | None:
    """Events per second of Segment's published code, None where it cannot be installed."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        return None
    root = Path(tempfile.gettempdir()) / f"attio-ctl-bench-segment-{SEGMENT_VERSION}"
    root.mkdir(exist_ok=True)
    if not (root / "node_modules/@segment/action-destinations").exists():
        package = {
            "private": True,
            "dependencies": {"@segment/action-destinations": SEGMENT_VERSION},
            "overrides": OVERRIDES,
        }
        (root / "package.json").write_text(json.dumps(package))
        install = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"]
        if subprocess.run(install, cwd=root, check=False).returncode:
            return None
    (root / "events.ndjson").write_bytes(b"\n".join(lines) + b"\n")
    mapping = {
        "email_address": {"@path": "$.traits.email"},
        "user_id": {"@path": "$.userId"},
        "person_attributes": PERSON,
        "user_attributes": USER,
        "received_at": {"@path": "$.receivedAt"},
    }
    source = SEGMENT_PROGRAM % {
        "root": root,
        "events": root / "events.ndjson",
        "mapping": json.dumps(mapping),
        "rounds": rounds,
    }
    (root / "bench.js").write_text(source)
    ran = subprocess.run([node, "bench.js"], cwd=root, capture_output=True, text=True, check=True)
    return len(lines) / statistics.median(map(float, ran.stdout.split()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--segment", action="store_true", help="measure Segment's published code, too (npm)")
    options = parser.parse_args()
    running = program()
    repeated = [event(number, f"+1415555{number % 800 + 2000}") for number in range(options.events)]
    distinct = [event(number, f"+1{2_122_000_000 + number}") for number in range(options.events)]
    call = msgspec.json.decode(make_batch(running, repeated[:CHUNK_LINES], RECEIVED).body)
    yardstick, decoding, writing, ours, encoding, phones = rates(
        options.events,
        options.rounds,
        lambda: loads(repeated),
        lambda: decodes(running, repeated),
        lambda: writes(running, repeated),
        lambda: bodies(running, repeated),
        lambda: [orjson.dumps(call) for _ in range(0, options.events, CHUNK_LINES)],
        lambda: bodies(running, distinct),
    )
    print(f"{options.events:,} events of {len(repeated[0]):,} bytes, Python {sys.version.split()[0]}, events/s of CPU")
    print(f"orjson.loads alone                    {yardstick:>10,.0f}")
    print(f"NDJSON to checked bodies              {ours:>10,.0f}   {ours / yardstick:.2f} x orjson.loads")
    print(f"  of that, decoding into Structs      {decoding:>10,.0f}   {ours / decoding:.0%} of the time")
    print(f"  and orjson.dumps of such bodies     {encoding:>10,.0f}   {ours / encoding:.0%} of the time")
    print(f"the same, every phone number new      {phones:>10,.0f}")
    print(f"NDJSON to headers and writes          {writing:>10,.0f}   {writing / yardstick:.2f} x orjson.loads")
    if options.segment:
        theirs = segment_rate(repeated, max(3, options.rounds // 2))
        if theirs is None:
            print("Segment's published code              not measured: npm is absent or cannot install it")
        else:
            print(f"Segment's published code, onBatch     {theirs:>10,.0f}   ours is {ours / theirs:.1f} x")


if __name__ == "__main__":
    main()
