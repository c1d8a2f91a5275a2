"""
The console: pages at `/` and their JSON under `/_sandbox`, for the person who runs the sandbox.

Nothing of it looks like Attio. It is there only with an admin token, answers only to a loopback `Host` (a name that
resolves to this machine for a page elsewhere is refused), takes writes only from its own pages or with the token, and
its content-security policy allows no script at all.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from importlib import resources
from typing import Any, Final
from urllib.parse import parse_qsl

import orjson
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from attio_ctl.attribute_types import STANDARD_OBJECTS
from attio_ctl.errors import AttioCtlError
from attio_ctl.sandbox.api import Api
from attio_ctl.sandbox.console import queries
from attio_ctl.sandbox.console.pages import Pages
from attio_ctl.sandbox.faults import read_rules
from attio_ctl.sandbox.portable import export_from

COOKIE: Final = "sandbox_admin"
LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_HEADERS: Final = {
    "content-security-policy": "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",  # with `no-referrer` a browser says `Origin: null` to the forms of its own page
    "cache-control": "no-store",
}
MAX_LIMIT: Final = 1000


class Guard:
    """Lets in who has the admin token, from this machine only."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self.app = app
        self.token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        refusal = self._refusal(request)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _refusal(self, request: Request) -> Response | None:
        if request.url.hostname not in LOOPBACK:
            return Response("The console answers on this machine only.", 403, _HEADERS)
        given = request.query_params.get("token")
        if given is not None and request.method == "GET" and self._is(given):
            answer = RedirectResponse(request.url.path, 303, _HEADERS)
            answer.set_cookie(COOKIE, self.token, httponly=True, samesite="strict", path="/")
            return answer
        scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self._is(bearer.strip()):
            return None
        if not self._is(request.cookies.get(COOKIE, "")):
            return Response("The console needs its token: open the URL that the sandbox printed.", 401, _HEADERS)
        origin = request.headers.get("origin")
        if request.method != "GET" and origin is not None and origin != str(request.base_url).rstrip("/"):
            return Response("Another page cannot write here.", 403, _HEADERS)
        return None

    def _is(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), self.token.encode())


class Console:
    """The handlers; each request sees a written log."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.pages = Pages(api)

    def routes(self) -> list[Route]:
        """Pages, then their JSON."""
        return [
            Route("/", self._page(lambda _: self.pages.overview())),
            Route("/rows/{pk:int}", self._page(self._rows)),
            Route("/batches", self._page(lambda request: self.pages.batches(_offset(request)))),
            Route(
                "/batches/{id}",
                self._page(lambda request: self.pages.dropped(request.path_params["id"], _offset(request))),
            ),
            Route("/webhooks", self._page(lambda request: self.pages.webhooks(_offset(request)))),
            Route("/requests", self._page(lambda request: self.pages.requests(_offset(request)))),
            Route("/faults", self._page(lambda _: self.pages.faults())),
            Route("/faults", self.submit_faults, methods=["POST"]),
            Route("/activate/{slug}", self.submit_activation, methods=["POST"]),
            Route("/_sandbox/style.css", self.style),
            Route("/_sandbox/faults", self.faults, methods=["GET", "PUT", "DELETE"]),
            Route("/_sandbox/objects/{slug}/activate", self.activate, methods=["POST"]),
            Route("/_sandbox/requests", self._json(lambda r: queries.requests(self.api.store, *_span(r)))),
            Route("/_sandbox/batches", self._json(lambda r: queries.batches(self.api.store, *_span(r)))),
            Route(
                "/_sandbox/batches/{id}/dropped",
                self._json(lambda r: queries.dropped(self.api.store, r.path_params["id"], *_span(r))),
            ),
            Route("/_sandbox/webhooks", self._json(lambda _: queries.webhooks(self.api.store))),
            Route("/_sandbox/deliveries", self._json(lambda r: queries.deliveries(self.api.store, *_span(r)))),
            Route("/_sandbox/status", self._json(lambda _: self.status())),
            Route("/_sandbox/export", self._json(lambda _: export_from(self.api.store.db))),
        ]

    def _page(self, make: Callable[[Request], str | None]) -> Callable[[Request], Any]:
        async def answer(request: Request) -> Response:
            self.api.log.flush()
            made = make(request)
            return Response("Nothing here.", 404, _HEADERS) if made is None else HTMLResponse(made, headers=_HEADERS)

        return answer

    def _json(self, make: Callable[[Request], object]) -> Callable[[Request], Any]:
        async def answer(request: Request) -> Response:
            self.api.log.flush()
            return _data(make(request))

        return answer

    def _rows(self, request: Request) -> str | None:
        return self.pages.rows(request.path_params["pk"], request.query_params.get("q", ""), _offset(request))

    def status(self) -> dict[str, object]:
        """Counts since the start."""
        api = self.api
        return {
            "workspace_id": api.store.schema.workspace_id,
            "rate_limited": api.limiter.refused,
            "faults": api.faults.struck,
            "sink": None if api.sink is None else dict(api.sink.counts),
        }

    async def style(self, _: Request) -> Response:
        """The one style sheet."""
        css = await run_in_threadpool((resources.files("attio_ctl.sandbox.console") / "style.css").read_bytes)
        return Response(css, media_type="text/css", headers=_HEADERS)

    async def faults(self, request: Request) -> Response:
        """Read, replace or end the fault script."""
        if request.method == "PUT":
            try:
                self.api.faults.set(read_rules(orjson.loads(await request.body())))
            except (AttioCtlError, orjson.JSONDecodeError) as error:
                return _data({"error": str(error)}, 400)
        elif request.method == "DELETE":
            self.api.faults.set([])
        return _data({"faults": [rule.as_json() for rule in self.api.faults.rules]})

    async def submit_faults(self, request: Request) -> Response:
        """The form of the faults page."""
        text = dict(parse_qsl((await request.body()).decode("utf-8", "replace"))).get("script", "")
        try:
            self.api.faults.set(read_rules(orjson.loads(text)))
        except (AttioCtlError, orjson.JSONDecodeError) as error:
            return HTMLResponse(self.pages.faults(str(error), text), 400, _HEADERS)
        return RedirectResponse("/faults", 303, _HEADERS)

    async def activate(self, request: Request) -> Response:
        """What a person does in Settings > Objects."""
        if not self._activated(request.path_params["slug"]):
            return _data({"error": "no such standard object"}, 404)
        return _data({"active": True})

    async def submit_activation(self, request: Request) -> Response:
        """The button of the overview."""
        if not self._activated(request.path_params["slug"]):
            return Response("No such standard object.", 404, _HEADERS)
        return RedirectResponse("/", 303, _HEADERS)

    def _activated(self, slug: str) -> bool:
        if slug not in STANDARD_OBJECTS:
            return False
        with self.api.store.transaction():
            self.api.store.activate(slug)
        return True


def _offset(request: Request) -> int:
    text = request.query_params.get("offset", "0")
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _span(request: Request) -> tuple[int, int]:
    text = request.query_params.get("limit", "")
    return _offset(request), min(MAX_LIMIT, int(text)) if text.isdecimal() and len(text) < 10 else queries.PAGE


def _data(value: object, status: int = 200) -> Response:
    return Response(orjson.dumps({"data": value}), status, _HEADERS, "application/json")


def create_console(api: Api, token: str) -> ASGIApp:
    """The console of one workspace, behind its token."""
    return Guard(Starlette(routes=list(Console(api).routes())), token)
