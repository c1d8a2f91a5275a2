"""The plan document: what is written is what is read, the bytes are stable, and an edited plan is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from states import desired_of, live_of, spec_of

from attio_ctl.address import Address
from attio_ctl.errors import AttioCtlError, Place, Problem, StalePlanError
from attio_ctl.plan import document
from attio_ctl.plan.build import build_plan
from attio_ctl.plan.diff import diff
from attio_ctl.plan.drift import Drift
from attio_ctl.plan.impact import Impact
from attio_ctl.plan.model import MappingNote, Plan, Source
from attio_ctl.plan.removal import Guards, Removal

CASES = YAML(typ="safe", pure=True).load(Path(__file__).parent / "cases" / "diff.yaml")
NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


def plan_of(case: dict[str, object]) -> Plan:
    place = Place("a.yaml", 3, 1)
    removed = spec_of(case["desired"]).removed
    removals = tuple(Removal(Address.parse(r.address), r.action, r.reason, place) for r in removed)
    guards = Guards(frozenset(Address.parse(text) for text in case.get("allow_destroy", ())))
    desired, live = desired_of(case["desired"]), live_of(case["live"])
    changes = diff(desired, live, removals, guards)
    return build_plan(
        name="acme",
        changes=changes,
        desired=desired,
        live=live,
        removals=removals,
        impacts={change.address: Impact(311, False, (Address.root("list", "renewals"),)) for change in changes},
        drift=[Drift(Address.root("object", "people"), "plural_noun", "People", "Humans")],
        held_by=["a reason"],
        source=Source("sha256:0", "abc", True),
        checks=[Problem("AC301", "a message", Place("a.yaml", 1, 2), "mapping.x", "a hint", "warning")],
        mappings=[
            MappingNote(
                Address.root("mapping", "x"), "sha256:1", "new", (Address.parse("object.people.attribute.score"),)
            )
        ],
        now=NOW,
        expires=timedelta(hours=24),
    )


@pytest.mark.parametrize("case", CASES, ids=[case["title"] for case in CASES])
def test_a_plan_read_back_is_the_same_plan(case: dict[str, object]) -> None:
    plan = plan_of(case)
    data = document.dump(plan)

    assert document.dump(document.load(data, file="plan.json")) == data
    assert document.load(data, file="plan.json").changes == plan.changes


def test_the_plan_id_does_not_depend_on_when_it_was_made() -> None:
    plan = plan_of(CASES[1])
    later = replace(plan, created_at=NOW + timedelta(days=1), expires_at=NOW + timedelta(days=2))

    assert document.plan_id(plan) == document.plan_id(later)
    assert document.dump(plan) != document.dump(later)


def test_the_document_is_sorted_utf8_with_one_newline_at_the_end() -> None:
    data = document.dump(plan_of(CASES[1]))

    assert data.endswith(b"}\n")
    assert not data.endswith(b"\n\n")
    assert list(json.loads(data)) == sorted(json.loads(data))


def test_every_destruction_is_found_by_its_action() -> None:
    case = next(case for case in CASES if case["title"] == "with the switch a custom object is deleted")
    changes = json.loads(document.dump(plan_of(case)))["resource_changes"]

    assert [c["address"] for c in changes if "delete" in c["change"]["actions"]] == ["object.cars"]
    assert changes[0]["risk"] == "destructive"


def test_an_archive_names_the_mappings_that_write_what_it_takes_away() -> None:
    case = next(case for case in CASES if case["title"] == "a removed entry archives an attribute")
    (change,) = json.loads(document.dump(plan_of(case)))["resource_changes"]

    assert change["impact"]["mappings"] == ["mapping.x"]
    assert change["precondition"]["fields"][-1] == "type"
    assert change["source_location"] == {"file": "a.yaml", "line": 3, "column": 1}


def test_an_edited_plan_is_refused() -> None:
    data = json.loads(document.dump(plan_of(CASES[1])))
    data["resource_changes"][0]["change"]["after"]["title"] = "Something else"

    with pytest.raises(StalePlanError, match="edited after it was made"):
        document.load(json.dumps(data).encode(), file="plan.json")


def test_a_plan_whose_expiry_was_put_off_is_refused() -> None:
    """The plan id does not cover the times, the checksum does; plans of before had none."""
    data = json.loads(document.dump(plan_of(CASES[1])))
    old = {key: value for key, value in data.items() if key != "checksum"}
    data["expires_at"] = "2036-01-01T00:00:00Z"

    with pytest.raises(StalePlanError, match="edited after it was made"):
        document.load(json.dumps(data).encode(), file="plan.json")
    assert document.load(json.dumps(old).encode(), file="plan.json") == plan_of(CASES[1])


def test_what_waits_for_something_blocked_is_no_write() -> None:
    case = next(case for case in CASES if case["title"].startswith("an attribute of another type holds up its options"))
    plan = plan_of(case)

    assert [type(change).__name__ for change in plan.changes] == ["Blocked", "Update", "Create"]
    assert plan.writes == 1
    assert json.loads(document.dump(plan))["cost"]["writes"] == 1


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "this is no plan"),
        (b"[]", "no `format_version`"),
        (b"{}", "no `format_version`"),
        (b'{"format_version": "2.0"}', "has format 2.0, this attio-ctl reads 1.1"),
    ],
)
def test_what_is_no_plan_is_refused_with_the_reason(data: bytes, message: str) -> None:
    with pytest.raises(AttioCtlError, match=message):
        document.load(data, file="plan.json")


def test_a_reader_ignores_keys_of_a_later_minor_version() -> None:
    data = json.loads(document.dump(plan_of(CASES[1])))
    data["format_version"], data["something_new"] = "1.7", {"a": 1}
    data["plan_id"] = document._digest(data, without=document.TIMES)
    data["checksum"] = document._digest(data)

    assert document.load(json.dumps(data).encode(), file="plan.json").changes == plan_of(CASES[1]).changes
