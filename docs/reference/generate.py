"""
Writes the pages of this folder that come from the code: `python docs/reference/generate.py`.

A test fails when one of them is not what the code says.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

import click

from attio_ctl import errors
from attio_ctl.cli.main import COMMANDS, main
from attio_ctl.mapping.values.table import as_markdown

HERE = Path(__file__).parent
WIDTH = 88

MEANINGS = {
    errors.Exit.DONE: "Done, and nothing is left to do.",
    errors.Exit.ERROR: "An error that has no code of its own, an answer of Attio's, or a plan that is incomplete.",
    errors.Exit.CHANGES: "Only with `--detailed-exitcode`: done, and there are changes.",
    errors.Exit.INVALID: "The files of a workspace are wrong, every fault is listed; or the events as a whole are.",
    errors.Exit.SIGINT: "Interrupted; what was in flight is done and recorded.",
    errors.Exit.SIGTERM: "Told to end; what was in flight is done and recorded.",
}
"""Of the codes that no error carries, or several do."""


def pages() -> dict[str, str]:
    """File name to text."""
    return {"commands.md": _commands(), "exit-codes.md": _exit_codes(), "values.md": _values()}


def _commands() -> str:
    parts = [
        "# Commands",
        "Generated from the code. Every command takes `--help`; the workspace may come from `ATTIO_CTL_WORKSPACE`.",
        "| command | does |\n|:--|:--|\n"
        + "\n".join(f"| [`{name}`](#{_anchor(name)}) | {line} |" for name, (_, line) in COMMANDS.items()),
    ]
    for path, command in _walk():
        name = " ".join(path)
        parts.append(f"{'#' * min(len(path) + 1, 4)} {name}\n\n```text\n{_help(path, command)}\n```")
    return "\n\n".join(parts) + "\n"


def _walk() -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(main, info_name="attio-ctl")
    for name in COMMANDS:
        command = main.get_command(context, name)
        assert command is not None
        yield (name,), command
        if isinstance(command, click.Group):
            for sub in command.list_commands(context):
                found = command.get_command(context, sub)
                assert found is not None
                yield (name, sub), found


def _help(path: tuple[str, ...], command: click.Command) -> str:
    context = click.Context(
        command, info_name=" ".join(("attio-ctl", *path)), terminal_width=WIDTH, help_option_names=["-h", "--help"]
    )
    lines = (line.rstrip() for line in command.get_help(context).splitlines())
    return "\n".join(lines).strip()


def _anchor(name: str) -> str:
    return name.replace(" ", "-")


def _exit_codes() -> str:
    said: dict[errors.Exit, str] = {}
    for _, found in inspect.getmembers(errors, inspect.isclass):
        if issubclass(found, errors.AttioCtlError) and found.exit_code not in MEANINGS:
            said.setdefault(found.exit_code, (inspect.getdoc(found) or "").split("\n", 1)[0])
    rows = [f"| {code.value} | {MEANINGS.get(code) or said[code]} |" for code in errors.Exit]
    head = (
        "# Exit codes\n\nGenerated from the code. A usage error is 64, because 2 would read as changes in a script.\n\n"
    )
    return head + "| code | meaning |\n|--:|:--|\n" + "\n".join(rows) + "\n"


def _values() -> str:
    head = "What a mapping may give to an attribute, by its type. Generated from the code; the examples are tested."
    return f"# Values\n\n{head}\n\n" + as_markdown().rstrip() + "\n"


if __name__ == "__main__":
    for file, text in pages().items():
        (HERE / file).write_text(text)
