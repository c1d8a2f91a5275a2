"""A TCP proxy that holds the nth write and all later ones back: before they are sent, or before they are answered."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections.abc import Iterator
from typing import Literal

POST = re.compile(rb"POST ")
PUT = re.compile(rb"PUT ")


class HangingProxy:
    """
    Counts POST requests, or others; a connection that carries the nth or a later one is stuck, the others go on.

    `hung` is set once the nth, or the answer to it, has come. What is held goes on when it is released, and nothing is
    held from then on.
    """

    def __init__(self, port: int, nth: int, when: Literal["before", "after"], counted: re.Pattern[bytes]) -> None:
        self._port, self._nth, self._when, self._counted = port, nth, when, counted
        self._count = 0
        self._opened: list[socket.socket] = []
        self._lock = threading.Lock()
        self.hung = threading.Event()
        self._released = threading.Event()
        self._closing = threading.Event()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def release(self) -> None:
        """Pass on what is held."""
        self._released.set()

    def close(self) -> None:
        """Take no further connection, and close all there are; what is held is lost."""
        self._closing.set()
        socket.create_connection(self._listening.getsockname()).close()  # so that `accept` returns
        self._threads[0].join()
        for opened in self._opened:
            with contextlib.suppress(OSError):
                opened.shutdown(socket.SHUT_RDWR)
        self._released.set()
        for thread in self._threads:
            thread.join()
        for opened in (self._listening, *self._opened):
            opened.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                self._opened.append(client)
                if self._closing.is_set():
                    return
                server = socket.create_connection(("127.0.0.1", self._port))
                self._opened.append(server)
                stuck = threading.Event()
                for way in (self._forward, self._back):
                    self._threads.append(threading.Thread(target=way, args=(client, server, stuck), daemon=True))
                    self._threads[-1].start()

    def _forward(self, client: socket.socket, server: socket.socket, stuck: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
                if self._counted.match(data) and not self._released.is_set() and self._is_late(data):
                    stuck.set()
                if stuck.is_set() and self._when == "before":
                    self._hold()
                server.sendall(data)
            server.shutdown(socket.SHUT_WR)

    def _back(self, client: socket.socket, server: socket.socket, stuck: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(65536):
                if stuck.is_set():
                    self._hold()
                client.sendall(data)
            client.shutdown(socket.SHUT_WR)

    def _hold(self) -> None:
        self.hung.set()
        self._released.wait()

    def _is_late(self, _: bytes) -> bool:
        """Whether what a request begins with is to be held back."""
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
