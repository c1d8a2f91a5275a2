"""`attio-ctl mapping eval`."""

from __future__ import annotations

import sys

import click


@click.command("eval")
def command() -> None:
    """Show what Segment's Attio destination would send: cases as NDJSON on stdin, a result per line on stdout.

    A case is {id, action, subscribe?, mapping?, useDefaults?, events, batch?}, its result {id, matched, outcomes,
    requests, errors}. No workspace, no token, no schema; nothing is sent. Each result is written before the next case
    is read, and a line that makes no sense gives a result with `errors`.

    \b
    Example:
        attio-ctl mapping eval < cases.ndjson > results.ndjson
    """
    import json  # noqa: PLC0415  heavy imports wait
    from datetime import UTC, datetime  # noqa: PLC0415

    from attio_ctl.mapping.segment.evaluate import evaluate_line  # noqa: PLC0415

    for number, line in enumerate(iter(sys.stdin.buffer.readline, b""), 1):
        if line.strip():
            now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            click.echo(json.dumps(evaluate_line(line, number, now)))
