"""`attio-ctl diff`."""

from __future__ import annotations

import asyncio
import sys

import click

from attio_ctl.errors import BlockedError, Exit


@click.command("diff")
@click.option("--from", "source", required=True, metavar="NAME", help="The workspace that is the model.")
@click.option("--to", "target", required=True, metavar="NAME", help="The workspace that is compared with it.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 when they differ.")
@click.pass_context
def command(ctx: click.Context, *, source: str, target: str, detailed_exitcode: bool) -> None:
    """Compare two live workspaces by slug: what would make the second like the first. Nothing is written.

    Webhooks are left out, since their targets differ on purpose.

    \b
    Example:
        attio-ctl diff --from staging --to production
    """
    from datetime import UTC, datetime, timedelta  # noqa: PLC0415  heavy imports wait

    from attio_ctl.attio.reader import AttioReader  # noqa: PLC0415
    from attio_ctl.cli import console, planning, wiring  # noqa: PLC0415
    from attio_ctl.config.load import Loaded  # noqa: PLC0415
    from attio_ctl.plan.build import build_plan  # noqa: PLC0415
    from attio_ctl.plan.diff import diff  # noqa: PLC0415
    from attio_ctl.plan.model import Source  # noqa: PLC0415
    from attio_ctl.state.live import read_live  # noqa: PLC0415
    from attio_ctl.state.promotion import as_desired  # noqa: PLC0415
    from attio_ctl.state.resource import State  # noqa: PLC0415

    async def read(loaded: Loaded) -> State:
        async with wiring.connect(loaded, AttioReader) as connected:
            live = await read_live(connected.attio, connected.workspace)
        if live.incomplete:
            raise BlockedError(f"`{loaded.spec.workspace}` could not be read whole: {'; '.join(live.incomplete)}")
        return live

    model, compared = (asyncio.run(read(wiring.load_workspace(name))) for name in (source, target))
    desired = as_desired(model)
    now = datetime.now(UTC).replace(microsecond=0)
    plan = build_plan(
        name=target,
        changes=diff(desired, compared),
        desired=desired,
        live=compared,
        removals=(),
        source=Source(f"live:{source}"),
        now=now,
        expires=timedelta(0),
    )
    console.out(planning.show(plan, "text", console.style_for(sys.stdout)))
    if detailed_exitcode and plan.changes:
        ctx.exit(Exit.CHANGES)
