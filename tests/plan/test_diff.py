"""What must happen so that live becomes desired: one case per entry of `cases/*.yaml`."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from states import desired_of, live_of, spec_of

from attio_ctl.address import Address
from attio_ctl.plan.build import find_unmanaged
from attio_ctl.plan.changes import Blocked, Change, Create, Delete, Restore, Update
from attio_ctl.plan.diff import diff, equal
from attio_ctl.plan.removal import Guards, Removal
from attio_ctl.state.resource import State

FILES = [Path(__file__).parent / "cases" / name for name in ("diff.yaml", "renames.yaml")]
CASES = [case for file in FILES for case in YAML(typ="safe", pure=True).load(file)]


def tell(change: Change) -> str:
    """One line that says all of a change but its place and ids."""
    text = f"{type(change).__name__.lower()} {change.address}"
    match change:
        case Create():
            text += f" {json.dumps(change.after, sort_keys=True)}"
            text += f" though renamed: {change.note}" if change.note else ""
        case Update() | Restore():
            text += f" {sides(change)}"
        case Delete() if change.takes_along:
            text += f" with {', '.join(str(address) for address in change.takes_along)}"
        case Blocked():
            text += f" {change.reason} {sides(change)}"
        case _:
            pass
    if change.depends_on:
        text += f" after {', '.join(str(address) for address in change.depends_on)}"
    if isinstance(change, Update) and change.previous:
        text += f" was {change.previous}"
    return text


def sides(change: Update | Restore | Blocked) -> str:
    return " -> ".join(json.dumps(dict(side), sort_keys=True) for side in (change.before, change.after))


def removals_of(document: dict[str, Any]) -> tuple[Removal, ...]:
    return tuple(Removal(Address.parse(r.address), r.action, r.reason) for r in spec_of(document).removed)


def guards_of(case: dict[str, Any]) -> Guards:
    allowed, protected = (
        frozenset(Address.parse(text) for text in case.get(name, ())) for name in ("allow_destroy", "protected")
    )
    return Guards(allowed, protected)


@pytest.mark.parametrize("case", CASES, ids=[case["title"] for case in CASES])
def test_diff(case: dict[str, Any]) -> None:
    desired, live, removals = desired_of(case["desired"]), live_of(case["live"]), removals_of(case["desired"])
    guards = guards_of(case)

    assert [tell(change) for change in diff(desired, live, removals, guards)] == case["expect"]
    if "unmanaged" in case:
        assert [str(a) for a in find_unmanaged(desired, live, removals)] == case["unmanaged"]


@pytest.mark.parametrize("case", CASES, ids=[case["title"] for case in CASES])
def test_the_order_of_the_answers_does_not_matter(case: dict[str, Any]) -> None:
    desired, live, removals = desired_of(case["desired"]), live_of(case["live"]), removals_of(case["desired"])
    expected = diff(desired, live, removals)
    for seed in range(20):
        shuffled = list(live.resources.items())
        random.Random(seed).shuffle(shuffled)
        other = State(resources=dict(shuffled), workspace=live.workspace, active_objects=live.active_objects)

        assert diff(desired, other, removals) == expected


def test_equality_tells_true_from_one() -> None:
    """Python says that `1 == True`; a checkbox default of true is not the number 1."""
    assert not equal({"static": [True]}, {"static": [1]})
    assert equal({"static": [1]}, {"static": [1.0]})


def test_two_webhooks_with_one_target_are_told_apart_by_their_events() -> None:
    desired = desired_of(
        {
            "webhooks": {
                "a": {"url": "https://h.example.com", "secret": {"file": "s"}, "on": [{"event": "note.created"}]}
            }
        }
    )
    live = live_of(
        {
            "webhook.1": {"target_url": "https://h.example.com", "subscriptions": [{"event_type": "task.created"}]},
            "webhook.2": {"target_url": "https://h.example.com", "subscriptions": [{"event_type": "note.created"}]},
        }
    )

    assert diff(desired, live) == ()
    assert [str(address) for address in find_unmanaged(desired, live)] == ["webhook.1"]
