"""
One case of `mapping eval`: what Segment's destination would send, so that the two can be compared.

A case is `{id, action, subscribe?, mapping?, useDefaults?, events, batch?}`; the result is `{id, matched, outcomes,
requests, errors}`. No schema is applied and nothing is sent. Subscriptions are read as Segment documents them.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

from attio_ctl.mapping.expressions.javascript import MISSING
from attio_ctl.mapping.expressions.node import Expression, ExpressionError, tidy, without_missing_keys
from attio_ctl.mapping.expressions.read import read_segment_expression
from attio_ctl.mapping.fql.evaluate import matches
from attio_ctl.mapping.fql.lexer import FqlError
from attio_ctl.mapping.fql.parser import parse
from attio_ctl.mapping.fql.tree import Node
from attio_ctl.mapping.presets import PUBLISHED, Action
from attio_ctl.mapping.segment.fields import FIELDS, InvalidPayload, payload_of
from attio_ctl.mapping.segment.requests import BATCH_URL, batch_assertion, single_requests
from attio_ctl.state.resource import Json

ACTIONS: Final[dict[str, Action]] = {
    "identifyUser": "identify-user",
    "groupWorkspace": "group-workspace",
    "assertRecord": "assert-record",
    "identify-user": "identify-user",
    "group-workspace": "group-workspace",
    "assert-record": "assert-record",
}
"""The actions by Segment's name and by ours."""

MAX_SAFE_INTEGER: Final = 2**53 - 1
"""Up to here an integer is the same as a floating-point number, which is all that JavaScript has."""

ROOT_DIRECTIVE: Final = "__segment_internal_directive"


@dataclass(slots=True)
class _Result:
    """What comes out of one case, event by event."""

    matched: list[bool] = field(default_factory=list)
    outcomes: list[str] = field(default_factory=list)
    requests: list[Json] = field(default_factory=list)
    errors: list[Json] = field(default_factory=list)

    def fail(self, outcome: str, message: str, event: int | None) -> None:
        self.errors.append({"event": event, "message": message})
        if event is not None:
            self.outcomes[event] = outcome

    def send(self, event: int | None, url: str, body: Json) -> None:
        self.requests.append({"event": event, "method": "PUT", "url": url, "body": _finite(tidy(body))})

    def as_json(self, case_id: Json) -> Json:
        return {
            "id": case_id,
            "matched": self.matched,
            "outcomes": self.outcomes,
            "requests": self.requests,
            "errors": self.errors,
        }


def evaluate_case(case: Any, now: str) -> Json:
    """
    The result of one case; `now` (ISO 8601) stands for the time where an event does not say when it was received.

    A case that makes no sense gives a result with `errors` and no outcomes; nothing is ever raised.
    """
    result = _Result()
    fault = _fault_of(case)
    if fault is None:
        try:
            _run(case, ACTIONS[case["action"]], now, result)
        except RecursionError:
            result = _Result([False] * len(case["events"]), ["error"] * len(case["events"]))
            result.fail("error", "the case is nested too deeply", None)
    else:
        result.fail("error", fault, None)
    return result.as_json(case.get("id") if isinstance(case, dict) else None)


def evaluate_line(raw: bytes, number: int, now: str) -> Json:
    """
    The result of the case that a line of NDJSON holds; one that holds no JSON gives a result with `errors`.

    Read as Node reads it: lone surrogates stay, and integers beyond 2^53 become floating-point numbers.

    Args:
        number: Of the line, for the message.
    """
    try:
        case = json.loads(raw, parse_int=_parse_integer, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        result = _Result()
        why = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        result.fail("error", f"line {number} is no JSON: {why}", None)
        return result.as_json(None)
    return evaluate_case(case, now)


def _parse_integer(digits: str) -> int | float:
    number = float(digits)
    return int(number) if abs(number) <= MAX_SAFE_INTEGER else number


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"`{name}` is no JSON")


def _finite(value: Json) -> Json:
    """As `JSON.stringify` writes numbers that JSON has no words for: null."""
    match value:
        case dict():
            return {key: _finite(inner) for key, inner in value.items()}
        case list():
            return [_finite(inner) for inner in value]
        case float() if not math.isfinite(value):
            return None
        case _:
            return value


@dataclass(frozen=True, slots=True)
class _Taken:
    """The events of a case that its subscription takes, by index, and what is to be made of them."""

    action: Action
    expression: Expression | str
    events: dict[int, Any]
    now: str


def _fault_of(case: Any) -> str | None:
    if not isinstance(case, dict):
        return "a case is an object"
    if not isinstance(case.get("action"), str) or case["action"] not in ACTIONS:
        return f"`action` is one of {', '.join(f'`{name}`' for name in ACTIONS)}"
    if not isinstance(case.get("events"), list):
        return "`events` is a list of events"
    return None


def _run(case: dict[str, Any], action: Action, now: str, result: _Result) -> None:
    events: list[Any] = case["events"]
    result.matched = [False] * len(events)
    subscription = _subscription(case.get("subscribe", PUBLISHED[action].when))
    if isinstance(subscription, str):
        result.outcomes = ["bad_subscription"] * len(events)
        result.fail("bad_subscription", subscription, None)
        return
    result.matched = [matches(subscription, event) for event in events]
    result.outcomes = ["sent" if matched else "not_subscribed" for matched in result.matched]
    taken = [index for index, matched in enumerate(result.matched) if matched]
    if not taken:
        return
    run = _run_batch if case.get("batch") else _run_singles
    run(_Taken(action, _mapping(case, action), {index: events[index] for index in taken}, now), result)


def _subscription(statement: Any) -> Node | str:
    """The parsed subscription, or why there is none."""
    if not isinstance(statement, str) or not statement:
        return "Failed to validate subscription"
    try:
        return parse(statement)
    except FqlError as error:
        return f"Invalid subscription: {error}"


def _mapping(case: dict[str, Any], action: Action) -> Expression | str:
    """The expression of the whole payload, or why Segment refuses the mapping before any event."""
    mapping = case.get("mapping", {})
    if not isinstance(mapping, dict):
        return "the mapping is no object"
    if case.get("useDefaults"):
        defaults = {name: known.default for name, known in FIELDS[action].items() if known.default is not None}
        mapping = {**defaults, **mapping}
    if ROOT_DIRECTIVE in mapping:
        root = mapping[ROOT_DIRECTIVE]
        rest = {name: value for name, value in mapping.items() if name != ROOT_DIRECTIVE}
        if not isinstance(root, dict) or len(root) != 1 or not isinstance(next(iter(root.values())), dict):
            return "the root mapping has to be one directive with an object"
        ((directive, options),) = root.items()
        mapping = {directive: {**options, "mapping": rest}}
    expression, faults = read_segment_expression(mapping)
    refused = [f"/{'/'.join(map(str, fault.path))}: {fault.message}" for fault in faults if not fault.late]
    return "; ".join(refused) if refused else expression


def _resolve(expression: Expression | str, event: Any) -> Json:
    if isinstance(expression, str):
        raise ExpressionError(expression)
    if not isinstance(event, dict):
        raise ExpressionError("an event has to be an object")
    try:
        resolved = without_missing_keys(expression.resolve(event))
    except RecursionError:
        raise ExpressionError("the event is nested too deeply") from None
    return None if resolved is MISSING else resolved


def _run_singles(taken: _Taken, result: _Result) -> None:
    for index, event in taken.events.items():
        try:
            payload = payload_of(taken.action, _resolve(taken.expression, event), batched=False)
        except ExpressionError as error:
            result.fail("error", str(error), index)
        except InvalidPayload as error:
            result.fail("invalid", str(error), index)
        else:
            for url, body in single_requests(taken.action, payload):
                result.send(index, url, body)


def _run_batch(taken: _Taken, result: _Result) -> None:
    """One call for all; one event that cannot be resolved sinks the batch, one that is invalid is left out."""
    try:
        resolved = {index: _resolve(taken.expression, event) for index, event in taken.events.items()}
    except ExpressionError as error:
        result.fail("error", str(error), None)
        for index in taken.events:
            result.outcomes[index] = "error"
        return
    assertions: list[Json] = []
    for index, value in resolved.items():
        try:
            payload = payload_of(taken.action, value, batched=True)
        except InvalidPayload as error:
            result.fail("invalid", str(error), index)
        else:
            assertions.append(batch_assertion(taken.action, payload, taken.now))
    if assertions:
        result.send(None, BATCH_URL, {"assertions": assertions})
