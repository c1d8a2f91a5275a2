"""`attio-ctl import`."""

from __future__ import annotations

import asyncio
from typing import Any

import click

from attio_ctl.errors import Exit, UsageError


@click.command("import")
@click.argument("name")
@click.option("--token-env", metavar="VARIABLE", help="The environment variable that holds the token.")
@click.option("--base-url", metavar="URL", help="Another server that speaks Attio's API.")
@click.option("--sandbox", metavar="SANDBOX", help="Import an embedded sandbox instead.")
@click.option("--pin", is_flag=True, help="Name Attio's ids, so that renames in its settings are recognised.")
@click.option("--force", is_flag=True, help="Replace the files of a workspace that is there already.")
@click.pass_context
def command(
    ctx: click.Context,
    *,
    name: str,
    token_env: str | None,
    base_url: str | None,
    sandbox: str | None,
    pin: bool,
    force: bool,
) -> None:
    """Write a live workspace down as `workspaces/NAME/`, and prove that a plan of it changes nothing.

    Nothing is written to Attio. What is archived, what Attio made itself and defaults are left out; what files cannot
    say is listed. With --force, files of the same names are replaced, and others in the folder are kept.

    \b
    Example:
        attio-ctl import acme --token-env ATTIO_TOKEN
        attio-ctl import tryout --sandbox demo
    """
    from attio_ctl.cli import console, importing, scaffolding, state_folder  # noqa: PLC0415  heavy imports wait

    if (token_env is None) == (sandbox is None):
        raise UsageError("give either `--token-env` or `--sandbox`", hint="for example `--token-env ATTIO_TOKEN`")
    if sandbox is not None and base_url is not None:
        raise UsageError("an embedded sandbox has no `--base-url`", hint="drop one of the two")
    if sandbox is not None and not state_folder.sandbox_file(sandbox).exists():
        raise UsageError(f"there is no sandbox `{sandbox}` to import", hint="a sandbox is made by `plan` or `apply`")
    api: dict[str, Any] = {"sandbox": sandbox} if sandbox is not None else {"token": {"env": token_env}}
    api |= {"base_url": base_url} if base_url is not None else {}
    scaffolding.check_name(name)
    if not force:
        scaffolding.check_free(name, hint="choose another name, or replace its files with `--force`")
    live = asyncio.run(importing.read(name, api))

    from attio_ctl.cli import adopting  # noqa: PLC0415  it was loaded meanwhile

    imported = adopting.write(name, api, live, pinned=pin)
    console.show_problems(imported.loaded.warnings)
    console.out(adopting.describe(imported))
    for variable in imported.adopted.environ:
        console.note(f"Set {variable} before the next command: the address of that webhook is a secret.")
    if imported.changes:
        ctx.exit(Exit.ERROR)
