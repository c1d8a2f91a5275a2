"""`attio-ctl mapping import`."""

from __future__ import annotations

from pathlib import Path

import click

from attio_ctl.cli.options import InputFile, OutputFile
from attio_ctl.errors import UsageError


@click.command("import")
@click.argument("file", type=InputFile(allow_dash=True, path_type=None), metavar="FILE")
@click.option("--out", type=OutputFile(), metavar="FILE", help="Write it to a file; `-` is standard output.")
@click.option("--force", is_flag=True, help="Replace that file when it is there already.")
def command(*, file: str, out: Path | None, force: bool) -> None:
    """Turn the subscriptions of a Segment destination into mappings.

    FILE is what Segment's Public API lists for the destination, as JSON; `-` is standard input. What a file cannot say
    the same way is noted on standard error, and beside the mapping.

    \b
    Example:
        attio-ctl mapping import subscriptions.json --out workspaces/acme/mappings/segment.yaml
    """
    from attio_ctl.cli import console, documents, outputs  # noqa: PLC0415  heavy imports wait
    from attio_ctl.mapping.segment.export import import_subscriptions  # noqa: PLC0415

    if out not in (None, outputs.STDOUT) and out.exists() and not force:
        raise UsageError(f"there is a file `{out}` already", hint="choose another name, or replace it with `--force`")
    imported = import_subscriptions(documents.read_json(file))
    for note in imported.notes:
        console.note(f"note: {note}")
    outputs.write_output(out or outputs.STDOUT, imported.text)
    if out not in (None, outputs.STDOUT):
        console.note(f"Wrote {out}. Next: attio-ctl validate")
