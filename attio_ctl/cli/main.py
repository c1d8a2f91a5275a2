"""The root command: finds the command that was asked for, and turns every ending into an exit code."""

from __future__ import annotations

import atexit
import gc
import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any, Final, NoReturn

import click

from attio_ctl import __version__
from attio_ctl.errors import AttioCtlError, Exit

COLLECT_AFTER: Final = 50_000
"""Objects between two looks for cycles; Python's 700 cost a fifth of the CPU time of a large plan or import."""

COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "init": ("init", "Begin a workspace."),
    "import": ("import_", "Write a live workspace down as files."),
    "fmt": ("fmt", "Lay out the files of a workspace, comments kept."),
    "validate": ("validate", "Check the files of a workspace, offline."),
    "test": ("test", "Run the tests of the mappings, offline."),
    "schema": ("schema", "Print the editor's schema of workspace files."),
    "plan": ("plan", "Show what `apply` would change; write nothing."),
    "show": ("show", "Show a saved plan."),
    "graph": ("graph", "Draw the object model, and what a plan changes in it."),
    "apply": ("apply", "Carry out a plan."),
    "drift": ("drift", "Show what somebody changed in Attio since the last apply."),
    "diff": ("diff", "Compare two live workspaces."),
    "promote": ("promote", "Take blocks of one workspace's files over into another's."),
    "deliver": ("deliver", "Send events through the mappings into records."),
    "dead-letters": ("dead_letters", "List, show and retry events that could not be delivered."),
    "records": ("records", "Query the records of an object."),
    "mapping": ("mapping", "Try mappings out, or bring them from Segment."),
    "sandbox": ("sandbox", "Run a local server that behaves like Attio."),
    "completion": ("completion", "Print the completion script of a shell."),
}
"""Command name to its module in `cli/` and its line in `--help`, so that help imports no command."""


class LazyGroup(click.Group):
    """A group whose commands are imported when they run; `--help` needs none of their libraries."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"attio_ctl.cli.{COMMANDS[cmd_name][0]}")
        command = module.command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from difflib import get_close_matches  # noqa: PLC0415  only on this way out

            close = get_close_matches(args[0], COMMANDS, n=1)
            raise click.UsageError(f"{error.message} Did you mean `{close[0]}`?" if close else error.message) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

    def main(self, args: Sequence[str] | None = None, *_: Any, **__: Any) -> NoReturn:
        """Run, and exit with a code of design; a usage error is 64, since 2 would read as "changes present"."""
        if args is None:  # a process of our own: nearly all that a command makes lives until it ends
            gc.set_threshold(COLLECT_AFTER)
            atexit.register(gc.freeze)  # the interpreter would look at all of it once more for cycles on its way out
        arguments = list(args) if args is not None else sys.argv[1:]
        try:
            code = super().main(arguments, prog_name="attio-ctl", standalone_mode=False)
            sys.stdout.flush()
        except click.ClickException as error:
            error.show()
            code = Exit.USAGE
        except AttioCtlError as error:
            from attio_ctl.cli.console import show_error  # noqa: PLC0415

            show_error(error)
            code = error.exit_code
        except (KeyboardInterrupt, click.Abort):
            click.echo("interrupted", err=True)
            code = Exit.SIGINT
        except BrokenPipeError:  # `attio-ctl plan | head`
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            code = Exit.DONE
        except OSError as error:  # a full disk behind standard output, a file that may not be read
            click.echo(f"error: {error.filename or 'output'}: {error.strerror}", err=True)
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            code = Exit.IO
        sys.exit(int(code or 0))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="attio-ctl", message="%(prog)s %(version)s")
def main() -> None:
    """Keep an Attio workspace in git, and deliver product events into it.

    A workspace is YAML under `workspaces/NAME/`. The usual way:

    \b
        attio-ctl validate                      check the files, offline
        attio-ctl plan                          what differs from the live workspace
        attio-ctl apply                         make it so
        attio-ctl deliver --events events.ndjson

    Exit codes: 0 done, 1 error, 2 changes present (with --detailed-exitcode), 10 blocked, 11 stale plan,
    12 lease held, 13 credentials, 14 partial, 15 wrong workspace, 64 usage, 65 invalid files or events, 74 I/O.
    """


if __name__ == "__main__":
    main()
