"""
One call of the API from end to end: pace it, send it, retry it, decode it, count it.

Two classes, so that reading cannot write: `ReadSession` refuses to send anything but reads, and only `WriteSession`
has methods for the rest.
"""

from __future__ import annotations

import asyncio
import copy
import itertools
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Final, Self, TypeVar

from attio_ctl.attio import decoding
from attio_ctl.attio.breaker import Breaker
from attio_ctl.attio.clock import Clock
from attio_ctl.attio.errors import (
    ApiError,
    LostAnswerError,
    NoAnswerError,
    NotFoundError,
    UnexpectedAnswerError,
    error_of,
    refusal_of,
)
from attio_ctl.attio.http import CONNECTIONS, Http
from attio_ctl.attio.limiter import Kind, Limiter
from attio_ctl.attio.messages import NOTHING, Answer, Exchange, Method, Request, Usage
from attio_ctl.attio.retry import (
    DEFAULT_WAIT,
    Failure,
    GiveUp,
    NoAnswer,
    ServerFault,
    Throttled,
    decide,
    exhausted,
    maybe_done,
    wait_of,
)

CUT_OFF: Final = "the body of the answer is cut off or is no JSON"

Shape = TypeVar("Shape")


@dataclass(frozen=True, slots=True)
class Decoded:
    """The value of a success, in its promised shape."""

    value: Any


AttemptOutcome = Decoded | ApiError | Failure
"""What one attempt came to: a value, an error that stands, or a failure that may be worth another try."""


@dataclass(slots=True)
class Meter:
    """What a session has sent so far, with those that share its connections."""

    usage: Usage = field(default_factory=Usage)

    def note(self, verdict: AttemptOutcome) -> None:
        """Count what an attempt failed of."""
        match verdict:
            case ServerFault():
                self.usage = replace(self.usage, failed=self.usage.failed + 1)
            case NoAnswer():
                self.usage = replace(self.usage, unanswered=self.usage.unanswered + 1)


class ReadSession:
    """Sends reads. Safe for concurrent use within one event loop."""

    allowed: ClassVar[frozenset[Kind]] = frozenset({"read"})

    def __init__(
        self,
        http: Http,
        limiter: Limiter,
        clock: Clock,
        *,
        retry_for: float,
        on_request: Callable[[Exchange], None] | None = None,
    ) -> None:
        """
        Args:
            retry_for: Seconds after its first attempt for which a call is tried again.
            on_request: Told about every attempt once it is over.
        """
        self._http = http
        self._limiter = limiter
        self._clock = clock
        self._retry_for = retry_for
        self._on_request = on_request
        self._meter = Meter()
        self._breakers: dict[Kind, Breaker] = {"read": Breaker(clock), "write": Breaker(clock)}
        self._gates: dict[Kind, asyncio.Semaphore] = {
            "read": asyncio.Semaphore(CONNECTIONS),
            "write": asyncio.Semaphore(CONNECTIONS),
        }

    @property
    def usage(self) -> Usage:
        """Requests sent so far."""
        return self._meter.usage

    def retrying_for(self, seconds: float) -> Self:
        """The same session with less patience; connections, limits, circuit and counts are shared."""
        other = copy.copy(self)
        other._retry_for = min(seconds, self._retry_for)
        return other

    async def get(self, path: str, shape: type[Shape], query: Mapping[str, str] = NOTHING) -> Shape:
        """The `data` of a GET, checked against its shape."""
        return await self._data(Request("GET", path, query), shape)

    async def get_whole(self, path: str, shape: type[Shape], query: Mapping[str, str] = NOTHING) -> Shape:
        """The whole body of a GET, for answers that are not, or not only, `data`."""
        body: Shape = await self._perform(Request("GET", path, query), decoding.whole(shape).decode)
        return body

    async def query(self, path: str, shape: type[Shape], body: Mapping[str, Any]) -> Shape:
        """The `data` of a POST that only asks."""
        return await self._data(Request("POST", path, body=body), shape)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _data(self, request: Request, shape: type[Shape]) -> Shape:
        decoder = decoding.data(shape)
        data: Shape = await self._perform(request, lambda body: decoder.decode(body).data)
        return data

    async def _perform(self, request: Request, decode: Callable[[bytes], Any]) -> Any:
        """
        Send until there is an answer that counts, and decode it.

        Raises:
            ApiError: see the tree in `errors`.
        """
        if request.kind not in self.allowed:
            raise AssertionError(f"a session for reads was asked to send `{request}`")
        started: float | None = None
        unsure = False
        breaker = self._breakers[request.kind]
        for attempt in itertools.count(1):
            async with breaker.turn() as is_probe:
                sent_at, outcome = await self._attempt(request, attempt)
                verdict = self._judge(request, outcome, decode)
                self._meter.note(verdict)
                await self._slow_down(request.kind, outcome, verdict, is_probe=is_probe)
            started = sent_at if started is None else started
            match verdict:
                case Decoded(value):
                    return value
                case ApiError():
                    return _settle(request, verdict, unsure=unsure)
            unsure = unsure or maybe_done(verdict)
            circuit = breaker.circuit
            decision = decide(
                verdict,
                repeatable=request.repeatable,
                attempt=attempt,
                elapsed=self._clock.monotonic() - min(started, circuit.opened_at),
                budget=self._retry_for,
                draw=0.0 if circuit.is_open else random.random(),  # noqa: S311  jitter is no secret
            )
            if isinstance(decision, GiveUp):
                raise _last_error(request, outcome, attempts=attempt, unsure=unsure)
            if not isinstance(verdict, Throttled):  # after a 429 the limiter holds this call back, with all others
                await self._clock.sleep(decision.after)
        raise AssertionError("unreachable")

    async def _attempt(self, request: Request, attempt: int) -> tuple[float, Answer | NoAnswer]:
        async with self._gates[request.kind]:
            await self._limiter.acquire(request.kind)
            sent_at = self._clock.monotonic()
            outcome = await self._http.send(request)
        answer = outcome if isinstance(outcome, Answer) else None
        status = answer.status if answer else None
        known = self._meter.usage
        self._meter.usage = replace(
            known,
            reads=known.reads + (request.kind == "read"),
            writes=known.writes + (request.kind == "write"),
            retries=known.retries + (attempt > 1),
            throttled=known.throttled + (status == 429),
        )
        if self._on_request:
            seconds = self._clock.monotonic() - sent_at
            trace = answer.execution_id if answer else None
            self._on_request(Exchange(str(request), request.kind, attempt, seconds, status, trace))
        return sent_at, outcome

    def _judge(self, request: Request, outcome: Answer | NoAnswer, decode: Callable[[bytes], Any]) -> AttemptOutcome:
        if isinstance(outcome, NoAnswer):
            return outcome
        if outcome.is_success:
            try:
                return Decoded(decode(outcome.body))
            except decoding.Unpromised as error:
                what = f"the answer is not of the promised shape: {error}"
                return UnexpectedAnswerError(what, request=request, maybe_done=request.kind == "write")
            except decoding.Malformed:
                return NoAnswer(CUT_OFF, reached=True)
        wait = wait_of(outcome.headers, self._clock.wall())
        if outcome.status == 429:
            return Throttled(DEFAULT_WAIT if wait is None else wait)
        if outcome.status >= 500 or outcome.status == 408:
            return ServerFault(outcome.status, wait or 0.0)
        return error_of(request, refusal_of(outcome))

    async def _slow_down(
        self, kind: Kind, outcome: Answer | NoAnswer, verdict: AttemptOutcome, *, is_probe: bool
    ) -> None:
        match verdict:
            case ServerFault(wait=wait):
                self._breakers[kind].note_failure(wait=wait, is_probe=is_probe)
            case NoAnswer():
                self._breakers[kind].note_failure(wait=0.0, is_probe=is_probe)
            case Throttled(wait):
                self._breakers[kind].note_answer()
                await self._limiter.penalise(kind, wait)
            case _:
                self._breakers[kind].note_answer()
                if isinstance(outcome, Answer) and exhausted(outcome.headers):
                    await self._limiter.hold(kind, wait_of(outcome.headers, self._clock.wall()) or DEFAULT_WAIT)


class WriteSession(ReadSession):
    """Sends reads and writes."""

    allowed: ClassVar[frozenset[Kind]] = frozenset({"read", "write"})

    async def send(
        self, method: Method, path: str, shape: type[Shape], body: Any, query: Mapping[str, str] = NOTHING
    ) -> Shape:
        """The `data` of the answer to a write; `body` is sent as it is."""
        return await self._data(Request(method, path, query, body), shape)

    async def send_unanswered(self, method: Method, path: str, body: Any = None) -> None:
        """A write whose answer holds nothing: `{}` or no body at all."""
        await self._perform(Request(method, path, body=body), lambda _: None)


def _settle(request: Request, error: ApiError, *, unsure: bool) -> None:
    """
    Raise a refusal, read in the light of earlier attempts whose answers were lost.

    A 404 then means that one of them did it: a DELETE is done, and a PATCH may have renamed what the path names.
    """
    if unsure and isinstance(error, NotFoundError):
        if request.method == "DELETE":
            return
        if request.method == "PATCH":
            raise LostAnswerError(
                f"{error.what}, after an attempt whose answer was lost",
                request=request,
                refusal=error.refusal,
                hint="that attempt may have renamed it: look it up by its id",
                maybe_done=True,
            )
    error.maybe_done = error.maybe_done or unsure
    raise error


def _last_error(request: Request, outcome: Answer | NoAnswer, *, attempts: int, unsure: bool) -> ApiError:
    """The error of a call that is not tried again."""
    if isinstance(outcome, Answer) and not outcome.is_success:
        error = error_of(request, refusal_of(outcome))
    else:
        reason = outcome.reason if isinstance(outcome, NoAnswer) else CUT_OFF
        error = NoAnswerError(f"no answer from Attio: {reason}", request=request)
    error_class = LostAnswerError if unsure and not request.repeatable else type(error)
    tried = f" (tried {attempts} times)" if attempts > 1 else ""
    return error_class(f"{error.what}{tried}", request=request, refusal=error.refusal, maybe_done=unsure)
