"""`attio-ctl sandbox`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from attio_ctl.cli import sandbox_serve
from attio_ctl.cli.options import DatabaseFile, InputFile, OutputFile, workspace_option
from attio_ctl.errors import UsageError

if TYPE_CHECKING:
    from attio_ctl.config.load import Loaded


@click.group("sandbox")
def command() -> None:
    """Run a local server that behaves like Attio; switch its objects on, keep it, move it."""


command.add_command(sandbox_serve.command)


db_option = click.option("--db", type=DatabaseFile(Path), metavar="FILE", help="The sandbox's file.")


@command.command("activate")
@click.argument("objects", nargs=-1, required=True, metavar="OBJECT…")
@workspace_option
@db_option
def activate(objects: tuple[str, ...], workspace: str | None, db: Path | None) -> None:
    """Switch standard objects on, as an admin does in Attio under Workspace settings → Objects.

    \b
    Example:
        attio-ctl sandbox activate users workspaces
    """
    from attio_ctl.cli import console, wiring  # noqa: PLC0415
    from attio_ctl.sandbox import admin  # noqa: PLC0415

    if db is not None:
        admin.activate(db, objects)
    else:
        loaded = wiring.load_workspace(workspace)
        admin.activate(_sandbox_of(loaded), objects, wiring.name_of_sandbox(loaded))
    console.out(f"Activated: {', '.join(objects)}\n")


@command.command("reset")
@workspace_option
def reset(workspace: str | None) -> None:
    """Make the sandbox of a workspace as new, and forget what was applied and delivered to it.

    \b
    Example:
        attio-ctl sandbox reset
    """
    import shutil  # noqa: PLC0415

    from attio_ctl.cli import console, state_folder, wiring  # noqa: PLC0415
    from attio_ctl.sandbox import admin  # noqa: PLC0415
    from attio_ctl.state.lock import lock_path, read_lock  # noqa: PLC0415

    loaded = wiring.load_workspace(workspace)
    admin.reset(_sandbox_of(loaded))
    lock = lock_path(loaded.files[0])
    shutil.rmtree(state_folder.state_directory(loaded), ignore_errors=True)
    shutil.rmtree(state_folder.runs_directory(loaded, read_lock(lock).workspace_id or "-"), ignore_errors=True)
    lock.unlink(missing_ok=True)
    console.out("The sandbox is as new.\n")


@command.command("export")
@click.argument("file", type=OutputFile(), metavar="FILE|-")
@workspace_option
@db_option
def export_sandbox(file: Path, workspace: str | None, db: Path | None) -> None:
    """Write a whole sandbox down as one JSON document: ids, dates, history, and the secrets of its webhooks.

    A server may be running on it.

    \b
    Example:
        attio-ctl sandbox export before.json
        attio-ctl sandbox export - --db sandbox.sqlite | jq .tables.records
    """
    import json  # noqa: PLC0415

    from attio_ctl.cli import outputs, wiring  # noqa: PLC0415
    from attio_ctl.sandbox import admin  # noqa: PLC0415

    source = db or _sandbox_of(wiring.load_workspace(workspace))
    if not source.exists():
        raise UsageError(f"there is no sandbox `{source}` to export", hint="`plan`, `apply` and `serve` make one")
    text = json.dumps(admin.export_workspace(source), ensure_ascii=False) + "\n"
    outputs.write_output(file, text)


@command.command("import")
@click.argument("file", type=InputFile(allow_dash=True, path_type=None), metavar="FILE|-")
@workspace_option
@db_option
def import_sandbox(file: str, workspace: str | None, db: Path | None) -> None:
    """Replace a sandbox by what was exported, or make one of it; a running server sees it at once.

    \b
    Example:
        attio-ctl sandbox import before.json
        attio-ctl sandbox import before.json --db sandbox.sqlite
    """
    from attio_ctl.cli import console, documents, wiring  # noqa: PLC0415
    from attio_ctl.sandbox import admin  # noqa: PLC0415

    target = db or _sandbox_of(wiring.load_workspace(workspace))
    admin.import_workspace(target, documents.read_json(file))
    console.out(f"Imported into {target}.\n")


def _sandbox_of(loaded: Loaded) -> Path:
    """The file of a workspace's sandbox; a real workspace has none."""
    from attio_ctl.cli import state_folder  # noqa: PLC0415
    from attio_ctl.config.models import SandboxApi  # noqa: PLC0415

    if not isinstance(loaded.spec.api, SandboxApi):
        raise UsageError(
            f"`{loaded.spec.workspace}` is a real workspace, not a sandbox",
            hint="in Attio, open Workspace settings → Objects",
        )
    return state_folder.sandbox_file(loaded.spec.api.sandbox, loaded.root)
