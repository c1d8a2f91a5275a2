"""One command on several workspaces: `-w 'clients/*'`."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from attio_ctl.errors import AttioCtlError, Exit, UsageError

WORDS = {
    Exit.DONE: "done",
    Exit.CHANGES: "changes present",
    Exit.BLOCKED: "blocked",
    Exit.STALE: "stale plan",
    Exit.LEASE_HELD: "held by another run",
    Exit.CREDENTIALS: "credentials",
    Exit.PARTIAL: "partial",
    Exit.WRONG_WORKSPACE: "wrong workspace",
    Exit.INVALID: "invalid files",
}


def each_workspace(*, stop_at_failure: bool = False) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """
    Let a command's `-w` take a shell pattern: it then runs on every workspace that fits, one after the other.

    Args:
        stop_at_failure: Leave the rest alone once one has failed; for commands that write.
    """

    def decorate(callback: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(callback)
        def command(*arguments: Any, workspace: str | None, **options: Any) -> None:
            if workspace is None or not set("*?[") & set(workspace):
                callback(*arguments, workspace=workspace, **options)
                return
            paths = _matching(workspace, options)
            codes: dict[Path, Exit] = {}
            for path in paths:
                click.echo(f"\n== {path}", err=True)
                codes[path] = _run(callback, *arguments, workspace=str(path), **options)
                if stop_at_failure and codes[path] not in (Exit.DONE, Exit.CHANGES):
                    break
            click.echo("\n" + _summary(paths, codes), err=True)
            raise click.exceptions.Exit(max(codes.values(), key=_rank))

        return command

    return decorate


def _rank(code: Exit) -> tuple[bool, Exit]:
    """Any failure is above "changes present", and that above "done"; among failures the highest code counts."""
    return code not in (Exit.DONE, Exit.CHANGES), code


def _matching(pattern: str, options: dict[str, Any]) -> tuple[Path, ...]:
    from attio_ctl.config.files import expand_workspaces, find_project  # noqa: PLC0415  heavy imports wait

    paths = expand_workspaces(pattern, find_project())
    if not paths:
        raise UsageError(f"no workspace under `workspaces/` fits `{pattern}`")
    for name in ("out", "file", "resume"):
        if options.get(name) is not None:
            raise UsageError("a saved plan is of one workspace", hint="run the command for each of them")
    return paths


def _run(callback: Callable[..., None], *arguments: Any, **options: Any) -> Exit:
    """One workspace: its errors are shown, and the others go on."""
    from attio_ctl.cli.console import show_error  # noqa: PLC0415

    try:
        callback(*arguments, **options)
    except click.exceptions.Exit as ended:
        return Exit(ended.exit_code)
    except AttioCtlError as error:
        show_error(error)
        return error.exit_code
    return Exit.DONE


def _summary(paths: tuple[Path, ...], codes: dict[Path, Exit]) -> str:
    width = max(len(str(path)) for path in paths)
    rows = []
    for path in paths:
        code = codes.get(path)
        said = "not attempted" if code is None else WORDS.get(code, "error")
        rows.append(f"{str(path).ljust(width)}  {said}")
    return "\n".join(rows)
