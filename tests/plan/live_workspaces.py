"""Live workspaces of every shape, made from a seed."""

from __future__ import annotations

import random
import string
import uuid
from collections.abc import Iterator
from typing import Any

from attio_ctl.address import Address
from attio_ctl.attribute_types import ACTIVATED_BY_HAND, ATTRIBUTE_TYPES, CREATABLE, CURRENCIES, STANDARD_OBJECTS
from attio_ctl.config.models import WEBHOOK_EVENTS
from attio_ctl.state.resource import ID_NAMES, Json, Resource, State, Workspace
from attio_ctl.state.standard import standard_state
from attio_ctl.state.values import sorted_by_json

ODD = (
    "no",
    "5",
    "a: b",
    "#1",
    "- x",
    " x",
    "x ",
    "{{a}}",
    "${HOME}",
    "$${x}",
    "null",
    '"',
    "'",
    "\\",
    "é🎉",
    "a\nb",
    "@x",
    "~",
    ",",
)
DEFAULTS: dict[str, Any] = {
    "text": "hello", "number": 2.5, "checkbox": True, "currency": 10, "date": "2026-11-02", "rating": 4,
    "timestamp": "2026-11-02T09:00:00.000000000Z", "location": {"line_1": "1 Main St", "locality": "Berlin"},
    "domain": "example.com", "email-address": "a@example.com", "phone-number": "+14155552671",
    "record-reference": {"target_object": "people", "target_record_id": "x"}, "actor-reference": "ada@example.com",
}  # fmt: skip


class Maker:
    """Draws resources; every name is new within its family."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.resources: dict[Address, Resource] = {}
        self.used: set[str] = set()

    def text(self) -> str:
        words = "".join(self.chance.choices(string.ascii_letters + " ", k=self.chance.randrange(1, 14))).strip()
        return f"{words}{self.chance.choice(ODD)}" if self.chance.random() < 0.3 else words or "Title"

    def slug(self) -> str:
        while True:
            letters = "".join(self.chance.choices(string.ascii_lowercase + "_", k=self.chance.randrange(1, 9)))
            slug = f"9{letters}" if self.chance.random() < 0.03 else f"a{letters}"
            if slug not in self.used:
                self.used.add(slug)
                return slug

    def uuid(self) -> str:
        return str(uuid.UUID(int=self.chance.getrandbits(128), version=4))

    def add(self, address: Address, fields: dict[str, Json], **facts: bool) -> Address:
        own = address.name if address.kind == "webhook" else self.uuid()
        self.resources[address] = Resource(address, fields, ids={ID_NAMES[address.kind]: own}, **facts)
        return address

    def maybe(self, chance: float = 0.3) -> bool:
        return self.chance.random() < chance

    def attribute(self, parent: Address, targets: list[str]) -> None:
        kind = self.chance.choice(CREATABLE)
        row = ATTRIBUTE_TYPES[kind]
        free = parent.name not in ("people", "companies") or parent.kind == "list"
        fields: dict[str, Json] = {
            "type": kind,
            "title": self.text(),
            "description": self.text() if self.maybe() else None,
            "is_required": self.maybe(0.2),
            "is_unique": row.unique and free and self.maybe(0.2),
            "is_multiselect": row.multiselect and self.maybe(),
            "default_value": None,
        }
        titles = (
            [f"{self.text()} {index}" for index in range(self.chance.randrange(5))]
            if kind in ("select", "status")
            else []
        )
        if free and self.maybe():
            fields["default_value"] = self.default(kind, titles)
        if kind == "currency":
            display = self.chance.choice(["code", "symbol", "narrowSymbol", None])
            fields["currency"] = {"code": self.chance.choice(CURRENCIES), "display": display}
        if kind == "record-reference":
            chosen = self.chance.sample(targets, self.chance.randrange(min(3, len(targets)) + 1))
            fields["allowed_objects"] = sorted(chosen) or None
        address = self.add(parent.child("attribute", self.slug()), fields, archived=self.maybe(0.1))
        self.titles(address, kind, titles)
        if kind == "record-reference" and parent.kind == "object" and self.maybe(0.6):
            self.relationship(address, self.chance.choice(targets))

    def default(self, kind: str, titles: list[str]) -> Json:
        if kind in ("date", "timestamp") and self.maybe(0.5):
            return {"dynamic": "P1M"}
        if kind == "actor-reference" and self.maybe(0.5):
            return {"dynamic": "current-user"}
        if kind in ("select", "status"):
            return {"static": [self.chance.choice(titles)]} if titles else None
        return {"static": [DEFAULTS[kind]]}

    def titles(self, attribute: Address, kind: str, titles: list[str]) -> None:
        for title in titles:
            fields: dict[str, Json] = {"title": title}
            if kind == "status":
                fields |= {
                    "celebration_enabled": self.maybe(),
                    "target_time_in_status": "P7D" if self.maybe() else None,
                }
            self.add(
                attribute.child("option" if kind == "select" else "status", title), fields, archived=self.maybe(0.1)
            )

    def relationship(self, address: Address, target: str) -> None:
        """The other side of a reference, as Attio makes it."""
        mine = self.resources[address]
        other = Address.root("object", target).child("attribute", self.slug())
        there = {
            **mine.fields,
            "title": self.text(),
            "is_multiselect": self.maybe(),
            "is_required": False,
            "is_unique": False,
        }
        sides = [(address, dict(mine.fields), other, there), (other, there, address, dict(mine.fields))]
        for own, fields, far, far_fields in sides:
            fields["default_value"] = None
            fields["allowed_objects"] = [far.top.name]
            fields["relationship"] = {
                "object": far.top.name,
                "api_slug": far.name,
                "title": far_fields["title"],
                "is_multiselect": far_fields["is_multiselect"],
            }
            self.add(own, fields, archived=mine.archived if own == address else self.maybe(0.1))

    def webhook(self, objects: list[str]) -> None:
        events: list[dict[str, Json]] = []
        for event in self.chance.sample(WEBHOOK_EVENTS, self.chance.randrange(1, 4)):
            one: dict[str, Json] = {"event_type": event}
            if event.startswith("record.") and self.maybe(0.6):
                one |= {"object": self.chance.choice(objects)}
            if self.maybe(0.05):
                one |= {"filter": {"$or": []}}
            events.append(one)
        end = self.chance.choice(["", "/billing", "/hooks/aB3/x9", "/?token=abcdefgh12345678", "/${x}"])
        url = f"https://{self.slug().replace('_', 'x')}.example.com{end}"
        self.add(Address.root("webhook", self.uuid()), {"target_url": url, "subscriptions": sorted_by_json(events)})


def live_workspace(seed: int) -> State:
    """A workspace such as Attio might answer with: everything that files can say, and some that they cannot."""
    maker = Maker(seed)
    active = [slug for slug in STANDARD_OBJECTS if slug not in ACTIVATED_BY_HAND or maker.maybe(0.5)]
    for resource in standard_state().resources.values():
        if resource.address.top.name in active:
            maker.add(resource.address, {"description": None, **resource.fields}, system=resource.system)
    custom = [maker.slug() for _ in range(maker.chance.randrange(4))]
    for index, slug in enumerate(custom):
        nouns = {"singular_noun": f"{maker.text()} {index}", "plural_noun": f"{maker.text()}s {index}"}
        maker.add(Address.root("object", slug), nouns)
    objects = [*active, *custom]
    for parent in [*(Address.root("object", slug) for slug in objects), *lists(maker, objects)]:
        for _ in range(maker.chance.randrange(6)):
            maker.attribute(parent, objects)
    for _ in range(maker.chance.randrange(3)):
        maker.webhook(objects)
    return State(
        resources=maker.resources,
        workspace=Workspace(maker.uuid(), "acme", maker.text()),
        active_objects=dict.fromkeys(objects, True),
        members={"ada@example.com": maker.uuid()},
    )


def lists(maker: Maker, objects: list[str]) -> Iterator[Address]:
    """Lists with every kind of access."""
    for _ in range(maker.chance.randrange(3)):
        access = maker.chance.choice(["full-access", "read-only", "read-and-write", None])
        member = maker.chance.choice(["ada@example.com", maker.uuid()])
        granted = [{"member": member, "level": "full-access"}] if access != "full-access" or maker.maybe() else []
        fields = {
            "name": maker.text(),
            "parent_object": maker.chance.choice(objects),
            "workspace_access": access,
            "workspace_member_access": granted,
        }
        yield maker.add(Address.root("list", maker.slug()), fields)
