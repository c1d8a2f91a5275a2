"""`attio-ctl records`."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
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
    """Query the records of an object, in the order in which they came into Attio.

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

    chosen = tuple(part.strip() for part in columns.split(",")) if columns else None

    async def query() -> tuple[list[Any], int]:
        async with wiring.connect(loaded, AttioReader) as connected:
            attio = connected.attio
            known = [each["api_slug"] for each in await attio.objects()]
            _check_known("object", (object_slug,), [slug for slug in known if slug])
            if chosen:
                attributes = await attio.attributes("objects", object_slug)
                _check_known("attribute", chosen, [each["api_slug"] for each in attributes])
            if count:
                return [], sum([1 async for _ in attio.each_record(object_slug, filter=conditions)])
            return list(await attio.query_records(object_slug, filter=conditions, limit=limit)), 0

    records, total = asyncio.run(query())
    if count:
        console.out(f"{total}\n")
    elif form == "json":
        console.out(json.dumps(records, ensure_ascii=False, indent=2) + "\n")
    else:
        console.out(render_records(records, chosen, console.style_for(sys.stdout)))


def _check_known(what: str, asked: Sequence[str], known: Sequence[str]) -> None:
    """
    Raises:
        UsageError: the workspace has no such thing; the hint names what it has.
    """
    from attio_ctl.config.wording import did_you_mean, quote_all  # noqa: PLC0415

    for name in asked:
        if name not in known:
            hint = f"there are {quote_all(sorted(known))}"
            raise UsageError(f"there is no {what} `{name}` in the workspace{did_you_mean(name, known)}", hint=hint)


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
