"""`attio-ctl graph`."""

from __future__ import annotations

import asyncio

import click

from attio_ctl.cli.options import format_option, workspace_option


@click.command("graph")
@workspace_option
@format_option("mermaid", "dot")
@click.option("--changes", is_flag=True, help="Only what the plan changes, and what is linked to it.")
def command(workspace: str | None, form: str, *, changes: bool) -> None:
    """Draw the object model: objects, lists, the references between them, and what `apply` would change.

    Reads the workspace, writes nothing. GitHub and GitLab draw Mermaid in a ```mermaid block; Graphviz draws DOT.

    \b
    Example:
        attio-ctl graph > model.mmd
        attio-ctl graph --changes
        attio-ctl graph --format dot > model.dot
    """
    from attio_ctl.attio.reader import AttioReader  # noqa: PLC0415  heavy imports wait
    from attio_ctl.cli import console, planning, wiring  # noqa: PLC0415
    from attio_ctl.render.graph import around_changes, build_graph  # noqa: PLC0415
    from attio_ctl.render.mermaid import render_dot, render_mermaid  # noqa: PLC0415

    loaded = wiring.load_workspace(workspace)
    console.show_problems(loaded.warnings)

    async def make() -> planning.Made:
        async with wiring.connect(loaded, AttioReader) as connected:
            return await planning.make_plan(loaded, connected.attio, connected.workspace, planning.Options())

    made = asyncio.run(make())
    graph = build_graph(made.desired, made.live, made.plan)
    graph = around_changes(graph) if changes else graph
    console.out(render_mermaid(graph) if form == "mermaid" else render_dot(graph))
