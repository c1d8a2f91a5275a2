"""What a CI system says about the run that we are part of."""

from __future__ import annotations

from collections.abc import Mapping


def run_url(environ: Mapping[str, str]) -> str | None:
    """
    The page of the CI run, None outside one.

    Source: the default variables of GitHub Actions and Forgejo; the predefined variables of GitLab CI.
    """
    try:
        return "{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_ID}".format_map(environ)
    except KeyError:
        return environ.get("CI_JOB_URL")
