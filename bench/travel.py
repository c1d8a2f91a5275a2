"""How the generated events travel: what Segment's libraries add to them, and what goes wrong on the way."""

from __future__ import annotations

import orjson
from activity import Event, Moment
from product import HOUR_MS, iso, mix


def seal(event: Event, moment: Moment) -> None:
    """Add what every library of Segment's adds, and the padding up to the wanted size."""
    event["messageId"] = f"msg-{moment.week.seed:x}-{moment.number:x}"
    if "userId" not in event:
        event["anonymousId"] = f"a_{mix(moment.number, 21):08x}"
    event["context"]["library"] = {"name": "analytics.js", "version": "2.11.1"}
    event["context"]["ip"] = f"192.0.2.{moment.number % 254 + 1}"
    stamp(event, happened=moment.at, delay=120, skew=0)
    missing = moment.week.size - len(orjson.dumps(event)) - len(',"session":""') - 1 if moment.week.size else 0
    if missing > 0:
        event["context"]["session"] = ("tidemark " * (missing // 9 + 1))[:missing]


def stamp(event: Event, *, happened: int, delay: int, skew: int) -> None:
    """
    Set the four times of an event, in milliseconds.

    Args:
        happened: When it truly happened.
        delay: How long the device held it back.
        skew: How far ahead the device's clock is.
    """
    event["originalTimestamp"] = iso(happened + skew)
    event["sentAt"] = iso(happened + delay + skew)
    event["receivedAt"] = iso(happened + delay + 80)
    event["timestamp"] = iso(happened + 80)  # receivedAt - (sentAt - originalTimestamp), as Segment computes it


def sound(event: Event, _: Moment) -> bytes:
    """Nothing goes wrong."""
    return orjson.dumps(event, option=orjson.OPT_APPEND_NEWLINE)


def late(event: Event, moment: Moment) -> bytes:
    """A phone was offline: the event arrives hours after others that are newer."""
    hours = 1 + int(moment.dice.random() * 30)
    stamp(event, happened=moment.at - hours * HOUR_MS, delay=hours * HOUR_MS, skew=0)
    return sound(event, moment)


def skewed(event: Event, moment: Moment) -> bytes:
    """The device's clock is days off; the corrected time is not, or is left to the reader."""
    stamp(event, happened=moment.at, delay=400, skew=int((moment.dice.random() - 0.3) * 100) * HOUR_MS)
    if moment.dice.random() < 0.5:
        del event["timestamp"]
    return sound(event, moment)


def switched_off(event: Event, moment: Moment) -> bytes:
    """The sender says that this event is not for Attio."""
    event["integrations"] = moment.pick(
        ({"All": False}, {"Attio (Actions)": False}, {"All": False, "Attio (Actions)": True})
    )
    return sound(event, moment)


def unknown_option(event: Event, moment: Moment) -> bytes:
    """Somebody invented a plan or a source without telling the CRM."""
    data = event.get("traits") or event.get("properties", {})
    for key, value in (
        ("plan", "Platinum"),
        ("lead_source", "Carrier pigeon"),
        ("source", "Fax"),
        ("status", "Paused"),
    ):
        if key in data:
            data[key] = value
            break
    return sound(event, moment)


def unknown_attribute(event: Event, moment: Moment) -> bytes:
    """The product sends something new that the CRM has no attribute for, and that no mapping names."""
    data = event.get("traits") or event.setdefault("properties", {})
    data["favourite_colour"] = moment.pick(("green", None, {"hex": "#00ff00"}))
    return sound(event, moment)


def bad_email(event: Event, moment: Moment) -> bytes:
    """What people type into a field that nobody checks."""
    for data in (event.get("traits", {}), event.get("properties", {}), event["context"].get("traits", {})):
        if "email" in data:
            data["email"] = moment.pick(("n/a", "ada@@example.com", "ada at example.com", "", "ada@localhost"))
    return sound(event, moment)


def wrong_type(event: Event, moment: Moment) -> bytes:
    """A text where a number belongs, or an object where a text belongs."""
    data = event.get("traits") or event.get("properties", {})
    for key, value in (("seats", "a few"), ("mrr", {"amount": 49}), ("score", "high"), ("report", ["Retention"])):
        if key in data:
            data[key] = value
            break
    return sound(event, moment)


def without_user(event: Event, moment: Moment) -> bytes:
    """A library that was called before anybody logged in."""
    event.pop("userId", None)
    event["anonymousId"] = f"a_{mix(moment.number, 21):08x}"
    return sound(event, moment)


def cut_short(event: Event, moment: Moment) -> bytes:
    """A line that was torn in the middle."""
    line = sound(event, moment)
    return line[: int(len(line) * (0.2 + 0.7 * moment.dice.random()))].rstrip(b"\n") + b"\n"
