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

    async def attribute(self, target: str, slug: str, type_: str, **more: Any) -> Any:
        """Make an attribute on `objects/people`, `lists/renewals`, …"""
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
        return await self.data("POST", f"/{target}/attributes", {"data": {**fields, **more}})

    async def object(self, slug: str) -> Any:
        """Make a custom object."""
        nouns = {"singular_noun": slug.rstrip("s").capitalize(), "plural_noun": slug.capitalize()}
        return await self.data("POST", "/objects", {"data": {"api_slug": slug, **nouns}})

    async def list(self, slug: str, parent: str) -> Any:
        """Make a list that everybody may change."""
        access = {"workspace_access": "full-access", "workspace_member_access": []}
        fields = {"name": slug.capitalize(), "api_slug": slug, "parent_object": parent, **access}
        return await self.data("POST", "/lists", {"data": fields})

    async def create(self, object_: str, **values: Any) -> Any:
        """Make a record."""
        return await self.data("POST", f"/objects/{object_}/records", {"data": {"values": values}})

    async def upsert(self, object_: str, matching: str, **values: Any) -> Any:
        """Assert a record."""
        body = {"data": {"values": values}}
        return await self.data("PUT", f"/objects/{object_}/records", body, matching_attribute=matching)

    async def query(self, path: str, filter_: Any = None, **body: Any) -> Any:
        """The records of `objects/people/records` or entries of `lists/x/entries` that meet a filter."""
        return await self.data("POST", f"/{path}/query", {**({} if filter_ is None else {"filter": filter_}), **body})

    async def refusal(self, method: str, path: str, body: Any = None, **params: Any) -> tuple[int, str, str]:
        """Status, code and message of a refusal."""
        answer = await self.ask(method, path, body, **params)
        said = answer.json()
        assert said["status_code"] == answer.status_code
        return said["status_code"], said["code"], said["message"]


class Http:
    """Asks a sandbox over a socket, each time on a connection of its own."""

    def __init__(self, url: str, token: str = "t") -> None:
        self.url = url
        self.headers = {"authorization": f"Bearer {token}"}

    def __call__(self, method: str, path: str, body: Any = None) -> httpx.Response:
        return httpx.request(method, f"{self.url}/v2{path}", json=body, headers=self.headers, timeout=60)


@pytest.fixture
def http_to() -> type[Http]:
    """Makes an `Http` for a base URL."""
    return Http


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
