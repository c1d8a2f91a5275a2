"""Connects to a server; needs no model of the files, so that `import` can send before it has loaded one."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from attio_ctl.attio import reader
from attio_ctl.attio.http import Transport
from attio_ctl.attio.limiter import Limiter, Limits
from attio_ctl.attio.messages import Exchange
from attio_ctl.attio.token import Token
from attio_ctl.cli.patience import Patience
from attio_ctl.errors import CredentialsError
from attio_ctl.state.resource import Workspace

Client = TypeVar("Client", bound=reader.AttioReader)


@dataclass(frozen=True, slots=True)
class Server:
    """Attio, or what behaves like it: where it is, who asks, and how much it takes."""

    base_url: str
    token: Token
    limits: Limits


@dataclass(frozen=True, slots=True)
class Connected(Generic[Client]):
    """A client, and the workspace that it was found to speak to."""

    attio: Client
    workspace: Workspace
    limits: Limits


@contextlib.asynccontextmanager
async def connect_to(
    server: Server,
    client: type[Client],
    *,
    limiter: Limiter | None = None,
    retry_for: float = reader.RETRY_FOR,
    transport: Transport | None = None,
    on_request: Callable[[Exchange], None] | None = None,
) -> AsyncIterator[Connected[Client]]:
    """
    Connect, and ask whose token it is.

    Args:
        client: `AttioReader`, which cannot write, or `AttioWriter`.
        limiter: Shares the limits with others; one of its own by default.
        retry_for: Seconds for which one call is tried again.
        transport: Stands in for the client's own.
        on_request: Told about every attempt once it is over.

    Raises:
        CredentialsError: the token is dead.
    """
    async with client.connect(
        base_url=server.base_url,
        token=server.token,
        limits=server.limits,
        limiter=limiter,
        retry_for=retry_for,
        transport=transport,
        on_request=_told(Patience(retry_for), on_request),
    ) as attio:
        identity = await attio.whoami()
        workspace = Workspace(identity.workspace_id, identity.workspace_slug, identity.workspace_name, identity.scopes)
        yield Connected(attio, workspace, server.limits)


def token_in_environment(name: str) -> Token:
    """
    The token that a variable holds.

    Raises:
        CredentialsError: it holds none.
    """
    return checked_token(os.environ.get(name, ""), f"the environment variable `{name}` is not set")


def checked_token(text: str, missing: str) -> Token:
    """
    A token without the white space around it.

    Raises:
        CredentialsError: nothing is left; `missing` says so.
    """
    if not text.strip():
        raise CredentialsError(missing, hint="make a token in Attio under Workspace settings → Developers")
    return Token(text.strip())


def _told(patience: Patience, other: Callable[[Exchange], None] | None) -> Callable[[Exchange], None]:
    def both(exchange: Exchange) -> None:
        patience(exchange)
        if other is not None:
            other(exchange)

    return both
