"""The files of a workspace as they were at a git revision."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path

from attio_ctl.config import models
from attio_ctl.config.files import find_workspace, list_workspaces
from attio_ctl.config.load import Loaded, load
from attio_ctl.errors import AttioCtlError, ConfigError, UsageError


def mappings_at(revision: str, workspace: str | None) -> dict[str, models.Mapping]:
    """
    The mappings of a workspace as they were; none where the revision does not have it.

    Args:
        workspace: What the person selected: a name, folder or file, which the revision has under the same path; None
            for the only one there is.

    Raises:
        UsageError, AttioCtlError: as `load_at`.
    """
    base = selected_at(revision, workspace)
    return {} if base is None else dict(base.spec.mappings)


def selected_at(revision: str, workspace: str | None) -> Loaded | None:
    """The workspace as it was; arguments and errors as for `mappings_at`."""
    selected = workspace if workspace is not None else list_workspaces(Path())[0]
    return load_at(revision, selected, environ=os.environ)


def load_at(revision: str, workspace: str, *, environ: Mapping[str, str]) -> Loaded | None:
    """
    A workspace as it was; None where the revision does not have it.

    Every YAML file of the repository is looked at, since `extends` may lead anywhere; nothing is checked out.

    Raises:
        UsageError: there is no repository, or no such revision.
        AttioCtlError: the files were wrong at that revision.
    """
    if revision.startswith("-"):
        raise UsageError(f"`{revision}` is no revision")
    root = Path(_git("rev-parse", "--show-toplevel").decode().strip())
    named = Path(workspace)
    inside = named.resolve().relative_to(root) if named.is_absolute() else named
    prefix = Path() if named.is_absolute() else Path.cwd().resolve().relative_to(root)
    commit = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}").decode().strip()
    with tempfile.TemporaryDirectory(prefix="attio-ctl-") as folder:
        archive = _git("-C", str(root), "archive", "--format=tar", commit)
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            members = [m for m in tar.getmembers() if m.isfile() and m.name.endswith((".yaml", ".yml"))]
            tar.extractall(folder, members=members, filter="data")
        where = Path(folder) / prefix
        if find_workspace(inside, where) is None:
            return None
        try:
            return load(inside, root=where, environ=environ)
        except ConfigError as error:
            first = error.problems[0]
            raise AttioCtlError(f"the files at `{revision}` are wrong: {first.message} [{first.code}]") from error


def _git(*arguments: str) -> bytes:
    try:
        done = subprocess.run(("git", *arguments), capture_output=True, check=False, timeout=120)  # noqa: S603, S607
    except (OSError, subprocess.TimeoutExpired) as error:
        raise AttioCtlError(f"cannot run git: {error}") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        what = said[-1].removeprefix("fatal: ") if said else f"git has no `{arguments[-1].removesuffix('^{commit}')}`"
        raise UsageError(what, hint="in CI, fetch the base: `git fetch --depth=1 origin BRANCH`")
    return done.stdout
