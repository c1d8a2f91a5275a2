"""The last step of an answer: onto the connection, or not quite."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass
from typing import Any

from starlette.types import Receive, Send


@dataclass(frozen=True, slots=True)
class Reply:
    """Status, headers and body of an answer."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes

    async def send(self, send: Send) -> None:
        """The whole answer."""
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.body})

    async def send_half(self, receive: Receive, send: Send) -> None:
        """Promise the whole body, send half of it and close."""
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.body[: len(self.body) // 2], "more_body": True})
        _transport(send).close()
        await receive()


async def reset(receive: Receive, send: Send) -> None:
    """Cut the connection so that the client sees a reset, not an end."""
    transport = _transport(send)
    connection = transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
    await receive()


def _transport(send: Send) -> Any:
    """
    The connection behind uvicorn's `send`.

    Raises:
        ConnectionResetError: there is none, as in a test without sockets; the caller of the app sees it as the cut.
    """
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is None:
        raise ConnectionResetError("the fault script cut the connection")
    return transport
