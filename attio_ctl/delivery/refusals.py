"""What Attio's answer to a write means for the write: refused for good, or no fault of the data."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from attio_ctl.attio.errors import (
    ApiError,
    ConflictError,
    InactiveObjectError,
    NoAnswerError,
    NotFoundError,
    Refusal,
    RejectedError,
    ServerError,
)
from attio_ctl.attio.messages import Request
from attio_ctl.delivery.transport import Refused

DATA_ERRORS: Final = (RejectedError, ConflictError, NotFoundError)
"""What is wrong with one write as it stands; every other error of the API would meet any write."""

FAULTS: Final = (ServerError, NoAnswerError)
"""What a write comes to for which Attio does nothing but fail, be it down or not."""

_UNAVAILABLE: Final = frozenset({403, 404, 405, 410})


def is_unavailable(error: ApiError) -> bool:
    """Whether an endpoint that Attio does not document may simply not be there for us: unknown, or not allowed."""
    return error.status in _UNAVAILABLE


def refused(error: ApiError) -> Refused:
    """The verdict that one of the `DATA_ERRORS` comes to."""
    return Refused(
        code=error.code or f"http_{error.status}",
        reason=error.what,
        request=_sent(error.request),
        answer=_answered(error.refusal),
        of_the_object=_is_of_the_object(error),
    )


def unwritable(error: ServerError | NoAnswerError) -> Refused:
    """The verdict on a write for which Attio fails while it takes others; whether it was carried out nobody knows."""
    code = f"http_{error.status}" if isinstance(error, ServerError) else "timeout"
    reason = f"{error.what}, while Attio took other records"
    return replace(refused(error), code=code, reason=reason, of_the_record=True, partly=True)


def _is_of_the_object(error: ApiError) -> bool:
    """Whether the object is at fault: it is gone, not switched on, or its matching attribute is not unique."""
    if isinstance(error, NotFoundError):
        return error.request is not None and error.request.method == "PUT"  # a PATCH misses the record, not the object
    return isinstance(error, InactiveObjectError) or error.code == "matching_attribute_definition_not_unique"


def _sent(request: Request | None) -> dict[str, Any]:
    if request is None:
        return {}
    return {"method": request.method, "path": request.path, "query": dict(request.query), "body": request.body}


def _answered(refusal: Refusal | None) -> dict[str, Any]:
    if refusal is None:
        return {}
    return {
        "status": refusal.status,
        "type": refusal.type,
        "code": refusal.code,
        "message": refusal.message,
        "validation_errors": [
            {"path": list(fault.path), "code": fault.code, "message": fault.message}
            for fault in refusal.validation_errors
        ],
        "execution_id": refusal.execution_id,
    }
