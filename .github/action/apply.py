"""
`command: apply`: carry out exactly the plan that was reviewed in the pull request that was merged.

The plan is the artefact of the pull request's last run. It must be the one that the comment shows, and the merged files
must be those that it was made from; attio-ctl itself then refuses what moved in Attio since.
"""

from __future__ import annotations

import io
import json
import os
import sys
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

from comment import find_comment, plan_id_in
from github import GitHub, GitHubError
from job import STALE, Job, fenced, main, marker, tell


class RefusedError(Exception):
    """The reviewed plan must not be applied."""


def run(job: Job) -> int:
    """Attio-ctl's exit code; 11 when the plan is not what was reviewed."""
    github = job.github
    try:
        request = _merged_request(github, job)
        plan_file = _reviewed_plan(github, job, request)
        _check_files(job, plan_file)
    except RefusedError as error:
        tell("error", str(error))
        job.summarise(f"## attio-ctl apply: refused\n\n{error}\n")
        return STALE
    done = job.attio_ctl("apply", str(plan_file))
    sys.stdout.write(done.out)
    verdict = "done" if done.code == 0 else f"ended with code {done.code}"
    job.summarise(f"## attio-ctl apply: {verdict}\n\n{fenced(done.out + done.err)}\n")
    job.output("exit-code", done.code)
    number = request["number"]
    body = f"attio-ctl apply: {verdict}. [CI run]({job.run_url})\n\n{fenced((done.out or done.err)[-8000:])}\n"
    try:
        github.call("POST", f"/issues/{number}/comments", {"body": body})
    except GitHubError as error:
        tell("warning", f"could not write the comment: {error}")
    return done.code


def _merged_request(github: GitHub, job: Job) -> dict[str, Any]:
    request = job.event.get("pull_request")
    if request and request.get("merged"):
        return dict(request)
    sha = job.environ["GITHUB_SHA"]
    merged = [found for found in github.pages(f"/commits/{sha}/pulls") if found.get("merged_at")]
    if not merged:
        raise RefusedError(f"commit {sha[:7]} comes from no merged pull request, so no plan of it was reviewed")
    return dict(merged[-1])


def _reviewed_plan(github: GitHub, job: Job, request: dict[str, Any]) -> Path:
    name, sha = job.environ["INPUT_ARTIFACT"], request["head"]["sha"]
    found = [
        artifact
        for artifact in github.pages(f"/actions/artifacts?name={quote(name, safe='')}", key="artifacts")
        if not artifact["expired"] and artifact["workflow_run"]["head_sha"] == sha
    ]
    if not found:
        raise RefusedError(f"there is no artefact `{name}` of {sha[:7]}: run the plan of the pull request again")
    newest = max(found, key=lambda artifact: artifact["created_at"])
    with zipfile.ZipFile(io.BytesIO(github.download(f"/actions/artifacts/{newest['id']}/zip"))) as archive:
        data = archive.read("plan.json")
    plan = json.loads(data)
    comment = find_comment(github, request["number"], marker("plan", plan["workspace"]["name"]), job.author)
    shown = plan_id_in(comment["body"]) if comment else None
    if shown != plan["plan_id"].removeprefix("sha256:"):
        raise RefusedError(
            f"the comment shows plan {(shown or 'none')[:12]}, the artefact is another: it was superseded"
        )
    path = job.files / "plan.json"
    path.write_bytes(data)
    return path


def _check_files(job: Job, plan_file: Path) -> None:
    """The merged files, which other pull requests may have changed too, must give the same configuration."""
    fresh = job.files / "fresh.json"
    done = job.attio_ctl("plan", "--out", str(fresh))
    if not fresh.exists():
        raise RefusedError(f"the merged files cannot be planned (exit code {done.code}); see the log")
    reviewed, merged = (json.loads(path.read_text())["source"]["config_hash"] for path in (plan_file, fresh))
    if reviewed != merged:
        raise RefusedError(
            "the merged files are not those that the plan was made from: plan them again and review that"
        )


if __name__ == "__main__":
    sys.exit(main(run, os.environ))
