"""One comment for each workspace in a pull request, replaced in place, and the labels that all of them ask for."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from github import GitHub, GitHubError

COLOURS = {
    "no-changes": "c5def5",
    "additive": "1a7f37",
    "breaking": "bf8700",
    "blocked": "8250df",
    "destructive": "cf222e",
    "failed": "82071e",
    "drift": "fbca04",
}
"""The labels, each after `attio: `, with their colours."""

PREFIX = "attio: "
_PLAN_ID = re.compile(r"^<!-- plan-id=([0-9a-f]{64}) -->$", re.MULTILINE)
_LABELS = re.compile(r"^<!-- attio-ctl:labels=([a-z,-]+) -->$", re.MULTILINE)
"""What the workspace of a comment asks for: a pull request has one set of labels, its workspaces have a job each."""


def with_labels(body: str, wanted: set[str]) -> str:
    """A comment that carries the labels of its workspace."""
    return f"{body}\n<!-- attio-ctl:labels={','.join(sorted(wanted))} -->\n"


def labels_asked(github: GitHub, number: int, author: str) -> set[str]:
    """The labels that our comments in a pull request ask for; `no-changes` only where no workspace changes."""
    asked = {
        label
        for comment in github.pages(f"/issues/{number}/comments")
        if comment["user"]["login"] == author
        for found in _LABELS.findall(comment["body"])
        for label in found.split(",")
    } & COLOURS.keys()
    return asked - {"no-changes"} if asked - {"no-changes", "drift"} else asked


def plan_id_in(body: str) -> str | None:
    """The plan that a comment shows."""
    found = _PLAN_ID.search(body)
    return found[1] if found else None


def find_comment(github: GitHub, number: int, marker: str, author: str) -> dict[str, Any] | None:
    """Our newest comment with the marker in its first line. Somebody else's with the same marker is left alone."""
    own = [
        comment
        for comment in github.pages(f"/issues/{number}/comments")
        if comment["user"]["login"] == author and comment["body"].split("\n", 1)[0].strip() == marker
    ]
    return own[-1] if own else None


def put_comment(github: GitHub, number: int, body: str, author: str) -> None:
    """Replace our comment, or make it; a plan that it replaces is named."""
    marker = body.split("\n", 1)[0].strip()
    old = find_comment(github, number, marker, author)
    if old is None:
        github.call("POST", f"/issues/{number}/comments", {"body": body})
        return
    before, now = plan_id_in(old["body"]), plan_id_in(body)
    if before and before != now:
        body += f"\n<sub>Replaces plan `{before[:12]}`, which can no longer be applied from here.</sub>\n"
    github.call("PATCH", f"/issues/comments/{old['id']}", {"body": body})


def put_labels(github: GitHub, number: int, wanted: set[str]) -> None:
    """Give a pull request or issue these labels of ours and no other; those of other people stay."""
    names = {PREFIX + name for name in wanted}
    there = {label["name"] for label in github.pages(f"/issues/{number}/labels")}
    for name in sorted(label for label in there - names if label.removeprefix(PREFIX) in COLOURS):
        if name.startswith(PREFIX):
            github.call("DELETE", f"/issues/{number}/labels/{quote(name, safe='')}")
    for name in sorted(names - there):
        _make_label(github, name)
    if names - there:
        github.call("POST", f"/issues/{number}/labels", {"labels": sorted(names - there)})


def _make_label(github: GitHub, name: str) -> None:
    try:
        github.call("POST", "/labels", {"name": name, "color": COLOURS[name.removeprefix(PREFIX)]})
    except GitHubError as error:
        if error.status != 422:  # it is there already
            raise
