"""Workspace files of any content, from a seed: what a team might write, all kinds and types mixed, and write later."""

from __future__ import annotations

import json
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
        shared = self.maybe()
        hooks = {
            f"hook_{number}": {
                "url": f"https://hooks.example.com/{'shared' if shared else number}",
                "secret": {"file": f".secrets/{number}"},
                "on": [
                    {"event": "record.updated", "object": self.chance.choice(list(objects))},
                    {"event": ["note.created", "note.updated", "list.created"][number]},
                ],
            }
            for number in range(self.chance.randint(0, 3))
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

    def evolve(self, document: dict[str, Any]) -> dict[str, Any]:
        """
        The same workspace later: things renamed, removed, forgotten, dropped, retitled, added, defaults moved.
        """
        return Evolution(self.chance).of(document)


class Evolution:
    """Changes one workspace file as people do."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.removed: list[dict[str, Any]] = []

    def of(self, document: dict[str, Any]) -> dict[str, Any]:
        """The later file; the names of renamed objects and lists are changed wherever they stand."""
        moved = {
            slug: f"{slug}_{self.chance.choice('xyz')}" for slug in document["objects"] if slug.startswith("thing")
        }
        moved = {old: new for old, new in moved.items() if self.often()}
        objects = {moved.get(slug, slug): self.object(slug, spec, moved) for slug, spec in document["objects"].items()}
        lists = {}
        for slug, spec in document["lists"].items():
            new = f"{slug}_later" if self.often() else slug
            attributes = self.attributes(f"list.{slug}", spec["attributes"], moved)
            lists[new] = {**spec, "attributes": attributes, "parent": moved.get(spec["parent"], spec["parent"])}
            lists[new] |= {"renamed_from": slug} if new != slug else {}
        return {
            "objects": objects,
            "lists": lists,
            "webhooks": self.webhooks(document["webhooks"], moved),
            "removed": self.removed,
        }

    def object(self, slug: str, spec: dict[str, Any], moved: dict[str, str]) -> dict[str, Any]:
        new = {**spec, "attributes": self.attributes(f"object.{slug}", spec["attributes"], moved)}
        if slug in moved:
            nouns = {"singular": f"{spec['singular']} later", "plural": f"{spec['plural']} later"}
            new |= {"renamed_from": slug, **nouns}
        return new

    def attributes(self, parent: str, specs: dict[str, Any], moved: dict[str, str]) -> dict[str, Any]:
        """Each kept, renamed, archived or forgotten."""
        later: dict[str, Any] = {}
        for slug, spec in specs.items():
            what = self.chance.choice(["keep", "keep", "rename", "archive", "forget", "drop"])
            address = f"{parent}.attribute.{slug}"
            if what in ("archive", "forget"):
                self.removed.append({"address": address, "action": what})
            elif what != "drop":
                new = self.attribute(address, spec, moved)
                later[f"{slug}_new" if what == "rename" else slug] = (
                    {**new, "renamed_from": slug} if what == "rename" else new
                )
        return later

    def attribute(self, address: str, spec: dict[str, Any], moved: dict[str, str]) -> dict[str, Any]:
        new = dict(spec)
        if self.often():
            new["title"] = f"{new.get('title', address.rsplit('.', 1)[1])} later"
        if "to" in new:
            new["to"] = [moved.get(slug, slug) for slug in new["to"]]
        for key, kind in (("options", "option"), ("statuses", "status")):
            if new.get(key):
                new[key] = self.titles(f"{address}.{kind}", new[key])
                kept = [title if isinstance(title, str) else title["title"] for title in new[key]]
                plain = address.startswith("object.thing") and key == "options" and not new.get("multiselect")
                if "default" in new or (plain and self.often()):
                    new["default"] = self.chance.choice([*kept, None])
        return new

    def titles(self, prefix: str, titles: list[Any]) -> list[Any]:
        """Some renamed, some archived, one new; a bare title may get a block."""
        later: list[Any] = []
        for each in titles:
            spec = {"title": each} if isinstance(each, str) else dict(each)
            match self.chance.choice(["keep", "rename", "archive", "drop"]):
                case "keep":
                    later.append(each)
                case "rename":
                    later.append({**spec, "title": f"{spec['title']} later", "renamed_from": spec["title"]})
                case "archive":
                    address = f"{prefix}[{json.dumps(spec['title'], ensure_ascii=False)}]"
                    self.removed.append({"address": address, "action": "archive"})
        return [*later, f"Brand new {self.chance.randint(0, 99)}"]

    def webhooks(self, hooks: dict[str, Any], moved: dict[str, str]) -> dict[str, Any]:
        later: dict[str, Any] = {}
        for name, hook in hooks.items():
            if self.chance.random() < 0.2:
                self.removed.append({"address": f"webhook.{name}", "action": "delete"})
                continue
            on = [
                {**one, "object": moved.get(one["object"], one["object"])} if "object" in one else one
                for one in hook["on"]
            ]
            later[name] = {**hook, "on": [*on, {"event": "task.created"}] if self.often() else on}
        return later

    def often(self) -> bool:
        """Half of the time."""
        return self.chance.random() < 0.5
