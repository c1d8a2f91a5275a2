"""What came from the environment stands nowhere but in what is sent."""

from __future__ import annotations

import json

import msgspec
import pytest

from attio_ctl.delivery.dead_letters import DeadLetter
from attio_ctl.delivery.masking import Mask
from attio_ctl.delivery.source import Line

MASK = Mask({"KEY": 'Top "secret"', "PIN": "4711", "TLD": "io", "EMPTY": "", "LONG": 'Top "secret" too'})


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ('Top "secret"', "${KEY}"),
        ('by top "SECRET"!', "by ${KEY}!"),
        ('Top "secret" too late', "${LONG} late"),
        (json.dumps({"message": 'no Top "secret"'}), '{"message": "no ${KEY}"}'),
        (4711, "${PIN}"),
        (47110, 47110),
        (True, True),
        ("io", "${TLD}"),
        ("ada@example.io", "ada@example.io"),
        ({"a": [{"b": 4711.0}, "x4711"]}, {"a": [{"b": "${PIN}"}, "x${PIN}"]}),
        (msgspec.Raw(b'{"a":["4711"]}'), {"a": ["${PIN}"]}),
        (None, None),
    ],
)
def test_values_are_hidden_at_any_depth_and_in_any_case(value: object, shown: object) -> None:
    assert MASK.json(value) == shown


def test_without_variables_nothing_changes() -> None:
    raw = msgspec.Raw(b'{"a":1}')

    assert Mask({}).json(raw) is raw
    assert Mask({"SHORT": "io"}).text("audio") == "audio"


def test_a_letter_keeps_the_bytes_of_its_event() -> None:
    line = Line("events.ndjson", 0, 8, 1, b'"4711"')
    letter = DeadLetter(line, "c", "no 4711", request={"body": {"pin": 4711}}, answer={"message": "4711?"})

    masked = MASK.letter(letter)

    assert (masked.reason, masked.request, masked.answer) == (
        "no ${PIN}", {"body": {"pin": "${PIN}"}}, {"message": "${PIN}?"},
    )  # fmt: skip
    assert (masked.line, masked.id) == (line, letter.id)
