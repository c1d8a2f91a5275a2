"""Options that several commands share."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from attio_ctl.errors import StorageError, UsageError

F = TypeVar("F", bound=Callable[..., Any])


class InputFile(click.Path):
    """A file to read; one that is missing or may not be read is an error of input and output, not of usage."""

    def __init__(self, *, allow_dash: bool = False, path_type: type[Any] | None = Path) -> None:
        super().__init__(exists=True, dir_okay=False, readable=True, allow_dash=allow_dash, path_type=path_type)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            if Path(value).exists():
                raise StorageError("cannot read it: it is a folder, or may not be read", where=str(value)) from None
            from attio_ctl.delivery.files import near_name  # noqa: PLC0415  only on this way out

            near = near_name(Path(value))
            raise StorageError("cannot read it: there is no such file", where=str(value), hint=near) from None


class OutputFile(click.Path):
    """A file to write, in a folder that is there and takes it; `-` is standard output, where that makes sense."""

    def __init__(self, *, instead: str | None = None) -> None:
        """
        Args:
            instead: What to do where somebody gives `-`, which is refused then.
        """
        super().__init__(dir_okay=False, allow_dash=instead is None, path_type=Path)
        self._instead = instead

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if str(value) == "-" and self._instead is not None:
            name = param.opts[0] if param is not None else "it"
            raise UsageError(f"`{name}` takes the name of a file, not standard output", hint=self._instead)
        path: Any = super().convert(value, param, ctx)
        if not path.parent.is_dir():
            hint = f"make it first: `mkdir -p {path.parent}`"
            raise StorageError("cannot write it: there is no such folder", where=str(path), hint=hint)
        if str(path) != "-":
            _check_writable(path)
        return path


class DatabaseFile(click.Path):
    """The file of a database, which standard output cannot hold."""

    def __init__(self, path_type: type[Any]) -> None:
        super().__init__(dir_okay=False, path_type=path_type)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if str(value) == "-":
            raise UsageError("a database is kept in a file, not on standard output", hint="`--db sandbox.sqlite`")
        return super().convert(value, param, ctx)


def _check_writable(path: Path) -> None:
    """What is written last is tried first: an hour of work should not end with a folder that takes no file."""
    try:
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise StorageError(f"cannot write it: {error.strerror}", where=str(path)) from None


def _complete_workspace(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001
    from attio_ctl.config.files import find_project, list_workspaces  # noqa: PLC0415  only while completing

    return [name for name in list_workspaces(find_project()) if name.startswith(incomplete)]


workspace_option: Callable[[F], F] = click.option(
    "-w",
    "--workspace",
    metavar="NAME",
    envvar="ATTIO_CTL_WORKSPACE",
    shell_complete=_complete_workspace,
    help="The workspace: a name under workspaces/, or a folder or file; a pattern such as 'clients/*' where several "
    "make sense. Not needed when there is one only.",
)

_PLAN_OPTIONS = (
    click.option("--target", "targets", multiple=True, metavar="ADDRESS", help="Only this, and what it depends on."),
    click.option("--exclude", "excludes", multiple=True, metavar="ADDRESS", help="Not this, nor what depends on it."),
    click.option("--allow-destroy", multiple=True, metavar="ADDRESS", help="Confirm the deletion of an object."),
    click.option(
        "--max-archive",
        type=click.IntRange(0),
        default=10,
        show_default=True,
        metavar="N",
        help="Refuse a plan that archives or deletes more.",
    ),
    click.option(
        "--max-impact", type=click.IntRange(0), metavar="N", help="Refuse to take away what more records hold."
    ),
    click.option("--no-impact", is_flag=True, help="Do not count the records that a change reaches."),
    click.option(
        "--expires", "expires_hours", type=click.IntRange(1), default=24, show_default=True, metavar="HOURS",
        help="How long a saved plan may be applied.",
    ),
)  # fmt: skip

PLAN_OPTION_NAMES = ("targets", "excludes", "allow_destroy", "max_archive", "max_impact", "no_impact", "expires_hours")


def plan_options(command: F) -> F:
    """What a plan is made of besides the files; `planning.Options` takes them by the same names."""
    for option in reversed(_PLAN_OPTIONS):
        command = option(command)
    return command


def format_option(*formats: str) -> Callable[[F], F]:
    """`--format`, the first being the default."""
    return click.option(
        "--format", "form", type=click.Choice(formats), default=formats[0], show_default=True, help="How to write it."
    )


retry_option: Callable[[F], F] = click.option(
    "--retry-for", default="60s", show_default=True, metavar="DURATION", help="How long one call is tried again."
)

max_bytes_option: Callable[[F], F] = click.option(
    "--max-bytes",
    type=click.IntRange(10_000, 10_000_000),
    default=60_000,
    show_default=True,
    metavar="BYTES",
    help="Size of the Markdown; what destroys is never cut.",
)
