"""`attio-ctl schema`."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from attio_ctl.cli.options import OutputFile, workspace_option
from attio_ctl.errors import BlockedError, UsageError


@click.command("schema")
@workspace_option
@click.option("--live", is_flag=True, help="Fill in the slugs, titles and members of the workspace itself.")
@click.option("--out", type=OutputFile(), metavar="FILE", help="Write it to a file; `-` is standard output.")
def command(*, workspace: str | None, live: bool, out: Path | None) -> None:
    """Print the JSON Schema of workspace files, for editors.

    With --live, the editor also completes the workspace's own slugs and option titles: those in Attio, and those that
    only the files have yet. Name the file in the first line of each workspace file.

    \b
    Example:
        attio-ctl schema --out schemas/workspace.schema.json
        attio-ctl schema --live --out schemas/workspace.schema.json
    """
    import json  # noqa: PLC0415  heavy imports wait

    from attio_ctl.attio.reader import AttioReader  # noqa: PLC0415
    from attio_ctl.cli import outputs, wiring  # noqa: PLC0415
    from attio_ctl.config.schema_export import Schema, workspace_schema  # noqa: PLC0415
    from attio_ctl.state.desired import build_desired  # noqa: PLC0415
    from attio_ctl.state.editor_schema import editor_schema  # noqa: PLC0415
    from attio_ctl.state.live import read_live  # noqa: PLC0415

    async def filled_in() -> Schema:
        loaded = wiring.load_workspace(workspace)
        async with wiring.connect(loaded, AttioReader) as connected:
            state = await read_live(connected.attio, connected.workspace)
        if state.incomplete:
            raise BlockedError(
                f"the workspace could not be read whole: {'; '.join(state.incomplete)}", hint="try again"
            )
        return editor_schema(state, build_desired(loaded.spec, loaded.places.at))

    if workspace is not None and not live:
        raise UsageError("the schema is the same for every workspace", hint="add `--live` for the one of a workspace")
    schema = asyncio.run(filled_in()) if live else workspace_schema()
    text = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
    outputs.write_output(out or outputs.STDOUT, text)
