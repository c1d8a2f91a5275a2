"""`command: plan`: make the plan, and show it where a reviewer looks: comment, labels, check run, summary, artefact."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from checks import annotations, gravest, put_check_run
from comment import labels_asked, put_comment, put_labels, with_labels
from github import GitHubError
from job import SUMMARY_BYTES, Job, Ran, attempt, fenced, main, marker, tell

COMMENT_BYTES = 60_000


def run(job: Job) -> int:
    """Attio-ctl's exit code; 0 with pending changes."""
    made = job.files / "plan.json"
    made.unlink(missing_ok=True)  # of another workspace, in the same job
    files = ("--out", str(made), "--html-into", str(job.files / "plan.html"))
    done = job.attio_ctl("plan", *files, "--format", "markdown", *_options(job))
    plan = json.loads(made.read_text()) if made.exists() else None
    full = done.out if plan else _failure(job, done)
    (job.files / "plan.md").write_text(full, encoding="utf-8")
    job.summarise(full)
    job.output("exit-code", done.code)
    if plan is not None:
        job.output("plan-id", plan["plan_id"])
        job.output("class", gravest(plan))
        job.output("changes", "true" if plan["resource_changes"] else "false")
    request = job.event.get("pull_request")
    if request:
        _show(job, request, plan, _comment(job, full) if plan else full)
    return done.code


def _options(job: Job) -> list[str]:
    options = ["--max-bytes", str(SUMMARY_BYTES), "--expires", job.environ.get("INPUT_EXPIRES") or "168"]
    base = job.environ.get("INPUT_BASE") or job.event.get("pull_request", {}).get("base", {}).get("sha")
    if base:
        options += ["--base", base]
    for path in job.words("INPUT_EVENTS"):
        options += ["--events", path]
    return options + job.words("INPUT_ARGUMENTS")


def _comment(job: Job, full: str) -> str:
    """The plan at a size that a comment takes; what is left out of it is in the summary and the artefact."""
    if len(full.encode()) <= COMMENT_BYTES:
        return full
    shown = job.attio_ctl("show", str(job.files / "plan.json"), "--format", "markdown", workspace=False).out
    return f"{shown}\n<sub>This is cut to fit; the [whole plan]({job.run_url}) is with the run.</sub>\n"


def _failure(job: Job, done: Ran) -> str:
    """What stands in for a plan that could not be made."""
    lines = done.err.strip().splitlines()[-60:]
    return (
        f"{marker('plan', job.name)}\n## attio-ctl plan · {job.name}: Failed\n\n"
        f"`attio-ctl plan` ended with code {done.code}. [CI run]({job.run_url})\n\n{fenced(chr(10).join(lines))}\n"
    )


def _show(job: Job, request: dict[str, Any], plan: dict[str, Any] | None, body: str) -> None:
    number, sha = request["number"], request["head"]["sha"]
    github = job.github
    wanted = {gravest(plan)} if plan else {"failed"}
    if plan and plan.get("resource_drift"):
        wanted.add("drift")
    attempt("write the comment", lambda: put_comment(github, number, with_labels(body, wanted), job.author))
    attempt("set the labels", lambda: put_labels(github, number, labels_asked(github, number, job.author) or wanted))
    if plan is None:
        return
    folder = job.folder.relative_to(job.root.resolve()).as_posix()
    name = f"attio-ctl plan ({plan['workspace']['name']})"
    try:
        put_check_run(github, sha=sha, name=name, plan=plan, body=body, folder=folder)
    except GitHubError as error:  # the log can carry annotations too, though fewer
        tell("warning", f"could not make the check run: {error}")
        for note in annotations(plan, folder)[:10]:
            kind = "error" if note["annotation_level"] == "failure" else note["annotation_level"]
            tell(kind, note["message"], file=note["path"], line=note["start_line"], title=note["title"])


if __name__ == "__main__":
    sys.exit(main(run, os.environ))
