"""The generated code, the mappings on dicts and the naive oracle agree, on any event and any line."""

from __future__ import annotations

import json
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attio_ctl.mapping.expressions.javascript import MISSING
from attio_ctl.mapping.expressions.node import tidy
from attio_ctl.mapping.expressions.read import read_expression
from attio_ctl.mapping.fast.header import FIELDS, Header, Undecodable, decode
from attio_ctl.mapping.fast.program import FastProgram, accelerate
from attio_ctl.mapping.program import compile_mappings
from attio_ctl.mapping.writes import Rejected, Writes
from attio_ctl.state.schema import Schema


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_generated_code_gives_what_the_mappings_give(
    samples: ModuleType, fast: FastProgram, data: st.DataObject
) -> None:
    line = json.dumps(data.draw(st.one_of(samples.events, samples.odd))).encode()

    assert tuple(fast.run_line(line)) == fast.program.run(decode(line))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_chunk_of_lines_gives_what_its_lines_give(
    samples: ModuleType, fast: FastProgram, data: st.DataObject
) -> None:
    drawn = data.draw(st.lists(st.one_of(samples.events, samples.odd), max_size=5))
    lines = [json.dumps(event).encode() for event in drawn]

    assert list(fast.run_lines(b"\n".join(lines) + b"\n\n")) == [fast.run_line(line) for line in lines]


EXPRESSIONS = [
    "$.traits.plan",
    "$.traits.phones[0]",
    "$.traits.phones.length",
    "{{traits.last}}, {{traits.first}}",
    "plain",
    5,
    None,
    {"@path": "$.properties.list.0"},
    {"@literal": "$.x"},
    ["$.userId", "x"],
    {"k": "$.userId", "m": {"n": "{{type}}"}},
    {"@if": {"exists": "$.traits.plan", "then": "$.traits.plan", "else": "none"}},
    {"@if": {"blank": "$.traits.about", "then": {"@template": "{{traits.about}}!"}, "else": 0}},
    {"@case": {"operator": "upper", "value": "$.traits.first"}},
]


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(spec=st.sampled_from(EXPRESSIONS), data=st.data())
def test_an_expression_gives_what_the_naive_reading_gives(
    samples: ModuleType, oracle: ModuleType, spec: Any, data: st.DataObject
) -> None:
    event = data.draw(samples.events)
    if any(isinstance(value, float) for value in _leaves(event)):
        return  # how JavaScript prints fractions has cases of its own
    expression, _ = read_expression(spec)

    ours, naive = tidy(expression.resolve(event)), oracle.resolve(spec, event)

    assert ours == (MISSING if naive is oracle.GONE else naive)


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, dict | list):
        return [leaf for inner in (value.values() if isinstance(value, dict) else value) for leaf in _leaves(inner)]
    return [value]


# --- hostile lines ---------------------------------------------------------------------------------------------------

GOOD = b'{"type":"identify","userId":"u1","traits":{"email":"ada@example.com","first":%s}}'


@pytest.mark.parametrize(
    "value",
    [
        b'"' + b"x" * 1_000_000 + b'"',
        b'"\\ud83d"',
        b'"\\u0000"',
        b"[" * 900 + b"]" * 900,
        b'{"a":' * 900 + b"1" + b"}" * 900,
        b"1" * 400,
        b"1e400",
        b"-0.0",
        b'{"__proto__":{"x":1},"constructor":1}',
        b'"{{traits.first}}"',
    ],
)
def test_a_hostile_value_is_an_outcome_and_never_a_crash(fast: FastProgram, value: bytes) -> None:
    """1 MB texts, cut emoji, deep nesting, huge numbers, names of JavaScript's own."""
    try:
        outcomes = dict(fast.run_line(GOOD % value))
    except ValueError:
        return  # a line that is no JSON for any parser is the source's to account for
    assert isinstance(outcomes["identify"], Writes | Rejected)


def test_the_last_of_duplicate_keys_counts(fast: FastProgram) -> None:
    line = (
        b'{"type":"track","type":"identify","userId":"u1","traits":{"email":"x"},"traits":{"email":"ada@example.com"}}'
    )

    assert dict(fast.run_line(line)) == dict(fast.program.run(decode(line)))
    assert isinstance(dict(fast.run_line(line))["identify"], Writes)


NO_JSON = [
    b"",
    b"{",
    b"NaN",
    b'{"a":NaN}',
    b'{"a":-Infinity}',
    b"[" * 100_000,
    b'{"a":' + b"[" * 100_000,
    b"\xff",
    b'{"a":"\xff"}',
    b'{"type":"\xff"}',
    b'{"a":"\xed\xa0\x80"}',
    b'{"\xff":1}',
    b'{"type":"identify"',
    b'{"type":"identify"} {"type":"identify"}',
    b'\xef\xbb\xbf{"type":"identify"}',
    b'{"a":01}',
    b'{"a":"\t"}',
    b'{"a":1,}',
    '{"type":"identify"}'.encode("utf-16"),
]


@pytest.mark.parametrize("line", NO_JSON)
def test_a_line_that_is_no_json_is_refused_as_such(fast: FastProgram, line: bytes) -> None:
    """Also where the fault stands in what no mapping reads, which the decoder skips."""
    ((head, outcomes),) = fast.run_each([line])

    assert isinstance(head, Undecodable)
    assert (head.code, list(outcomes)) == ("invalid_json", [])
    with pytest.raises(ValueError, match=r"no JSON"):
        fast.run_line(line)
    with pytest.raises(ValueError, match=r"."):
        decode(line)


@pytest.mark.parametrize(("line", "kind"), [(b"[1]", "an array"), (b"null", "null"), (b'"x"', "text"), (b"5", "a num")])
def test_a_line_that_is_no_object_says_what_it_is(fast: FastProgram, line: bytes, kind: str) -> None:
    ((head, outcomes),) = fast.run_each([line])

    assert isinstance(head, Undecodable)
    assert head.code == "not_an_event"
    assert kind in head.reason
    assert tuple(outcomes) == fast.program.run(decode(line))


HEADED = [
    b'{"type":"identify","messageId":"m1","timestamp":"2026-01-02T03:04:05Z","sentAt":null,"receivedAt":5}',
    b'{"messageId":"\\ud83d","type":"identify"}',
    b'{"messageId":"a","messageId":"b"}',
    b'{"traits":null,"messageId":"m1"}',
    b'{"traits":"x","integrations":5,"originalTimestamp":["y"]}',
    b'{"messageId":"m","x":1e999,"y":' + b"9" * 5000 + b"}",
    '{"messageId":"é","traits":{"first":"Zoë"}}'.encode(),
    b"{}",
]


@pytest.mark.parametrize("line", HEADED)
def test_a_header_holds_what_the_event_has(fast: FastProgram, line: bytes) -> None:
    ((head, outcomes),) = fast.run_each([line])
    event = decode(line)

    assert isinstance(head, Header)
    assert {name: getattr(head, attribute) for name, attribute in FIELDS.items()} == {
        name: event.get(name, MISSING) for name in FIELDS
    }
    assert tuple(outcomes) == fast.program.run(event)


def test_a_bad_line_in_a_chunk_costs_no_other_line(fast: FastProgram) -> None:
    lines = [HEADED[0], b"{", b"", b" ", b"[1]", HEADED[0] + b" " + HEADED[0], HEADED[3]]

    heads = [head for head, _ in fast.run_headed(b"\n".join(lines) + b"\n")]

    codes = [head.code if isinstance(head, Undecodable) else head.message_id for head in heads]
    assert codes == ["m1", "invalid_json", "not_an_event", "invalid_json", "m1"]


@pytest.mark.parametrize("number", [b"12345678901234567890123", b"1e22", b"1e999", b"9" * 400, b"9" * 5000, b"-0"])
def test_a_number_reads_alike_on_every_rung(fast: FastProgram, number: bytes) -> None:
    """The same text comes of it from generated code, from a dict, and where Python's own parser has to help."""
    line = b'{"type":"identify","userId":"u1","traits":{"email":"ada@example.com","last":%s,"x":%s}}'
    easy, hard = line % (number, b"1"), line % (number, b'"\\ud83d"')

    assert tuple(fast.run_line(easy)) == fast.program.run(decode(easy)) == tuple(fast.run_line(hard))


def test_comparing_what_is_nested_too_deeply_is_an_outcome(samples: ModuleType, schema: Schema) -> None:
    spec = {**samples.SPECS["identify"], "when": "traits.a = traits.b"}
    running = accelerate(compile_mappings({"m": samples.MAPPING.validate_python(spec)}, schema))
    deep = b"[" * 900 + b"]" * 900

    assert len(running.run_line(b'{"traits":{"a":%s,"b":%s}}' % (deep, deep))) == 1


def test_nothing_of_a_mapping_becomes_code(samples: ModuleType, schema: Schema) -> None:
    """Names that would be code if they were pasted: quotes, braces, newlines, calls."""
    evil = '"); raise SystemExit("'
    spec = {
        "action": "assert-record",
        "object": "vehicles",
        "match": "vin",
        "when": f'properties["{evil.replace(chr(34), chr(92) + chr(34))}"] = "x\\"\\n"',
        "values": {"vin": {"@path": f"properties.{evil}"}, "notes": f"{{{{{evil}}}}} {{a}} {evil}"},
    }
    running = accelerate(compile_mappings({evil: samples.MAPPING.validate_python(spec)}, schema))

    assert running.mappings is not None
    assert "SystemExit" not in running.mappings[0].writes.source
    assert running.run_line(b'{"properties":{}}')[0][0] == evil


def test_what_no_code_is_generated_for_runs_all_the_same(samples: ModuleType, schema: Schema) -> None:
    spec = {**samples.SPECS["identify"], "person": {"description": {"@liquid": "{{ traits.first | upcase }}"}}}
    running = accelerate(compile_mappings({"m": samples.MAPPING.validate_python(spec)}, schema))

    ((_, mapped),) = running.run_line(GOOD % b'"Ada"')

    assert running.mappings is None
    assert isinstance(mapped, Writes)
    assert mapped.writes[0].values["description"] == "ADA"
