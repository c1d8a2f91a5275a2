"""The ASGI application: the API, and the lifespan of a server around it."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from attio_ctl.sandbox.api import Api
from attio_ctl.sandbox.console.app import create_console
from attio_ctl.sandbox.options import Options
from attio_ctl.sandbox.store.store import Store


class Sandbox:
    """
    What uvicorn, or `httpx.ASGITransport` in a test, runs.

    Nothing needs the lifespan protocol: batches that wait from an earlier run start with it, or with the next batch.
    """

    def __init__(self, store: Store, options: Options) -> None:
        self.api = Api(store, options)
        self.console = create_console(self.api, options.admin_token) if options.admin_token else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._app_for(scope["path"])(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)

    def _app_for(self, path: str) -> ASGIApp:
        return self.api if self.console is None or path.startswith("/v2") else self.console

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self.api.start()
                await send({"type": "lifespan.startup.complete"})
            else:
                await self.api.close()
                await send({"type": "lifespan.shutdown.complete"})
                return


def create_app(store: Store, options: Options) -> Sandbox:
    """An ASGI application over an open store; whoever opened the store closes it."""
    return Sandbox(store, options)
