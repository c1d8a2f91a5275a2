"""What is heard of a delivery, and the pace that is made of it."""

from __future__ import annotations

import pytest

from attio_ctl.attio.limiter import Limits
from attio_ctl.attio.messages import Usage
from attio_ctl.cli import console
from attio_ctl.cli.watching import RATES_OVER, Watch
from attio_ctl.delivery.account import NOTHING, Account
from attio_ctl.delivery.outcome import Progress


class Scene:
    """A watch with a clock and counts of its own."""

    def __init__(self) -> None:
        self.now = 100.0
        self.usage = Usage()
        self.watch = Watch(Limits(), lambda: self.usage, lambda: self.now)

    def hear(self, at: float, progress: Progress) -> None:
        self.now = 100.0 + at
        self.watch.note(progress)


def test_requests_are_told_while_nothing_else_is_heard() -> None:
    """Every write is refused for a while: the engine has nothing to say, the connection has."""
    scene = Scene()
    scene.hear(1, Progress(NOTHING, 40))
    scene.hear(2, Progress(NOTHING, 40, records=40))
    scene.usage = Usage(writes=5, retries=4, throttled=4)
    scene.now += 10
    moment = scene.watch.moment()

    assert (moment.now.usage.throttled, moment.now.usage.retries) == (4, 4)
    assert (moment.writes, moment.left, moment.seconds) == (0.0, None, 0.0)


def test_the_pace_of_sending_begins_with_the_first_write_and_not_with_reading() -> None:
    scene = Scene()
    scene.hear(60, Progress(NOTHING, 9_000))
    scene.hear(61, Progress(NOTHING, 9_000, records=1_000))
    scene.hear(90, Progress(NOTHING, 9_000, writes=1, records=1_000, done=1))
    scene.hear(94, Progress(NOTHING, 9_000, writes=101, records=1_000, done=101))
    moment = scene.watch.moment()

    assert (moment.writes, moment.left) == (25.0, pytest.approx(899 / 25))


def test_what_an_earlier_run_has_sent_is_no_pace_of_this_one() -> None:
    scene, settled = Scene(), Account(read=10, delivered=10, writes=700)
    scene.watch.moment()  # before anything is heard
    scene.hear(1, Progress(settled, 9_000))
    reading = scene.watch.moment()
    scene.hear(2, Progress(settled, 9_000, writes=1, records=1_000, done=601))
    scene.hear(7, Progress(settled, 9_000, writes=51, records=1_000, done=651))
    moment = scene.watch.moment()

    assert reading.read == 9_000
    assert (moment.writes, moment.left) == (10.0, pytest.approx(349 / 10))


def test_the_pace_is_that_of_the_last_seconds() -> None:
    scene = Scene()
    for second in range(60):
        done = 1 + 20 * min(second, 30)
        scene.hear(second, Progress(NOTHING, 9, writes=done, records=1_000, done=done))
        moment = scene.watch.moment()

    assert (moment.writes, moment.left, moment.seconds) == (0.0, None, RATES_OVER)


class Terminal:
    """A standard error that is one."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> int:
        self.text += text
        return len(text)

    def flush(self) -> None:
        """There is nothing to do."""

    def isatty(self) -> bool:
        return True


def test_what_is_told_in_the_middle_of_it_stands_on_a_line_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    console.progress("reading  83/s")
    console.interject("503 to PUT")

    assert terminal.text == "\r\033[Kreading  83/s\r\033[K503 to PUT\n"
