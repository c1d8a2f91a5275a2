"""The page of a delivery: what it says, that nothing in it can run, and how large it may become."""

from __future__ import annotations

import math
import random
import re
import shutil
import subprocess
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from attio_ctl.attio.limiter import Limits
from attio_ctl.delivery.account import NOTHING, Account
from attio_ctl.delivery.dead_letters import DeadLetter
from attio_ctl.delivery.history import CAPACITY, History, Sample
from attio_ctl.delivery.source import Line
from attio_ctl.delivery.tally import Tally
from attio_ctl.errors import PartialError
from attio_ctl.render.charts import HEIGHT, Series, Step, duration, figure, time_chart
from attio_ctl.render.delivery_page import RunEnd, render_delivery_page

BROWSER = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chromium-browser")

HOSTILE = (
    '</script><script>document.title="ran"</script>',
    "<img src=x onerror=\"document.title='ran'\">",
    '"><svg onload=document.title="ran">',
    "{{ 7 * 7 }}{% raw %}",
    "</style><style>*{display:none}</style>",
    "\u202egnp.exe",
)


def history_of(
    seconds: int = 120, samples: int = 120, names: tuple[str, ...] = ("identify", "group", "orders")
) -> History:
    """A run that reads at first, then sends at its limit, with a storm of 429s in the middle."""
    draw = random.Random(7)
    answers = {"success": 0, "refused": 0, "throttled": 0, "failed": 0, "unanswered": 0}
    read = writes = sent = retries = 0
    found = [Sample(0.0, 0, 0, 0, 0, 0, 0, dict(answers))]
    for n in range(1, samples + 1):
        at, step = seconds * n / samples, seconds / samples
        read = min(60_000, round(at * 60_000 / max(1, seconds * 0.12)))
        if at > seconds * 0.1:
            stormy = 0.45 < at / seconds < 0.55
            done = round(step * (3 if stormy else 24 + draw.random()))
            limited = round(step * 9) if stormy else 0
            answers["success"] += done
            answers["throttled"] += limited
            answers["failed"] += draw.random() < 0.05
            answers["refused"] += draw.random() < 0.1
            writes, sent, retries = writes + done, sent + done + limited, retries + limited
        found.append(Sample(at, read, writes, read, 40, sent, retries, dict(answers)))
    account = Account(
        read=60_000, delivered=2_480, superseded=51_000, filtered=6_000, duplicate=480, dead_lettered=40,
        writes=writes, requests=sum(answers.values()), retries=retries, throttled=answers["throttled"],
        seconds=float(seconds), codes={"unknown_option": 31, "value_not_found": 8, names[0]: 1},
    )  # fmt: skip
    said = Counter({name: 50_000 // (n * n + 1) for n, name in enumerate(names)})
    written = Counter({name: writes // len(names) for name in names})
    letters = Counter({(names[0], "unknown_option"): 31, (names[-1], "value_not_found"): 8, ("", "invalid_json"): 1})
    return History(1.79e9, tuple(found), Limits(), NOTHING, account, Tally(said, written, letters))


def letter(code: str, reason: str) -> DeadLetter:
    return DeadLetter(Line("events.ndjson", 0, 2, 1, b"{}"), code, reason, "identify")


def page_of(history: History, end: RunEnd | None = None, workspace: str = "acme") -> str:
    letters = [letter("unknown_option", "`Gold` is no option of `users.plan`"), letter("value_not_found", HOSTILE[1])]
    return render_delivery_page(history, workspace=workspace, end=end or RunEnd(), letters=letters)


class Parsed(HTMLParser):
    """Start tags with their attributes, and all text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


def hostile_page() -> str:
    error = PartialError(HOSTILE[0], hint=HOSTILE[1])
    return page_of(history_of(names=HOSTILE), RunEnd(error), HOSTILE[2])


def test_the_account_stands_on_the_page_and_adds_up():
    text = Parsed(page_of(history_of())).text

    assert "60000 read = 2480 delivered + 480 duplicate + 51000 superseded + 6000 filtered" in text
    assert "Finished with dead letters" in text
    assert "`Gold` is no option of `users.plan`" in text


def test_the_fold_ratio_of_a_mapping_is_what_it_said_to_what_was_sent():
    history = history_of(names=("identify",))
    history.tally.said.update({"identify": 100 - history.tally.said["identify"]})
    history.tally.written.update({"identify": 8 - history.tally.written["identify"]})

    assert "12.5 : 1" in Parsed(page_of(history)).text


def test_the_page_of_a_resumed_run_says_of_each_figure_whether_it_is_of_the_whole():
    """60 writes said again, 20 of them sent before the stop and 10 now: folded two to one, not six to one."""
    part = replace(
        history_of(names=("identify",)),
        base=Account(writes=20),
        tally=Tally(Counter({"identify": 60}), Counter({"identify": 10})),
    )
    text = Parsed(page_of(part)).text

    assert "the account is of the whole run, everything else of this process" in text
    assert "2.0 : 1" in text
    assert "record writes to one sent, in the whole run" in text
    assert "6.0 : 1" not in text
    assert "a part of it was sent before the resume" in text


def test_where_windows_were_settled_before_the_resume_the_fold_ratio_is_not_known():
    part = replace(history_of(), base=Account(read=5, delivered=5, writes=5))

    assert part.fold_ratio is None
    assert "not known of a run in parts" in Parsed(page_of(part)).text


def test_a_run_that_is_not_finished_has_no_fold_ratio_and_says_how_much_was_written():
    """Of 40 writes of one mapping 8 were sent by then, of those of the other none: nothing was folded by that."""
    account = Account(read=60_000, pending=60_000, writes=8)
    tally = Tally(Counter({"identify": 40, "group": 30}), Counter({"identify": 8}))
    text = Parsed(page_of(replace(history_of(), account=account, tally=tally), RunEnd(PartialError("x")))).text

    assert " : 1" not in text
    assert text.count("not finished: 8 written so far") == 2
    assert text.count("not finished: 0 written so far") == 1
    assert "had to be written" not in text


def test_a_mapping_of_which_all_was_refused_is_not_said_to_have_had_nothing_to_write():
    tally = Tally(Counter({"identify": 40, "group": 30}), Counter(), Counter({("identify", "unknown_option"): 40}))
    text = Parsed(page_of(replace(history_of(), tally=tally))).text

    assert text.count("what had to be written was refused") == 1
    assert text.count("nothing of it had to be written") == 1


@pytest.mark.parametrize(
    ("end", "word"),
    [(RunEnd(PartialError("Attio is gone")), "Failed"), (RunEnd(stopped=True), "Stopped")],
    ids=["failed", "stopped"],
)
def test_how_it_ended_is_said_first(end, word):
    assert f"<title>{word} · acme" in page_of(history_of(), end)


def test_the_page_asks_nothing_of_any_server_and_runs_nothing():
    page = page_of(history_of())
    tags = Parsed(page).tags

    assert not [tag for tag, _ in tags if tag in {"script", "link", "img", "iframe", "object", "embed", "base"}]
    assert not [name for _, attrs in tags for name in attrs if name in {"src", "srcset", "action", "style", "href"}]
    assert "url(" not in page
    assert "@import" not in page
    assert "default-src 'none'" in page


def test_hostile_names_stay_text():
    parsed = Parsed(hostile_page())

    assert not [tag for tag, _ in parsed.tags if tag in {"script", "img"}]
    assert not [name for _, attrs in parsed.tags for name in attrs if name.startswith("on")]
    assert [tag for tag, _ in parsed.tags].count("style") == 1
    assert "\u202e" not in parsed.text
    assert "{{ 7 * 7 }}" in parsed.text


@pytest.mark.slow
@pytest.mark.skipif(BROWSER is None, reason="needs Chromium to open a page in")
def test_hostile_names_do_not_run_in_a_browser(tmp_path: Path):
    file = tmp_path / "report.html"
    file.write_text(hostile_page(), encoding="utf-8")
    command = [str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    done = subprocess.run(
        [*command, "--dump-dom", file.as_uri()], capture_output=True, text=True, timeout=90, check=True
    )

    assert "<title>Failed ·" in done.stdout


def test_a_long_run_with_many_mappings_stays_small():
    """A night of deliveries with names as long as they may be."""
    names = tuple(f"{n:03}_" + "m" * 60 for n in range(200))
    page = page_of(history_of(seconds=40_000, samples=CAPACITY, names=names))

    assert len(page.encode()) < 300_000


def test_every_drawing_has_words_and_the_figures_stand_in_a_table():
    page = page_of(history_of())
    drawings = [attrs for tag, attrs in Parsed(page).tags if tag == "svg"]

    assert len([each for each in drawings if each.get("role") == "img" and each.get("aria-label")]) == 5
    assert all(each.get("aria-label") or each.get("aria-hidden") == "true" for each in drawings)
    assert page.count("<table") == 5


def test_a_run_that_read_nothing_has_a_page():
    nothing = History(0.0, (Sample(0.0, 0, 0, 0, 0, 0, 0, dict.fromkeys(history_of().samples[0].answers, 0)),) * 2,
                      None, NOTHING, NOTHING, Tally())  # fmt: skip

    assert "0 read = 0 delivered" in page_of(nothing)


@pytest.mark.parametrize("highest", [0.0, 0.003, 1.0, 7.0, 24.9, 999.0, 1e6])
def test_a_drawing_stays_within_its_frame(highest):
    chart = time_chart([Series("s", "read", [Step(0, 1, highest), Step(1, 2, highest / 2)])], what="x", limit=25)
    heights = [float(y) for y in re.findall(r"V(-?[\d.]+)", chart)]

    assert all(0 <= y <= HEIGHT for y in heights)
    assert not any(math.isnan(y) for y in heights)


@pytest.mark.parametrize("highest", [0.0009, 24.9, 999.0, 48_000.0, 3e6])
def test_the_figures_at_the_axis_have_room(highest):
    """A digit is some 7 wide in 12 px of the usual fonts."""
    chart = time_chart([Series("s", "read", [Step(0, 1, highest)])], what="x")
    labels = re.findall(r'<text class="tick end" x="([\d.]+)" y="[\d.]+">([^<]+)', chart)

    assert len(labels) > 3
    assert all(7 * len(text) <= float(x) for x, text in labels)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.44, "0.4 s"), (48, "48 s"), (200, "3 min 20 s"), (7500, "2 h 05 min")]
)
def test_a_length_of_time_reads_as_people_say_it(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (0.04, "0.04"), (24.94, "24.9"), (30.0, "30"), (1284.4, "1,284")]
)
def test_a_figure_is_as_short_as_it_may_be(value, text):
    assert figure(value) == text
