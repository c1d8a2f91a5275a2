"""The generated code, the mappings on dicts and the naive oracle agree, on any event and any line."""

from __future__ import annotations

import json
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from attio_ctl.config.models import Mapping
from attio_ctl.mapping.expressions.javascript import MISSING
from attio_ctl.mapping.expressions.node import tidy
from attio_ctl.mapping.expressions.read import read_expression
from attio_ctl.mapping.fast.header import FIELDS, Header, Undecodable, decode
from attio_ctl.mapping.fast.program import FastProgram, accelerate
from attio_ctl.mapping.program import compile_mappings
from attio_ctl.mapping.writes import Rejected, Writes
from attio_ctl.state.schema import Schema

MAPPING: TypeAdapter[Any] = TypeAdapter(Mapping)
SPECS: dict[str, Any] = {
    "identify": {
        "action": "identify-user",
        "when": 'type = "identify" or contains(context.page, "x") and traits.n > 2 or userId in ["u1", 5]',
        "person": {
            "name": "{{traits.last}}, {{traits.first}}",
            "company": "$.traits.domain",
            "phone_numbers": ["$.traits.phone", "$.traits.phones[0]"],
            "description": {"@if": {"blank": "$.traits.about", "then": "{{traits.about}}!", "else": "nothing"}},
            "job_title": {"@case": {"operator": "upper", "value": "$.traits.title"}},
        },
        "user": {
            "plan": {"@if": {"exists": "$.traits.plan", "then": "$.traits.plan", "else": "Free"}},
            "mrr": "$.traits.mrr",
            "seats": "$.traits.seats",
            "trial": "$.traits.trial",
            "features": "$.traits.features",
            "last_seen_at": "$.timestamp",
            "workspace": "$.groupId",
        },
    },
    "vehicle": {
        "action": "assert-record",
        "object": "vehicles",
        "match": "vin",
        "when": 'properties.vin and event != "x"',
        "values": {
            "vin": "$.properties.vin",
            "sold_on": "$.properties.on",
            "score": "$.properties.list.length",
            "stage": "Sold",
        },
    },
    "group": {"action": "group-workspace"},
}


@pytest.fixture(scope="module")
def fast(schema: Schema) -> FastProgram:
    running = accelerate(
        compile_mappings({name: MAPPING.validate_python(spec) for name, spec in SPECS.items()}, schema)
    )
    assert running.mappings is not None
    return running


odd = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-9, 2**70),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=6),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["a", "0", "length"]), inner, max_size=2)
    ),
    max_leaves=4,
)


def likely(*values: Any) -> st.SearchStrategy[Any]:
    """Mostly what an event would have there, sometimes anything."""
    return st.one_of(st.sampled_from(values), st.sampled_from(values), odd)


def some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries({}, optional=fields)


traits = some(
    email=likely("Ada@example.com", "ada@example.com", "bad", ""),
    first=likely("Ada"),
    last=likely("Lovelace", ""),
    domain=likely("acme.com", "https://acme.com/x", "0677efa1-0000-4000-8000-000000000000"),
    phone=likely("+14155552671", "+1 415 555 2671", "5"),
    phones=likely(["+14155552671"], []),
    about=likely("", "x", 0, False),
    title=likely("dev"),
    plan=likely("Pro", "pro"),
    mrr=likely(49, 49.5, "12.5", 0.1 + 0.2, 1.23456),
    seats=likely(5, "5", 2**62, 2**64, 1e300),
    trial=likely(True, "true", 1),
    features=likely(["SSO", "SSO"], "API", [None]),
    website=likely("acme.com"),
    n=likely(3),
)
events = some(
    type=likely("identify", "track", "group"),
    event=likely("x", "y"),
    userId=likely("u1", 5, ""),
    groupId=likely("w1", 7, None),
    timestamp=likely("2026-11-02T09:00:00.123Z", "2026-11-02", "2026-02-30T00:00:00.123Z", "2026-11-02T24:00:00.001Z"),
    traits=st.one_of(traits, traits, traits, odd),
    properties=st.one_of(some(vin=likely("v1", True), on=likely("2026-01-02", "2026-13-01"), list=likely([1, 2])), odd),
    context=st.one_of(some(page=likely("x"), group_id=likely("w2")), odd),
    integrations=likely({"All": True}, {"All": False}, {"Attio (Actions)": False}, {"Attio (Actions)": {}}),
)


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(events, odd))
def test_generated_code_gives_what_the_mappings_give(fast: FastProgram, event: Any) -> None:
    line = json.dumps(event).encode()

    assert tuple(fast.run_line(line)) == fast.program.run(decode(line))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.one_of(events, odd), max_size=5))
def test_a_chunk_of_lines_gives_what_its_lines_give(fast: FastProgram, chunk: list[Any]) -> None:
    lines = [json.dumps(event).encode() for event in chunk]

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
@given(st.sampled_from(EXPRESSIONS), events)
def test_an_expression_gives_what_the_naive_reading_gives(oracle: ModuleType, spec: Any, event: Any) -> None:
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


def test_comparing_what_is_nested_too_deeply_is_an_outcome(schema: Schema) -> None:
    spec = {**SPECS["identify"], "when": "traits.a = traits.b"}
    running = accelerate(compile_mappings({"m": MAPPING.validate_python(spec)}, schema))
    deep = b"[" * 900 + b"]" * 900

    assert len(running.run_line(b'{"traits":{"a":%s,"b":%s}}' % (deep, deep))) == 1


def test_nothing_of_a_mapping_becomes_code(schema: Schema) -> None:
    """Names that would be code if they were pasted: quotes, braces, newlines, calls."""
    evil = '"); raise SystemExit("'
    spec = {
        "action": "assert-record",
        "object": "vehicles",
        "match": "vin",
        "when": f'properties["{evil.replace(chr(34), chr(92) + chr(34))}"] = "x\\"\\n"',
        "values": {"vin": {"@path": f"properties.{evil}"}, "notes": f"{{{{{evil}}}}} {{a}} {evil}"},
    }
    running = accelerate(compile_mappings({evil: MAPPING.validate_python(spec)}, schema))

    assert running.mappings is not None
    assert "SystemExit" not in running.mappings[0].source
    assert running.run_line(b'{"properties":{}}')[0][0] == evil


def test_what_no_code_is_generated_for_runs_all_the_same(schema: Schema) -> None:
    spec = {**SPECS["identify"], "person": {"description": {"@liquid": "{{ traits.first | upcase }}"}}}
    running = accelerate(compile_mappings({"m": MAPPING.validate_python(spec)}, schema))

    ((_, mapped),) = running.run_line(GOOD % b'"Ada"')

    assert running.mappings is None
    assert isinstance(mapped, Writes)
    assert mapped.writes[0].values["description"] == "ADA"
