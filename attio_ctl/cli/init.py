"""`attio-ctl init`."""

from __future__ import annotations

import click


@click.command("init")
@click.argument("name")
@click.option("--sandbox", is_flag=True, help="Use the embedded sandbox instead of a real workspace.")
def command(name: str, sandbox: bool) -> None:
    """Begin a workspace: `workspaces/NAME/` with files that are valid and say what may stand in them.

    Nothing is overwritten. To begin with what is in Attio already: `attio-ctl import`.

    \b
    Example:
        attio-ctl init acme --sandbox
        attio-ctl init acme
    """
    from attio_ctl.cli import console, naming, scaffolding  # noqa: PLC0415  heavy imports wait
    from attio_ctl.config.scaffold import scaffold  # noqa: PLC0415

    naming.check_name(name)
    naming.check_free(name, hint="nothing was written; choose another name, or edit its files")
    variable = f"ATTIO_TOKEN_{name.upper().replace('-', '_')}"
    files = scaffold(name, api={"sandbox": name} if sandbox else {"env": variable})
    folder = scaffolding.write_workspace(name, files)
    console.out("".join(f"{folder / path}\n" for path in files))
    console.note(
        f"Next: attio-ctl plan -w {name}" if sandbox else f"Next: set {variable}, then attio-ctl plan -w {name}"
    )
