"""What a reviewer must not miss stands in every view of a plan: terminal, Markdown, HTML and JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from plans import add, attribute, delete, plan_of

from attio_ctl.address import Address
from attio_ctl.plan import document
from attio_ctl.plan.model import Plan
from attio_ctl.plan.select import select
from attio_ctl.plan.thresholds import Thresholds, find_excesses
from attio_ctl.render.html import render_html
from attio_ctl.render.markdown import render_markdown
from attio_ctl.render.terminal import render_plan
from attio_ctl.render.text import Style

VIEWS: dict[str, Callable[[Plan], str]] = {
    "terminal": lambda plan: render_plan(plan, Style(width=120)),
    "markdown": render_markdown,
    "html": render_html,
    "json": lambda plan: document.dump(plan).decode(),
}

CARS = Address.root("object", "cars")
FLEET = Address.root("list", "fleet")
DELETED = replace(delete(CARS), takes_along=(FLEET,))
NOTE = "nothing is there to rename from seat_count: this makes a new one"


@pytest.mark.parametrize("view", VIEWS)
def test_a_rename_that_finds_nothing_is_told(view: str) -> None:
    new = replace(add(attribute("cars.seats")), reason="renamed_from_nothing", note=NOTE)

    assert NOTE in VIEWS[view](plan_of(new))


@pytest.mark.parametrize("view", VIEWS)
def test_the_lists_that_go_with_an_object_are_named(view: str) -> None:
    assert "list.fleet" in VIEWS[view](plan_of(DELETED))


def test_what_goes_along_counts_as_destroyed() -> None:
    text = VIEWS["terminal"](plan_of(DELETED))

    assert "2 to destroy" in text
    assert "  -  list.fleet" in text
    assert "deleted with it" in text
    assert "takes away 2 things" in VIEWS["markdown"](plan_of(DELETED))
    assert json.loads(VIEWS["json"](plan_of(DELETED)))["summary"]["destroy"] == 2


def test_what_goes_along_counts_against_the_limit() -> None:
    assert list(find_excesses([DELETED], {}, Thresholds(max_archive=1))) == [
        "it takes away 2 resources, more than `--max-archive 1` allows"
    ]


def test_excluding_what_would_go_along_excludes_the_deletion() -> None:
    assert select([DELETED], excludes=[FLEET]) == ()
    assert select([DELETED], targets=[CARS]) == (DELETED,)
