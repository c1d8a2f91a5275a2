"""Segment's filter language: what it says, how it is refused, and where Segment itself reads it otherwise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from attio_ctl.mapping.fql.evaluate import matches
from attio_ctl.mapping.fql.glob import Glob
from attio_ctl.mapping.fql.lexer import FqlError
from attio_ctl.mapping.fql.lint import readings
from attio_ctl.mapping.fql.parser import DEEPEST, parse
from attio_ctl.mapping.fql.tree import And, Call, Compare, Constant, Field, In, Many, Node, Not, Or

# YAML reads a bare `true:` as a boolean.
CASES: dict[Any, Any] = yaml.safe_load((Path(__file__).parent / "cases" / "fql.yaml").read_text())


@pytest.mark.parametrize(("verdict", "statement"), [(v, s) for v in (True, False) for s in CASES[v]])
def test_a_statement_takes_the_events_that_it_describes(verdict: bool, statement: str) -> None:
    tree = parse(statement)

    assert matches(tree, CASES["event"]) is verdict
    assert parse(str(tree)) == tree


@pytest.mark.parametrize(("statement", "message", "column"), CASES["refused"])
def test_a_statement_that_is_no_fql_is_refused_with_its_column(statement: str, message: str, column: int) -> None:
    with pytest.raises(FqlError) as caught:
        parse(statement)

    assert message in str(caught.value)
    assert caught.value.column == column


def test_nesting_has_a_bottom() -> None:
    """Far before Python's own, so that a hostile statement is refused and not a crash."""
    deep = "(" * DEEPEST + "type" + ")" * DEEPEST

    assert parse(deep) == Field(("type",))
    for statement in (f"({deep})", "!" * 5000 + "type", "[" * 5000, "length(" * 5000):
        with pytest.raises(FqlError, match="nested deeper"):
            parse(statement)


names = st.text(min_size=1, max_size=6).filter(lambda text: not any("\ud800" <= c <= "\udfff" for c in text))
constants = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=False, allow_infinity=False).map(abs),
    st.text(max_size=6),
).map(Constant)
fields = st.lists(names, min_size=1, max_size=3).map(lambda path: Field(tuple(path)))
values = st.one_of(constants, fields, st.lists(constants, max_size=3).map(lambda items: Many(tuple(items))))
tests_ = st.one_of(
    st.builds(Compare, st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), values, values),
    st.builds(In, values, values),
    st.builds(lambda a, b: Call("match", (a, b)), values, values),
    fields,
)
statements: st.SearchStrategy[Node] = st.recursive(
    tests_,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: And(tuple(parts))),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: Or(tuple(parts))),
    ),
    max_leaves=6,
)
json = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=10,
)


@given(statements)
def test_a_tree_and_its_text_say_the_same(tree: Node) -> None:
    assert parse(str(tree)) == tree


@given(statements, json)
def test_no_event_makes_a_statement_fail(tree: Node, event: Any) -> None:
    assert matches(tree, event) in (True, False)


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(statement: str) -> None:
    try:
        tree: Node | FqlError = parse(statement)
    except FqlError as error:
        tree = error

    if isinstance(tree, FqlError):
        assert 1 <= tree.column <= len(statement) + 1
    else:
        assert parse(str(tree)) == tree


def test_no_glob_takes_long() -> None:
    """A backtracking matcher would need more steps for this than there is time."""
    assert not Glob.of("*a" * 30 + "b").fits("a" * 100_000)


@given(st.text("ab*?[]\\-!", max_size=8), st.text("ab*", max_size=8))
def test_any_pattern_can_be_asked(pattern: str, value: str) -> None:
    assert Glob.of(pattern).fits(value) in (True, False)


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ('type = "identify"', ()),
        ('type = "track" and (event = "A" or event = "B")', ()),
        ('properties.n > 5 and match(event, "Sign*")', ()),
        ("type = 'identify'", ("keeps single quotes",)),
        ('type = "a" or type = "b" and event = "c"', ("joined by `and`",)),
        ('type = "a" and type = "b" or event = "c"', ("joined by `or`",)),
        ('(type = "a" and (event = "b" or event = "c"))', ("cannot read a group in a group",)),
        ('(contains(event, "a") or event = "b") and type = "c"', ("ends the group at the function's",)),
        ('!(type = "a")', ("ignores a `!`",)),
        ('not type = "a"', ("does not know `not`",)),
        ('groupId = "g"', ("skips a condition on it",)),
        ('properties.items[0] = "a"', ("never finds anything behind an index",)),
        ('properties.or = "a"', ("takes `or` for a keyword",)),
        ("event != null", ("compares with the text `null`",)),
        ("properties.n != 5", ("true only for other numbers",)),
        ("properties.on != true", ("is false only for its text",)),
        ("event = 5", ("compares with its text",)),
        ("properties.a = foo", ("compares with the text `foo`",)),
        ("properties.a", ("needs a comparison",)),
        ('"a" in properties.l', ("does not know `in`",)),
        ("length(properties.l) > 1", ("needs a field on the left",)),
        ('match(event, "*x")', ("drops the first character",)),
        ('match(event, "Signed Up")', ("drops the first character",)),
        ('!contains(properties.a, "x")', ("takes only texts",)),
        ('contains(type, "x")', ("skips a function of `type`",)),
        ('properties.n>="5"', ("needs a blank", "reads a number")),
        ('properties.n > 1e3', ("reads only digits",)),
        ('event = "say \\"hi\\""', ("knows no escapes",)),
    ],
)  # fmt: skip
def test_where_segment_reads_a_statement_otherwise_both_readings_are_told(
    statement: str, told: tuple[str, ...]
) -> None:
    found = [str(reading) for reading in readings(statement)]

    assert bool(found) == bool(told)
    for words in told:
        assert any(words in reading and reading.startswith("here, ") for reading in found)
