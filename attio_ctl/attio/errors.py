"""
What can go wrong between us and Attio.

    AttioCtlError
    └── ApiError                     exit 1    anything below
        ├── UnauthorizedError        exit 13   401: the token is missing, malformed or dead (also a CredentialsError)
        ├── ForbiddenError           exit 13   403: a scope is missing (also a CredentialsError)
        ├── QuotaError               exit 1    400 or 403: the workspace's plan does not include it
        ├── NotFoundError            exit 1    404: no such object, attribute, record, … or endpoint
        ├── ConflictError            exit 1    409, or 400 on a unique value: it is taken already
        ├── RejectedError            exit 1    400, 413, 422: the request is wrong as it stands
        │   └── InactiveObjectError  exit 1    400: a standard object that nobody has switched on
        ├── RateLimitedError         exit 1    429 for as long as we were allowed to try
        ├── ServerError              exit 1    5xx for as long as we were allowed to try
        ├── NoAnswerError            exit 1    no connection, time-outs or broken answers for as long as we tried
        ├── LostAnswerError          exit 1    a create, or a rename, that Attio may have carried out: look it up first
        └── UnexpectedAnswerError    exit 1    a success that is not of the promised shape, or a redirect

Source: the OpenAPI document of 2026-08 for the documented codes; published captures (2025-07 to 2026-10) for
`uniqueness_conflict`, `standard_object_disabled` and the bodies of 401 and 429.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import msgspec

from attio_ctl.attio.messages import Answer, Request
from attio_ctl.attio.scopes import scopes_of
from attio_ctl.errors import AttioCtlError, CredentialsError, Exit


class Fault(msgspec.Struct, frozen=True):
    """One entry of `validation_errors`; `path` leads into the body, or into the value of one attribute."""

    message: str = ""
    code: str = ""
    path: tuple[str | int, ...] = ()
    expected: Any = None
    received: Any = None

    def __str__(self) -> str:
        place = f"`{'.'.join(str(step) for step in self.path)}`: " if self.path else ""
        wanted = f" (expected {self.expected}, received {self.received})" if self.expected is not None else ""
        return f"{place}{_as_clause(self.message or self.code)}{wanted}"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Attio's own words; empty where the body was not Attio's (a proxy's page, a bare 502)."""

    status: int
    type: str = ""
    code: str = ""
    message: str = ""
    validation_errors: tuple[Fault, ...] = ()
    execution_id: str | None = None


class ApiError(AttioCtlError):
    """
    A call that did not succeed.

    Attributes:
        request: The call, None when the fault is not in one call.
        refusal: What Attio said, None when it said nothing.
        maybe_done: Attio may have carried the request out in this or an earlier attempt.
    """

    default_hint: ClassVar[str | None] = None

    def __init__(
        self,
        what: str,
        *,
        request: Request | None = None,
        refusal: Refusal | None = None,
        hint: str | None = None,
        maybe_done: bool = False,
    ) -> None:
        super().__init__(what, where=str(request) if request else None, hint=hint or self.default_hint)
        self.request = request
        self.refusal = refusal
        self.maybe_done = maybe_done

    @property
    def status(self) -> int | None:
        """The HTTP status, None when no answer came."""
        return self.refusal.status if self.refusal else None

    @property
    def code(self) -> str:
        """Attio's code such as `slug_conflict`, empty when it gave none."""
        return self.refusal.code if self.refusal else ""

    @property
    def message(self) -> str:
        """Attio's message as it came, empty when it gave none."""
        return self.refusal.message if self.refusal else ""

    @property
    def validation_errors(self) -> tuple[Fault, ...]:
        """The faults that Attio found in the body, in its order."""
        return self.refusal.validation_errors if self.refusal else ()


class UnauthorizedError(ApiError, CredentialsError):
    """401: Attio does not know the token."""

    exit_code = Exit.CREDENTIALS
    default_hint = (
        "make a new token under Workspace settings → Developers, and check which one the workspace file names"
    )


class ForbiddenError(ApiError, CredentialsError):
    """403: the token lacks a scope, or may not do this at all."""

    exit_code = Exit.CREDENTIALS
    default_hint = "add the missing scope to the token under Workspace settings → Developers"


class QuotaError(ApiError):
    """The workspace's plan does not include it, or its allowance is used up."""

    default_hint = "the workspace's plan sets this limit: see Workspace settings → Plans"


class NotFoundError(ApiError):
    """404: what the path names does not exist, or is hidden from the token."""


class ConflictError(ApiError):
    """A slug, title, webhook or unique value is taken, possibly by something archived."""


class RejectedError(ApiError):
    """The request is wrong as it stands; sending it again changes nothing."""


class InactiveObjectError(RejectedError):
    """A standard object that exists but is not switched on; the API has no call for that."""

    default_hint = "an admin switches it on under Workspace settings → Objects → Activate"


class RateLimitedError(ApiError):
    """429 until the time for retries was used up; the request was never processed."""

    default_hint = "another integration may be using up the workspace's limit; try again later"


class ServerError(ApiError):
    """5xx until the time for retries was used up."""

    default_hint = "see status.attio.com, and run the command again: what was done is not done twice"


class NoAnswerError(ApiError):
    """No connection, a time-out or a broken answer, until the time for retries was used up."""

    default_hint = "check the network, the proxy and `api.base_url`"


class LostAnswerError(ApiError):
    """The answer to something that must not be done twice is lost; the caller looks it up before going on."""

    default_hint = "it may exist by now: look it up before creating it again"


class UnexpectedAnswerError(ApiError):
    """A success whose body is not of the promised shape, or a redirect, which is never followed."""

    default_hint = "check that `api.base_url` leads to Attio itself"


BY_CODE: Final[dict[str, type[ApiError]]] = {
    "standard_object_disabled": InactiveObjectError,
    "uniqueness_conflict": ConflictError,
    "slug_conflict": ConflictError,
    "billing_error": QuotaError,
    "quota_exceeded": QuotaError,
    "rate_limit_exceeded": RateLimitedError,
}
BY_STATUS: Final[dict[int, type[ApiError]]] = {
    401: UnauthorizedError,
    403: ForbiddenError,
    404: NotFoundError,
    408: ServerError,
    409: ConflictError,
    429: RateLimitedError,
}


def refusal_of(answer: Answer) -> Refusal:
    """What an answer that is no success says; never fails, and keeps every part that is as documented."""
    try:
        body = msgspec.json.decode(answer.body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError):
        body = {}
    said = {key: text for key in ("type", "code", "message") if isinstance(text := body.get(key), str)}
    faults = body.get("validation_errors")
    return Refusal(
        answer.status,
        **said,
        validation_errors=tuple(_faults(faults)) if isinstance(faults, list) else (),
        execution_id=answer.execution_id,
    )


def error_of(request: Request, refusal: Refusal, *, maybe_done: bool = False) -> ApiError:
    """The error for an answer that is no success: by Attio's code where that decides, else by the status."""
    error_class = BY_CODE.get(refusal.code) or BY_STATUS.get(refusal.status) or _by_range(refusal.status)
    hint = error_class.default_hint
    if error_class is ForbiddenError and (scopes := scopes_of(request)):
        hint = f"this call needs the scopes {', '.join(f'`{scope}`' for scope in scopes)}: {hint}"
    return error_class(_what(refusal), request=request, refusal=refusal, hint=hint, maybe_done=maybe_done)


def _faults(rows: list[Any]) -> Iterator[Fault]:
    for row in rows:
        with contextlib.suppress(msgspec.ValidationError):
            yield msgspec.convert(row, Fault)


def _by_range(status: int) -> type[ApiError]:
    if status >= 500:
        return ServerError
    return RejectedError if status >= 400 else UnexpectedAnswerError


def _what(refusal: Refusal) -> str:
    code = f" `{refusal.code}`" if refusal.code else ""
    said = f": {_as_clause(refusal.message)}" if refusal.message else ""
    faults = f" [{'; '.join(str(fault) for fault in refusal.validation_errors)}]" if refusal.validation_errors else ""
    trace = f" (execution id {refusal.execution_id})" if refusal.execution_id and refusal.status >= 500 else ""
    return f"Attio answered {refusal.status}{code}{said}{faults}{trace}"


def _as_clause(message: str) -> str:
    return message.strip().rstrip(".")
