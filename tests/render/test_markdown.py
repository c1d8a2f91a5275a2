"""A comment for a pull request, drawn by GitHub's own Markdown library."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options
from hypothesis import given, settings
from hypothesis import strategies as st
from plans import add, archive, attribute, delete, plan_of, require, retitle

from attio_ctl.address import Address
from attio_ctl.errors import Place, Problem
from attio_ctl.plan.changes import Blocked, Change
from attio_ctl.plan.drift import Drift
from attio_ctl.plan.impact import Impact
from attio_ctl.plan.model import MappingNote
from attio_ctl.render.escaping import cell, code, escape, fenced, prose, visible
from attio_ctl.render.html import render_html
from attio_ctl.render.markdown import BUDGET, OPEN_LINES, Section, render_markdown

VOID = {"br", "hr", "img", "input"}


def drawn(markdown: str) -> str:
    """The HTML that GitHub's library makes of it, raw HTML let through as GitHub does for `<details>`."""
    return cmarkgfm.github_flavored_markdown_to_html(markdown, options=Options.CMARK_OPT_UNSAFE)


class Outline(HTMLParser):
    """Which elements there are, and whether each is closed where it should be."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.seen: list[str] = []
        self.broken: list[str] = []
        self.texts: dict[str, list[str]] = {}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        if tag not in VOID:
            self.open.append(tag)
            self.texts.setdefault(tag, []).append("")

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.broken.append(tag)

    def handle_data(self, data):
        for tag in set(self.open):
            self.texts[tag][-1] += data


def outline(markdown: str) -> Outline:
    found = Outline(drawn(markdown))
    assert not found.broken
    assert not found.open
    return found


HOSTILE = (
    "`````\n</details><script>alert(1)</script>",
    "| a | b |",
    "@octocat #12 GH-7",
    "]( javascript:alert(1) )",
    "\u202eevil\u2066 \x1b[31mred\x07",
    "--> <!-- </summary>",
    "~~~\n# heading\n> quote",
    "${{ github.token }} \\` *b* _i_ &lt;",
)


def test_the_first_line_is_the_marker_of_the_workspace():
    first, *_ = render_markdown(plan_of()).splitlines()

    assert first == "<!-- attio-ctl:plan workspace=acme -->"


@pytest.mark.parametrize("name", ["a--b", "a-->b", "a b", "é"])
def test_no_name_ends_the_marker_early(name):
    first, *_ = render_markdown(plan_of(name=name)).splitlines()

    assert re.fullmatch(r"<!-- attio-ctl:plan workspace=(?:(?!--)[\x21-\x7e])+ -->", first)


@pytest.mark.parametrize(
    ("changes", "facts", "word"),
    [
        ([], {}, "No changes"),
        ([add(attribute("people.x"))], {}, "Changes"),
        ([archive(attribute("people.x")), add(attribute("people.y"))], {}, "Destructive"),
        ([archive(attribute("people.x"))], {"incomplete": ("lists",)}, "Failed"),
        ([add(attribute("people.x"))], {"checks": (Problem("AC1", "wrong"),)}, "Failed"),
        ([add(attribute("people.x"))], {"checks": (Problem("AC1", "odd", severity="warning"),)}, "Changes"),
    ],
)
def test_the_title_carries_the_gravest_word(changes, facts, word):
    title = next(line for line in render_markdown(plan_of(*changes, **facts)).splitlines() if line.startswith("## "))

    assert title == f"## attio-ctl plan · acme: {word}"


def test_what_goes_away_is_named_before_any_fold_with_its_reason_and_its_mappings():
    score = attribute("people.score")
    note = MappingNote(Address.root("mapping", "identify"), "d", "unchanged", (score,))
    body = render_markdown(plan_of(archive(score, "no longer used"), mappings=(note,)))
    above = body.partition("<details")[0]

    assert "> [!CAUTION]" in above
    assert "- archive `object.people.attribute.score` (no longer used), written by `mapping.identify`" in above


def test_changes_of_one_object_stand_under_their_own_risk():
    body = render_markdown(
        plan_of(archive(attribute("people.a")), require(attribute("people.b")), add(attribute("people.c")))
    )
    folds = re.findall(r"<details[^>]*><summary>(.*?)</summary>(.*?)</details>", body, re.DOTALL)

    assert [summary for summary, _ in folds] == [
        "Destructive: 1 to archive",
        "Breaking: 1 to change",
        "Additive: 1 to add",
    ]
    assert [re.findall(r"attribute\.\w", text) for _, text in folds] == [
        ["attribute.a"],
        ["attribute.b"],
        ["attribute.c"],
    ]


@pytest.mark.parametrize(("count", "opened"), [(1, True), (2, True), (OPEN_LINES + 1, False)])
def test_few_additions_stand_open_and_many_are_folded(count, opened):
    body = render_markdown(plan_of(*(add(attribute(f"people.a{n}")) for n in range(count))))

    assert (f"<details open><summary>Additive: {count} to add" in body) is opened
    assert (f"<details><summary>Additive: {count} to add" in body) is not opened


def test_signs_stand_in_the_first_column_of_a_diff_fence():
    body = render_markdown(
        plan_of(archive(attribute("people.a")), retitle(attribute("people.b"), "B", "Bee"), add(attribute("people.c")))
    )
    fences = re.findall(r"```diff\n(.*?)\n```", body, re.DOTALL)

    assert [[line[0] for line in fence.splitlines()] for fence in fences] == [["-"], ["!", "!", "+"]]
    assert '!     title "B" → "Bee"' in fences[1]


def test_a_blocked_change_says_why_and_what_to_do():
    held = Blocked(
        address=Address.root("object", "users"),
        reason="needs_activation",
        why="it is off",
        way_out="turn it on",
        absent=True,
    )
    body = render_markdown(plan_of(held))

    assert "## attio-ctl plan · acme: Blocked" in body
    assert "> - `object.users` is blocked: it is off; way out: turn it on" in body


def test_the_comment_names_commit_plan_run_and_expiry():
    body = render_markdown(plan_of(add(attribute("people.x"))), run_url="https://ci.example.com/runs/1?a=b")

    assert "commit 0123456 · plan `" in body
    assert "[CI run](<https://ci.example.com/runs/1?a=b>) · expires in 24 h (2026-11-23 09:00 UTC)" in body


@pytest.mark.parametrize("text", HOSTILE)
def test_no_value_leaves_its_place(text):
    """Titles, notes, names and messages may hold anything; the structure of the comment stays the same."""

    def comment(value: str) -> str:
        people = Address.root("object", "people")
        option = people.child("attribute", "tier").child("option", value)
        changes = [
            archive(option, value),
            retitle(people.child("attribute", "a"), value, value + "!"),
            add(people.child("attribute", "c"), default_value={"static": [value]}),
            Blocked(address=attribute("people.d"), reason="immutable_field", why=value, way_out=value, absent=False),
        ]
        problem = Problem("AC1", value, Place(value, 1, 2), severity="warning")
        return render_markdown(plan_of(*changes, checks=(problem,), incomplete=(value,), unmanaged=(option,)))

    quiet, loud = outline(comment("x")), outline(comment(text))

    assert loud.seen == quiet.seen
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", comment(text))
    assert "script" not in loud.seen


@given(st.text(max_size=60))
def test_escaped_text_is_shown_as_it_is(text):
    paragraph = Outline(drawn(f"a {escape(text)} z"))

    assert set(paragraph.seen) <= {"p", "a"}  # web addresses stay links
    assert "".join(paragraph.texts["p"]).strip().replace("\u200d", "") == f"a {visible(text)} z".replace("\u200d", "")


@given(st.text(alphabet=st.characters() | st.sampled_from("`-1.) @"), max_size=60))
def test_a_message_is_shown_with_its_literals_as_code(text):
    found = Outline(drawn(f"- {prose(text)} z"))

    assert set(found.seen) <= {"ul", "li", "a", "code"}


@given(st.text(max_size=60))
def test_a_code_span_holds_any_text(text):
    found = Outline(drawn(f"a {code(text)} z"))

    assert found.seen == ["p", "code"] if text else True
    if text:
        assert found.texts["code"][0].strip() == visible(text).strip()


@given(st.text(alphabet=st.characters(exclude_characters="\\"), min_size=1, max_size=40))
def test_a_code_span_stays_in_its_cell(text):
    found = Outline(drawn(f"| a | b |\n|--|--|\n| {cell(code(text))} | 1 |"))

    assert found.seen.count("td") == 2
    assert found.texts["td"][1].strip() == "1"


@given(st.text(max_size=80))
def test_a_fence_holds_any_text(text):
    found = Outline(drawn(fenced("diff", visible(text)) + "\n\nafter"))

    assert found.seen == ["pre", "code", "p"]
    assert html.unescape(found.texts["code"][0]) == visible(text) + "\n"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("a\u202eb", "a\\u202eb"),
        ("tab\tline\nend\x1b", "tab\\tline\\nend\\u001b"),
        ("Go\u200dld", "Go\\u200dld"),
        ("👩\u200d💻", "👩\u200d💻"),
        ("می\u200cخواهم", "می\u200cخواهم"),
    ],
)
def test_what_hides_is_shown_and_what_a_script_needs_is_kept(text, shown):
    assert visible(text) == shown


def many(destructive: int, breaking: int, additive: int, objects: int = 40) -> list[Change]:
    def name(index: int, what: str) -> Address:
        return attribute(f"object_{index % objects}.{what}_attribute_number_{index}")

    return [
        *(archive(name(n, "old"), "replaced") for n in range(destructive)),
        *(require(name(n, "needed")) for n in range(breaking)),
        *(add(name(n, "new")) for n in range(additive)),
    ]


@pytest.mark.parametrize(
    ("destructive", "breaking", "additive"), [(100, 300, 1600), (300, 700, 1000), (1000, 500, 500), (1500, 0, 500)]
)
def test_two_thousand_changes_stay_within_the_budget_and_name_all_that_goes(destructive, breaking, additive):
    plan = plan_of(*many(destructive, breaking, additive))
    body = render_markdown(plan)
    outline(body)
    above = body.partition("<details")[0]

    assert len(body.encode()) <= BUDGET
    assert re.search(r"\*\*\d+ resources of the lowe(st|r) risk with [\d,]+ changes do not fit here", body)
    for number in range(destructive):
        assert f"old_attribute_number_{number}`" in above


def test_two_thousand_removals_alone_are_all_named():
    """Attributes with names as people give them, fifty in each of forty objects."""
    slugs = [f"object_{n % 40}.legacy_score_{n}" for n in range(2000)]
    body = render_markdown(plan_of(*(archive(attribute(slug), "replaced") for slug in slugs)))
    above = body.partition("<details")[0]

    assert max(len(body), len(body.encode())) <= BUDGET
    assert all(f"`{slug.partition('.')[2]}`" in above for slug in slugs)


def test_removals_whose_names_cannot_fit_are_counted_by_resource_and_named_where_there_is_room():
    """60,000 bytes cannot hold 2,000 names of 40 letters; the summary of a job and the page do."""
    slugs = [f"object_{n % 40}.an_attribute_with_a_name_that_explains_{n}" for n in range(2000)]
    plan = plan_of(*(archive(attribute(slug), "replaced") for slug in slugs))
    body, summary, page = render_markdown(plan), render_markdown(plan, budget=1_000_000), render_html(plan)
    above = body.partition("<details")[0]

    assert len(body.encode()) <= BUDGET
    assert "takes away 2,000 things" in above
    assert "too many to name here; read the whole plan in the job's artefact before you approve" in above
    assert all(f"archive 50 in `object.object_{n}`" in above for n in range(40))
    assert all(slug.partition(".")[2] in summary.partition("<details")[0] for slug in slugs)
    assert all(slug.partition(".")[2] in page for slug in slugs)


def test_the_least_risk_is_cut_first():
    body = render_markdown(plan_of(*many(20, 100, 3000)))

    assert "Destructive: 20 to archive" in body
    assert body.count("needed_attribute_number_") == 100
    assert "do not fit here" in body


def test_one_resource_larger_than_the_budget_shows_its_beginning():
    tier = attribute("companies.tier")
    options = [add(tier.child("option", f"Option number {n}")) for n in range(2000)]
    lone = [retitle(attribute(f"deals.a{n}"), "x" * 50, "y" * 50) for n in range(1500)]
    body = render_markdown(plan_of(add(tier, type="select"), *options, *lone))
    outline(body)

    assert len(body.encode()) <= BUDGET
    assert "more lines of this resource" in body
    assert "more characters)" in body


@settings(max_examples=20)
@given(st.integers(0, 2000), st.integers(1, 300), st.text(max_size=30))
def test_any_plan_stays_within_the_budget(count, objects, noise):

    body = render_markdown(
        plan_of(*many(count, count // 3, count // 2, objects), archive(attribute("a.b"), noise * 400))
    )

    assert len(body.encode()) <= BUDGET


def test_more_than_can_be_named_is_counted_and_said_so():
    gone = [delete(Address.root("object", f"an_object_with_a_rather_long_name_{n}")) for n in range(9000)]
    body = render_markdown(plan_of(*gone))

    assert len(body.encode()) <= BUDGET
    assert "takes away 9,000 things" in body
    assert "too many to name here" in body


def test_sections_are_shown_whole_or_left_out_and_counted():
    sections = (Section("Mapping", "small"), Section("Picture", "x" * 58_000))
    body = render_markdown(plan_of(add(attribute("people.x"))), sections=sections)

    assert "<summary>Mapping</summary>" in body
    assert "xxx" not in body
    assert "_1 more sections do not fit here" in body


def test_who_is_reached_and_why_it_is_held_back_stand_above_the_folds():
    score = attribute("people.score")
    impact = Impact(311, True, (Address.root("list", "renewals"),))
    plan = plan_of(archive(score), impacts={score: impact}, held_by=("311 records are more than `--max-impact 100`",))
    above = render_markdown(plan).partition("<details")[0]

    assert "- archive `object.people.attribute.score`: **311 records hold a value; shown by list.renewals**" in above
    assert "> - 311 records are more than `--max-impact 100`" in above


def test_drift_is_told_apart_from_what_the_files_change():
    found = Drift(attribute("people.x"), "title", "Old", "<b>New</b>")
    body = render_markdown(plan_of(drift=(found,)))

    assert "<summary>Drift: 1 changed in Attio since the last apply</summary>" in body
    assert '- `object.people.attribute.x` title: `"Old"` → `"<b>New</b>"`' in body


def test_a_larger_place_takes_the_whole_plan():
    plan = plan_of(*many(300, 700, 1000))

    assert "do not fit here" not in render_markdown(plan, budget=1_000_000)
    assert render_markdown(plan, budget=1_000_000).count("\n+ ") == 1000
