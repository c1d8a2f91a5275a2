"""The page of a plan, opened in a browser where there is one."""

from __future__ import annotations

import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
from plans import add, archive, attribute, plan_of, require, retitle

from attio_ctl.address import Address
from attio_ctl.errors import Place, Problem
from attio_ctl.plan.changes import Blocked
from attio_ctl.render.html import render_html

BROWSER = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chromium-browser")
browser = pytest.mark.skipif(BROWSER is None, reason="needs Chromium to open a page in")

HOSTILE = (
    '</script><script>document.title="ran"</script>',
    "<img src=x onerror=\"document.title='ran'\">",
    '"><svg onload=document.title="ran">',
    "' onfocus=document.title='ran' autofocus x='",
    "{{ 7 * 7 }}{% raw %}",
    "javascript:document.title='ran'",
    "</style><style>*{display:none}</style>",
)


def hostile_page() -> str:
    people = Address.root("object", "people")
    options = [people.child("attribute", "tier").child("option", text) for text in HOSTILE]
    changes = [
        *(archive(option, text) for option, text in zip(options, HOSTILE, strict=True)),
        *(retitle(attribute(f"people.a{n}"), text, text + "!") for n, text in enumerate(HOSTILE)),
        *(
            Blocked(address=attribute(f"people.b{n}"), reason="immutable_field", why=t, way_out=t, absent=False)
            for n, t in enumerate(HOSTILE)
        ),
    ]
    checks = tuple(Problem("AC1", text, Place(text), hint=text, severity="warning") for text in HOSTILE)
    facts = {"name": HOSTILE[0], "checks": checks, "incomplete": HOSTILE, "unmanaged": tuple(options)}
    return render_html(plan_of(*changes, **facts), run_url=HOSTILE[5])


def opened(page: str, folder: Path) -> str:
    """The document after its scripts have run."""
    file = folder / "plan.html"
    file.write_text(page, encoding="utf-8")
    command = [str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'profile'}"]
    done = subprocess.run(
        [*command, "--dump-dom", file.as_uri()], capture_output=True, text=True, timeout=90, check=True
    )
    return done.stdout


class Tags(HTMLParser):
    """Every start tag with its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def test_the_page_asks_nothing_of_any_server():
    page = render_html(plan_of(add(attribute("people.x")), archive(attribute("people.y"))))
    tags = Tags(page).found

    assert not [tag for tag, _ in tags if tag in {"link", "img", "iframe", "object", "embed", "audio", "video", "base"}]
    assert not [name for _, attrs in tags for name in attrs if name in {"src", "srcset", "action", "style"}]
    assert "url(" not in page
    assert "@import" not in page
    assert "fetch(" not in page


def test_the_policy_admits_the_page_s_own_style_and_script_only():
    policy = dict(Tags(render_html(plan_of())).found[3][1])["content"]

    assert re.fullmatch(
        r"default-src 'none'; style-src 'sha256-[\w+/]{43}='; script-src 'sha256-[\w+/]{43}='; base-uri 'none'; "
        r"form-action 'none'",
        policy,
    )


def test_values_make_no_element_and_no_attribute():
    tags = Tags(hostile_page()).found

    assert [tag for tag, _ in tags if tag in {"script", "style"}] == ["style", "script"]
    assert not [tag for tag, _ in tags if tag in {"img", "svg", "a"}]
    assert not [name for _, attrs in tags for name in attrs if name.startswith("on")]


def test_only_a_web_address_becomes_the_link_to_the_run():
    assert '<a href="https://ci.example.com/1">' in render_html(plan_of(), run_url="https://ci.example.com/1")
    assert "<a " not in render_html(plan_of(), run_url="javascript:alert(1)")


def test_everything_of_a_large_plan_is_on_the_page():
    plan = plan_of(*(archive(attribute(f"object_{n % 20}.a{n}")) for n in range(2000)))
    page = render_html(plan)

    assert all(f"attribute.a{n}<" in page for n in range(2000))
    assert page.count("attribute.a") == 2 * 2000  # in the list of what goes away, and in its resource


@browser
@pytest.mark.slow
def test_no_script_from_a_value_runs(tmp_path):
    """The page's own script does, so the browser was free to run one."""
    document = opened(hostile_page(), tmp_path)

    assert "<title>Failed" in document
    assert re.search(r'<form class="tools" role="search">', document)


@browser
@pytest.mark.slow
def test_searching_and_filtering_leave_what_was_asked_for(tmp_path):
    page = render_html(
        plan_of(archive(attribute("people.score")), require(attribute("deals.value")), add(attribute("deals.score")))
    )
    ask = """<script>
      const search = document.getElementById("search");
      search.value = "SCORE"; search.dispatchEvent(new Event("input"));
      document.querySelector("input[data-class=additive]").click();
      const left = [...document.querySelectorAll(".resource:not(.gone) summary code")];
      document.title = left.map((code) => code.textContent).join();
    </script></body>"""
    free = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page).replace("</body>", ask)
    document = opened(free, tmp_path)

    assert "<title>object.people</title>" in document
    assert "1 of 3 resources" in document


@browser
@pytest.mark.slow
def test_the_keyboard_alone_reaches_everything(tmp_path):
    """`/` goes to the search, `j` and `k` step through resources, Enter folds one, Escape shows all again."""
    page = render_html(
        plan_of(archive(attribute("people.score")), require(attribute("deals.value")), add(attribute("deals.score")))
    )
    press = """<script>
      const said = [];
      const press = (key) => (document.activeElement || document.body).dispatchEvent(
        new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true}));
      const at = () => document.activeElement.id || (document.activeElement.querySelector("code") || {}).textContent;
      press("/"); said.push(at());
      document.activeElement.value = "deals"; document.activeElement.dispatchEvent(new Event("input"));
      press("j"); said.push(at());
      document.activeElement.blur();
      for (const key of "jjjk") { press(key); said.push(at()); }
      document.activeElement.click(); said.push(document.activeElement.parentElement.open);
      press("Escape"); said.push(document.querySelectorAll(".resource.gone").length);
      document.title = said.join();
    </script></body>"""
    free = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page).replace("</body>", press)
    document = opened(free, tmp_path)

    two = "object.deals"  # what is left of the search: breaking and additive, one resource each
    assert f"<title>search,search,{two},{two},{two},{two},false,0</title>" in document
