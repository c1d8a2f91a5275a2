"""Why a line is no JSON: in our words, the same in every version of Python, and where in the line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attio_ctl.mapping.fast.header import decode
from attio_ctl.mapping.fast.no_json import why_no_json


def why(line: bytes) -> str:
    with pytest.raises(ValueError) as caught:  # noqa: PT011  its words are what is looked at
        decode(line)
    return why_no_json(line, caught.value)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b'{"a": tru}', "column 7: a value is expected, not `tru`"),
        (b'  {"a": tru}', "column 9: a value is expected, not `tru`"),
        (b"broken", "column 1: a value is expected, not `broken`"),
        (b"\x00\x00{}", "column 1: a value is expected, not U+0000"),
        (b"{'a': 1}", "column 2: a key in double quotes is expected, not `'`"),
        (b'{"a" 1}', "column 6: a `:` is expected, not `1`"),
        (b'{"a":1 "b":2}', 'column 8: a `,` or the end of the object or array is expected, not `"`'),
        (b'{"a": \n', "it ends at column 5, where a value is expected: it may be cut off"),
        (
            b'{"a":1\n',
            "it ends at column 6, where a `,` or the end of the object or array is expected: it may be cut off",
        ),
        (b'{"\xc3\xa9":"x', "column 6: a text begins that has no end"),
        (b'{"a":"x\ty"}', "column 8: a control character stands in a text without being escaped"),
        (b'{"a":"\\x"}', "column 7: an escape in a text is none that JSON knows"),
        (b'{"a":"\\u12"}', "column 8: an escape in a text is none that JSON knows"),
        (b"{} {}", "column 4: the event has ended, and more follows; a line holds one event"),
        (b"\xef\xbb\xbf{}", "column 1: a byte order mark; only a file may begin with one"),
        (b'{"a":"\xe9"}', "byte 7: 0xe9 is no UTF-8 here"),
        (b'{"a":NaN}', "`NaN` is no number in JSON"),
        (b"[" * 100_000, "it is nested too deeply"),
    ],
)
def test_the_reason_names_what_is_wrong_and_the_column(line: bytes, said: str) -> None:
    assert why(line) == said


@pytest.mark.parametrize("line", [b'{"a":1,}', b"[1,]"])
def test_a_comma_with_nothing_after_it_is_told_whatever_the_parser_calls_it(line: bytes) -> None:
    """Python says it in other words, and of another column, from 3.13 on."""
    assert why(line).startswith(("column 8: ", "column 7: ", "column 4: ", "column 3: "))


@given(st.binary(max_size=30) | st.text(alphabet='{}[]":,\\u0a1 \n', max_size=20).map(str.encode))
def test_there_is_a_reason_for_every_line_that_is_no_json(line: bytes) -> None:
    try:
        decode(line)
    except ValueError as error:
        reason = why_no_json(line, error)
        assert "not well-formed" not in reason
        assert "\n" not in reason
