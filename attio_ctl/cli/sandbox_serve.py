"""`attio-ctl sandbox serve`."""

from __future__ import annotations

from pathlib import Path

import click

from attio_ctl.cli.extras import extra
from attio_ctl.cli.options import DatabaseFile, InputFile
from attio_ctl.errors import Exit, UsageError

_FILE = InputFile()


@click.command("serve")
@click.option("--port", type=click.IntRange(0, 65535), default=0, show_default=True, help="0 takes any free port.")
@click.option(
    "--db",
    type=DatabaseFile(str),
    default=":memory:",
    show_default=True,
    metavar="FILE|:memory:",
    help="Where its state is kept.",
)
@click.option("--token", "tokens", multiple=True, metavar="NAME[=SCOPE,…]", help="A token that it takes; repeatable.")
@click.option(
    "--admin-token", metavar="NAME", help="The token of the console and of /_sandbox; a random one otherwise."
)
@click.option("--activate", default="", metavar="OBJECT,…", help="Standard objects that are switched on.")
@click.option("--no-limits", is_flag=True, help="Do not imitate Attio's rate limits.")
@click.option("--max-objects", type=click.IntRange(2), metavar="N", help="The limit on objects of a plan of Attio's.")
@click.option("--seed", type=_FILE, metavar="FILE", help="What a fresh sandbox begins with: requests, or an export.")
@click.option("--faults", type=_FILE, metavar="FILE", help="Which requests go wrong, and how, as YAML or JSON.")
@click.option(
    "--deliver-to", "redirects", multiple=True, metavar="FROM=TO", help="Send webhooks elsewhere; repeatable."
)
@click.option("--sink", is_flag=True, help="Keep no records: check and count what is sent.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    *,
    port: int,
    db: str,
    tokens: tuple[str, ...],
    admin_token: str | None,
    activate: str,
    no_limits: bool,
    max_objects: int | None,
    seed: Path | None,
    faults: Path | None,
    redirects: tuple[str, ...],
    sink: bool,
) -> None:
    """Serve a sandbox on a loopback port until it is interrupted.

    The first line printed is its URL, the second the console's, a page for people with a token of its own. A token
    without scopes has all of them; without --token there is one, named `sandbox`. What seeds and fault scripts may hold
    stands in docs/sandbox.md.

    \b
    Example:
        attio-ctl sandbox serve --port 8700 --db sandbox.sqlite --token dev --activate users,workspaces
        attio-ctl sandbox serve --faults faults.yaml --deliver-to https://hooks.example.com=http://127.0.0.1:9000
        curl -H 'Authorization: Bearer dev' http://127.0.0.1:8700/v2/objects
    """
    import secrets  # noqa: PLC0415

    from attio_ctl.cli import console, documents  # noqa: PLC0415  heavy imports wait

    with extra("sandbox", "the sandbox needs"):
        from attio_ctl.sandbox.faults import read_rules  # noqa: PLC0415
        from attio_ctl.sandbox.options import NO_LIMITS, Limits, Options  # noqa: PLC0415
        from attio_ctl.sandbox.server import serve  # noqa: PLC0415

    admin = admin_token or secrets.token_urlsafe(24)
    options = Options(
        tokens=dict(_token(text) for text in tokens or ("sandbox",)),
        limits=NO_LIMITS if no_limits else Limits(),
        activate=_split(activate),
        max_objects=max_objects,
        seed=None if seed is None else documents.read_document(seed),
        sink=sink,
        admin_token=admin,
        faults=() if faults is None else tuple(read_rules(documents.read_document(faults))),
        deliver_to=dict(_redirect(text) for text in redirects),
    )

    def tell(url: str) -> None:
        console.out(f"{url}\nConsole: {url}/?token={admin}\n")

    stopped_by = serve(":memory:" if db == ":memory:" else Path(db), options, port=port, on_ready=tell)
    ctx.exit(Exit.DONE if stopped_by is None else Exit(128 + stopped_by))


def _token(text: str) -> tuple[str, frozenset[str] | None]:
    name, _, scopes = text.partition("=")
    return name, frozenset(_split(scopes)) or None


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _redirect(text: str) -> tuple[str, str]:
    begin, sign, target = text.partition("=")
    if not (sign and begin.startswith("https://") and target.startswith(("http://", "https://"))):
        raise UsageError(
            f"`--deliver-to {text}` makes no sense: FROM is the beginning of an https URL, TO a URL",
            hint="for example `--deliver-to https://hooks.example.com=http://127.0.0.1:9000`",
        )
    return begin, target
