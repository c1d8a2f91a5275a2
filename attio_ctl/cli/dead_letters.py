"""`attio-ctl dead-letters`."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from attio_ctl.cli.options import workspace_option
from attio_ctl.delivery.files import is_stdin, shown_file
from attio_ctl.errors import UsageError

if TYPE_CHECKING:
    from attio_ctl.delivery.dead_letters import DeadLetter

FIELDS = ("code", "mapping", "path", "file", "id")
SHOWN = 8
"""Characters of an id that `list` shows; so many of its beginning will do to name it."""

where_option = click.option(
    "--where",
    metavar="FIELD=VALUE",
    multiple=True,
    help=f"Only those with {', '.join(FIELDS)} of this value; repeatable.",
)


@click.group("dead-letters")
def command() -> None:
    """List, show, retry and discard events that could not be delivered. None is ever dropped by itself."""


@command.command("list")
@workspace_option
@where_option
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def list_letters(*, workspace: str | None, where: tuple[str, ...], limit: int, form: str) -> None:
    """List what could not be delivered, oldest first, each with its reason.

    \b
    Example:
        attio-ctl dead-letters list --where code=unknown_option
    """
    from attio_ctl.cli import console, ledgers, wiring  # noqa: PLC0415  heavy imports wait
    from attio_ctl.render.delivery import render_letters  # noqa: PLC0415

    there = ledgers.letters_of(wiring.load_workspace(workspace))
    letters = select(there, where)
    if not letters:
        console.note(what_there_is(there, where))
    if form == "json":
        console.out("".join(json.dumps(letter.as_json(), ensure_ascii=False) + "\n" for letter in letters))
    elif letters or not there:
        console.out(render_letters(letters, limit, console.style_for(sys.stdout)))


@command.command("show")
@click.argument("letter_id", metavar="ID")
@workspace_option
def show_letter(letter_id: str, workspace: str | None) -> None:
    """Show one dead letter whole: the event's bytes, the request and the answer. The beginning of its id will do.

    \b
    Example:
        attio-ctl dead-letters show 3f9a21c4
    """
    from attio_ctl.cli import console, ledgers, wiring  # noqa: PLC0415  heavy imports wait

    letters = [
        letter for letter in ledgers.letters_of(wiring.load_workspace(workspace)) if letter.id.startswith(letter_id)
    ]
    if len(letters) != 1:
        many = f"`{letter_id}` is the beginning of {len(letters)} dead letters"
        raise UsageError(
            many if letters else f"no dead letter begins with `{letter_id}`", hint="see `dead-letters list`"
        )
    console.out(json.dumps(letters[0].as_json(), ensure_ascii=False, indent=2) + "\n")


@command.command("retry")
@workspace_option
@where_option
@click.option("--retry-for", default="5m", show_default=True, metavar="DURATION", help="How long one write is retried.")
@click.pass_context
def retry_letters(ctx: click.Context, *, workspace: str | None, where: tuple[str, ...], retry_for: str) -> None:
    """Deliver them again, through the mappings as they are now; what goes through is settled.

    \b
    Example:
        attio-ctl dead-letters retry --where code=unknown_option
    """
    from attio_ctl.cli import console, delivering, ledgers, stopping, wiring  # noqa: PLC0415  heavy imports wait
    from attio_ctl.cli.durations import parse_duration  # noqa: PLC0415
    from attio_ctl.render.delivery import render_account, way_on  # noqa: PLC0415

    loaded = wiring.load_workspace(workspace)
    there = ledgers.letters_of(loaded)
    letters = select(there, where)
    if not letters:
        console.note(what_there_is(there, where))
        console.out("" if there else "No dead letters.\n")
        return
    run = delivering.Retry(loaded=loaded, letters=letters, retry_for=parse_duration(retry_for))
    done, interrupted = stopping.run_draining(run, lambda outcome: outcome.finished)
    console.progress("")
    console.out(render_account(done.account, ledgers.letters_of(loaded), console.style_for(sys.stdout)))
    console.note(way_on(done.account))
    if done.fault is not None:
        console.show_error(done.fault)
        ctx.exit(done.exit_code)
    ctx.exit(interrupted)


@command.command("discard")
@workspace_option
@where_option
@click.option("--yes", is_flag=True, help="Do not ask.")
def discard_letters(*, workspace: str | None, where: tuple[str, ...], yes: bool) -> None:
    """Give them up; they stay in the file, marked as discarded.

    \b
    Example:
        attio-ctl dead-letters discard --where code=invalid_json --yes
    """
    from attio_ctl.cli import console, ledgers, state_folder, wiring  # noqa: PLC0415  heavy imports wait
    from attio_ctl.delivery.dead_letters import DeadLetterFile  # noqa: PLC0415

    loaded = wiring.load_workspace(workspace)
    there = ledgers.letters_of(loaded)
    letters = select(there, where)
    if not letters:
        console.note(what_there_is(there, where))
    if letters and not yes:
        if not sys.stdin.isatty():
            raise UsageError("nobody is here to confirm", hint="add `--yes`")
        click.confirm(f"Discard {len(letters)} dead letter{'' if len(letters) == 1 else 's'}?", abort=True)
    path = state_folder.state_directory(loaded) / ledgers.DEAD_LETTERS
    DeadLetterFile(path).settle([letter.id for letter in letters], "discarded")
    console.out(f"Discarded: {len(letters)}\n")


def what_there_is(letters: Sequence[DeadLetter], where: Sequence[str]) -> str:
    """Which values the fields of `--where` have, when nothing fits them."""
    fields = dict.fromkeys(text.partition("=")[0] for text in where)
    if not (letters and fields):
        return ""
    found = {name: sorted({shown_file(_value(each, name)) for each in letters} - {""}) for name in fields}
    values = (f"{name}: {', '.join(values) or 'none'}" for name, values in found.items())
    none = "The only dead letter does not fit" if len(letters) == 1 else f"None of the {len(letters)} dead letters fits"
    return f"{none}; there are {'; '.join(values)}."


def select(letters: Sequence[DeadLetter], where: Sequence[str]) -> tuple[DeadLetter, ...]:
    """
    The letters that fit every `FIELD=VALUE`.

    Raises:
        UsageError: no such field.
    """
    conditions = [text.partition("=") for text in where]
    for name, sign, _ in conditions:
        if name not in FIELDS or not sign:
            raise UsageError(
                f"`--where` takes FIELD=VALUE with one of {', '.join(FIELDS)}", hint="`--where code=wrong_type`"
            )
    return tuple(letter for letter in letters if all(_fits(letter, name, value) for name, _, value in conditions))


def _fits(letter: DeadLetter, name: str, value: str) -> bool:
    if name == "id" and len(value) >= SHOWN:
        return letter.id.startswith(value)
    if name == "mapping":
        return letter.mapping == value.removeprefix("mapping.")
    if name == "file":
        file = letter.line.file
        return value in (file, shown_file(file)) or (value == "-" and is_stdin(file))
    return _value(letter, name) == value


def _value(letter: DeadLetter, name: str) -> str:
    return str(letter.as_json()[name])
