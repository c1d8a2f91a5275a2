"""`attio-ctl sandbox`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from attio_ctl.cli.options import workspace_option

if TYPE_CHECKING:
    from attio_ctl.config.load import Loaded


@click.group("sandbox")
def command() -> None:
    """Run a local server that behaves like Attio, or switch its standard objects on."""


@command.command("serve")
@click.option("--port", type=click.IntRange(0, 65535), default=0, show_default=True, help="0 takes any free port.")
@click.option("--db", default=":memory:", show_default=True, metavar="FILE|:memory:", help="Where its state is kept.")
@click.option("--token", "tokens", multiple=True, metavar="NAME[=SCOPE,…]", help="A token that it takes; repeatable.")
@click.option("--activate", default="", metavar="OBJECT,…", help="Standard objects that are switched on.")
@click.option("--no-limits", is_flag=True, help="Do not imitate Attio's rate limits.")
def serve(port: int, db: str, tokens: tuple[str, ...], activate: str, no_limits: bool) -> None:
    """Serve a sandbox on a loopback port until it is interrupted; its URL is the first line printed.

    A token without scopes has all of them; without --token there is one, named `sandbox`.

    \b
    Example:
        attio-ctl sandbox serve --port 8700 --db sandbox.sqlite --token dev --activate users,workspaces
        curl -H 'Authorization: Bearer dev' http://127.0.0.1:8700/v2/objects
    """
    from attio_ctl.sandbox.options import NO_LIMITS, Limits, Options  # noqa: PLC0415  an extra, and heavy
    from attio_ctl.sandbox.server import serve as serve_forever  # noqa: PLC0415

    options = Options(
        tokens=dict(_token(text) for text in tokens or ("sandbox",)),
        limits=NO_LIMITS if no_limits else Limits(),
        activate=_split(activate),
    )
    serve_forever(":memory:" if db == ":memory:" else Path(db), options, port=port, on_ready=click.echo)


@command.command("activate")
@click.argument("objects", nargs=-1, required=True, metavar="OBJECT…")
@workspace_option
@click.option("--db", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="The sandbox's file.")
def activate(objects: tuple[str, ...], workspace: str | None, db: Path | None) -> None:
    """Switch standard objects on, as an admin does in Attio under Workspace settings → Objects.

    \b
    Example:
        attio-ctl sandbox activate users workspaces
    """
    from attio_ctl.cli import console, wiring  # noqa: PLC0415
    from attio_ctl.sandbox import admin  # noqa: PLC0415

    admin.activate(db or _sandbox_of(wiring.load_workspace(workspace)), objects)
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

    from attio_ctl.cli import console, wiring  # noqa: PLC0415
    from attio_ctl.sandbox import admin  # noqa: PLC0415
    from attio_ctl.state.lock import lock_path  # noqa: PLC0415

    loaded = wiring.load_workspace(workspace)
    admin.reset(_sandbox_of(loaded))
    shutil.rmtree(wiring.state_directory(loaded), ignore_errors=True)
    lock_path(loaded.files[0]).unlink(missing_ok=True)
    console.out("The sandbox is as new.\n")


def _sandbox_of(loaded: Loaded) -> Path:
    """The file of a workspace's sandbox; a real workspace has none."""
    from attio_ctl.cli import wiring  # noqa: PLC0415
    from attio_ctl.config.models import SandboxApi  # noqa: PLC0415
    from attio_ctl.errors import UsageError  # noqa: PLC0415

    if not isinstance(loaded.spec.api, SandboxApi):
        raise UsageError(
            f"`{loaded.spec.workspace}` is a real workspace, not a sandbox",
            hint="in Attio, open Workspace settings → Objects",
        )
    return wiring.sandbox_file(loaded.spec.api.sandbox)


def _token(text: str) -> tuple[str, frozenset[str] | None]:
    name, _, scopes = text.partition("=")
    return name, frozenset(_split(scopes)) or None


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
