"""The generated code, the mappings on dicts and the naive oracle agree, on any event and any line."""

from __future__ import annotations

import functools
import json
from types import ModuleType
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from attio_ctl.attribute_types import ATTRIBUTE_TYPES
from attio_ctl.config.models import Mapping
from attio_ctl.mapping.expressions.javascript import MISSING
from attio_ctl.mapping.expressions.node import tidy
from attio_ctl.mapping.expressions.read import read_expression
from attio_ctl.mapping.fast.header import FIELDS, Header, Undecodable, decode
from attio_ctl.mapping.fast.mapping import RecordColumns, asserted
from attio_ctl.mapping.fast.program import EventPortion, FastProgram, accelerate
from attio_ctl.mapping.program import compile_mappings
from attio_ctl.mapping.writes import Mapped, RecordKey, Rejected, Write, Writes
from attio_ctl.state.schema import AttributeSchema, ObjectSchema, Schema

NOW = "2026-11-02T10:00:00Z"


@settings(max_examples=400)
@given(data=st.data())
def test_generated_code_gives_what_the_mappings_give(
    samples: ModuleType, fast: FastProgram, data: st.DataObject
) -> None:
    line = json.dumps(data.draw(st.one_of(samples.events, samples.odd))).encode()

    assert tuple(fast.run_line(line)) == fast.program.run(decode(line))


@settings(max_examples=60)
@given(data=st.data())
def test_a_chunk_of_lines_gives_what_its_lines_give(
    samples: ModuleType, fast: FastProgram, data: st.DataObject
) -> None:
    drawn = data.draw(st.lists(st.one_of(samples.events, samples.odd), max_size=5))
    lines = [json.dumps(event).encode() for event in drawn]

    assert list(fast.run_lines(b"\n".join(lines) + b"\n\n")) == [fast.run_line(line) for line in lines]


def written(portion: EventPortion) -> list[list[tuple[str, Mapped]]]:
    """The outcomes of each event of a portion, put together from its columns."""
    found: list[list[tuple[str, Mapped]]] = [[] for _ in portion.heads]
    for made in portion.made:
        rows = {number: at for at, number in enumerate(made.taken)}
        for number, outcome in enumerate(made.outcomes):
            writes = tuple(_write(record, rows[number]) for record in made.records) if outcome is None else ()
            found[number].append((made.name, Writes(writes) if outcome is None else outcome))
    return found


def _write(record: RecordColumns, at: int) -> Write:
    maker, row = record.maker, [column[at] for column in record.columns]
    values = {slug: value for slug, value in zip(record.slugs, row, strict=True) if value is not MISSING}
    append = frozenset(slug for slug in maker.append if values.get(slug) is not None)
    return Write(RecordKey(maker.object, maker.match, record.texts[at]), values, append)


@settings(max_examples=200)
@given(data=st.data())
def test_columns_hold_what_the_events_give_one_by_one(
    samples: ModuleType, fast: FastProgram, data: st.DataObject
) -> None:
    drawn = data.draw(st.lists(st.one_of(samples.events, samples.odd, st.just("broken")), max_size=8))
    chunk = b"\n".join(b"{" if event == "broken" else json.dumps(event).encode() for event in drawn) + b"\n"

    found: list[Any] = []
    for each in fast.run_columns(chunk):
        found += zip(each.heads, written(each), strict=True) if isinstance(each, EventPortion) else [each]

    assert [(head, list(outcomes)) for head, outcomes in found] == [
        (head, list(outcomes)) for head, outcomes in fast.run_headed(chunk)
    ]


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


@settings(max_examples=300)
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
    """A key that no Struct can have a field for."""
    spec = {**samples.SPECS["identify"], "person": {"description": {"@path": "a\\b"}}}
    running = accelerate(compile_mappings({"m": samples.MAPPING.validate_python(spec)}, schema))

    ((_, mapped),) = running.run_line(GOOD[:-1] % b'"Ada"' + b',"a\\\\b":"x"}')

    assert running.mappings is None
    assert isinstance(mapped, Writes)
    assert mapped.writes[0].values["description"] == "x"


WHOLE = [
    {"@liquid": "{{ traits.first | upcase }}"},
    {"@liquid": "{{ traits.first | divided_by: 0 }}"},
    {"@path": {"@template": "traits.{{userId}}"}},
    {"@template": {"@path": "$.traits.first"}},
    {"@template": "{{ }}"},
    {"@json": {"mode": "encode", "value": {"@path": "$.traits"}}},
    {"@transform": {"apply": {"@path": "$.traits"}, "mapping": {"a": "$.first"}}},
]


@settings(max_examples=60)
@given(spec=st.sampled_from(WHOLE), data=st.data())
def test_an_expression_that_may_read_anything_leaves_the_rest_of_its_mapping_fast(
    samples: ModuleType, schema: Schema, spec: Any, data: st.DataObject
) -> None:
    mapping = {**samples.SPECS["identify"], "person": {"description": spec, "job_title": "$.traits.title"}}
    running = accelerate(compile_mappings({"m": samples.MAPPING.validate_python(mapping)}, schema))
    events = data.draw(st.lists(samples.events, max_size=4))

    assert running.mappings is not None
    assert_alike(running, events)


# --- columns ---------------------------------------------------------------------------------------------------------


def assert_alike(running: FastProgram, events: list[Any]) -> None:
    """A block of events gives what the mappings on dicts give for each, both as writes and as assertions."""
    lines = [json.dumps(event).encode() for event in events]
    expected = [list(running.program.run(event)) for event in events]

    got = [list(outcomes) for outcomes in running.run_lines(b"\n".join(lines))]
    nested = [outcome for _, outcomes in running.assert_each(lines, NOW) for _, outcome in outcomes]

    assert repr(got) == repr(expected)
    assert json.loads(msgspec.json.encode(nested)) == json.loads(
        msgspec.json.encode(
            [
                asserted(mapped, received_at(event))
                for event, all_ in zip(events, expected, strict=True)
                for _, mapped in all_
            ]
        )
    )


def received_at(event: Any) -> str:
    received = event.get("receivedAt") if isinstance(event, dict) else None
    return received if isinstance(received, str) else NOW


VALUES = {
    "text": ["x", "Zoë", "", "\n", " ", None, 5, 1.5, True, ["x"], ["x", "y"], {"value": "x"}, {"a": 1}],
    "select": ["Pro", "Free", "pro", "", None, True, ["Pro"], [], {"option": "Pro"}],
    "status": ["New", "Sold", "new", None, 1],
    "number": [1, 0, 1.5, -2.0, True, 2**53, 2**60, 2.0**60, 2**70, -(2**53), "7", "x", 1e300, None, 10**400],
    "currency": [1, 0, 49.5, 49, 49.0, -1, -0.0, 0.1 + 0.2, 1.23456, 1e15, 2**60, 2.0**60, True, "9", None, 1e300],
    "checkbox": [True, False, 1, 0, "true", "yes", None],
    "rating": [0, 5, 6, "4", True, 2.5],
    "email-address": [
        "ada@example.com", "Ada@Example.com", " ada@example.com", "a@b.co\nc@d.co", "ada@example.com\n", "a@b.test",
        "a@b.tests", "a@test.co", "a..b@c.co", "a@b-.co", "a@-b.co", "a@b--c.co", "zoë@example.com", "", None, 5,
        "a" * 60 + "@b.co", "a@" + "b" * 64 + ".co", "a@b.c", "a@b.co1", "a@b", "@b.co", {"email_address": "a@b.co"},
    ],
    "timestamp": [
        "2026-11-02T09:00:00.123Z", "2026-11-02T09:00:00.120Z", "2026-11-02T09:00:00.000Z", "2026-11-02T09:00:00Z",
        "2026-11-02T09:00:00.1234567891Z", "2026-11-02T09:00:10Z", "2026-02-29T09:00:00Z", "2028-02-29T09:00:00Z",
        "2026-04-31T00:00:00Z", "2026-12-31T00:00:00Z", "0000-01-01T00:00:00Z", "0001-01-01T00:00:00Z",
        "2026-11-02T24:00:00Z", "2026-11-02T23:60:00Z", "2026-11-02T23:00:60Z", "2026-11-02", "2026-11-02T09:00:00",
        "2026-11-02T09:00:00+02:00", "2026-11-02t09:00:00z", "2026-11-02T09:00:00Z\n2026-11-02T09:00:00Z", "", None, 5,
        "２026-11-02T09:00:00Z",
    ],
    "date": ["2026-01-02", "2026-13-01", "2026", "", None, 5],
    "phone-number": ["+14155552671", "+1 415 555 2671", "5", "", None, 5],
    "domain": ["acme.com", "https://acme.com/x", "x", "", None, 5],
    "personal-name": ["Lovelace, Ada", "Ada", ", ", "", None, {"full_name": "Ada"}, 5],
    "actor-reference": ["alice@attio.com", "bob@attio.com", None],
    "location": ["1 Infinite Loop", " ", {"locality": "x"}, None],
    "record-reference": ["ada@example.com", "x", "", None, {"target_object": "people", "email_addresses": "a@b.co"}],
}  # fmt: skip
"""Values of every attribute type: plain ones, others that are taken, and others that are refused."""


@pytest.mark.parametrize(
    ("kind", "several"), [(k, s) for k in VALUES for s in (False, True)[: 1 + ATTRIBUTE_TYPES[k].multiselect]]
)
@settings(max_examples=60)
@given(data=st.data())
def test_a_column_gives_what_its_values_give(kind: str, several: bool, data: st.DataObject) -> None:
    """Of any length, with plain values, odd ones, refused ones and missing ones in any order."""
    pool = VALUES[kind]
    given_values = st.lists(st.one_of(st.sampled_from(pool[:2]), st.sampled_from(pool)), min_size=1, max_size=40)
    values = [*data.draw(given_values), *data.draw(given_values)]
    missing = data.draw(st.sets(st.integers(0, len(values) - 1), max_size=4))
    events = [{"id": n} if n in missing else {"id": n, "v": value} for n, value in enumerate(values)]

    assert_alike(program_of(kind, several), events)


@functools.cache
def program_of(kind: str, several: bool) -> FastProgram:
    """One mapping that fills one attribute of a type with `v`, of records that `id` names."""
    titles = frozenset({"Pro", "Free", "New", "Sold"}) if kind in ("select", "status") else frozenset()
    targets = frozenset({"people"}) if kind == "record-reference" else None
    known = AttributeSchema("v", kind, multiselect=several, titles=titles, targets=targets)
    people = {"email_addresses": AttributeSchema("email_addresses", "email-address", multiselect=True, unique=True)}
    things = {"id": AttributeSchema("id", "text", unique=True), "v": known}
    schema = Schema(
        {"people": ObjectSchema("people", True, people), "things": ObjectSchema("things", True, things)},
        frozenset({"alice@attio.com"}),
    )
    spec = {"action": "assert-record", "object": "things", "match": "id", "values": {"id": "$.id", "v": "$.v"}}
    return accelerate(compile_mappings({"m": TypeAdapter[Any](Mapping).validate_python(spec)}, schema))


@pytest.mark.parametrize("literals", [[1, True, 1.0], ["a", ["a"], None], [0, False, ""]])
def test_literals_that_python_holds_to_be_equal_stay_apart(schema: Schema, literals: list[Any]) -> None:
    values = {slug: {"@literal": value} for slug, value in zip(("notes", "number", "price"), literals, strict=True)}
    spec = {"action": "assert-record", "object": "vehicles", "match": "vin", "values": {"vin": "$.vin", **values}}
    running = accelerate(compile_mappings({"m": TypeAdapter[Any](Mapping).validate_python(spec)}, schema))

    assert_alike(running, [{"vin": "v1"}, {"vin": "v2"}])


def test_a_branch_is_not_taken_for_an_equal_one(samples: ModuleType, schema: Schema) -> None:
    """`then` is what stands there, also where it equals the value that was asked about."""
    choice = {"@if": {"exists": {"@literal": 1}, "then": {"@literal": True}}}
    spec = {**samples.SPECS["vehicle"], "values": {"vin": "$.properties.vin", "notes": choice}}
    running = accelerate(compile_mappings({"m": samples.MAPPING.validate_python(spec)}, schema))

    assert_alike(running, [{"properties": {"vin": "v1"}}])


@pytest.mark.parametrize(
    "integrations",
    [None, False, "x", [], {}, {"All": False}, {"All": False, "Attio (Actions)": {}}, {"All": 0}, "gone"],
)
@pytest.mark.parametrize("when", ['type = "identify"', "integrations != 5", "integrations.All != 5"])
def test_integrations_switch_off_whatever_else_reads_them(
    samples: ModuleType, schema: Schema, integrations: Any, when: str
) -> None:
    spec = {**samples.SPECS["identify"], "when": when}
    running = accelerate(compile_mappings({"m": samples.MAPPING.validate_python(spec)}, schema))
    event = {"type": "identify", "userId": "u1", "traits": {"email": "a@b.co"}}

    assert_alike(running, [event if integrations == "gone" else {**event, "integrations": integrations}])


def test_one_line_that_does_not_fit_leaves_the_others_of_its_block_as_they_are(fast: FastProgram) -> None:
    """Also one on which the generated code itself gives up, for want of stack."""
    deep = b"[" * 900 + b"]" * 900
    hard = [
        b"{",
        b"[1]",
        b'{"traits":null}',
        b'{"a":"\xff"}',
        GOOD % deep,
        b'{"type":"identify","traits":{"n":%s}}' % deep,
    ]
    easy = [GOOD % b'"Ada"', b'{"type":"page"}']
    lines = [line for odd in hard for line in (*easy, odd, *easy)]

    assert [(head, list(outcomes)) for head, outcomes in fast.run_each(lines)] == [
        (head, list(outcomes)) for line in lines for head, outcomes in fast.run_each([line])
    ]
