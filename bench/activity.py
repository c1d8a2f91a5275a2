"""What people do in the generated week: one function per kind of event, in Segment's spec."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from product import (
    ADD_ONS,
    AREAS,
    FEATURES,
    HOUR_MS,
    PATHS,
    PRICES,
    REPORTS,
    SOURCES,
    START_MS,
    TITLES,
    WEEK_MS,
    company_name,
    company_of,
    domain_of,
    email_of,
    iso,
    mix,
    name_of,
    phone_of,
    plan_of,
    seats_of,
)

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Week:
    """
    What to generate.

    `users` sign up one after another over the first half of the week; `size` is about how many bytes a line shall have
    (0: as it comes, some 500).
    """

    events: int
    users: int
    seed: int
    size: int = 0


@dataclass(frozen=True, slots=True)
class Moment:
    """One place in the stream: its number, its time, the people who have signed up by then, and the dice."""

    number: int
    at: int
    known_users: int
    week: Week
    dice: random.Random

    def pick(self, choices: tuple[Any, ...] | list[Any]) -> Any:
        """One of several; by `random()` alone, whose sequence does not change between versions of Python."""
        return choices[int(self.dice.random() * len(choices))]

    def any_user(self) -> int:
        """Somebody who has signed up, the newest ones a little more often."""
        return int(self.known_users * self.dice.random() ** 0.9)


def identify(moment: Moment, user: int | None = None) -> Event:
    """A user with all traits, as a product sends it on sign-up, at login and when something changes."""
    user = moment.any_user() if user is None else user
    company = company_of(user, moment.week.users)
    first, last = name_of(user)
    plan = plan_of(company, moment.at)
    traits: Event = {
        "email": email_of(user, moment.week.users),
        "first_name": first,
        "last_name": last,
        "title": TITLES[mix(user, 9) % len(TITLES)],
        "lead_source": SOURCES[mix(user, 10) % len(SOURCES)],
        "newsletter": mix(user, 11) % 3 > 0,
        "domain": domain_of(company),
        "plan": plan,
        "mrr": PRICES[plan],
        "seats": seats_of(company, moment.at),
    }
    if mix(user, 12) % 2:
        traits["phone"] = phone_of(user)
    if mix(user, 13) % 9 == 0:  # some forms keep what was typed
        traits["email"] = traits["email"].title()
    return {"type": "identify", "userId": f"u_{user}", "traits": traits, "context": {"groupId": f"ws_{company}"}}


def group(moment: Moment) -> Event:
    """A company and its workspace of the product."""
    user = moment.any_user()
    company = company_of(user, moment.week.users)
    features = [name for index, name in enumerate(FEATURES) if mix(company, 14) + moment.number >> index & 1]
    traits = {
        "name": company_name(company),
        "website": f"https://{domain_of(company)}/",
        "plan": plan_of(company, moment.at),
        "seats": seats_of(company, moment.at),
        "features": features,
        "customer_since": iso(START_MS - mix(company, 15) % 900 * 24 * HOUR_MS)[:10],
    }
    return {"type": "group", "userId": f"u_{user}", "groupId": f"ws_{company}", "traits": traits, "context": {}}


def track(moment: Moment, event: str, properties: Event) -> Event:
    """Something that a known user does."""
    user = moment.any_user()
    context = {
        "groupId": f"ws_{company_of(user, moment.week.users)}",
        "traits": {"email": email_of(user, moment.week.users)},
    }
    return {"type": "track", "event": event, "userId": f"u_{user}", "properties": properties, "context": context}


def activity(moment: Moment) -> Event:
    """What users do all day."""
    if moment.dice.random() < 0.8:
        return track(
            moment, "Report Viewed", {"report": moment.pick(REPORTS), "rows": int(moment.dice.random() * 5000)}
        )
    return track(moment, "Dashboard Created", {"name": f"{moment.pick(REPORTS)} by week", "tiles": 4})


def billing(moment: Moment) -> Event:
    """A subscription as the billing system knows it."""
    company = company_of(moment.any_user(), moment.week.users)
    plan = plan_of(company, moment.at)
    seats = seats_of(company, moment.at)
    ends = mix(company, 16) % 12 == 0 and moment.at > START_MS + WEEK_MS * 3 // 4
    late = mix(company, 17) % 10 == 0 and moment.number % 3 == 0
    status = "Cancelled" if ends else "Trialing" if plan == "Free" else "Past due" if late else "Active"
    name = {"Cancelled": "Subscription Cancelled", "Trialing": "Subscription Started"}.get(
        status, "Subscription Changed"
    )
    properties = {
        "subscription_id": f"sub_{company}",
        "account_name": company_name(company),
        "account_domain": domain_of(company),
        "plan": plan,
        "status": status,
        "amount": PRICES[plan] * seats,
        "seats": seats,
        "started_on": iso(START_MS - mix(company, 15) % 900 * 24 * HOUR_MS)[:10],
        "renews_at": iso(START_MS + mix(company, 18) % 365 * 24 * HOUR_MS),
        "auto_renew": not ends,
        "add_ons": [name for index, name in enumerate(ADD_ONS) if mix(company, 19) >> index & 1],
        "billing": {"email": f"billing@{domain_of(company)}", "phone": phone_of(company)},
    }
    return {"type": "track", "event": name, "userId": f"u_{company}", "properties": properties, "context": {}}


def demo_request(moment: Moment) -> Event:
    """A stranger who fills in a form."""
    person = moment.week.users + int(moment.dice.random() * max(1, moment.week.users // 4))
    first, last = name_of(person)
    area, line = AREAS[mix(person, 4) % len(AREAS)], mix(person, 5) % 100
    properties = {
        "email": email_of(person, moment.week.users),
        "first_name": first,
        "last_name": last,
        "job_title": TITLES[mix(person, 9) % len(TITLES)],
        "phone": f"({area}) 555-01{line:02d}",  # as people type it: the mapping knows the country
        "source": SOURCES[mix(person, 10) % len(SOURCES)],
        "score": 1 + mix(person, 20) % 5,
    }
    return {"type": "track", "event": "Demo Requested", "properties": properties, "context": {}}


def other(moment: Moment) -> Event:
    """What no mapping takes: other tracks, a phone's screens, an alias."""
    roll = moment.dice.random()
    if roll < 0.7:
        return track(moment, moment.pick(("Signed Up", "Invited Teammate", "Export Finished")), {"ok": True})
    user = f"u_{moment.any_user()}"
    if roll < 0.9:
        return {"type": "screen", "name": moment.pick(REPORTS), "userId": user, "properties": {}, "context": {}}
    return {"type": "alias", "previousId": f"a_{moment.number}", "userId": user, "context": {}}


def page(moment: Moment) -> Event:
    """A page view, mostly by nobody known."""
    path = moment.pick(PATHS)
    properties = {"path": path, "url": f"https://www.tidemark.example.com{path}", "title": "Tidemark"}
    event: Event = {"type": "page", "properties": properties, "context": {}}
    if moment.dice.random() < 0.3:
        event["userId"] = f"u_{moment.any_user()}"
    return event
