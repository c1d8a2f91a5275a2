"""A plan in a terminal: within its width, and the same words with colour and without."""

from __future__ import annotations

import re
from dataclasses import replace

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plans import add, archive, attribute, delete, plan_of, require, retitle

from attio_ctl.address import Address
from attio_ctl.errors import Place, Problem
from attio_ctl.plan.changes import Blocked
from attio_ctl.plan.model import MappingNote, Plan
from attio_ctl.render.html import render_html
from attio_ctl.render.terminal import render_plan
from attio_ctl.render.text import Style

SENTENCE = "this field cannot be changed by the interface of Attio, whatever is sent, so that a person has to do it "


def plan_with(text: str) -> Plan:
    tier = attribute("companies.tier")
    return plan_of(
        add(tier, type="select", title=text),
        *(add(tier.child("option", f"{text} {n}")) for n in range(30)),
        retitle(attribute("people.title"), text, text + "!"),
        require(attribute("people.required")),
        archive(attribute("people.old"), text),
        delete(Address.root("object", "vehicles"), text),
        Blocked(address=attribute("people.b"), reason="immutable_field", why=text, way_out=text, absent=False),
        checks=(Problem("AC1", text, Place("workspaces/acme/workspace.yaml", 3, 5), hint=text, severity="warning"),),
        incomplete=(text,),
        held_by=(text,),
        unmanaged=tuple(attribute(f"people.left_{n}") for n in range(20)),
    )


@pytest.mark.parametrize("width", [80, 100, 140])
def test_no_line_is_wider_than_the_terminal(width):
    lines = render_plan(plan_with(SENTENCE), Style(width)).splitlines()

    assert max(map(len, lines)) <= width


def test_a_mapping_stands_beside_no_changes_with_what_that_means():
    note = MappingNote(Address.root("mapping", "identify"), "d1", "new", (attribute("people.name"),))
    for view in (lambda plan: render_plan(plan, Style(100)), render_html):
        shown = view(plan_of(mappings=(note, replace(note, status="changed"))))

        assert "No changes" in shown
        assert "no part of what apply does: checked, for the next deliver" in shown
        assert "not delivered with yet, writes 1 attribute of people" in shown
        assert "changed since a delivery, writes 1 attribute of people" in shown


def test_colour_adds_nothing_but_colour():
    plan = plan_with(SENTENCE)
    plain, coloured = render_plan(plan, Style(80)), render_plan(plan, Style(80, colour=True))

    assert "\x1b" not in plain
    assert "\x1b[3" in coloured
    assert click.unstyle(coloured) == plain


@given(st.text(max_size=40))
def test_no_text_of_a_workspace_moves_the_cursor_or_hides(text):
    shown = render_plan(plan_with(text), Style(80))

    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", shown)
