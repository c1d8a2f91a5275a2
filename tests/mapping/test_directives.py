"""The thirteen directives, case by case, as Segment's published mapping code treats them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from attio_ctl.mapping.expressions.javascript import MISSING
from attio_ctl.mapping.expressions.node import ExpressionError, tidy
from attio_ctl.mapping.expressions.read import DIRECTIVES, read_expression, read_segment_expression

CASES = Path(__file__).parent / "cases" / "directives"


def _cases() -> list[Any]:
    return [
        pytest.param({"event": file["event"], **case}, id=f"{path.stem}: {case['title']}")
        for path in sorted(CASES.glob("*.yaml"))
        for file in [yaml.safe_load(path.read_text())]
        for case in file["cases"]
    ]


@pytest.mark.parametrize("case", _cases())
def test_a_directive_gives_what_segment_gives(case: dict[str, Any]) -> None:
    expression, faults = read_segment_expression(case["expression"])

    refused = any(not fault.late for fault in faults)
    assert refused == (case.get("fails") == "check"), faults
    if refused:
        return
    if case.get("fails") == "event":
        with pytest.raises(ExpressionError):
            expression.resolve(case["event"])
        return
    value = tidy(expression.resolve(case["event"]))
    if case.get("missing"):
        assert value is MISSING
    else:
        assert json.dumps(value, sort_keys=True) == json.dumps(case["expect"], sort_keys=True)


def test_every_directive_has_a_pair_file() -> None:
    named = {
        "@" + "".join(w if i == 0 else w.title() for i, w in enumerate(p.stem.split("_"))) for p in CASES.iterdir()
    }

    assert named == set(DIRECTIVES)


@pytest.mark.parametrize(
    ("written", "event", "expect"),
    [
        ("$.traits.plan", {"traits": {"plan": "Pro"}}, "Pro"),
        ("$.xs[1]", {"xs": [1, 2]}, 2),
        ("{{traits.last}}, {{traits.first}}", {"traits": {"last": "Lovelace", "first": "Ada"}}, "Lovelace, Ada"),
        ("{{$.traits.last}}", {"traits": {"last": "Lovelace"}}, "Lovelace"),
        ("$5 off", {}, "$5 off"),
        ("$.", {}, "$."),
        ("plain", {}, "plain"),
        (5, {}, 5),
        (None, {}, None),
        (["$.a", "x", "{{a}}"], {"a": 1}, [1, "x", "1"]),
        ({"k": "$.a", "m": {"n": "$.a"}}, {"a": 1}, {"k": 1, "m": {"n": 1}}),
        ({"@literal": "$.a"}, {"a": 1}, "$.a"),
        ({"@case": {"operator": "upper", "value": "$.a"}}, {"a": "x"}, "X"),
        ({"@if": {"exists": "$.a", "then": "{{a}}!", "else": "none"}}, {"a": "x"}, "x!"),
        ({"@if": {"exists": "$.b", "then": "{{a}}!", "else": "none"}}, {"a": "x"}, "none"),
    ],
)
def test_short_forms_and_directives_mix_at_any_depth(written: Any, event: Any, expect: Any) -> None:
    expression, faults = read_expression(written)

    assert not faults
    assert tidy(expression.resolve(event)) == expect


def test_in_segments_dialect_a_text_is_never_a_path_or_a_template() -> None:
    for written in ("$.a", "{{a}}"):
        expression, _ = read_segment_expression(written)

        assert expression.resolve({"a": 1}) == written


def test_every_fault_is_found_with_its_path() -> None:
    written = {"a": {"@nope": 1}, "b": [{"@path": 5}], "c": {"@if": {"then": {"@case": {"operator": 5}}}}}

    _, faults = read_expression(written)

    assert [fault.path for fault in faults] == [
        ("a",),
        ("b", 0, "@path"),
        ("c", "@if", "then", "@case", "operator"),
        ("c", "@if"),
    ]
