"""The ASGI endpoint of the API: every request goes auth, route, limit, scopes, body, handler, log."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import lru_cache, partial
from typing import Final, NamedTuple
from urllib.parse import parse_qsl

import orjson
from starlette.types import Receive, Scope, Send

from attio_ctl.sandbox.answers import Asked, SchemaAnswers
from attio_ctl.sandbox.apart import ApartReader
from attio_ctl.sandbox.batches import BatchWorker
from attio_ctl.sandbox.call import REMEMBERED, Answer, Call, Route, RouteTable, Token
from attio_ctl.sandbox.deliveries import Courier
from attio_ctl.sandbox.errors import (
    RefusedError,
    missing_scopes,
    rate_limited,
    staged,
    unauthorized,
    unknown_endpoint,
    validation,
)
from attio_ctl.sandbox.faults import NONE, Effects, FaultScript, describe
from attio_ctl.sandbox.ids import http_date
from attio_ctl.sandbox.limits import RateLimiter, score_of
from attio_ctl.sandbox.model import Json
from attio_ctl.sandbox.options import Options
from attio_ctl.sandbox.requestlog import RequestLog
from attio_ctl.sandbox.routes.table import ROUTES
from attio_ctl.sandbox.sink import Sink
from attio_ctl.sandbox.store.store import LongReadError, Store
from attio_ctl.sandbox.wire import Reply, reset

logger = logging.getLogger(__name__)

SELF: Final = "/v2/self"
EXPOSED: Final = (
    b"access-control-expose-headers",
    b"x-attio-client, x-attio-execution-id, x-attio-platform, x-attio-platform-version, x-attio-record-query-score, "
    b"x-attio-app-installation-bundle-id",
)
MAX_BODY_BYTES: Final = 64 * 1024 * 1024
_JSON: Final = b"application/json; charset=utf-8"


class Api:
    """One workspace behind HTTP."""

    def __init__(self, store: Store, options: Options) -> None:
        self.store = store
        self.options = options
        self.sink = Sink() if options.sink else None
        self.table = RouteTable(ROUTES if self.sink is None else [*ROUTES, *self.sink.routes()])
        self.tokens = {text: Token.of(text, scopes) for text, scopes in options.tokens.items()}
        self.limiter = RateLimiter(options.limits)
        self.answers = SchemaAnswers()
        self.faults = FaultScript()
        self.faults.set(options.faults)
        self.log = RequestLog(store)
        self.worker = BatchWorker(store)
        self.courier = Courier(store)
        self.apart = ApartReader(store)
        self._working: asyncio.Task[None] | None = None
        self._count = 0
        self._run = os.urandom(8).hex()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter_ns()
        effects = self.faults.meet(scope["method"], scope["path"]) if self.faults.rules else NONE
        if effects.latency_ms:
            await asyncio.sleep(effects.latency_ms / 1000)
        bearer = _bearer(scope["headers"])
        if effects.revoke and bearer is not None:
            self.tokens.pop(bearer, None)
        token = self.tokens.get(bearer) if bearer is not None else None
        request = _Request(scope, self._execution_id(), self.options.clock(), effects, bearer, token)
        body = await _read(receive)  # also before a reset: a client that is still writing would miss it
        if effects.reset == "before":
            self._note(request, 0, "reset", started)
            await reset(receive, send)
            return
        try:
            reply, code = self._reply(request, lambda: self._answer(request, body))
        except _LongCallError as long:
            reply, code = await self.apart.run(partial(self._reply_apart, request, long))
        self._note(request, reply.status, code, started)
        if reply.status == 202 and self.sink is None:
            self.start_worker()
        if self.store.has_deliveries:
            self.courier.wake()
        if effects.answer_delay_ms:
            await asyncio.sleep(effects.answer_delay_ms / 1000)
        if effects.reset == "after":
            await reset(receive, send)
        elif effects.truncate:
            await reply.send_half(receive, send)
        else:
            await reply.send(send)

    def _execution_id(self) -> str:
        self._count += 1
        return f"{self._run}{self._count:016x}"

    def _reply(self, request: _Request, work: Callable[[], Json | Answer]) -> tuple[Reply, str | None]:
        """What comes of handling a request, and the code of the refusal if it is one."""
        headers: list[tuple[str, str]] = []
        code: str | None = None
        try:
            answer = self._staged_or_real(request, work)
        except _LongCallError:
            raise
        except RefusedError as refusal:
            answer = Answer(refusal.status, orjson.dumps(refusal.body()), _JSON)
            code, headers = refusal.code, refusal.headers
        except Exception:
            logger.exception("%s %s failed", request.scope["method"], request.scope["path"])
            answer, code = Answer(500, orjson.dumps(staged(500).body()), _JSON), "internal_error"
        return Reply(answer.status, self._headers(request, answer, headers), answer.body), code

    def _reply_apart(self, request: _Request, long: _LongCallError, store: Store) -> tuple[Reply, str | None]:
        return self._reply(request, lambda: long.route.handler(replace(long.call, store=store)))

    def _staged_or_real(self, request: _Request, work: Callable[[], Json | Answer]) -> Answer:
        effects = request.effects
        if effects.status and effects.at == "before":
            raise staged(effects.status, effects.retry_after)
        answer = work()
        if effects.status:
            raise staged(effects.status, effects.retry_after)
        return _answered(answer)

    def _note(self, request: _Request, status: int, code: str | None, started: int) -> None:
        self.log.add(
            (
                int(request.now * 1e6),
                request.execution_id,
                request.token.actor.id if request.token else None,
                request.scope["method"],
                _target(request.scope),
                status,
                code,
                (time.perf_counter_ns() - started) // 1000,
                describe(request.effects),
            )
        )

    def _headers(self, request: _Request, answer: Answer, more: list[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
        headers = [
            (b"content-length", str(len(answer.body)).encode()),
            (b"date", http_date(int(request.now) + request.effects.skew_s).encode()),
            (b"x-attio-execution-id", request.execution_id.encode()),
            EXPOSED,
        ]
        if answer.media_type is not None:
            headers.append((b"content-type", answer.media_type))
        headers.extend((name.lower().encode(), value.encode()) for name, value in more)
        return headers

    def _answer(self, request: _Request, body: bytes | None) -> Json | Answer:
        scope = request.scope
        method, path = scope["method"], scope["path"]
        token = request.token
        if token is None:
            if path == SELF and method == "GET":
                return {"active": False}
            raise unauthorized(request.bearer)
        raw: bytes = scope.get("raw_path") or path.encode()
        asked = raw.decode("ascii", "replace"), scope["query_string"]
        found = self.table.find(method, asked[0])
        if found is None:
            raise unknown_endpoint(method, path)
        route, params = found
        again = self.limiter.take(token.text, route.limit or route.kind, request.now)
        if again is not None:
            raise rate_limited(http_date(again + request.effects.skew_s))
        missing = token.lacks(route.scopes)
        if missing:
            raise missing_scopes(missing)
        if body is None:
            raise RefusedError(413, "validation_type", "The request body is too large.")
        parsed = _json(body) if method not in ("GET", "DELETE") else None
        again = self.limiter.spend(score_of(parsed), request.now) if route.is_query else None
        if again is not None:
            raise rate_limited(http_date(again + request.effects.skew_s))
        return self._handle(route, Call(self.store, token, params, _query(asked[1]), parsed, request.effects), asked)

    def _handle(self, route: Route, call: Call, asked: Asked) -> Json | Answer:
        if route.kind == "write":
            with self.store.transaction():
                return route.handler(call)
        known = self.answers.find(self.store.schema, asked) if route.of_schema else None
        if known is not None:
            return known
        with self.store.reading() as schema:
            try:
                answer = _answered(route.handler(call))
            except LongReadError:
                raise _LongCallError(route, call) from None
        if route.of_schema:
            self.answers.keep(schema, asked, answer)
        return answer

    def start(self) -> None:
        """Take up what an earlier run left: batches and deliveries that wait."""
        self.start_worker()
        self.courier.wake()

    def start_worker(self) -> None:
        """Carry out waiting batches, unless that is being done."""
        if self._working is None or self._working.done():
            self._working = asyncio.get_running_loop().create_task(self._work())

    async def _work(self) -> None:
        wait = self.worker.work()
        while wait is not None:
            await asyncio.sleep(wait)  # 0 between two chunks, so that requests come in
            wait = self.worker.work()
            if self.store.has_deliveries:
                self.courier.wake()

    async def close(self) -> None:
        """Stop between two chunks of a batch and write the log; what waits goes on at the next start."""
        if self._working is not None:
            self._working.cancel()
        self.courier.close()
        self.apart.close()
        self.log.flush()


class _LongCallError(Exception):
    """A call that was let in and takes too long to be answered here."""

    def __init__(self, route: Route, call: Call) -> None:
        super().__init__()
        self.route = route
        self.call = call


class _Request(NamedTuple):
    scope: Scope
    execution_id: str
    now: float
    effects: Effects
    bearer: str | None
    token: Token | None


def _answered(answer: Json | Answer) -> Answer:
    return answer if isinstance(answer, Answer) else Answer(200, orjson.dumps(answer), _JSON)


@lru_cache(maxsize=REMEMBERED)
def _query(raw: bytes) -> Mapping[str, str]:
    return dict(parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True))


def _target(scope: Scope) -> str:
    query = scope["query_string"].decode("utf-8", "replace")
    return f"{scope['path']}?{query}" if query else str(scope["path"])


def _bearer(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    for name, value in headers:
        if name == b"authorization":
            scheme, _, token = value.decode("latin-1").partition(" ")
            return token.strip() if scheme.lower() == "bearer" else None
    return None


async def _read(receive: Receive) -> bytes | None:
    """The whole body, None when it is too large."""
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        return body
    parts, size = [body], len(body)
    while message.get("more_body"):
        message = await receive()
        size += len(message.get("body", b""))
        if size <= MAX_BODY_BYTES:
            parts.append(message.get("body", b""))
    return b"".join(parts) if size <= MAX_BODY_BYTES else None


def _json(body: bytes) -> Json:
    if not body:
        return None
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise validation(f"The request body is not valid JSON: {error}") from None
