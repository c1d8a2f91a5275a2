"""Running the sandbox: in a thread of this process, or as a program of its own."""

from __future__ import annotations

import gc
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import FrameType
from typing import Final

import uvicorn

from attio_ctl.errors import StorageError, UsageError
from attio_ctl.sandbox.app import create_app
from attio_ctl.sandbox.options import Options
from attio_ctl.sandbox.portable import grow
from attio_ctl.sandbox.store.database import Location
from attio_ctl.sandbox.store.store import Store

HOST: Final = "127.0.0.1"
START_TIMEOUT_S: Final = 10.0
COLLECT_AFTER: Final = 50_000
"""New objects between two walks of the cycle collector, instead of Python's 700."""
_DEFAULT: Final = Options()


def open_store(db: Location, options: Options) -> Store:
    """
    The workspace of a file, grown from the options' seed when it is a fresh one.

    Raises:
        StorageError: the file cannot be opened. UsageError: the seed makes no sense.
    """
    store = Store(db, options)
    if store.is_fresh and options.seed is not None:
        try:
            grow(store, options.seed)
        except BaseException:
            store.close()
            raise
    return store


def _config(store: Store, options: Options) -> uvicorn.Config:
    return uvicorn.Config(
        create_app(store, options),
        log_level="critical",
        access_log=False,
        ws="none",
        lifespan="on",
        date_header=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=1,
        timeout_keep_alive=75,
    )


def _listen(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
    except OSError as error:
        listening.close()
        raise UsageError(
            f"cannot listen on port {port}: {error.strerror}", hint="take `--port 0` for a free one"
        ) from error
    listening.listen(2048)
    return listening


def _url(listening: socket.socket) -> str:
    return f"http://{HOST}:{listening.getsockname()[1]}"


@contextmanager
def embedded(db: Location, *, token: str, options: Options = _DEFAULT) -> Iterator[str]:
    """
    A sandbox in a thread of this process, for as long as the block runs.

    Args:
        db: The workspace's file, or `:memory:`; other processes may use the same file.
        token: A key that has all scopes, beside those of `options`.

    Yields:
        The base URL, like `http://127.0.0.1:45123`, ready to be asked.

    Raises:
        StorageError: the file cannot be opened.
    """
    options = replace(options, tokens={**options.tokens, token: None})
    store = open_store(db, options)
    listening = _listen(0)
    server = uvicorn.Server(_config(store, options))
    thread = threading.Thread(target=server.run, args=([listening],), name="attio-sandbox", daemon=True)
    thread.start()
    try:
        deadline = time.monotonic() + START_TIMEOUT_S
        while not server.started:
            if not thread.is_alive() or time.monotonic() > deadline:
                raise StorageError("the sandbox did not start", where=str(db))
            time.sleep(0.002)
        yield _url(listening)
    finally:
        server.should_exit = True
        thread.join(START_TIMEOUT_S)
        listening.close()
        store.close()


class _Program(uvicorn.Server):
    """A server that says when it is ready, and stops on SIGINT or SIGTERM without passing them on."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self.on_ready = on_ready
        self.stopped_by: signal.Signals | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self.on_ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        before = {one: signal.signal(one, self._stop) for one in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        self.stopped_by = signal.Signals(number)
        self.should_exit = True


@contextmanager
def _collecting_seldom() -> Iterator[None]:
    """
    The cycle collector looks less often, and not at code and schema: what a request makes is freed without it, and
    walking the parsed bodies of batches again and again takes a fifth of the time.
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def serve(
    db: Location, options: Options, *, port: int = 0, on_ready: Callable[[str], None] = lambda _url: None
) -> signal.Signals | None:
    """
    Serve until SIGINT or SIGTERM; must run in the main thread.

    Args:
        port: 0 for any free one.
        on_ready: Called once with the base URL, when requests are answered.

    Returns:
        The signal that ended it.

    Raises:
        StorageError: the file cannot be opened. UsageError: the port is taken.
    """
    store = open_store(db, options)
    try:
        listening = _listen(port)
        server = _Program(_config(store, options), lambda: on_ready(_url(listening)))
        with _collecting_seldom():
            server.run([listening])
        listening.close()
        return server.stopped_by
    finally:
        store.close()
