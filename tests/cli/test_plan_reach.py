"""What a plan says beyond its changes: whom they reach, what drifted, which part was asked for, and its limits."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from servers import attio, change, create_records, head

Run = Callable[..., Result]
Write = Callable[..., Path]

PEOPLE = """
    objects:
      people:
        attributes:
          # how people found us
          source: {type: select, title: Source, options: [Website, Ads]}   # asked at sign-up
          score:
            type: number
            title: "Score"
    mappings:
      demo:
        action: assert-record
        object: people
        match: email_addresses
        when: type = "track"
        values: {email_addresses: $.properties.email, source: $.properties.source}
"""


def test_an_archive_says_how_many_records_hold_a_value_and_who_writes_it(
    attio_ctl: Run, write: Write, project: Path, token: str
) -> None:
    with attio(project) as url:
        write(PEOPLE, head=head(url))
        attio_ctl("apply", "--auto-approve")
        emails = [f"p{n}@example.com" for n in range(7)]
        create_records(url, "people", [{"email_addresses": [e], "source": "Ads", "score": 3} for e in emails])
        create_records(url, "people", [{"email_addresses": ["other@example.com"], "source": "Website"}])
        removed = """
    removed:
      - {address: object.people.attribute.score, action: archive}
      - {address: 'object.people.attribute.source.option["Ads"]', action: archive}
"""
        smaller = PEOPLE.replace(", Ads]", "]").replace(
            '          score:\n            type: number\n            title: "Score"\n', ""
        )
        write(smaller + removed, head=head(url))
        planned = attio_ctl("plan")
        document = json.loads(attio_ctl("plan", "--format", "json").stdout)
        uncounted = attio_ctl("plan", "--no-impact")
        held = attio_ctl("apply", "--auto-approve", "--max-impact", "6", code=10)
        few = attio_ctl("apply", "--auto-approve", "--max-archive", "1", code=10)
        done = attio_ctl("apply", "--auto-approve", "--max-impact", "7")

    assert planned.stdout.count("7 records hold a value") == 2
    assert "written by mapping.demo" in planned.stdout
    assert {c["impact"]["records"] for c in document["resource_changes"]} == {7}
    assert "records hold" not in uncounted.stdout
    assert "reaches 7 records, more than `--max-impact 6` allows" in " ".join(held.stdout.split())
    assert "takes away 2 resources, more than `--max-archive 1` allows" in " ".join(few.stdout.split())
    assert "2 archived" in done.stdout


def test_a_rename_says_how_many_values_it_keeps(attio_ctl: Run, write: Write, project: Path, token: str) -> None:
    with attio(project) as url:
        write(PEOPLE, head=head(url))
        attio_ctl("apply", "--auto-approve")
        create_records(url, "people", [{"email_addresses": ["a@example.com"], "source": "Ads"}])
        write(PEOPLE.replace("[Website, Ads]", "[Website, {title: Paid ads, renamed_from: Ads}]"), head=head(url))
        planned = attio_ctl("plan")
        attio_ctl("apply", "--auto-approve")
        found = json.loads(
            attio_ctl("records", "people", "--filter", '{"source": "Paid ads"}', "--format", "json").stdout
        )

    assert "1 record holds a value" in planned.stdout
    assert len(found) == 1


def test_a_target_takes_along_what_it_depends_on_and_nothing_else(attio_ctl: Run, write: Write) -> None:
    write("""
    objects:
      people: {attributes: {score: {type: number, title: Score}}}
      cars:
        singular: Car
        plural: Cars
        attributes:
          fuel: {type: select, title: Fuel, options: [Petrol, Electric]}
          year: {type: number, title: Year}
    """)
    target = 'object.cars.attribute.fuel.option["Petrol"]'
    part = json.loads(attio_ctl("plan", "--format", "json", "--target", target).stdout)
    rest = json.loads(attio_ctl("plan", "--format", "json", "--exclude", "object.cars").stdout)
    wrong = attio_ctl("plan", "--target", "cars", code=64)

    assert [c["address"] for c in part["resource_changes"]] == ["object.cars", "object.cars.attribute.fuel", target]
    assert [c["address"] for c in rest["resource_changes"]] == ["object.people.attribute.score"]
    assert "`cars` is no address" in wrong.stderr


def test_a_saved_plan_takes_no_options_that_would_change_it(attio_ctl: Run, write: Write) -> None:
    write("objects: {people: {attributes: {score: {type: number, title: Score}}}}")
    attio_ctl("plan", "--out", "plan.json")

    assert "`--target`" in attio_ctl("apply", "plan.json", "--target", "object.people", code=64).stderr
    assert "1 added" in attio_ctl("apply", "plan.json").stdout


def test_drift_tells_what_changed_in_attio_from_what_changed_in_the_files(
    attio_ctl: Run, write: Write, project: Path, token: str
) -> None:
    with attio(project) as url:
        write(PEOPLE, head=head(url))
        attio_ctl("apply", "--auto-approve")
        none = attio_ctl("drift", "--detailed-exitcode")
        change(url, "objects/people/attributes/source", title="Origin")
        write(PEOPLE.replace('"Score"', '"Points"'), head=head(url))
        drifted = attio_ctl("drift", "--detailed-exitcode", code=2)
        planned = attio_ctl("plan")

    assert none.stdout.startswith("No drift.")
    assert 'title "Source" → "Origin"' in drifted.stdout
    assert "Points" not in drifted.stdout
    assert "Drift: 1 resource was changed in Attio since the last apply." in drifted.stdout
    assert "`title` was changed in Attio since the last apply" in planned.stdout


def test_accepted_drift_goes_into_its_line_and_everything_else_stays(
    attio_ctl: Run, write: Write, project: Path, token: str
) -> None:
    with attio(project) as url:
        path = write(PEOPLE, head=head(url))
        before = path.read_text()
        attio_ctl("apply", "--auto-approve")
        change(url, "objects/people/attributes/source", title="Origin")
        change(url, "objects/people/attributes/score", title="Points", description="From 0 to 100")
        attio_ctl("apply", "--auto-approve", "--target", "object.companies")  # is no reason to forget the drift
        chosen = ("object.people.attribute.source", "object.people.attribute.score")
        accepted = attio_ctl("drift", *(word for address in chosen for word in ("--accept", address)))
        after = path.read_text()
        settled = attio_ctl("plan")

    assert "workspaces/acme/workspace.yaml" in accepted.stderr
    assert after == before.replace("title: Source", "title: Origin").replace('"Score"', '"Points"')
    assert "No changes" in settled.stdout


def test_what_no_line_can_say_is_not_accepted(attio_ctl: Run, write: Write, project: Path, token: str) -> None:
    with attio(project) as url:
        write(PEOPLE, head=head(url))
        attio_ctl("apply", "--auto-approve")
        change(url, "objects/people/attributes/source", is_archived=True)
        drifted = attio_ctl("drift")
        refused = attio_ctl("drift", "--accept", "object.people.attribute.source", code=64)
        unknown = attio_ctl("drift", "--accept", "object.people.attribute.score", code=64)

    assert "is_archived false → true" in drifted.stdout
    assert "it was archived" in refused.stderr
    assert "has not drifted" in unknown.stderr


@pytest.mark.parametrize("command", [("drift",), ("drift", "--accept", "object.people")])
def test_drift_before_the_first_apply_says_what_to_do(attio_ctl: Run, write: Write, command: tuple[str, ...]) -> None:
    write(PEOPLE)

    assert "`attio-ctl apply` writes it" in attio_ctl(*command, code=64).stderr
