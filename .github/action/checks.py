"""A plan as a check run: a conclusion, and an annotation on every YAML line that causes a change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from github import GitHub

PER_REQUEST = 50
"""Annotations that one call takes. Source: docs.github.com/rest/checks/runs, output.annotations."""

AT_MOST = 200
SUMMARY = 60_000

CLASSES = ("destructive", "breaking", "blocked", "additive")
_LEVELS = {"destructive": "warning", "breaking": "warning", "blocked": "failure", "additive": "notice"}
_CONCLUSIONS = {
    "failed": "failure",
    "destructive": "action_required",
    "blocked": "action_required",
    "breaking": "success",
    "additive": "success",
    "no-changes": "neutral",
}


def class_of(change: Mapping[str, Any]) -> str:
    """The class of one entry of `resource_changes`."""
    return "blocked" if change["blocked"] else str(change["risk"])


def gravest(plan: Mapping[str, Any]) -> str:
    """The label of a whole plan."""
    if not plan["complete"] or any(check["severity"] == "error" for check in plan["checks"]):
        return "failed"
    found = {class_of(change) for change in plan["resource_changes"]}
    return next((kind for kind in CLASSES if kind in found), "no-changes")


def annotations(plan: Mapping[str, Any], folder: str) -> list[dict[str, Any]]:
    """
    What stands on the lines of the files, the gravest first.

    Args:
        folder: Where attio-ctl ran, relative to the root of the repository.
    """
    found = [*_of_checks(plan), *_of_changes(plan)]
    return [_placed(annotation, folder) for annotation in found if annotation["place"]][:AT_MOST]


def put_check_run(github: GitHub, *, sha: str, name: str, plan: Mapping[str, Any], body: str, folder: str) -> None:
    """Make the check run; annotations beyond the first call's are added by further ones."""
    kind, noted = gravest(plan), annotations(plan, folder)
    counts = ", ".join(f"{count} {what}" for what, count in plan["summary"].items() if count) or "no changes"
    output = {"title": f"{kind}: {counts}", "summary": body.encode()[:SUMMARY].decode(errors="ignore")}
    run = github.call(
        "POST",
        "/check-runs",
        {
            "name": name,
            "head_sha": sha,
            "status": "completed",
            "conclusion": _CONCLUSIONS[kind],
            "output": {**output, "annotations": noted[:PER_REQUEST]},
        },
    )
    for start in range(PER_REQUEST, len(noted), PER_REQUEST):
        more = {"output": {**output, "annotations": noted[start : start + PER_REQUEST]}}
        github.call("PATCH", f"/check-runs/{run['id']}", more)


def _of_checks(plan: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for check in sorted(plan["checks"], key=lambda check: check["severity"]):
        level = "failure" if check["severity"] == "error" else "warning"
        yield {"place": check["source_location"], "level": level, "title": check["code"], "message": check["message"]}


def _of_changes(plan: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for change in sorted(plan["resource_changes"], key=lambda change: CLASSES.index(class_of(change))):
        kind = class_of(change)
        yield {
            "place": change["source_location"],
            "level": _LEVELS[kind],
            "title": f"{kind}: {change['address']}",
            "message": _message(change),
        }


def _message(change: Mapping[str, Any]) -> str:
    if change["blocked"]:
        return f"{change['blocked']['why']}\nWay out: {change['blocked']['way_out']}"
    parts = [f"{' and '.join(change['change']['actions'])} {change['address']}"]
    if change["previous_address"]:
        parts.append(f"renamed from {change['previous_address']}")
    if change["impact"].get("records"):
        parts.append(f"{change['impact']['records']} records")
    if change["impact"]["mappings"]:
        parts.append(f"written by {', '.join(change['impact']['mappings'])}")
    return "; ".join(parts)


def _placed(annotation: dict[str, Any], folder: str) -> dict[str, Any]:
    place = annotation["place"]
    line = max(1, place["line"])
    return {
        "path": str(PurePosixPath(folder) / place["file"]),
        "start_line": line,
        "end_line": line,
        "annotation_level": annotation["level"],
        "title": annotation["title"][:255],
        "message": annotation["message"][:4000],
    }
