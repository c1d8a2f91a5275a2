"""Segment's published destination for Attio, installed from npm into a folder of its own and run under Node."""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

VERSION = "3.497.0"
# Their package pins a version that npm no longer serves, and meets a newer fast-uri that refuses its schema names.
OVERRIDES = {"@aws-sdk/client-kinesis": "^3.800.0", "fast-uri": "3.0.6"}

# Requests go nowhere: each is counted, and answered with a record.
PROGRAM = """
const core = '%(root)s/node_modules/@segment/actions-core/dist/cjs/';
const wire = require(core + 'fetch.js');
let requests = 0;
const record = JSON.stringify({data: {id: {record_id: '11111111-2222-4333-8444-555555555555'}}});
const answer = async () => {
  requests++;
  return new wire.Response(record, {status: 202, headers: {'content-type': 'application/json'}});
};
Object.defineProperty(wire, 'default', {value: answer, configurable: true});
const {Destination} = require(core + 'index.js');
const destinations = '%(root)s/node_modules/@segment/action-destinations/dist/destinations/';
const definition = require(destinations + 'attio/index.js').default;
const lines = require('fs').readFileSync('%(events)s', 'utf8').trim().split('\\n');
const settings = {subscription: {subscribe: 'type = "identify"', partnerAction: 'identifyUser', mapping: %(mapping)s}};
(async () => {
  for (let round = 0; round < %(rounds)d; round++) {
    const destination = new Destination(definition);
    requests = 0;
    const started = process.cpuUsage();
    if (%(single)s) {
      for (const line of lines) await destination.onEvent(JSON.parse(line), settings);
    } else {
      for (let at = 0; at < lines.length; at += 1000) {
        await destination.onBatch(lines.slice(at, at + 1000).map(JSON.parse), settings);
      }
    }
    const used = process.cpuUsage(started);
    console.log((used.user + used.system) / 1e6, requests);
  }
})();
"""


def rate(lines: Sequence[bytes], person: Mapping[str, Any], user: Mapping[str, Any], rounds: int) -> float | None:
    """Events per second of CPU in batches of 1,000; None where the package cannot be installed."""
    with tempfile.TemporaryDirectory() as folder:
        events = Path(folder) / "events.ndjson"
        events.write_bytes(b"\n".join(lines) + b"\n")
        ran = _run(events, person, user, rounds=rounds)
    return None if ran is None else len(lines) / statistics.median(seconds for seconds, _ in ran)


def requests(events: Path, person: Mapping[str, Any], user: Mapping[str, Any]) -> tuple[int, int] | None:
    """The requests for a file of events: sent singly, and in batches; None where the package cannot be installed."""
    batched = _run(events, person, user)
    single = _run(events, person, user, single=True) if batched else None
    return (single[0][1], batched[0][1]) if single and batched else None


def _run(
    events: Path, person: Mapping[str, Any], user: Mapping[str, Any], *, rounds: int = 1, single: bool = False
) -> list[tuple[float, int]] | None:
    """CPU seconds and requests of each round."""
    root = _installed()
    if root is None:
        return None
    mapping = {
        "email_address": {"@path": "$.traits.email"},
        "user_id": {"@path": "$.userId"},
        "person_attributes": person,
        "user_attributes": user,
        "received_at": {"@path": "$.receivedAt"},
    }
    program = PROGRAM % {
        "root": root,
        "events": events,
        "mapping": json.dumps(mapping),
        "rounds": rounds,
        "single": json.dumps(single),
    }
    (root / "bench.js").write_text(program)
    ran = subprocess.run(["node", "bench.js"], cwd=root, capture_output=True, text=True, check=True)
    rows = (line.split() for line in ran.stdout.splitlines())
    return [(float(seconds), int(count)) for seconds, count in rows]


def _installed() -> Path | None:
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        return None
    root = Path(tempfile.gettempdir()) / f"attio-ctl-bench-segment-{VERSION}"
    root.mkdir(exist_ok=True)
    if not (root / "node_modules/@segment/action-destinations").exists():
        package = {
            "private": True,
            "dependencies": {"@segment/action-destinations": VERSION},
            "overrides": OVERRIDES,
        }
        (root / "package.json").write_text(json.dumps(package))
        install = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"]
        if subprocess.run(install, cwd=root, check=False).returncode:
            return None
    return root
