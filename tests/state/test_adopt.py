"""An import: files that say a live workspace, no more and no less."""

from __future__ import annotations

import random
import textwrap
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from live_workspaces import live_workspace
from states import live_of

from attio_ctl.address import Address
from attio_ctl.config.format import format_yaml
from attio_ctl.config.load import Loaded, load
from attio_ctl.plan.build import find_unmanaged
from attio_ctl.plan.diff import diff
from attio_ctl.state.adopt import Adopted, Adoption, adopt
from attio_ctl.state.desired import build_desired
from attio_ctl.state.resource import State, own_id


def written(live: State, folder: Path, *, pinned: bool = False) -> tuple[Adopted, Loaded]:
    """The files of an import, as they are read back."""
    adopted = adopt(live, name="acme", api={"sandbox": "acme"}, pinned=pinned, identified=True)
    for path, text in adopted.files.items():
        file = folder / "workspaces" / "acme" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return adopted, load("acme", root=folder, environ=adopted.environ)


@pytest.mark.parametrize("seed", range(120))
def test_the_plan_of_an_import_is_empty(seed: int, tmp_path: Path) -> None:
    live = live_workspace(seed)
    adopted, loaded = written(live, tmp_path, pinned=seed % 3 == 0)
    desired = build_desired(loaded.spec, loaded.places.at)

    assert diff(desired, live) == ()
    unmanaged = find_unmanaged(desired, live)
    left_out = set(adopted.left_out)
    assert all(any(address.is_within(other) for other in left_out) for address in unmanaged), unmanaged
    assert loaded.warnings == ()
    for path, text in adopted.files.items():
        assert format_yaml(text.encode(), path).decode() == text


@pytest.mark.parametrize("seed", range(0, 120, 4))
def test_a_workspace_that_is_written_down_while_it_is_read_gives_the_same_files(seed: int) -> None:
    """In whatever order its objects and lists are whole, and with some that are only known in the end."""
    live = live_workspace(seed)
    how: dict[str, Any] = {"name": "acme", "api": {"sandbox": "acme"}, "identified": True}
    titled = frozenset({"option", "status"})
    known = {address: one for address, one in live.resources.items() if address.kind not in titled}
    tops = [address for address in known if address.kind in ("object", "list")]
    random.Random(seed).shuffle(tops)

    adoption = Adoption(replace(live, resources=known), pinned=False)
    for top in tops[: len(tops) * 3 // 4]:
        below = [one for one in live.resources.values() if one.address.top == top and one.address != top]
        path = adoption.add(live.resources[top], below)
        assert path is None or path in adoption.files

    assert adoption.finish(live, **how) == adopt(live, pinned=False, **how)


SYSTEM_STAGE = {"type": "status", "title": "Deal stage", "is_required": True}
LIVE = {
    "object.people": {"singular_noun": "Person", "plural_noun": "People"},
    "object.people.attribute.name": {"type": "personal-name", "title": "Name", "system": True},
    "object.people.attribute.source": {"type": "select", "title": "Source", "description": "Where from"},
    'object.people.attribute.source.option["Web"]': {"title": "Web"},
    'object.people.attribute.source.option["Old"]': {"title": "Old", "archived": True},
    "object.people.attribute.gone": {"type": "text", "title": "Gone", "archived": True},
    "object.people.attribute.cars": {
        "type": "record-reference", "title": "Cars", "is_multiselect": True, "allowed_objects": ["cars"],
        "relationship": {"object": "cars", "api_slug": "owner", "title": "Owner", "is_multiselect": False},
    },
    "object.companies": {"singular_noun": "Company", "plural_noun": "Companies"},
    "object.deals": {"singular_noun": "Deal", "plural_noun": "Deals"},
    "object.deals.attribute.stage": {**SYSTEM_STAGE, "system": True},
    'object.deals.attribute.stage.status["Lead"]': {
        "title": "Lead", "celebration_enabled": False, "target_time_in_status": None,
    },
    'object.deals.attribute.stage.status["Signed"]': {
        "title": "Signed", "celebration_enabled": True, "target_time_in_status": "P7D",
    },
    "object.users": {"singular_noun": "User", "plural_noun": "Users"},
    "object.cars": {"singular_noun": "Car", "plural_noun": "Cars"},
    "object.cars.attribute.vin": {"type": "text", "title": "VIN", "is_unique": True, "is_required": True},
    "object.cars.attribute.price": {
        "type": "currency", "title": "Price", "currency": {"code": "EUR", "display": "symbol"},
        "default_value": {"static": [10]},
    },
    "object.cars.attribute.owner": {
        "type": "record-reference", "title": "Owner", "allowed_objects": ["people"],
        "relationship": {"object": "people", "api_slug": "cars", "title": "Cars", "is_multiselect": True},
    },
    "list.sales": {
        "name": "Sales", "parent_object": "deals", "workspace_access": None,
        "workspace_member_access": [{"member": "ada@example.com", "level": "full-access"}],
    },
    "list.sales.attribute.next": {"type": "date", "title": "Next", "default_value": {"dynamic": "P7D"}},
    "webhook.3f0c24e9-6f6b-4b8e-9d3c-2f6f1f0d8a11": {
        "target_url": "https://hooks.example.com/attio/billing",
        "subscriptions": [{"event_type": "record.updated", "object": "cars", "attribute": "price"}],
    },
    "webhook.9f0c24e9-6f6b-4b8e-9d3c-2f6f1f0d8a11": {
        "target_url": "https://hooks.slack.com/services/T000/B000/abcdefghijklmnop",
        "subscriptions": [{"event_type": "note.created"}],
    },
}  # fmt: skip


def test_an_import_reads_as_if_a_person_had_written_it(tmp_path: Path) -> None:
    adopted, _ = written(live_of(LIVE), tmp_path)
    line = "# yaml-language-server: $schema=../../../schemas/workspace.schema.json\n\n"
    bodies = {path: text.removeprefix(line) for path, text in adopted.files.items()}

    assert set(bodies) == {
        "workspace.yaml", "objects/cars.yaml", "objects/deals.yaml", "objects/people.yaml", "objects/users.yaml",
        "lists/sales.yaml", "webhooks/billing.yaml", "webhooks/slack.yaml",
    }  # fmt: skip
    assert bodies["objects/cars.yaml"] == textwrap.dedent("""\
        objects:
          cars:
            singular: Car
            plural: Cars
            attributes:
              vin:
                type: text
                title: VIN
                unique: true
                required: true
              price:
                type: currency
                title: Price
                currency: {code: EUR, display: symbol}
                default: 10
              owner:
                type: record-reference
                title: Owner
                to: [people]
                relationship: {slug: cars, title: Cars, multiselect: true}
        """)
    assert bodies["objects/people.yaml"] == textwrap.dedent("""\
        objects:
          people: # a standard object: only what is named here is managed
            attributes:
              source:
                type: select
                title: Source
                description: Where from
                options: [Web]
        """)
    assert bodies["objects/deals.yaml"] == textwrap.dedent("""\
        objects:
          deals: # a standard object: only what is named here is managed
            active: true
            attributes:
              stage:
                type: status
                statuses:
                  - Lead
                  - {title: Signed, celebration: true, target_time: P7D}
        """)
    assert bodies["lists/sales.yaml"] == textwrap.dedent("""\
        lists:
          sales:
            name: Sales
            parent: deals
            access: private
            members:
              - {member: ada@example.com, level: full-access}
            attributes:
              next:
                type: date
                title: Next
                default: {dynamic: P7D}
        """)
    assert bodies["webhooks/billing.yaml"] == textwrap.dedent("""\
        webhooks:
          billing: # attio-ctl: ignore AC141 because Attio showed its secret when it was made
            url: https://hooks.example.com/attio/billing
            on:
              - {event: record.updated, object: cars, attribute: price}
            # secret: {file: ../.secrets/billing} # for the secret that Attio shows if this is ever made anew
        """)


def test_an_address_that_is_a_secret_stays_out_of_the_files(tmp_path: Path) -> None:
    adopted, loaded = written(live_of(LIVE), tmp_path)

    assert "url: ${SLACK_URL}" in adopted.files["webhooks/slack.yaml"]
    assert not any("abcdefghijklmnop" in text for text in adopted.files.values())
    assert "abcdefghijklmnop" not in repr(adopted)
    assert loaded.spec.webhooks["slack"].url == adopted.environ["SLACK_URL"]


def test_ids_are_pinned_when_asked_for(tmp_path: Path) -> None:
    live = live_of(LIVE)
    _, loaded = written(live, tmp_path, pinned=True)
    desired = build_desired(loaded.spec, loaded.places.at)

    pins = {address: one.pinned_id for address, one in desired.resources.items() if one.pinned_id}
    standard = {Address.parse(f"object.{slug}") for slug in ("people", "deals", "users")}
    assert set(desired.resources) - set(pins) - standard == {Address.parse("object.deals.attribute.stage")}
    assert all(pins[address] == own_id(live.resources[address]) for address in pins if address.kind != "webhook")


def test_what_a_file_cannot_say_is_named_with_the_reason(tmp_path: Path) -> None:
    odd = {
        **LIVE,
        "object.2fa": {"singular_noun": "Code", "plural_noun": "Codes"},
        "list.2026": {**LIVE["list.sales"]},
        "list.left": {**LIVE["list.sales"], "workspace_member_access": [{"member": "gone", "level": "full-access"}]},
        "webhook.bfdc24e9-6f6b-4b8e-9d3c-2f6f1f0d8a11": {
            "target_url": "https://hooks.example.com/x",
            "subscriptions": [{"event_type": "note.created", "filter": {"$or": []}}],
        },
        "webhook.cfdc24e9-6f6b-4b8e-9d3c-2f6f1f0d8a11": {
            "target_url": "http://hooks.example.com/x", "subscriptions": [{"event_type": "note.created"}],
        },
    }  # fmt: skip
    adopted, _ = written(live_of(odd), tmp_path)

    assert {str(address): why for address, why in adopted.left_out.items()} == {
        "object.2fa": "a file cannot name it",
        "list.2026": "a file cannot name it",
        "list.left": "who may see it: a file cannot say its `members` as it is",
        "webhook.bfdc24e9-6f6b-4b8e-9d3c-2f6f1f0d8a11": "files cannot say its filter",
        "webhook.cfdc24e9-6f6b-4b8e-9d3c-2f6f1f0d8a11": "a file cannot say its `url` as it is",
    }
