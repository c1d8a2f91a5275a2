"""Workspace files of any content, from a seed: what a team might write, all kinds and types mixed."""

from __future__ import annotations

import random
from typing import Any

from attio_ctl.attribute_types import CREATABLE, CURRENCIES

WORDS = ["plan", "stage", "owner", "score", "region", "source", "tier", "renewal", "health", "seat", "invoice", "team"]
TITLES = ["New", "Won 🎉", "Paid ads", 'He said "hi"', "a/b", "50 %", "naïve", "yes", "5", "x" * 40, "A & B", "[x]"]
ODD = ["Plain", "Ünïcode", "with 'quotes'", "tab and | pipe", "`code`", "<b>", "#1"]


class Writer:
    """Writes one workspace; the same seed gives the same one."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)

    def workspace(self) -> dict[str, Any]:
        """A workspace file without its head."""
        objects: dict[str, Any] = {"people": {}, "companies": {}}
        for number in range(self.chance.randint(0, 2)):
            objects[f"thing_{number}"] = {"singular": f"Thing {number}", "plural": f"Things {number}"}
        for slug, spec in objects.items():
            spec["attributes"] = self.attributes(custom=slug not in ("people", "companies"), targets=list(objects))
        lists = {
            f"list_{number}": {
                "name": self.chance.choice(ODD),
                "parent": self.chance.choice(list(objects)),
                "attributes": self.attributes(custom=False, targets=["people"], most=3),
            }
            for number in range(self.chance.randint(0, 2))
        }
        hooks = {
            f"hook_{number}": {
                "url": f"https://hooks.example.com/{number}",
                "secret": {"file": f".secrets/{number}"},
                "on": [
                    {"event": "record.updated", "object": self.chance.choice(list(objects))},
                    {"event": "note.created"},
                ],
            }
            for number in range(self.chance.randint(0, 2))
        }
        return {"objects": objects, "lists": lists, "webhooks": hooks}

    def attributes(self, *, custom: bool, targets: list[str], most: int = 5) -> dict[str, Any]:
        """Some attributes, each slug once."""
        slugs = self.chance.sample(WORDS, self.chance.randint(0, most))
        return {slug: self.attribute(slug, custom=custom, targets=targets) for slug in slugs}

    def attribute(self, slug: str, *, custom: bool, targets: list[str]) -> dict[str, Any]:
        """One attribute with what its type may say."""
        kind = self.chance.choice(CREATABLE)
        spec: dict[str, Any] = {"type": kind}
        if self.maybe():
            spec["title"] = f"{self.chance.choice(ODD)} {slug}"
        if self.maybe():
            spec["description"] = self.chance.choice([*ODD, ""])
        if kind in ("select", "record-reference", "actor-reference", "domain", "phone-number") and self.maybe():
            spec["multiselect"] = True
        if custom and kind in ("text", "number") and self.maybe():
            spec["unique"] = True
        match kind:
            case "select":
                spec["options"] = self.chance.sample(TITLES, self.chance.randint(0, 5))
                if custom and spec["options"] and not spec.get("multiselect") and self.maybe():
                    spec["default"] = spec["options"][0]
            case "status":
                titles = self.chance.sample(TITLES, self.chance.randint(0, 5))
                spec["statuses"] = [self.status(title) for title in titles]
            case "currency":
                spec["currency"] = {
                    "code": self.chance.choice(CURRENCIES),
                    "display": self.chance.choice(["code", "name"]),
                }
            case "record-reference":
                spec["to"] = self.chance.sample(targets, self.chance.randint(1, len(targets)))
            case "number" | "rating" if custom and self.maybe() and not spec.get("unique"):
                spec["default"] = self.chance.choice([0, 1, 5])
            case "date" | "timestamp" if custom and self.maybe():
                spec["default"] = {"dynamic": self.chance.choice(["P1M", "P1Y", "P7D"])}
            case _:
                pass
        return spec

    def status(self, title: str) -> Any:
        """A status, sometimes as its bare title."""
        if self.maybe():
            return title
        return {"title": title, "celebration": self.maybe(), "target_time": self.chance.choice(["P7D", "PT12H"])}

    def maybe(self) -> bool:
        """Half of the time."""
        return self.chance.random() < 0.5
