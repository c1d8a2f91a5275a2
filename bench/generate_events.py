"""
A week of a product's events in Segment's format, any number of them, the same bytes for the same arguments.

    python bench/generate_events.py --events 2000 --users 120 --seed 7 --out workspaces/demo/events.ndjson
    python bench/generate_events.py --events 10000000 --users 100000 --bytes 1000 --seed 1 > week.ndjson

The events fit the mappings of `workspaces/demo`: sign-ups, identify with plan changes, group, billing and activity
tracks, demo requests, and page views that no mapping takes. Among them, at small rates, stands what real streams hold
(`FAULTS`). Everything about a user or company follows from its number, so memory does not grow with the events.
"""

from __future__ import annotations

import argparse
import itertools
import random
import sys
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from activity import Moment, Week, activity, billing, demo_request, group, identify, other, page
from product import START_MS, WEEK_MS
from travel import (
    bad_email,
    cut_short,
    late,
    seal,
    skewed,
    sound,
    switched_off,
    unknown_attribute,
    unknown_option,
    without_user,
    wrong_type,
)

REMEMBERED_LINES = 256  # how far back a repeated line may lie


def cumulative(*weighted: tuple[float, Callable[..., Any]]) -> list[tuple[float, Callable[..., Any]]]:
    """Weights as limits that end above 1, so that rounding leaves no gap."""
    limits = list(itertools.accumulate(weight for weight, _ in weighted))
    return [(limit, choice) for limit, (_, choice) in zip([*limits[:-1], 2.0], weighted, strict=True)]


REPEATED = 0.01  # lines sent twice: the same bytes, the same messageId
KINDS = cumulative(
    (0.32, page),
    (0.28, activity),
    (0.17, identify),
    (0.08, group),
    (0.07, billing),
    (0.04, demo_request),
    (0.04, other),
)
FAULTS = cumulative(
    (0.03, late),
    (0.01, skewed),
    (0.006, switched_off),
    (0.008, unknown_option),
    (0.008, bad_email),
    (0.006, wrong_type),
    (0.004, without_user),
    (0.002, cut_short),
    (0.004, unknown_attribute),
    (0.922, sound),
)


def generate(week: Week) -> Iterator[bytes]:
    """The lines of the stream, each with its newline, in the order in which they arrive."""
    dice = random.Random(week.seed)
    recent: deque[bytes] = deque(maxlen=REMEMBERED_LINES)
    sign_up_every = max(1, week.events // 2 // week.users)
    for number in range(week.events):
        at = START_MS + number * WEEK_MS // week.events
        known = min(week.users, number // sign_up_every + 1)
        moment = Moment(number, at, known, week, dice)
        newest = known - 1
        signs_up = number == newest * sign_up_every
        if not signs_up and dice.random() < REPEATED:
            yield recent[int(dice.random() * len(recent))]
            continue
        event = identify(moment, newest) if signs_up else choose(KINDS, dice)(moment)
        seal(event, moment)
        line = choose(FAULTS, dice)(event, moment)
        recent.append(line)
        yield line


def choose(weighted: list[tuple[float, Any]], dice: random.Random) -> Any:
    """One of several, by cumulative weights that end at 1."""
    roll = dice.random()
    for limit, choice in weighted:
        if roll < limit:
            return choice
    raise AssertionError("the last limit is above every roll")


def main() -> None:
    """Parse, open, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=2000, help="lines to write (default: %(default)s)")
    parser.add_argument("--users", type=int, default=0, help="people who sign up (default: one for 16 events)")
    parser.add_argument("--seed", type=int, default=7, help="same seed, same bytes (default: %(default)s)")
    parser.add_argument("--bytes", type=int, default=0, help="pad every line to about this size")
    parser.add_argument("--out", type=Path, help="file to write (default: standard output)")
    given = parser.parse_args()
    week = Week(given.events, max(1, given.users or given.events // 16), given.seed, given.bytes)
    if given.out is None:
        write(sys.stdout.buffer, week)
    else:
        with given.out.open("wb") as file:
            write(file, week)


def write(file: BinaryIO, week: Week) -> None:
    """Write the stream in blocks of a thousand lines."""
    lines = generate(week)
    while block := list(itertools.islice(lines, 1000)):
        file.write(b"".join(block))


if __name__ == "__main__":
    main()
