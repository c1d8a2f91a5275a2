"""The console's pages, for a browser: server-rendered, no script."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote, urlencode

import orjson

from attio_ctl.sandbox.api import Api
from attio_ctl.sandbox.console import queries
from attio_ctl.sandbox.console.markup import Child, Html, el, page, table
from attio_ctl.sandbox.model import Attribute, Collection

SIGNS: Final = (
    ("multiselect", "multiselect"),
    ("unique", "unique"),
    ("required", "required"),
    ("system", "system"),
    ("archived", "archived"),
)


class Pages:
    """Each method is a page of one workspace."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.store = api.store

    def _page(self, title: str, here: str, *content: Child) -> str:
        return page(title, here, self.store.schema.workspace_name, *content)

    def overview(self) -> str:
        """Objects and lists, what is off and can be switched on, and the rate use of this second."""
        schema = self.store.schema
        objects = [one for one in schema.collections.values() if one.kind == "object"]
        lists = [one for one in schema.collections.values() if one.kind == "list"]
        return self._page(
            "Objects",
            "/",
            table(
                "Objects of the workspace",
                ("Object", "Slug", "Attributes", "Records", "Switch on"),
                [self._object_row(one) for one in objects],
                "No objects.",
            ),
            el("h2", "Lists"),
            table(
                "Lists of the workspace",
                ("List", "Slug", "Parent", "Entries"),
                [
                    (
                        el("a", one.details["name"], href=f"/rows/{one.pk}"),
                        el("code", one.slug),
                        schema.collections[one.details["parent"]].slug,
                        queries.count(self.store, one),
                    )
                    for one in lists
                ],
                "No lists yet.",
            ),
            el("h2", "Rate use"),
            self._rates(),
        )

    def _object_row(self, one: Collection) -> tuple[Child, ...]:
        if one.active:
            action: Child = None
            name: Child = el("a", one.details["plural_noun"], href=f"/rows/{one.pk}")
        else:
            name = el("span", f"{one.details['plural_noun']} (off)", class_="dim")
            button = el("button", "Activate", el("span", f" {one.slug}"), type="submit")
            action = el("form", button, method="post", action=f"/activate/{one.slug}", class_="inline")
        return name, el("code", one.slug), len(one.shown), queries.count(self.store, one), action

    def _rates(self) -> Html:
        limits = self.api.limiter.limits
        used = self.api.limiter.used(self.api.options.clock())
        rows = [
            (f"…{token[-6:]}", kind, f"{number} of {limits.reads if kind == 'read' else limits.writes}")
            for (token, kind), number in used.items()
        ]
        refused = el("p", f"Refused since the start: {self.api.limiter.refused}")
        off = "Limits are off." if not limits.reads and not limits.writes else "Nothing was asked in this second."
        return Html(table("Requests of this second", ("Token", "Kind", "Used"), rows, off) + refused)

    def rows(self, pk: int, search: str, offset: int) -> str | None:
        """Attributes and records of an object, or entries of a list; None when there is none of that pk."""
        collection = self.store.schema.collections.get(pk)
        if collection is None:
            return None
        found = queries.record_page(self.store, collection, search, offset)
        title = collection.details.get("plural_noun") or collection.details["name"]
        form = el(
            "form",
            el("label", "Search ", el("input", type="search", name="q", value=search)),
            el("button", "Search", type="submit"),
            method="get",
            role="search",
        )
        heads = ["Id", *(one.title for one in found.attributes), "Created"]
        shown = [(el("code", id_[:8], title=id_), *cells, created[:19]) for id_, created, cells in found.rows]
        return self._page(
            title,
            "/",
            form,
            table(f"{found.total} found, the newest first", heads, shown, "Nothing found."),
            _pages(f"/rows/{pk}", offset, found.total, q=search),
            el("h2", "Attributes"),
            table(
                f"Attributes of {collection.slug}",
                ("Title", "Slug", "Type", "Properties", "Options"),
                [self._attribute_row(one) for one in collection.attributes],
                "No attributes.",
            ),
        )

    def _attribute_row(self, one: Attribute) -> tuple[Child, ...]:
        signs = ", ".join(word for name, word in SIGNS if getattr(one, name))
        options = ", ".join(
            f"{option.title}{' (archived)' if option.archived else ''}" for option in one.options.values()
        )
        return one.title, el("code", one.slug), one.type, signs, options

    def batches(self, offset: int) -> str:
        """Batches and how many of their assertions were dropped."""
        found = queries.batches(self.store, offset)
        rows = [
            (
                el("a", one["id"][:8], href=f"/batches/{quote(one['id'])}"),
                one["received_at"][:23],
                f"{one['done']} of {one['total']}",
                el("span", one["dropped"], class_="bad" if one["dropped"] else "dim"),
                "waiting" if one["finished_at"] is None else one["finished_at"][:23],
            )
            for one in found
        ]
        heads = ("Batch", "Received", "Done", "Dropped", "Finished")
        return self._page(
            "Batches",
            "/batches",
            el("p", "Attio drops invalid assertions of a batch without a word. Here they are kept with the reason."),
            table("Batches, the newest first", heads, rows, "No batch was sent yet."),
            _pages("/batches", offset, None if len(found) == queries.PAGE else 0),
        )

    def dropped(self, batch_id: str, offset: int) -> str:
        """What one batch lost, and why."""
        found = queries.dropped(self.store, batch_id, offset)
        rows = [
            (one["position"], el("code", one["code"]), one["message"], el("code", _json(one["assertion"])))
            for one in found
        ]
        return self._page(
            f"Batch {batch_id[:8]}",
            "/batches",
            table("Dropped assertions", ("Position", "Code", "Reason", "Assertion"), rows, "Nothing was dropped."),
            _pages(f"/batches/{quote(batch_id)}", offset, None if len(found) == queries.PAGE else 0),
        )

    def webhooks(self, offset: int) -> str:
        """Webhooks and the deliveries to them."""
        hooks = [
            (
                el("code", one["id"][:8]),
                one["target_url"],
                el("span", one["status"], class_=None if one["status"] == "active" else "bad"),
                ", ".join(one["events"]),
                one["waiting"],
                one["delivered"],
                one["failed"],
            )
            for one in queries.webhooks(self.store)
        ]
        found = queries.deliveries(self.store, offset)
        sent = [
            (
                el("code", one["id"][:8]),
                one["event_type"],
                one["state"],
                one["tries"],
                one["last_status"] or one["last_error"],
                el("code", _json(one["body"])),
            )
            for one in found
        ]
        return self._page(
            "Webhooks",
            "/webhooks",
            table(
                "Webhooks",
                ("Id", "Target", "Status", "Events", "Waiting", "Delivered", "Failed"),
                hooks,
                "No webhooks yet.",
            ),
            el("h2", "Deliveries"),
            table(
                "Deliveries, the newest first",
                ("Key", "Event", "State", "Tries", "Last answer", "Body"),
                sent,
                "Nothing was sent yet.",
            ),
            _pages("/webhooks", offset, None if len(found) == queries.PAGE else 0),
        )

    def requests(self, offset: int) -> str:
        """The request log."""
        found = queries.requests(self.store, offset)
        rows = [
            (
                one["at"][:23],
                one["method"],
                el("code", one["path"]),
                el("span", one["status"] or "cut", class_="bad" if one["status"] >= 400 else None),
                one["code"],
                f"{one['duration_us'] / 1000:.1f} ms",
                one["fault"],
            )
            for one in found
        ]
        heads = ("At", "Method", "Path", "Status", "Code", "Took", "Fault")
        return self._page(
            "Requests",
            "/requests",
            table("Requests, the newest first", heads, rows, "Nothing was asked yet."),
            _pages("/requests", offset, None if len(found) == queries.PAGE else 0),
        )

    def faults(self, complaint: str | None = None, text: str | None = None) -> str:
        """The fault script in force, to be read and changed."""
        script = text
        if script is None:
            rules = [rule.as_json() for rule in self.api.faults.rules]
            script = orjson.dumps({"faults": rules}, option=orjson.OPT_INDENT_2).decode()
        return self._page(
            "Faults",
            "/faults",
            el("p", f"Requests that went wrong on purpose so far: {self.api.faults.struck}"),
            el("p", complaint, class_="bad", role="alert") if complaint else None,
            el(
                "form",
                el("label", "Fault script (JSON)", for_="script"),
                el("textarea", script, id="script", name="script", spellcheck="false"),
                el("button", "Put in force", type="submit"),
                method="post",
                action="/faults",
            ),
        )


def _pages(path: str, offset: int, total: int | None, **query: str) -> Html:
    """Links to the pages before and after; `total` None means that there is another."""

    def link(name: str, at: int) -> Html:
        given = {key: value for key, value in query.items() if value}
        return el("a", name, href=f"{path}?{urlencode({**given, 'offset': at})}")

    back = link("Newer", max(0, offset - queries.PAGE)) if offset else None
    on = link("Older", offset + queries.PAGE) if total is None or offset + queries.PAGE < total else None
    return el("nav", back, on, class_="pages", aria_label="Pages") if back or on else Html("")


def _json(value: object) -> str:
    return orjson.dumps(value).decode()
