"""What came from the environment stands nowhere but in what is sent."""

from __future__ import annotations

import json
import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

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


@pytest.mark.parametrize(
    ("value", "text", "shown"),
    [
        ("izmir sales", "no İzmir Sales here", "no ${TEAM} here"),
        ("İzmir Sales", "no İzmir Sales here", "no ${TEAM} here"),
        ("İzmir Sales", "no i̇zmir sales here", "no ${TEAM} here"),
        ("Kassel", "in \N{KELVIN SIGN}aſſel", "in ${TEAM}"),
        ("Straße", "STRASSE 1", "${TEAM} 1"),
        ("Straße", '{"a": "Stra\\u00dfe"}', '{"a": "${TEAM}"}'),
    ],
)
def test_letters_whose_case_changes_oddly_are_hidden(value: str, text: str, shown: str) -> None:
    """`İ` and `ſ` match `i` and `s` in any case, though lowering them does not give these."""
    assert Mask({"TEAM": value}).text(text) == shown


@pytest.mark.parametrize(
    ("value", "number", "shown"),
    [
        ("4711", 10**400 + 1, 10**400 + 1),
        ("9" * 400, 10**400 - 1, "${PIN}"),
        ("0.50", 0.5, "${PIN}"),
        ("0.1", 0.1, "${PIN}"),
        ("nan", float("inf"), float("inf")),
        ("snan", 1.5, 1.5),
    ],
)
def test_numbers_of_any_size_and_notation_are_hidden(value: str, number: float, shown: object) -> None:
    assert Mask({"PIN": value}).json(number) == shown


letters = st.text(
    st.one_of(st.sampled_from('iIİıſsSKkßΣσςŉﬁ"\\ \n07.e'), st.characters(exclude_categories=["Cs"])), max_size=8
)
values = st.lists(letters.filter(lambda text: not set(text) & set("${}")), max_size=4)


@given(values=values, before=letters, after=letters, data=st.data())
def test_no_text_makes_it_fail_and_no_value_is_left_standing(
    values: list[str], before: str, after: str, data: st.DataObject
) -> None:
    mask = Mask({f"V{n}": value for n, value in enumerate(values)})
    some = data.draw(st.sampled_from([*values, ""]))
    text = before + data.draw(st.sampled_from([some, some.lower(), some.upper(), json.dumps(some)])) + after

    masked = mask.text(text)

    for value in filter(lambda value: len(value.strip()) >= 4, values):
        for form in (value.strip(), value.strip().lower(), value.strip().upper(), json.dumps(value.strip())[1:-1]):
            assert form not in masked
    assert mask.json({"a": [text]}) == {"a": [masked]}


@given(
    values=st.lists(st.one_of(letters, st.floats().map(repr), st.integers().map(str))),
    number=st.integers() | st.floats(),
)
def test_no_number_makes_it_fail(values: list[str], number: float) -> None:
    mask = Mask({f"V{n}": value for n, value in enumerate([*values, str(number)])})

    assert mask.json(number) == (
        f"${{V{len(values)}}}" if math.isfinite(number) else pytest.approx(number, nan_ok=True)
    )
    assert mask.json(10**5000) == 10**5000


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
