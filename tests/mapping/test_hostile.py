"""What no event should hold, through every way that an event can take: an outcome each time, and the same one."""

from __future__ import annotations

import json

import pytest

from attio_ctl.mapping.expressions.javascript import MISSING
from attio_ctl.mapping.fast.batch import make_bodies
from attio_ctl.mapping.fast.header import FIELDS, Header, Undecodable, decode
from attio_ctl.mapping.fast.program import FastProgram
from attio_ctl.mapping.segment.evaluate import evaluate_line

NOW = "2026-11-02T10:00:00Z"

VALUES = {
    "a list 900 deep": b"[" * 900 + b"]" * 900,
    "an object 900 deep": b'{"a":' * 900 + b"1" + b"}" * 900,
    "a list 5,000 deep": b"[" * 5_000 + b"]" * 5_000,
    "a megabyte of text": b'"' + b"x" * 1_000_000 + b'"',
    "a megabyte of text beyond ASCII": b'"' + "é".encode() * 500_000 + b'"',
    "half an emoji": b'"\\ud83d"',
    "halves of an emoji the wrong way round": b'"\\ude00\\ud83d"',
    "a whole emoji": b'"\\ud83d\\ude00"',
    "a null character": b'"\\u0000"',
    "what is no UTF-8": b'"\xff"',
    "an encoded surrogate": b'"\xed\xa0\x80"',
    "400 digits": b"9" * 400,
    "5,000 digits": b"9" * 5_000,
    "beyond 2^53": b"9007199254740993",
    "beyond 2^64": b"18446744073709551617",
    "an exponent beyond floats": b"1e999",
    "an exponent below floats": b"1e-999",
    "minus nought": b"-0.0",
    "NaN": b"NaN",
    "Infinity": b"-Infinity",
    "names of JavaScript's own": b'{"__proto__":{"x":1},"constructor":{"name":"x"},"toString":1,"hasOwnProperty":2}',
    "a template in a value": b'"{{traits.email}} {{{traits.x}}} {% x %}"',
    "a key twice": b'{"a":1,"a":2}',
    "an empty key": b'{"":1}',
    "a control character": b'"\t"',
}
"""JSON texts by what they are."""

PLACES = {
    "unread": b'{"type":"identify","userId":"u1","traits":{"email":"ada@example.com"},"unread":%s}',
    "a text": b'{"type":"identify","userId":"u1","traits":{"email":"ada@example.com","title":%s,"last":%s}}',
    "a number": b'{"type":"identify","userId":"u1","traits":{"email":"ada@example.com","mrr":%s,"seats":%s}}',
    "the key": b'{"type":"identify","userId":%s,"traits":{"email":%s}}',
    "the header": b'{"type":%s,"messageId":%s,"timestamp":%s,"sentAt":%s,"receivedAt":%s}',
    "an object that is passed through": b'{"type":"identify","traits":%s,"context":%s,"integrations":%s}',
    "given twice": b'{"type":"identify","userId":"u1","traits":%s,"traits":{"email":"ada@example.com"}}',
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("value", VALUES)
def test_a_hostile_line_has_one_verdict_on_every_way(fast: FastProgram, value: str, place: str) -> None:
    line = PLACES[place].replace(b"%s", VALUES[value])
    chunk = line + b"\n\n" + b'{"type":"page"}\n'

    (head, outcomes), (after, _) = fast.run_headed(chunk)
    made = make_bodies(fast, [line], NOW)

    assert isinstance(after, Header)
    try:
        event = decode(line)
    except ValueError:
        assert isinstance(head, Undecodable)
        assert [each.why for each in made.refused] == [head]
        return
    assert tuple(outcomes) == fast.program.run(event)
    assert isinstance(head, Header)
    for name, attribute in FIELDS.items():
        assert getattr(head, attribute) == event.get(name, MISSING)
    assert sum(len(json.loads(body)["assertions"]) for body in made.bodies) == made.assertions


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("value", VALUES)
def test_a_hostile_case_of_mapping_eval_has_a_result(value: str, place: str) -> None:
    event = PLACES[place].replace(b"%s", VALUES[value])
    mapping = (
        b'{"user_attributes":{"a":{"@path":"$.unread"},"b":{"@json":{"mode":"encode","value":{"@path":"$.unread"}}}}}'
    )
    case = b'{"id":1,"action":"identify-user","useDefaults":true,"mapping":%s,"events":[%s],"batch":%s}'

    for batch in (b"false", b"true"):
        result = evaluate_line(case % (mapping, event, batch), 1, NOW)

        assert set(result) == {"id", "matched", "outcomes", "requests", "errors"}
        assert result["errors"] or result["id"] == 1
        json.loads(json.dumps(result, allow_nan=False))
