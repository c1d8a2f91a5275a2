"""`attio-ctl promote`."""

from __future__ import annotations

import difflib

import click

from attio_ctl.errors import Exit


@click.command("promote")
@click.option("--from", "source", required=True, metavar="NAME", help="The workspace whose files have it.")
@click.option("--to", "target", required=True, metavar="NAME", help="The workspace whose files should get it.")
@click.option("--only", "addresses", multiple=True, required=True, metavar="ADDRESS", help="What; repeatable.")
@click.option("--write", is_flag=True, help="Change the files; without it the change is only shown.")
@click.pass_context
def command(ctx: click.Context, *, source: str, target: str, addresses: tuple[str, ...], write: bool) -> None:
    """Take blocks of one workspace's files over into another's, as a change for git. Attio is not asked.

    Shown as a patch; `--write` carries it out, comments kept. Then `plan` says what it means for the other workspace.

    \b
    Example:
        attio-ctl promote --from staging --to production --only object.users.attribute.plan
        attio-ctl promote --from staging --to production --only list.renewals --write
    """
    from attio_ctl.cli import console, planning, wiring  # noqa: PLC0415  heavy imports wait
    from attio_ctl.config.promote import promote  # noqa: PLC0415

    chosen = tuple(planning.parse_addresses(addresses))
    changed = promote(wiring.load_workspace(source), wiring.load_workspace(target), chosen)
    if not changed:
        console.out(f"`{target}` has them already.\n")
        ctx.exit(Exit.DONE)
    for path, data in changed.items():
        before = path.read_text() if path.exists() else ""
        lines = difflib.unified_diff(before.splitlines(), data.decode().splitlines(), str(path), str(path), lineterm="")
        console.out("\n".join(lines) + "\n")
        if write:
            wiring.write_file(path, data)
    if not write:
        console.note("Nothing was written; `--write` does it.")
