"""Real sockets that break in the middle: what the client makes of it."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from attio_ctl.attio.errors import LostAnswerError, NoAnswerError
from attio_ctl.attio.messages import Usage
from attio_ctl.attio.writer import AttioWriter

pytestmark = pytest.mark.anyio

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


@pytest.mark.parametrize("broken", BREAKS)
async def test_a_broken_connection_is_made_good_by_a_second_try(broken: Reaction, token: str, clock: Any) -> None:
    async with (
        served(broken, broken, good) as (url, heard),
        AttioWriter.connect(base_url=url, token=token, clock=clock) as attio,
    ):
        option = await attio.update_option("objects", "companies", "tier", "x", title="Gold")

    assert option["title"] == "Gold"
    assert attio.usage == Usage(writes=3, retries=2)
    assert heard[0].split(b"\r\n")[0] == heard[2].split(b"\r\n")[0]


@pytest.mark.parametrize("broken", BREAKS)
async def test_a_create_that_was_heard_is_not_sent_twice(broken: Reaction, token: str) -> None:
    async with (
        served(broken, good) as (url, heard),
        AttioWriter.connect(base_url=url, token=token) as attio,
    ):
        with pytest.raises(LostAnswerError):
            await attio.create_option("objects", "companies", "tier", title="Gold")

    assert len(heard) == 1


async def test_a_server_that_is_not_there_is_tried_until_the_time_is_up(token: str, clock: Any) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        async with AttioWriter.connect(base_url=url, token=token, retry_for=60, clock=clock) as attio:
            with pytest.raises(NoAnswerError, match="connect error") as caught:
                await attio.create_option("objects", "companies", "tier", title="Gold")

    assert not caught.value.maybe_done
    assert attio.usage.retries > 3
