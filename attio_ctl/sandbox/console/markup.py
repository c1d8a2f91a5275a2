"""HTML that cannot be injected into: text is escaped when it becomes part of a page, without anybody's doing."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Final

VOID: Final = frozenset({"input", "meta", "link", "br"})


class Html(str):
    """Text that is markup already; only `el` and `page` make it."""

    __slots__ = ()


Child = object
"""Anything with a text: `Html` goes in as it is, None not at all, lists child by child, all else escaped."""


def el(tag: str, *children: Child, **attributes: object) -> Html:
    """
    An element. `class_` stands for `class`, an underscore for a hyphen; None and False leave an attribute out.

    Children and attribute values are escaped; tags and attribute names are the program's own.
    """
    said = "".join(
        f" {name.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{escape(str(value))}"')
        for name, value in attributes.items()
        if value is not None and value is not False
    )
    return Html(f"<{tag}{said}>") if tag in VOID else Html(f"<{tag}{said}>{_inner(children)}</{tag}>")


def _inner(children: Iterable[Child]) -> str:
    parts: list[str] = []
    for child in children:
        if isinstance(child, Html):
            parts.append(child)
        elif isinstance(child, list | tuple):
            parts.append(_inner(child))
        elif child is not None:
            parts.append(escape(str(child)))
    return "".join(parts)


def table(caption: str, heads: Iterable[str], rows: Iterable[Iterable[Child]], empty: str) -> Html:
    """A table with a caption for those who hear it, or a sentence where there is nothing to show."""
    body = [el("tr", [el("td", cell) for cell in row]) for row in rows]
    if not body:
        return el("p", empty, class_="empty")
    head = el("tr", [el("th", one, scope="col") for one in heads])
    made = el("table", el("caption", caption), el("thead", head), el("tbody", body))
    return el("div", made, class_="scroll", tabindex="0", role="region", aria_label=caption)


def page(title: str, here: str, workspace: str, *content: Child) -> str:
    """A whole document; `here` is the path of the page in the navigation."""
    links = [
        el("a", name, href=path, aria_current="page" if path == here else None)
        for path, name in (
            ("/", "Objects"),
            ("/batches", "Batches"),
            ("/webhooks", "Webhooks"),
            ("/requests", "Requests"),
            ("/faults", "Faults"),
        )
    ]
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("title", f"{title} · {workspace} sandbox"),
        el("link", rel="stylesheet", href="/_sandbox/style.css"),
    )
    body = el(
        "body",
        el("a", "Skip to content", href="#content", class_="skip"),
        el("header", el("strong", f"{workspace} sandbox"), el("nav", links, aria_label="Sections")),
        el("main", el("h1", title), *content, id="content", tabindex="-1"),
    )
    return "<!doctype html>" + el("html", head, body, lang="en")
