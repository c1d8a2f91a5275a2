"""`attio-ctl completion`."""

from __future__ import annotations

import click

_VARIABLE = "_ATTIO_CTL_COMPLETE"


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, /, shell: str) -> None:
    """Print the script that completes commands, options and workspace names in a shell.

    \b
    Example:
        attio-ctl completion bash >> ~/.bashrc
        attio-ctl completion zsh > "${fpath[1]}/_attio-ctl"
        attio-ctl completion fish > ~/.config/fish/completions/attio-ctl.fish
    """
    from click.shell_completion import get_completion_class  # noqa: PLC0415  only here

    from attio_ctl.cli import console  # noqa: PLC0415

    completer = get_completion_class(shell)
    assert completer is not None, "click has all three"
    console.out(completer(ctx.find_root().command, {}, "attio-ctl", _VARIABLE).source())
