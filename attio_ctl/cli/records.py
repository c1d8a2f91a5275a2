"""`attio-ctl records`."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import click

from attio_ctl.cli.options import workspace_option
from attio_ctl.errors import UsageError


@click.command("records")
@click.argument("object_slug", metavar="OBJECT")
@workspace_option
@click.option("--filter", "filter_text", metavar="JSON", help='Attio\'s filter, such as \'{"name": "Ada"}\'.')
@click.option("--limit", type=click.IntRange(1), default=10, show_default=True, help="How many records to show.")
@click.option("--columns", metavar="SLUG,…", help="Which attributes; without it, those that have values.")
@click.option("--count", is_flag=True, help="Print only how many there are.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(
    object_slug: str,
    *,
    workspace: str | None,
    filter_text: str | None,
    limit: int,
    columns: str | None,
    count: bool,
    form: str,
) -> None:
    """Query the records of an object, oldest first.

    \b
    Example:
        attio-ctl records people --limit 5 --columns name,email_addresses
        attio-ctl records users --filter '{"plan": "Pro"}' --count
    """
    from attio_ctl.attio.reader import AttioReader  # noqa: PLC0415  heavy imports wait
    from attio_ctl.cli import console, wiring  # noqa: PLC0415
    from attio_ctl.render.records import render_records  # noqa: PLC0415

    conditions = _parse(filter_text)
    loaded = wiring.load_workspace(workspace)

    async def query() -> tuple[list[Any], int]:
        async with wiring.connect(loaded, AttioReader) as connected:
            if count:
                found = connected.attio.each_record(object_slug, filter=conditions)
                return [], sum([1 async for _ in found])
            return list(await connected.attio.query_records(object_slug, filter=conditions, limit=limit)), 0

    records, total = asyncio.run(query())
    if count:
        console.out(f"{total}\n")
    elif form == "json":
        console.out(json.dumps(records, ensure_ascii=False, indent=2) + "\n")
    else:
        chosen = tuple(part.strip() for part in columns.split(",")) if columns else None
        console.out(render_records(records, chosen, console.style_for(sys.stdout)))


def _parse(text: str | None) -> dict[str, Any] | None:
    if text is None:
        return None
    try:
        conditions = json.loads(text)
    except ValueError as error:
        raise UsageError(f"`--filter` is no JSON: {error}", hint='for example \'{"name": "Ada"}\'') from None
    if not isinstance(conditions, dict):
        raise UsageError("`--filter` must be a JSON object", hint='for example \'{"name": "Ada"}\'')
    return conditions
