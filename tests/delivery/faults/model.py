"""A made-up history of some users, and what is in their records in the end by a model that knows no engine."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

WORKSPACE = """\
objects:
  people:
    attributes:
      tags: {type: select, title: Tags, multiselect: true, options: [red, green, blue]}
      manager: {type: record-reference, title: Manager, to: [people]}
  users:
    attributes:
      plan: {type: select, title: Plan, options: [Free, Pro]}
      seats: {type: number, title: Seats}
mappings:
  identify:
    action: identify-user
    when: type = "identify"
    person: {description: $.traits.description, tags: $.traits.tags, manager: $.traits.manager}
    user: {plan: $.traits.plan, seats: $.traits.seats}
    batch: BATCH
"""

Records = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class History:
    """
    Events in the order of their arrival, as lines.

    Attributes:
        lines: A few are no events, repeat others, or are for no mapping.
        good: Those that neither the mapping nor Attio refuses, each once.
    """

    lines: list[bytes] = field(default_factory=list)
    good: list[dict[str, Any]] = field(default_factory=list)

    @property
    def content(self) -> bytes:
        """The file."""
        return b"".join(line + b"\n" for line in self.lines)


def make_history(*, events: int, users: int, refused: int, seed: int) -> History:
    """
    `events` lines about `users` users; Attio refuses the last `refused`, about others (nobody knows their manager).

    A line in a hundred has a plan that there is not, one in two hundred is no JSON, one in a hundred is a page view,
    one in fifty repeats another. Times of the events have nothing to do with their order.
    """
    draw = random.Random(seed)
    times = draw.sample(range(events * 3), events)
    made = History()
    for n in range(events):
        is_refused = n >= events - refused
        who = f"r{n}" if is_refused else f"u{n if n < users else draw.randrange(users)}"
        chance = draw.random()
        if is_refused:
            event = _event(draw, n, who, times[n])
            event["traits"]["manager"] = "nobody@example.com"
            made.lines.append(_line(event))
        elif n >= users and chance < 0.005:
            made.lines.append(b'{"type": "identify", "userId": "u%d", ' % n)
        elif n >= users and chance < 0.015:
            made.lines.append(_line({"type": "page", "messageId": f"m{n}", "userId": who}))
        elif n >= users and chance < 0.035:
            made.lines.append(draw.choice(made.lines))
        else:
            event = _event(draw, n, who, times[n])
            if n >= users and chance < 0.045:
                event["traits"]["plan"] = "Gold"
            else:
                made.good.append(event)
            made.lines.append(_line(event))
    draw.shuffle(made.lines)
    return made


def _event(draw: random.Random, n: int, who: str, at: int) -> dict[str, Any]:
    traits: dict[str, Any] = {"email": f"{who}@example.com", "seats": n}
    if draw.random() < 0.7:
        traits["plan"] = draw.choice(["Free", "Pro"])
    if draw.random() < 0.5:
        traits["description"] = f"as of event {n}"
    if draw.random() < 0.3:
        traits["tags"] = draw.sample(["red", "green", "blue"], draw.randrange(1, 3))
    hours, rest = divmod(at, 3600)
    day, hour = divmod(hours, 24)
    stamp = f"2026-01-{day + 1:02}T{hour:02}:{rest // 60:02}:{rest % 60:02}Z"
    return {"type": "identify", "messageId": f"m{n}", "userId": who, "timestamp": stamp, "traits": traits}


def _line(event: dict[str, Any]) -> bytes:
    return json.dumps(event).encode()


def expected(good: Iterable[dict[str, Any]]) -> tuple[Records, Records]:
    """What people and users hold: the newest value of each attribute, all tags that anybody ever gave."""
    people: Records = {}
    users: Records = {}
    for event in sorted(good, key=lambda event: event["timestamp"]):
        traits = event["traits"]
        person = people.setdefault(traits["email"], {})
        user = users.setdefault(event["userId"], {})
        if "description" in traits:
            person["description"] = traits["description"]
        if "tags" in traits:
            person["tags"] = person.get("tags", frozenset()) | frozenset(traits["tags"])
        for name in ("plan", "seats"):
            if name in traits:
                user[name] = traits[name]
    return people, users


def only(records: Records, *names: str) -> Records:
    """Some attributes of some records, those without a value left out."""
    return {key: {name: record[name] for name in names if name in record} for key, record in records.items()}
