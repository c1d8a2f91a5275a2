"""PUT /v2/batch/records."""

from __future__ import annotations

from typing import Final

from attio_ctl.sandbox.batches import MAX_ASSERTIONS, accept
from attio_ctl.sandbox.call import Answer, Call, Route
from attio_ctl.sandbox.errors import invalid_body
from attio_ctl.sandbox.model import Json
from attio_ctl.sandbox.shape import Fields, ListOf, Record

_BATCH: Final = Fields({"assertions": ListOf(Record())})


def take_batch(call: Call) -> Json | Answer:
    """
    202 with an empty body; a wrong assertion inside is no error.

    Raises:
        RefusedError: 400 for a body that is no batch, or has more than 10,000 assertions (both answers inferred).
    """
    assertions = call.checked(_BATCH)["assertions"]
    if len(assertions) > MAX_ASSERTIONS:
        message = f"Array must contain at most {MAX_ASSERTIONS} element(s)"
        raise invalid_body([{"code": "too_big", "path": ["assertions"], "message": message}])
    accept(call.store, call.token.actor, assertions, call.effects)
    return Answer(202)


ROUTES: Final = [
    Route(
        "PUT", "/v2/batch/records", take_batch, ("record_permission:read-write", "object_configuration:read"), "write"
    )
]
