"""What is found wrong with a mapping before the first event, with its place."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter

from attio_ctl.config.models import Mapping
from attio_ctl.errors import Place, Problem
from attio_ctl.mapping.check import check_mappings, check_samples
from attio_ctl.mapping.rules import RULES
from attio_ctl.state.schema import Schema

MAPPING: TypeAdapter[Any] = TypeAdapter(Mapping)
VEHICLE = {"action": "assert-record", "object": "vehicles", "match": "vin", "when": 'type = "track"'}


def places_of(path: tuple[str | int, ...]) -> Place:
    """A place that tells its path, so that a test can see which one was asked for."""
    return Place(".".join(map(str, path)))


def check(schema: Schema, spec: dict[str, Any]) -> tuple[Problem, ...]:
    return check_mappings({"m": MAPPING.validate_python(spec)}, schema, places_of)


def test_a_sound_mapping_has_no_problem(schema: Schema) -> None:
    for spec in (
        {"action": "identify-user", "user": {"plan": "$.traits.plan", "trial": True}},
        {"action": "group-workspace", "multiselect": {"workspaces.users": "replace"}},
        {**VEHICLE, "values": {"vin": "$.v", "stage": "Sold", "score": 5, "price": "9.50", "owner": "ada@example.com"}},
    ):
        assert check(schema, spec) == ()


@pytest.mark.parametrize(
    ("spec", "code", "place", "words"),
    [
        ({"action": "identify-user", "preset": "none"}, "AC301", "", "`email_address` is needed"),
        ({"action": "identify-user", "preset": "datafly", "user": {"plan": "Pro"}}, "AC301", ".user", "people only"),
        ({"action": "group-workspace", "preset": "datafly"}, "AC301", ".preset", "has no `group-workspace`"),
        ({**VEHICLE, "values": {"stage": "Sold"}}, "AC301", ".match", "not among `values`"),
        ({"action": "identify-user", "when": "type ="}, "AC302", ".when", "column 7"),
        (
            {"action": "identify-user", "person": {"name": {"@if": {"exists": "$.a", "then": {"@path": 5}}}}},
            "AC303",
            ".person.name.@if.then.@path",
            "not a number",
        ),
        (
            {"action": "identify-user", "person": {"name": [{"@merge": {"objects": []}}]}},
            "AC303",
            ".person.name.0.@merge",
            "direction",
        ),
        (
            {"action": "identify-user", "person": {"name": {"@liquid": "{% for x in xs %}"}}},
            "AC303",
            ".person.name.@liquid",
            "for",
        ),
        ({**VEHICLE, "object": "vehicle", "values": {"vin": 1}}, "AC304", ".object", "no object `vehicle`"),
        ({**VEHICLE, "object": "deals", "values": {"vin": 1}}, "AC305", ".object", "not switched on"),
        ({**VEHICLE, "values": {"vin": 1, "colour": 2}}, "AC306", ".values.colour", "no attribute `colour`"),
        ({"action": "identify-user", "person": {"old_score": 1}}, "AC307", ".person.old_score", "archived"),
        (
            {"action": "identify-user", "person": {"created_at": "$.x"}},
            "AC308",
            ".person.created_at",
            "filled by Attio",
        ),
        (
            {"action": "group-workspace", "company": {"domains": 5}},
            "AC309",
            ".company.domains",
            "a domain was expected, not `5`",
        ),
        ({**VEHICLE, "values": {"vin": 1, "stage": "sold"}}, "AC309", ".values.stage", "did you mean `Sold`?"),
        ({"action": "identify-user", "person": {"lead_source": "Fax"}}, "AC309", ".person.lead_source", "is archived"),
        (
            {"action": "identify-user", "user": {"plan": {"@if": {"exists": "$.p", "then": "$.p", "else": "Gratis"}}}},
            "AC309",
            ".user.plan",
            "Gratis",
        ),
        ({"action": "identify-user", "user": {"features": ["SSO", "Magic"]}}, "AC309", ".user.features", "Magic"),
        ({"action": "identify-user", "user": {"seats": "many"}}, "AC309", ".user.seats", "no number"),
        ({**VEHICLE, "match": "notes", "values": {"notes": "$.v", "vin": 1}}, "AC310", ".match", "not unique"),
        ({**VEHICLE, "match": "number", "values": {"number": "$.v"}}, "AC311", ".object", "`vehicles.vin` is required"),
        ({"action": "identify-user", "when": "type = 'identify'"}, "AC312", ".when", "keeps single quotes"),
        (
            {"action": "assert-record", "object": "vehicles", "match": "vin", "values": {"vin": 1}},
            "AC313",
            "",
            "every event",
        ),
        (
            {"action": "identify-user", "multiselect": {"plan": "replace"}},
            "AC314",
            ".multiselect.plan",
            "no multiselect",
        ),
    ],
)
def test_a_fault_is_found_with_its_code_and_its_place(
    schema: Schema, spec: dict[str, Any], code: str, place: str, words: str
) -> None:
    (problem,) = [each for each in check(schema, spec) if each.code == code]

    assert str(problem.place) == f"mappings.m{place}"
    assert words in f"{problem.message} {problem.hint}"
    assert problem.address == "mapping.m"
    assert problem.severity == next(rule.severity for rule in RULES if rule.code == code)


@pytest.mark.parametrize(
    ("value", "code", "place", "words"),
    [
        ("{{ x", "AC317", "", "never closed"),
        ("{{a}} and {{ b }", "AC317", "", "never closed"),
        ("$x.y", "AC317", "", "write `$.x.y`"),
        ("$userId", "AC317", "", "write `$.userId`"),
        ("$Traits.email", "AC317", "", "write `$.Traits.email`"),
        ('$["traits"]["email"]', "AC317", "", "write `$.traits.email`"),
        ("$[0]", "AC317", "", "write `$.0`"),
        ("Hi $.traits.name", "AC317", "", "write `{{traits.name}}`"),
        ("$.x[", "AC318", "", "neither an index nor"),
        ("$.x[*].y", "AC318", "", "neither an index nor"),
        ("$.x[-1]", "AC318", "", "neither an index nor"),
        ("$.x[name]", "AC318", "", "neither an index nor"),
        ("$.x..y", "AC318", "", "no name behind it"),
        ("$.x.", "AC318", "", "no name behind it"),
        ('$.x["a.b"]', "AC318", "", "a name with a dot"),
        ("$.x.'y'", "AC318", "", "quotes"),
        ("{{x[}}", "AC318", "", "neither an index nor"),
        ({"@path": "$.x["}, "AC318", ".@path", "neither an index nor"),
        ({"@template": "{{$.x}}"}, "AC318", ".@template", "write `{{x}}`"),
        ({"@template": "{{ x"}, "AC317", ".@template", "never closed"),
        ("{{ name | upcase }}", "AC319", "", "`@liquid`"),
        ({"@liquid": "{{ name | upper }}"}, "AC319", ".@liquid", "did you mean `upcase`?"),
        ({"@liquid": "{{ names | sort }}"}, "AC319", ".@liquid", "switched off, as in Segment"),
        ({"@liquid": "{{ names | sample }}"}, "AC319", ".@liquid", "random"),
        ({"@if": {"exists": "$.a", "then": "{{ a"}}, "AC317", ".@if.then", "never closed"),
        ({"@case": {"operator": "upper", "value": "$a.b"}}, "AC317", ".@case.value", "write `$.a.b`"),
        (["$.a", "$b.c"], "AC317", ".1", "write `$.b.c`"),
        ({"@arrayPath": ["$.a[x]", {"b": "$c.d"}]}, "AC318", ".@arrayPath.0", "neither an index nor"),
    ],
)
def test_what_is_nearly_an_expression_is_told_with_its_place(
    schema: Schema, value: Any, code: str, place: str, words: str
) -> None:
    """It runs, since Segment takes it all; so it is a warning."""
    found = [each for each in check(schema, {**VEHICLE, "values": {"vin": "$.v", "notes": value}}) if each.code == code]

    assert [str(problem.place) for problem in found[:1]] == [f"mappings.m.values.notes{place}"]
    assert words in found[0].message
    assert found[0].severity == "warning"


@pytest.mark.parametrize(
    "value",
    [
        "$5 off",
        "$5.00",
        "$",
        "$USD",
        "costs $.50",
        "$ 5",
        "a } b",
        "{}",
        "{a}",
        "$.a.b[0]['c'][\"d\"].0",
        "$.first name",
        "{{a.b[0]}}, {{ c }} {{{d}}}",
        "{{$.a}}",
        {"@literal": "$x.y {{ z"},
        {"@path": "a.b"},
        {"@replace": {"pattern": "$x.y", "replacement": "{{", "value": "$.a"}},
        {"@flatten": {"separator": "$x.y", "value": {"@path": "$.a"}}},
        {"@liquid": "{{ a | upcase | default: 'x' }}"},
    ],
)
def test_what_is_meant_as_it_stands_is_passed_without_noise(schema: Schema, value: Any) -> None:
    problems = check(schema, {**VEHICLE, "values": {"vin": "$.v", "notes": value}})

    assert [problem.code for problem in problems if problem.code in ("AC317", "AC318", "AC319")] == []


def test_a_preset_gives_rise_to_no_doubt(schema: Schema) -> None:
    for action in ("identify-user", "group-workspace"):
        for preset in ("segment", "customer-io"):
            assert check(schema, {"action": action, "preset": preset}) == ()


def test_modes_of_two_mappings_against_each_other_are_told_at_the_one_that_replaces(schema: Schema) -> None:
    person = {"phone_numbers": "$.traits.phone"}
    modes = {"one": "append", "two": {"phone_numbers": "replace"}, "three": {"people.phone_numbers": "replace"}}
    mappings = {
        name: MAPPING.validate_python({"action": "identify-user", "multiselect": mode, "person": person})
        for name, mode in modes.items()
    }

    (problem,) = check_mappings(mappings, schema, places_of)

    assert (problem.code, str(problem.place)) == ("AC320", "mappings.two.multiselect.phone_numbers")
    assert problem.message == "`people.phone_numbers` is replaced here, and `mapping.one` appends to it"


@pytest.mark.parametrize(
    ("mode", "place"),
    [("replace", ""), ({"email_addresses": "replace"}, ".email_addresses"), ({"phone_numbers": "replace"}, None)],
)
def test_replacing_what_records_are_matched_by_is_told(schema: Schema, mode: Any, place: str | None) -> None:
    found = [each for each in check(schema, {"action": "identify-user", "multiselect": mode}) if each.code == "AC321"]

    assert [str(each.place) for each in found] == ([] if place is None else [f"mappings.m.multiselect{place}"])


def test_a_slug_that_is_nearly_right_is_suggested(schema: Schema) -> None:
    (problem,) = check(schema, {**VEHICLE, "values": {"vin": 1, "scor": 2}})

    assert problem.hint == "did you mean `score`?"


def test_all_problems_of_all_mappings_come_in_one_run(schema: Schema) -> None:
    broken = MAPPING.validate_python({"action": "identify-user", "when": "(", "person": {"nope": {"@nope": 1}}})

    found = check_mappings({"one": broken, "two": broken}, schema, places_of)

    assert [problem.code for problem in found] == ["AC302", "AC303", "AC306"] * 2


EVENTS = [
    {"type": "identify", "traits": {"plan": "Pro", "name": None}},
    {"type": "identify", "traits": {"seats": 5}},
    {"type": "track", "properties": {"vin": "1"}},
]


def test_paths_that_no_sample_event_has_are_told(schema: Schema) -> None:
    user = {"plan": "$.traits.plan", "seats": "$.traits.seat", "trial": "$.properties.vin"}
    person = {"name": "{{traits.name}}, {{traits.first}}"}
    mapping = MAPPING.validate_python({"action": "identify-user", "user": user, "person": person})

    found = check_samples({"m": mapping}, EVENTS, places_of)

    assert [(problem.code, str(problem.place)) for problem in found] == [
        ("AC315", "mappings.m.person.name"),
        ("AC315", "mappings.m.user.seats"),
        ("AC315", "mappings.m.user.trial"),
    ]
    assert "`$.traits.first` is in none of the 2 sample events" in found[0].message


def test_a_mapping_that_takes_no_sample_event_is_told(schema: Schema) -> None:
    mapping = MAPPING.validate_python({"action": "group-workspace"})

    (problem,) = check_samples({"m": mapping}, EVENTS, places_of)

    assert (problem.code, problem.message) == ("AC316", "takes none of the 3 sample events")


def test_codes_are_distinct_and_in_order() -> None:
    codes = [rule.code for rule in RULES]

    assert codes == sorted(set(codes))
