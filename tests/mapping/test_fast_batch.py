"""Lines straight to the body of a batch: the same assertions and refusals as the writes give."""

from __future__ import annotations

import json
from types import ModuleType
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attio_ctl.mapping.encode import MAX_ASSERTIONS
from attio_ctl.mapping.fast.batch import Bodies, make_bodies
from attio_ctl.mapping.fast.header import Undecodable, decode
from attio_ctl.mapping.fast.mapping import asserted
from attio_ctl.mapping.fast.program import FastProgram, accelerate
from attio_ctl.mapping.program import compile_mappings
from attio_ctl.mapping.writes import Rejected, Writes
from attio_ctl.state.schema import Schema

NOW = "2026-11-02T10:00:00Z"


def slowly(fast: FastProgram, lines: list[bytes]) -> tuple[list[Any], list[tuple[int, str, Any]]]:
    """What a batch has to hold, from the mappings on dicts."""
    assertions: list[Any] = []
    refused: list[tuple[int, str, Any]] = []
    for number, line in enumerate(lines):
        event = decode(line)
        if not isinstance(event, dict):
            continue
        received = event.get("receivedAt")
        for name, mapped in fast.program.run(event):
            if isinstance(mapped, Writes):
                assertions.append(asserted(mapped, received if isinstance(received, str) else NOW))
            elif isinstance(mapped, Rejected):
                refused.append((number, name, mapped))
    return json.loads(msgspec.json.encode(assertions)), refused


def parts(made: Bodies) -> tuple[list[Any], list[tuple[int, str, Any]]]:
    assertions = [each for body in made.bodies for each in json.loads(body)["assertions"]]
    assert made.assertions == len(assertions)
    refused = [(each.line, each.mapping, each.why) for each in made.refused]
    return assertions, [each for each in refused if not isinstance(each[2], Undecodable)]


@settings(max_examples=200)
@given(data=st.data())
def test_a_batch_holds_what_the_writes_give(samples: ModuleType, fast: FastProgram, data: st.DataObject) -> None:
    drawn = data.draw(st.lists(st.one_of(samples.events, samples.events, samples.odd), max_size=4))
    lines = [json.dumps(event).encode() for event in drawn]

    assert parts(make_bodies(fast, lines, NOW)) == slowly(fast, lines)


def test_a_line_that_is_no_event_is_told_by_its_number(fast: FastProgram) -> None:
    batch = make_bodies(fast, [b'{"type":"page"}', b"{", b"[1]", b'{"a":"\xff"}'], NOW)

    codes = [(each.line, each.mapping, each.why.code) for each in batch.refused]
    assert codes == [(1, "", "invalid_json"), (2, "", "not_an_event"), (3, "", "invalid_json")]
    assert batch.bodies == ()


def test_a_call_holds_no_more_than_attio_takes(samples: ModuleType, schema: Schema) -> None:
    spec = {"action": "assert-record", "object": "vehicles", "match": "vin", "values": {"vin": "$.vin"}}
    fast = accelerate(compile_mappings({"m": samples.MAPPING.validate_python(spec)}, schema))
    lines = [b'{"vin":"v%d"}' % number for number in range(MAX_ASSERTIONS + 1)]

    made = make_bodies(fast, lines, NOW)

    assert [len(json.loads(body)["assertions"]) for body in made.bodies] == [MAX_ASSERTIONS, 1]


@pytest.mark.parametrize(
    "spec",
    [
        {"action": "identify-user", "user": {"person": "$.traits.owner", "plan": "$.traits.plan"}},
        {"action": "identify-user", "person": {"description": {"@liquid": "{{ traits.first | upcase }}"}}},
        {"action": "identify-user", "person": {"email_addresses": "$.traits.other"}},
        {"action": "identify-user", "person": {"company": "acme.com", "name": "Lovelace, Ada", "nope": "$.traits"}},
        {"action": "identify-user", "person": {"company": "acme.com", "name": "Lovelace, Ada"}},
    ],
)
def test_whatever_fills_an_attribute_the_batch_holds_what_the_writes_give(
    samples: ModuleType, schema: Schema, spec: dict[str, Any]
) -> None:
    """A link that it fills itself, a template language, the matching attribute filled twice, literals, no attribute."""
    fast = accelerate(compile_mappings({"m": samples.MAPPING.validate_python(spec)}, schema))
    event = {"type": "identify", "userId": "u1", "traits": {"email": "ada@example.com", "first": "Ada", "plan": "Pro"}}
    lines = [
        json.dumps({**event, "traits": {**event["traits"], **more}}).encode()  # type: ignore[dict-item]
        for more in ({}, {"owner": "bob@example.com"}, {"owner": 5}, {"other": "c@example.com"}, {"other": None})
    ]

    assert parts(make_bodies(fast, lines, NOW)) == slowly(fast, lines)
