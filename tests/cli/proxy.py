"""A TCP proxy that stops passing bytes on at the nth write: before the write is sent, or before it is answered."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections.abc import Iterator
from typing import Literal

POST = re.compile(rb"POST ")


class HangingProxy:
    """
    Counts POST requests, or others; a connection that carries the nth or a later one is stuck, the others go on.

    `hung` is set once the nth has come.
    """

    def __init__(self, port: int, nth: int, when: Literal["before", "after"], counted: re.Pattern[bytes]) -> None:
        self._port, self._nth, self._when, self._counted = port, nth, when, counted
        self._count = 0
        self._opened: list[socket.socket] = []
        self._lock = threading.Lock()
        self.hung = threading.Event()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no further connection, and close all there are."""
        self._listening.close()
        for opened in self._opened:
            with contextlib.suppress(OSError):
                opened.shutdown(socket.SHUT_RDWR)
            opened.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = socket.create_connection(("127.0.0.1", self._port))
                self._opened += [client, server]
                stuck = threading.Event()
                for way in (self._forward, self._back):
                    threading.Thread(target=way, args=(client, server, stuck), daemon=True).start()

    def _forward(self, client: socket.socket, server: socket.socket, stuck: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
                if self._counted.match(data) and self._is_late():
                    stuck.set()
                    self.hung.set()
                if not (stuck.is_set() and self._when == "before"):
                    server.sendall(data)
            server.shutdown(socket.SHUT_WR)

    def _back(self, client: socket.socket, server: socket.socket, stuck: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(65536):
                if not stuck.is_set():
                    client.sendall(data)
            client.shutdown(socket.SHUT_WR)

    def _is_late(self) -> bool:
        with self._lock:
            self._count += 1
            return self._count >= self._nth


@contextlib.contextmanager
def hanging_at(
    url: str, nth: int, when: Literal["before", "after"], counted: re.Pattern[bytes] = POST
) -> Iterator[HangingProxy]:
    """A proxy to a server on this machine, for as long as the block runs."""
    proxy = HangingProxy(int(url.rsplit(":", 1)[1]), nth, when, counted)
    try:
        yield proxy
    finally:
        proxy.close()
