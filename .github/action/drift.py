"""`command: drift`: look what somebody changed in Attio, and keep one issue about it, open for as long as it lasts."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from comment import put_labels
from github import GitHub
from job import Job, attempt, fenced, main, marker, tell


def run(job: Job) -> int:
    """0 with and without drift; attio-ctl's exit code where it could not look."""
    done = job.attio_ctl("drift", "--format", "json")
    if done.code:
        return done.code
    drift = json.loads(done.out)
    job.output("drift", "true" if drift else "false")
    name, head = job.name or "the workspace", marker("drift", job.name)
    issue = _find_issue(job.github, head, job.author)
    if drift:
        text = job.attio_ctl("drift").out
        job.summarise(f"## Drift in {name}\n\n{fenced(text)}\n")
        _open(job, issue, drift, text)
    elif issue is not None:
        job.github.call("POST", f"/issues/{issue['number']}/comments", {"body": f"No drift any more. {job.run_url}"})
        job.github.call("PATCH", f"/issues/{issue['number']}", {"state": "closed", "state_reason": "completed"})
    return 0


def _open(job: Job, issue: dict[str, Any] | None, drift: list[Any], text: str) -> None:
    head, name = marker("drift", job.name), job.name or "the workspace"
    addresses = {found["address"] for found in drift}
    title = f"Drift in {name}: {len(addresses)} changed in Attio"
    body = (
        f"{head}\nSomebody changed this in Attio since the last apply. [Last look]({job.run_url})\n\n"
        f"{fenced(text[:50_000])}\n\nTo keep it: `attio-ctl drift --accept ADDRESS`, and commit the files. "
        "To undo it: `attio-ctl apply`.\n"
    )
    if issue is None:
        made = job.github.call("POST", "/issues", {"title": title, "body": body})
        tell("notice", f"opened issue #{made['number']}: {title}")
        attempt("label the issue", lambda: put_labels(job.github, made["number"], {"drift"}))
    elif (issue["title"], issue["body"]) != (title, body):
        job.github.call("PATCH", f"/issues/{issue['number']}", {"title": title, "body": body})


def _find_issue(github: GitHub, head: str, author: str) -> dict[str, Any] | None:
    for issue in github.pages("/issues?state=open"):
        own = issue["user"]["login"] == author and "pull_request" not in issue
        if own and (issue["body"] or "").split("\n", 1)[0].strip() == head:
            return dict(issue)
    return None


if __name__ == "__main__":
    sys.exit(main(run, os.environ))
