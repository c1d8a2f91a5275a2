"""`attio-ctl fmt`."""

from __future__ import annotations

from pathlib import Path

import click

from attio_ctl.cli.options import workspace_option
from attio_ctl.errors import Exit


@click.command("fmt")
@workspace_option
@click.option("--check", is_flag=True, help="Change nothing; list the files that would change, and exit 1 if any.")
@click.pass_context
def command(ctx: click.Context, *, workspace: str | None, check: bool) -> None:
    """Lay out the files of a workspace, or of all of them, in the one canonical way.

    Comments stay with what they speak of. A file is replaced only after its new text was read back and found to say
    the same. The names of the files that change are printed.

    \b
    Example:
        attio-ctl fmt
        attio-ctl fmt --check -w staging
    """
    from attio_ctl.cli import console, wiring  # noqa: PLC0415  heavy imports wait
    from attio_ctl.config.files import find_source, find_workspace, show_path  # noqa: PLC0415
    from attio_ctl.config.format import format_yaml  # noqa: PLC0415
    from attio_ctl.errors import ConfigError, Problem, UsageError  # noqa: PLC0415

    source = find_source(Path("workspaces")) if workspace is None else find_workspace(workspace, Path())
    if source is None:
        raise UsageError(f"there is no YAML file in `{workspace or 'workspaces/'}`", hint="begin with `attio-ctl init`")
    problems: list[Problem] = []
    changed: list[str] = []
    for path in source.files:
        raw, name = path.read_bytes(), show_path(path)
        try:
            text = format_yaml(raw, name)
        except ConfigError as error:
            problems += error.problems
            continue
        if text != raw:
            changed.append(name)
            if not check:
                wiring.write_file(path, text)
    console.out("".join(f"{name}\n" for name in changed))
    if problems:
        raise ConfigError(problems)
    if check and changed:
        ctx.exit(Exit.ERROR)
