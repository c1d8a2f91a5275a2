"""`attio-ctl mapping run`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import IO

import click

from attio_ctl.cli.options import InputFile, OutputFile, workspace_option
from attio_ctl.errors import Exit

SHOWN = 20
"""Refusals that are told one by one; of more, the number."""


@click.command("run")
@workspace_option
@click.option(
    "--events",
    required=True,
    multiple=True,
    type=InputFile(),
    metavar="FILE",
    help="NDJSON or a JSON array of events, with gzip or zstd or without. Repeatable.",
)
@click.option(
    "--into", type=OutputFile(), metavar="FILE", help="The file to write; `-`, as without it, is standard output."
)
@click.pass_context
def command(ctx: click.Context, *, workspace: str | None, events: tuple[Path, ...], into: Path | None) -> None:
    """Turn events into the bodies of batch calls, one per line, for who sends them on by other means.

    Offline: every value is checked against the schema that the files describe. Nothing is folded, compared with what
    was sent before, or sent; `deliver` does all of that. What Attio would refuse is told with its reason and left out;
    then the exit code is 65.

    The bodies are for Attio, so what a mapping takes from the environment stands in them as it is, not as `${NAME}`;
    which variables those are is told, and a file is made for its owner alone.

    \b
    Example:
        attio-ctl mapping run --events events.ndjson > bodies.ndjson
    """
    from contextlib import ExitStack  # noqa: PLC0415  heavy imports wait
    from datetime import UTC, datetime  # noqa: PLC0415
    from itertools import chain  # noqa: PLC0415

    from attio_ctl.cli import console, inputs, outputs, wiring  # noqa: PLC0415
    from attio_ctl.delivery.masking import mask_of, variables_of  # noqa: PLC0415
    from attio_ctl.delivery.private import private_opener  # noqa: PLC0415
    from attio_ctl.delivery.source import check_readable, read_blocks  # noqa: PLC0415
    from attio_ctl.mapping.fast.batch import make_bodies  # noqa: PLC0415
    from attio_ctl.mapping.fast.program import accelerate, lines_of  # noqa: PLC0415
    from attio_ctl.mapping.program import compile_mappings  # noqa: PLC0415
    from attio_ctl.render.escaping import visible  # noqa: PLC0415
    from attio_ctl.state.desired import build_desired  # noqa: PLC0415
    from attio_ctl.state.schema import build_schema  # noqa: PLC0415
    from attio_ctl.state.standard import standard_state  # noqa: PLC0415

    inputs.check_apart([str(path) for path in events], {"--into": into})
    loaded = wiring.load_workspace(workspace)
    schema = build_schema(standard_state(), build_desired(loaded.spec, loaded.places.at))
    program = accelerate(compile_mappings(loaded.spec.mappings, schema))
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    hide = mask_of(loaded).text
    for path in events:
        check_readable(path)
    if variables := variables_of(loaded):
        named = ", ".join(f"${{{name}}}" for name in variables)
        console.note(f"note: the bodies hold the values of {named}: keep them as you keep those")
    made = refused = 0
    with ExitStack() as opened:
        out: IO[bytes] = sys.stdout.buffer
        if into not in (None, outputs.STDOUT):
            out = opened.enter_context(open(into, "wb", opener=private_opener))
        for block in chain.from_iterable(map(read_blocks, events)):
            some = make_bodies(program, lines_of(block.data), now)
            out.writelines(body + b"\n" for body in some.bodies)
            for each in some.refused[: max(0, SHOWN - refused)]:
                where = f"{each.mapping}: " if each.mapping else ""
                console.note(visible(f"{block.lines[each.line].place}: {where}{hide(each.why.reason)}"))
            made += some.assertions
            refused += len(some.refused)
        out.flush()
    console.note(f"{made:,} records, {refused:,} refused")
    if refused:
        ctx.exit(Exit.INVALID)
