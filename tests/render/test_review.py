"""What stands in a review beside the changes, as a comment and as a page that know the same."""

from __future__ import annotations

import pytest
from plans import add, attribute, plan_of

from attio_ctl.address import Address
from attio_ctl.errors import Place, Problem
from attio_ctl.mapping.behaviour import Behaviour, Example, Sample, ValueChange
from attio_ctl.render.graph import Graph, Node
from attio_ctl.render.html import render_html
from attio_ctl.render.markdown import render_markdown
from attio_ctl.render.review import MappingReview, Review, sections

CHANGES = (ValueChange("people ada@example.com", "job_title", "changed", "CTO", "Dr CTO"),)
EXAMPLE = Example("identify", Sample("events.ndjson:1", {}), "", "", CHANGES, 3)
FINDING = Problem("AC315", "no sample event has `$.traits.plan`", Place("w.yaml", 3, 5), severity="warning")
REVIEW = Review(
    mappings=MappingReview(Behaviour((EXAMPLE,), 20, 3), "main"),
    findings=(FINDING,),
    graph=Graph((Node(Address.root("object", "people"), "People", "changed", "1 to add"),), ()),
)


def comment(review: Review) -> str:
    return render_markdown(plan_of(add(attribute("people.x"))), sections=sections(review))


def page(review: Review) -> str:
    return render_html(plan_of(add(attribute("people.x"))), review=review)


@pytest.mark.parametrize("view", [comment, page])
def test_every_view_has_the_mappings_the_findings_and_the_picture(view):
    shown = view(REVIEW)

    assert "3 of 20 sample events end otherwise" in shown
    assert "events.ndjson:1, and 2 more change in the same way" in shown
    assert "Dr CTO" in shown
    assert "AC315" in shown
    assert "w.yaml:3:5" in shown
    assert "1 to add" in shown.partition("Picture")[2]


@pytest.mark.parametrize("view", [comment, page])
def test_a_base_that_could_not_be_read_is_told(view):
    assert "git has no " in view(Review(not_compared="git has no `main`"))


@pytest.mark.parametrize("view", [comment, page])
def test_without_a_review_nothing_of_it_is_shown(view):
    shown = view(Review())

    assert "Picture" not in shown
    assert "Sample events" not in shown


def test_hostile_text_of_a_review_makes_no_element():
    text = '</svg></details><script>document.title="ran"</script>'
    example = Example(text, Sample(text, {}), text, text, (ValueChange(text, text, "added", None, text),), 1)
    node = Node(Address.root("object", "people"), text, "new", text)
    hostile = Review(
        MappingReview(Behaviour((example,), 1, 1), text),
        text,
        (Problem("AC1", text, Place(text), hint=text, severity="warning"),),
        Graph((node,), ()),
    )

    assert page(hostile).count("<script") == 1
    assert page(hostile).count("</svg>") == 1
    assert "<script" not in comment(hostile).replace("```diff", "").split("```mermaid")[1]


@pytest.mark.parametrize("view", [comment, page])
def test_a_mapping_that_changed_unseen_is_named(view):
    """A reviewer would take silence for "nothing changed"."""
    shown = view(Review(mappings=MappingReview(Behaviour((), 0, 0, ("identify",)), "main")))

    assert "mapping.identify" in shown
    assert "changed, but no sample event ends otherwise" in shown
