"""What is said while Attio does not answer: little, and less and less often."""

from __future__ import annotations

import pytest

from attio_ctl.attio.messages import Exchange
from attio_ctl.cli.patience import QUIET, Patience


def lines(capsys: pytest.CaptureFixture[str], *attempts: tuple[float, int | None, int]) -> list[str]:
    """What is said of attempts, each with its time in seconds, its status and its number within its call."""
    now = 0.0
    patience = Patience(300, clock=lambda: now)
    for at, status, number in attempts:
        now = at
        patience(exchange(status, number))
    return capsys.readouterr().err.splitlines()


def exchange(status: int | None, attempt: int) -> Exchange:
    return Exchange("PUT /v2/objects/people/records", "write", attempt, 0.1, status)


def test_an_outage_is_said_at_once_and_then_less_and_less_often(capsys: pytest.CaptureFixture[str]) -> None:
    said = lines(capsys, *((float(second), 503, second + 1) for second in range(200)))

    assert said == [
        f"503 to PUT /v2/objects/people/records{times}, trying again for up to 300 s …"
        for times in ("", " (17 attempts in 16 s)", " (47 attempts in 46 s)", " (107 attempts in 106 s)")
    ]


def test_what_goes_well_at_the_second_attempt_is_not_worth_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert lines(capsys, (0, None, 1), (1, 200, 2), (2, 429, 1), (3, 404, 2)) == []


def test_another_outage_is_said_at_once_again(capsys: pytest.CaptureFixture[str]) -> None:
    later = QUIET + 10
    said = lines(capsys, (0, None, 2), (1, None, 3), (later, 502, 1), (later + 1, 502, 2))

    assert [line.split(" to ")[0] for line in said] == ["no answer", "502"]
    assert not any("attempts in" in line for line in said)
