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
    from attio_ctl.cli import importing, naming  # noqa: PLC0415  heavy imports wait

    match token_env, sandbox:
        case str(variable), None:
            api: dict[str, Any] = {"token": {"env": variable}} | ({"base_url": base_url} if base_url else {})
            serving = importing.attio(variable, base_url)
        case None, str(sandboxed) if base_url is None:
            api, serving = {"sandbox": sandboxed}, importing.sandbox(sandboxed)
        case None, str():
            raise UsageError("an embedded sandbox has no `--base-url`", hint="drop one of the two")
        case _:
            raise UsageError("give either `--token-env` or `--sandbox`", hint="for example `--token-env ATTIO_TOKEN`")
    naming.check_name(name)
    if not force:
        naming.check_free(name, hint="choose another name, or replace its files with `--force`")
    with serving as server:
        live, importer = asyncio.run(importing.read(server, name, api, pinned=pin))

    from attio_ctl.cli import adopting, console  # noqa: PLC0415  they were loaded meanwhile

    imported = importer.finish(live)
    console.show_problems(imported.loaded.warnings)
    console.out(adopting.describe(imported))
    for missing in imported.adopted.environ:
        console.note(f"Set {missing} before the next command: the address of that webhook is a secret.")
    if imported.changes:
        ctx.exit(Exit.ERROR)
