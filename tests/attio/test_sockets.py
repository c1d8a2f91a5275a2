"""Real sockets that break in the middle: what the client makes of it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from attio_ctl.attio.errors import LostAnswerError, NoAnswerError
from attio_ctl.attio.http import Transport
from attio_ctl.attio.messages import Usage
from attio_ctl.attio.transport import fast_transport
from attio_ctl.attio.writer import AttioWriter

Reaction = Callable[[asyncio.StreamWriter], Awaitable[None]]
OPTION = (
    b'{"data":{"id":{"workspace_id":"w","object_id":"o","attribute_id":"a","option_id":"x"},'
    b'"title":"Gold","is_archived":false}}'
)


async def good(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n")
    writer.write(b"content-length: %d\r\n\r\n%s" % (len(OPTION), OPTION))


async def reset(writer: asyncio.StreamWriter) -> None:
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def hang_up(writer: asyncio.StreamWriter) -> None:
    """Close without a word."""


async def half_a_body(writer: asyncio.StreamWriter) -> None:
    writer.write(b'HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n{"data": {')


async def half_a_chunk(writer: asyncio.StreamWriter) -> None:
    writer.write(b'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n40\r\n{"data": {')


async def garbage(writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")


async def bad_gzip(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 5\r\n\r\nhello")


@asynccontextmanager
async def served(*reactions: Reaction) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A server that reads each request whole and reacts in this order; yields its URL and what it has read."""
    pending, heard = list(reactions), []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line[:15] == b"content-length:"), 0)
        heard.append(head + await reader.readexactly(length))
        await pending.pop(0)(writer)
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", heard


BREAKS = [reset, hang_up, half_a_body, half_a_chunk, garbage, bad_gzip]


PLAIN = pytest.param(lambda url: None, id="httpx")
FAST = pytest.param(fast_transport, id="aiohttp")
Network = Callable[[str], Transport | None]

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("network", [PLAIN, FAST])]


@pytest.mark.parametrize("broken", BREAKS)
async def test_a_broken_connection_is_made_good_by_a_second_try(
    broken: Reaction, network: Network, token: str, clock: Any
) -> None:
    async with (
        served(broken, broken, good) as (url, heard),
        AttioWriter.connect(base_url=url, token=token, clock=clock, transport=network(url)) as attio,
    ):
        option = await attio.update_option("objects", "companies", "tier", "Ä/#", title="Gold")

    assert option["title"] == "Gold"
    assert attio.usage == Usage(writes=3, retries=2, unanswered=2)
    path = b"/v2/objects/companies/attributes/tier/options/%C3%84%2F%23"
    assert [request.split(b"\r\n")[0] for request in heard] == [b"PATCH " + path + b" HTTP/1.1"] * 3


@pytest.mark.parametrize("broken", BREAKS)
async def test_a_create_that_was_heard_is_not_sent_twice(broken: Reaction, network: Network, token: str) -> None:
    async with (
        served(broken, good) as (url, heard),
        AttioWriter.connect(base_url=url, token=token, transport=network(url)) as attio,
    ):
        with pytest.raises(LostAnswerError) as caught:
            await attio.create_option("objects", "companies", "tier", title="Gold")

    assert len(heard) == 1
    assert token.encode() in heard[0]
    assert token not in "".join(traceback.TracebackException.from_exception(caught.value).format())


async def test_a_server_that_is_not_there_is_tried_until_the_time_is_up(
    network: Network, token: str, clock: Any
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        async with AttioWriter.connect(
            base_url=url, token=token, retry_for=60, clock=clock, transport=network(url)
        ) as attio:
            with pytest.raises(NoAnswerError, match="connect") as caught:
                await attio.create_option("objects", "companies", "tier", title="Gold")

    assert not caught.value.maybe_done
    assert attio.usage.retries > 3


async def test_a_netrc_file_does_not_come_between_us_and_attio(
    network: Network, token: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Credentials that lie in a home directory are not ours, and reading them costs a file per request."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    async with (
        served(good) as (url, heard),
        AttioWriter.connect(base_url=url, token=token, transport=network(url)) as attio,
    ):
        await attio.create_option("objects", "companies", "tier", title="Gold")

    assert f"bearer {token}" in heard[0].decode().lower()


async def test_a_proxy_of_the_environment_is_used_and_not_before_a_local_server(
    network: Network, token: str, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with served(hang_up, good) as (url, heard):
        monkeypatch.setenv("HTTP_PROXY", url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        for base_url in ("http://attio.internal", url):
            transport = network(base_url)
            async with AttioWriter.connect(
                base_url=base_url, token=token, transport=transport, clock=clock, retry_for=0
            ) as attio:
                with contextlib.suppress(NoAnswerError):
                    await attio.update_option("objects", "companies", "tier", "x", title="Gold")

    lines = [request.split(b"\r\n")[0].split()[1] for request in heard]
    assert lines[0] == b"http://attio.internal/v2/objects/companies/attributes/tier/options/x"
    assert lines[1] == b"/v2/objects/companies/attributes/tier/options/x"
