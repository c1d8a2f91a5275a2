"""
The answers with which Attio refuses a request: status, type, code and message.

Codes and messages are those of Attio's OpenAPI document and of answers that people recorded; where nothing public shows
the wording it follows the nearest known one, and docs/sandbox.md lists it as inferred.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

Fault = dict[str, Any]
"""One entry of `validation_errors`: `code`, `path` (keys and indexes), `message`, and what the code adds."""

REQUEST: Final = "invalid_request_error"
AUTH: Final = "auth_error"
RATE: Final = "rate_limit_error"


class RefusedError(Exception):
    """An error answer, on its way to the client; raising it inside a write rolls the write back."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        kind: str = REQUEST,
        faults: Sequence[Fault] = (),
        headers: Sequence[tuple[str, str]] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.kind = kind
        self.faults = list(faults)
        self.headers = list(headers)

    def body(self) -> dict[str, Any]:
        """The JSON body: four keys, and `validation_errors` where there are some."""
        said: dict[str, Any] = {
            "status_code": self.status,
            "type": self.kind,
            "code": self.code,
            "message": self.message,
        }
        if self.faults:
            said["validation_errors"] = self.faults
        return said


def unauthorized(token: str | None) -> RefusedError:
    """401: the message for a key of the wrong length was recorded in 2025-07, the two others are inferred."""
    if token is None:
        return RefusedError(401, "unauthorized", "No API Key was provided in the Authorization header.", kind=AUTH)
    if len(token) != 64:
        return RefusedError(
            401,
            "unauthorized",
            "The API Key provided was invalid because it was the wrong length (API Keys should be 64 characters long). "
            "You might not have copied the entire API key from your Admin panel?",
            kind=AUTH,
        )
    return RefusedError(401, "unauthorized", "The API Key provided was invalid.", kind=AUTH)


def missing_scopes(missing: Sequence[str]) -> RefusedError:
    """403: the code comes from a connector's catalogue, the wording is inferred."""
    named = ", ".join(f"`{scope}`" for scope in missing)
    return RefusedError(403, "unauthorized", f"The access token does not have the required scopes: {named}.", kind=AUTH)


def rate_limited(retry_after: str) -> RefusedError:
    """429 with `Retry-After` as an HTTP-date. Source: docs.attio.com/rest-api/guides/rate-limiting."""
    return RefusedError(
        429,
        "rate_limit_exceeded",
        "Rate limit exceeded, please try again later",
        kind=RATE,
        headers=[("Retry-After", retry_after)],
    )


def unknown_endpoint(method: str, path: str) -> RefusedError:
    """404 of a route that does not exist, as recorded in 2025-07."""
    return RefusedError(404, "not_found", f'Could not find endpoint "{method} {path}".')


def not_found(message: str) -> RefusedError:
    """404 of something named in the path."""
    return RefusedError(404, "not_found", message)


def value_not_found(message: str) -> RefusedError:
    """400 of something named in the body or the query."""
    return RefusedError(400, "value_not_found", message)


def validation(message: str, faults: Sequence[Fault] = ()) -> RefusedError:
    """400 of a request that is understood and not allowed."""
    return RefusedError(400, "validation_type", message, faults=faults)


def invalid_body(faults: Sequence[Fault]) -> RefusedError:
    """400 of a body whose shape is wrong; all faults together, in the order of the schema's fields."""
    return validation("Body payload validation error.", faults)


def invalid_query(faults: Sequence[Fault]) -> RefusedError:
    """400 of query parameters that cannot be read; the wording follows that of bodies."""
    return validation("Query payload validation error.", faults)


def invalid_value(slug: str, faults: Sequence[Fault]) -> RefusedError:
    """400 of a value that its attribute cannot hold; the paths in `faults` start at the value."""
    return validation(f'An invalid value was passed to attribute with slug "{slug}".', faults)


def disabled_object(object_id: str) -> RefusedError:
    """400 of a standard object that is not switched on: names the id even where the slug was used."""
    return RefusedError(
        400,
        "standard_object_disabled",
        f'The Standard object with slug/ID "{object_id}" must be enabled by a Workspace admin before it can be used.',
    )


def uniqueness_conflict(slug: str) -> RefusedError:
    """400 of a unique value that another record holds, in the wording of 2026-09."""
    return RefusedError(
        400,
        "uniqueness_conflict",
        f'A value provided for attribute with slug "{slug}" conflicts with one already in the system. This attribute '
        "has a uniqueness constraint. Please ensure all values for this attribute do not exist on another record.",
    )


def matching_not_unique() -> RefusedError:
    """400 of a matching attribute that is not unique, as seen in 2026-04 and 2026-10."""
    return RefusedError(
        400,
        "matching_attribute_definition_not_unique",
        "The matching attribute specified is not a unique attribute.",
    )


def missing_value(attribute_id: str) -> RefusedError:
    """400 of a required attribute without a value."""
    return RefusedError(
        400, "missing_value", f'Required value for attribute with ID "{attribute_id}" was not provided.'
    )


_STAGED: Final = {
    401: ("unauthorized", "The API Key provided was invalid.", AUTH),
    403: ("unauthorized", "The access token is not allowed to do this.", AUTH),
    404: ("not_found", "The requested resource was not found.", REQUEST),
    409: ("slug_conflict", "The request conflicts with the current state.", REQUEST),
    429: ("rate_limit_exceeded", "Rate limit exceeded, please try again later", RATE),
}


def staged(status: int, retry_after: str = "") -> RefusedError:
    """An error that a fault script asks for; Attio's bodies for 5xx are not public, so these are inferred."""
    server = ("internal_error", "An unexpected error occurred.", "api_error")
    code, message, kind = _STAGED.get(status, server if status >= 500 else ("invalid_request", "Bad request.", REQUEST))
    headers = [("Retry-After", retry_after)] if retry_after else []
    return RefusedError(status, code, message, kind=kind, headers=headers)


def slug_conflict(message: str) -> RefusedError:
    """409 of a slug, title or noun that is taken, by something archived too."""
    return RefusedError(409, "slug_conflict", message)
