"""
The first half of `import`: read a workspace whole.

Nearly all of the time goes by waiting for the read limit. So the first request leaves before the models of the files
are loaded, and what has been read is written down while the rest is on its way.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from attio_ctl.attio.limiter import Limits
from attio_ctl.attio.reader import AttioReader
from attio_ctl.cli.connecting import Server, connect_to, token_in_environment
from attio_ctl.config.patterns import BASE_URL, BASE_URL_PATTERN, SLUG_PATTERN
from attio_ctl.errors import AttioCtlError, BlockedError, UsageError
from attio_ctl.state.live import Part, read_live
from attio_ctl.state.resource import State

if TYPE_CHECKING:
    from attio_ctl.cli.adopting import Importer


@contextlib.contextmanager
def attio(token_env: str, base_url: str | None) -> Iterator[Server]:
    """
    The server that a token is for.

    Raises:
        UsageError: the URL could not stand in a file.
        CredentialsError: the variable holds no token.
    """
    if base_url is not None and not re.match(BASE_URL_PATTERN, base_url):
        raise UsageError(
            f"`--base-url` cannot be `{base_url}`", hint="it is an `http(s)://` address without a `/` at its end"
        )
    server = Server(base_url or BASE_URL, token_in_environment(token_env), Limits())
    try:
        yield server
    except AttioCtlError as error:
        if error.hint is not None:  # there is no file yet that could say so
            error.hint = error.hint.replace("`api.base_url`", "`--base-url`")
        raise


@contextlib.contextmanager
def sandbox(name: str) -> Iterator[Server]:
    """
    An embedded sandbox, running for as long as the body does.

    Raises:
        UsageError: there is none of this name.
    """
    from attio_ctl.cli import state_folder, wiring  # noqa: PLC0415  only a sandbox needs them this early
    from attio_ctl.config.files import find_project  # noqa: PLC0415
    from attio_ctl.config.models import SandboxApi  # noqa: PLC0415

    if not re.match(SLUG_PATTERN, name) or not state_folder.sandbox_file(name).exists():
        raise UsageError(f"there is no sandbox `{name}` to import", hint="a sandbox is made by `plan` or `apply`")
    with wiring.embedded_sandbox(SandboxApi(sandbox=name), find_project()) as server:
        yield server


async def read(server: Server, name: str, api: Mapping[str, Any], *, pinned: bool) -> tuple[State, Importer]:
    """
    Read the workspace behind a server whole.

    Args:
        name: What it is to be called.
        api: The block of its files that leads to the server.
        pinned: Whether the files shall name Attio's ids.

    Returns:
        What Attio says, and the importer that has prepared its files as far as possible.

    Raises:
        BlockedError: some of the workspace could not be read.
    """
    async with connect_to(server, AttioReader) as connected:
        loading = asyncio.create_task(asyncio.to_thread(_importer, name, api, pinned=pinned))

        async def add(part: Part) -> None:
            (await loading).add(part)

        live = await read_live(connected.attio, connected.workspace, add)
        importer = await loading
    if live.incomplete:
        raise BlockedError(
            f"the workspace could not be read whole: {'; '.join(live.incomplete)}",
            hint="nothing was written; try again",
        )
    return live, importer


def _importer(name: str, api: Mapping[str, Any], *, pinned: bool) -> Importer:
    from attio_ctl.cli.adopting import Importer  # noqa: PLC0415  while the first answers are on their way

    return Importer(name, api, pinned=pinned)
