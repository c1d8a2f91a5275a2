"""The ASGI endpoint of the API: every request goes auth, route, limit, scopes, body, handler, log."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

import orjson
from starlette.types import Receive, Scope, Send

from attio_ctl.sandbox.batches import BatchWorker
from attio_ctl.sandbox.call import Answer, Call, Route, RouteTable, Token
from attio_ctl.sandbox.errors import (
    RefusedError,
    missing_scopes,
    rate_limited,
    unauthorized,
    unknown_endpoint,
    validation,
)
from attio_ctl.sandbox.ids import http_date
from attio_ctl.sandbox.limits import RateLimiter
from attio_ctl.sandbox.model import Json
from attio_ctl.sandbox.options import Options
from attio_ctl.sandbox.requestlog import RequestLog
from attio_ctl.sandbox.routes.table import ROUTES
from attio_ctl.sandbox.store.store import Store

logger = logging.getLogger(__name__)

SELF: Final = "/v2/self"
EXPOSED: Final = (
    "x-attio-client, x-attio-execution-id, x-attio-platform, x-attio-platform-version, x-attio-record-query-score, "
    "x-attio-app-installation-bundle-id"
)
MAX_BODY_BYTES: Final = 64 * 1024 * 1024
_JSON: Final = "application/json; charset=utf-8"
_INTERNAL: Final = {
    "status_code": 500,
    "type": "api_error",
    "code": "internal_error",
    "message": "An unexpected error occurred.",
}


class Api:
    """One workspace behind HTTP."""

    def __init__(self, store: Store, options: Options) -> None:
        self.store = store
        self.options = options
        self.table = RouteTable(ROUTES)
        self.tokens = {text: Token.of(text, scopes) for text, scopes in options.tokens.items()}
        self.limiter = RateLimiter(options.limits)
        self.log = RequestLog(store)
        self.worker = BatchWorker(store)
        self._working: asyncio.Task[None] | None = None
        self._count = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter_ns()
        now = self.options.clock()
        self._count += 1
        execution_id = hashlib.blake2b(f"{id(self)}:{self._count}:{now}".encode(), digest_size=16).hexdigest()
        token = self._token(scope["headers"])
        code: str | None = None
        headers: Iterable[tuple[str, str]] = ()
        try:
            body = await _read(receive)
            reply = self._answer(scope, token, body, now)
            if isinstance(reply, Answer):
                status, content, media_type = reply.status, reply.body, reply.media_type
            else:
                status, content, media_type = 200, orjson.dumps(reply), _JSON
        except RefusedError as refusal:
            status, content, media_type = refusal.status, orjson.dumps(refusal.body()), _JSON
            code, headers = refusal.code, refusal.headers
        except Exception:
            logger.exception("%s %s failed", scope["method"], scope["path"])
            status, content, media_type, code = 500, orjson.dumps(_INTERNAL), _JSON, "internal_error"
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": self._headers(content, media_type, now, execution_id, headers),
            }
        )
        await send({"type": "http.response.body", "body": content})
        duration = (time.perf_counter_ns() - started) // 1000
        actor = token.actor.id if token else None
        self.log.add(
            (int(now * 1e6), execution_id, actor, scope["method"], _target(scope), status, code, duration, None)
        )
        if status == 202:
            self.start_worker()

    def _headers(
        self, content: bytes, media_type: str | None, now: float, execution_id: str, more: Iterable[tuple[str, str]]
    ) -> list[tuple[bytes, bytes]]:
        headers = [
            (b"content-length", str(len(content)).encode()),
            (b"date", http_date(int(now)).encode()),
            (b"x-attio-execution-id", execution_id.encode()),
            (b"access-control-expose-headers", EXPOSED.encode()),
        ]
        if media_type is not None:
            headers.append((b"content-type", media_type.encode()))
        headers.extend((name.lower().encode(), value.encode()) for name, value in more)
        return headers

    def _token(self, headers: Iterable[tuple[bytes, bytes]]) -> Token | None:
        text = _bearer(headers)
        return self.tokens.get(text) if text is not None else None

    def _answer(self, scope: Scope, token: Token | None, body: bytes, now: float) -> Json | Answer:
        method = scope["method"]
        path = scope["path"]
        if token is None:
            if path == SELF and method == "GET":
                return {"active": False}
            raise unauthorized(_bearer(scope["headers"]))
        raw = scope.get("raw_path") or path.encode()
        found = self.table.find(
            method, [unquote(part) for part in raw.decode("ascii", "replace").strip("/").split("/")]
        )
        if found is None:
            raise unknown_endpoint(method, path)
        route, params = found
        again = self.limiter.take(token.text, route.kind, now)
        if again is not None:
            raise rate_limited(http_date(again))
        missing = token.lacks(route.scopes)
        if missing:
            raise missing_scopes(missing)
        query = dict(parse_qsl(scope["query_string"].decode("utf-8", "replace"), keep_blank_values=True))
        call = Call(self.store, token, params, query, _json(body) if method not in ("GET", "DELETE") else None)
        return self._handle(route, call)

    def _handle(self, route: Route, call: Call) -> Json | Answer:
        if route.kind == "read":
            return route.handler(call)
        with self.store.transaction():
            return route.handler(call)

    def start_worker(self) -> None:
        """Carry out waiting batches, unless that is being done."""
        if self._working is None or self._working.done():
            self._working = asyncio.get_running_loop().create_task(self._work())

    async def _work(self) -> None:
        more = True
        while more:
            more = self.worker.work()
            await asyncio.sleep(0)  # requests come in between two chunks

    async def close(self) -> None:
        """Stop between two chunks of a batch and write the log; what waits goes on at the next start."""
        if self._working is not None:
            self._working.cancel()
        self.log.flush()


def _target(scope: Scope) -> str:
    query = scope["query_string"].decode("utf-8", "replace")
    return f"{scope['path']}?{query}" if query else str(scope["path"])


def _bearer(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    for name, value in headers:
        if name == b"authorization":
            scheme, _, token = value.decode("latin-1").partition(" ")
            return token.strip() if scheme.lower() == "bearer" else None
    return None


async def _read(receive: Receive) -> bytes:
    message: Any = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        return body
    parts, size = [body], len(body)
    while message.get("more_body"):
        message = await receive()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > MAX_BODY_BYTES:
            raise RefusedError(413, "validation_type", "The request body is too large.")
    return b"".join(parts)


def _json(body: bytes) -> Json:
    if not body:
        return None
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise validation(f"The request body is not valid JSON: {error}") from None
