"""
The socket's edge: the only module that imports the HTTP library, and the only place where the token is in the clear.

The token leaves for the configured host and no other: redirects are not followed, the header is set request by request,
and plain HTTP is taken only on a local network. Whatever the library raises comes back as data, so no traceback can
reach a request object that carries the header.
"""

from __future__ import annotations

import ipaddress
import re
import ssl
from collections.abc import Generator
from typing import Final
from urllib.parse import urlsplit

import httpx
import msgspec

from attio_ctl import __version__
from attio_ctl.attio.messages import Answer, Request
from attio_ctl.attio.retry import NoAnswer
from attio_ctl.attio.token import Token
from attio_ctl.errors import CredentialsError, UsageError

__all__ = ["CONNECTIONS", "Http", "Transport", "httpx", "is_loopback"]

Transport = httpx.AsyncBaseTransport

CONNECTIONS: Final = 16
"""The library's pool costs more the more requests wait for it; 16 carry many times what a token allows."""

TIMEOUT: Final = httpx.Timeout(30.0, connect=10.0, pool=None)
"""Seconds without progress. Nobody waits for the pool: the session lets at most as many calls through as it holds."""

MASK: Final = "**********"

# Raised before the first byte of the request is written.
_NEVER_SENT: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
)


class Http:
    """Sends requests to one host with one token; use `aclose` when done."""

    def __init__(self, *, base_url: str, token: Token | str, transport: Transport | None = None) -> None:
        """
        Args:
            base_url: Scheme and host, without `/v2`.
            token: An API key or OAuth access token; white space around it (a file's last line end) does not count.
            transport: Stands in for the network.

        Raises:
            CredentialsError: the token is empty, or holds what no header can carry.
            UsageError: the URL is not one that a token may be sent to.
        """
        self._token = _checked_token(token)
        host = _checked_host(base_url)
        self._client = httpx.AsyncClient(
            base_url=base_url,
            auth=_BearerAuth(self._token, base_url),
            headers={"accept": "application/json", "user-agent": f"attio-ctl/{__version__}"},
            timeout=TIMEOUT,
            limits=httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS),
            follow_redirects=False,
            transport=transport,
            verify=_trusted(base_url),
            trust_env=not is_loopback(host),  # a proxy from the environment has no business before a local server
        )

    async def send(self, request: Request) -> Answer | NoAnswer:
        """Send once. A failure below HTTP is a `NoAnswer`, never an exception; an echoed token comes back masked."""
        body = None if request.body is None else msgspec.json.encode(request.body)
        try:
            response = await self._client.request(
                request.method,
                request.path,
                params=dict(request.query) or None,
                content=body,
                headers={"content-type": "application/json"} if body is not None else None,
            )
        except _NEVER_SENT as error:
            return NoAnswer(self._scrubbed(_reason(error)), reached=False)
        except (httpx.TransportError, httpx.DecodingError) as error:
            return NoAnswer(self._scrubbed(_reason(error)), reached=True)
        headers = {name.lower(): self._scrubbed(value) for name, value in response.headers.items()}
        secret = self._token.plain.encode()
        return Answer(response.status_code, headers, response.content.replace(secret, MASK.encode()))

    async def aclose(self) -> None:
        await self._client.aclose()

    def _scrubbed(self, text: str) -> str:
        return text.replace(self._token.plain, MASK)

    def __repr__(self) -> str:
        return f"Http({str(self._client.base_url)!r})"


class _BearerAuth(httpx.Auth):
    """Adds the token to requests for the configured origin, and to no others."""

    def __init__(self, token: Token, base_url: str) -> None:
        self._token = token
        self._origin = _origin(httpx.URL(base_url))

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        if _origin(request.url) == self._origin:
            request.headers["authorization"] = f"Bearer {self._token.plain}"
        yield request


def _trusted(base_url: str) -> ssl.SSLContext | bool:
    """The usual authorities; nobody where nothing is encrypted, since reading the list of them takes a while."""
    return urlsplit(base_url).scheme == "https" or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _checked_token(token: Token | str) -> Token:
    plain = (token.plain if isinstance(token, Token) else token).strip()
    if not plain:
        raise CredentialsError("the Attio token is empty", hint="set the variable or file that `api.token` names")
    if not re.fullmatch(r"[\x21-\x7e]+", plain):  # the library would print a header that it cannot send
        raise CredentialsError(
            "the Attio token holds white space or characters beyond ASCII",
            hint="a token is one line of letters and digits: copy it again",
        )
    return Token(plain)


def _checked_host(base_url: str) -> str:
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not host or parts.username or parts.query or parts.fragment:
        raise UsageError(
            f"`{parts.scheme}://{host}` is no base URL for the Attio API", hint="it looks like `https://api.attio.com`"
        )
    if parts.scheme == "http" and not _is_local(host):
        raise UsageError(
            f"`http://{host}` would carry the token in the clear", hint=f"use `https://{host}`, or a local address"
        )
    return host


def is_loopback(host: str) -> bool:
    """Whether a request to this host stays on the machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _is_local(host: str) -> bool:
    """Loopback and private addresses, and names that no public DNS answers (`sandbox` in a compose file)."""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith((".localhost", ".local", ".internal", ".test"))


def _reason(error: Exception) -> str:
    """What happened in plain words; the library's own text is often empty."""
    kind = re.sub(r"(?<!^)(?=[A-Z])", " ", type(error).__name__).lower()
    return f"{kind}: {error}" if str(error) else kind
