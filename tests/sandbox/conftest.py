"""A sandbox in this process, asked over ASGI without sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx
import pytest

from attio_ctl.sandbox.app import Sandbox, create_app
from attio_ctl.sandbox.options import NO_LIMITS, Options
from attio_ctl.sandbox.store.store import Store

TOKEN = "sandbox-token-".ljust(64, "0")


class Client:
    """Asks one sandbox; every answer that has a body is JSON."""

    def __init__(self, app: Sandbox, token: str | None = TOKEN) -> None:
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://sandbox.example.com", headers=headers
        )
        self.app = app
        self.answers: list[tuple[str, str, httpx.Response]] = []

    async def ask(self, method: str, path: str, body: Any = None, **params: Any) -> httpx.Response:
        """The whole answer."""
        answer = await self.http.request(method, f"/v2{path}", json=body, params=params or None)
        self.answers.append((method, path, answer))
        return answer

    async def data(self, method: str, path: str, body: Any = None, **params: Any) -> Any:
        """What an answer of 200 has under `data`."""
        answer = await self.ask(method, path, body, **params)
        assert answer.status_code == 200, answer.text
        return answer.json().get("data")

    async def refusal(self, method: str, path: str, body: Any = None, **params: Any) -> tuple[int, str, str]:
        """Status, code and message of a refusal."""
        answer = await self.ask(method, path, body, **params)
        said = answer.json()
        assert said["status_code"] == answer.status_code
        return said["status_code"], said["code"], said["message"]


@pytest.fixture
def store() -> Iterator[Store]:
    """A fresh workspace in memory with every standard object switched on."""
    options = Options(tokens={TOKEN: None}, limits=NO_LIMITS, activate=("deals", "users", "workspaces"))
    store = Store(":memory:", options)
    yield store
    store.close()


@pytest.fixture
async def client(store: Store) -> AsyncIterator[Client]:
    """All scopes, no limits."""
    made = Client(create_app(store, store.options))
    async with made.http:
        yield made


@pytest.fixture
def make_client() -> Iterator[Callable[..., Client]]:
    """Clients of fresh workspaces with other options."""
    stores: list[Store] = []

    def make(token: str | None = TOKEN, **options: Any) -> Client:
        chosen = Options(**{"tokens": {TOKEN: None}, "limits": NO_LIMITS, **options})
        stores.append(Store(":memory:", chosen))
        return Client(create_app(stores[-1], chosen), token)

    yield make
    for store in stores:
        store.close()


def attribute(slug: str, type_: str, **more: Any) -> dict[str, Any]:
    """The body that makes an attribute."""
    fields = {
        "title": slug.replace("_", " ").capitalize(),
        "description": None,
        "api_slug": slug,
        "type": type_,
        "is_required": False,
        "is_unique": False,
        "is_multiselect": False,
        "config": {},
    }
    return {"data": {**fields, **more}}


def values(**values: Any) -> dict[str, Any]:
    """The body that writes a record."""
    return {"data": {"values": values}}
