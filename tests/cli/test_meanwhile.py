"""What somebody else changes while an apply runs is told, and what was applied stays applied."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from click.testing import Result
from servers import TOKEN, attio, head
from servers import change as change_in_attio

from attio_ctl.attio.http import Http
from attio_ctl.attio.messages import Request

Run = Callable[..., Result]
Write = Callable[..., Path]

SCORE = "objects: {{people: {{attributes: {{score: {{type: number, title: {title}}}}}}}}}\n"
PATH = "objects/people/attributes/score"


@contextmanager
def at_each(monkeypatch: pytest.MonkeyPatch, when: str, act: Callable[[], None]) -> Iterator[None]:
    """Somebody acts right `before` or `after` each change of an attribute that the client sends."""
    send = Http.send

    async def sending(self: Http, request: Request) -> object:
        patches = request.method == "PATCH" and "/attributes/" in str(request)
        if patches and when == "before":
            act()
        answer = await send(self, request)
        if patches and when == "after":
            act()
        return answer

    with monkeypatch.context() as patched:
        patched.setattr(Http, "send", sending)
        yield


def test_a_change_between_the_last_look_and_the_write_is_told(
    attio_ctl: Run, write: Write, project: Path, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Attio takes no precondition, so the write goes through; its answer shows the description that somebody wrote."""
    with attio(project) as url:
        write(SCORE.format(title="Score"), head=head(url))
        attio_ctl("apply", "--auto-approve")
        write(SCORE.format(title="Lead score"), head=head(url))
        with at_each(monkeypatch, "before", lambda: change_in_attio(url, PATH, description="mine")):
            applied = attio_ctl("apply", "--auto-approve")

    said = " ".join(applied.stdout.split())
    assert "object.people.attribute.score: `description` is not what it was: somebody, or Attio itself," in said
    assert "Apply complete! Resources: 0 added, 1 changed" in said


def test_a_change_of_what_was_just_written_is_told_and_is_drift(
    attio_ctl: Run, write: Write, project: Path, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with attio(project) as url:
        write(SCORE.format(title="Score"), head=head(url))
        attio_ctl("apply", "--auto-approve")
        write(SCORE.format(title="Lead score"), head=head(url))
        with at_each(monkeypatch, "after", lambda: change_in_attio(url, PATH, title="Mine")):
            applied = attio_ctl("apply", "--auto-approve")
        drift = attio_ctl("drift").stdout

    said = " ".join(applied.stdout.split())
    assert '`title` is `"Mine"`, and `"Lead score"` was written: somebody, or Attio itself,' in said
    assert "Lead score" in drift
    assert "Mine" in drift


def test_a_run_that_nobody_disturbs_tells_of_nothing(attio_ctl: Run, write: Write, project: Path) -> None:
    """Every kind of resource is made, then renamed and changed, with relationships and filters between them."""
    first = """
    objects:
      people: {attributes: {drives: {type: record-reference, title: Drives, to: [companies]}}}
      cars:
        singular: Car
        plural: Cars
        attributes:
          vin: {type: text, title: VIN, unique: true}
          owner: {type: record-reference, title: Owner, to: [people], relationship: {slug: cars, title: Cars}}
          stage: {type: status, title: Stage, statuses: [New, {title: Sold, target_time: P14D}]}
          fuel: {type: select, title: Fuel, options: [Petrol], default: Petrol}
          price: {type: currency, title: Price, currency: {code: EUR}}
          due: {type: date, title: Due, default: {dynamic: P1M}}
    lists:
      renewals: {name: Renewals, parent: cars, attributes: {phase: {type: status, title: Phase, statuses: [Open]}}}
    webhooks:
      w:
        url: https://hooks.example.com/a
        secret: {file: .secrets/w}
        on: [{event: record.updated, object: cars}, {event: list-entry.created, list: renewals}]
    """
    second = (
        first.replace("cars:\n        singular: Car", "autos:\n        renamed_from: cars\n        singular: Auto")
        .replace("plural: Cars", "plural: Autos")
        .replace("vin: {type: text, title: VIN", "number: {type: text, renamed_from: vin, title: Number")
        .replace("title: Owner", "title: Holder")
        .replace("options: [Petrol], default: Petrol", "options: [{title: Gas, renamed_from: Petrol}], default: Gas")
        .replace(
            "[New, {title: Sold, target_time: P14D}]", "[New, {title: Gone, renamed_from: Sold, celebration: true}]"
        )
        .replace("code: EUR", "code: USD")
        .replace("parent: cars", "parent: autos")
        .replace("renewals: {name: Renewals", "terms: {renamed_from: renewals, name: Terms")
        .replace("object: cars}, {event: list-entry.created, list: renewals}", "object: autos}")
    )
    write(first)
    made = attio_ctl("apply", "--auto-approve").stdout
    write(second)
    changed = attio_ctl("apply", "--auto-approve").stdout

    assert "Apply complete!" in made
    assert "Apply complete!" in changed
    assert "at the same time" not in made + changed
    assert "No changes" in attio_ctl("plan").stdout


def test_a_list_that_somebody_adds_to_an_object_is_not_deleted_along_with_it(
    attio_ctl: Run, write: Write, project: Path, token: str
) -> None:
    with attio(project) as url:
        write("objects: {cars: {singular: Car, plural: Cars}}\n", head=head(url))
        attio_ctl("apply", "--auto-approve")
        write("removed: [{address: object.cars, action: delete}]\n", head=head(url))
        attio_ctl("plan", "--allow-destroy", "object.cars", "--out", "plan.json")
        grants = {"workspace_access": "full-access", "workspace_member_access": []}
        added = {"name": "Fleet", "api_slug": "fleet", "parent_object": "cars", **grants}
        answer = httpx.post(
            f"{url}/v2/lists",
            headers={"authorization": f"Bearer {TOKEN}"},
            json={"data": added},
            trust_env=False,
            timeout=60,
        )
        assert answer.is_success, answer.text
        refused = attio_ctl("apply", "plan.json", code=11)
        shown = attio_ctl("plan", "--allow-destroy", "object.cars", "--no-impact")

    assert "`list.fleet` would go with `object.cars`, which the plan does not say" in " ".join(refused.stdout.split())
    assert "list.fleet" in shown.stdout
    assert "2 to destroy" in shown.stdout
