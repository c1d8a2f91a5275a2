"""Where workspaces stand on disk, and which files they are made of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

_SUFFIXES: Final = (".yaml", ".yml")
LOCK_SUFFIX: Final = ".lock.yaml"
"""What `apply` writes beside the files of a workspace; no part of them."""
_NAMES_ITSELF = re.compile(rb"^workspace[ \t]*:", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Source:
    """A folder or single file, and the YAML files in it: `workspace.yaml` first, then by path."""

    path: Path
    files: tuple[Path, ...]


def find_workspace(workspace: str | Path, root: Path) -> Source | None:
    """
    The files of a workspace given by name, folder or file; None where there are none.

    A bare name is looked for under `workspaces/` first, `clients/acme` also there. A `workspace.yaml` stands
    for the whole folder around it.
    """
    under = root / "workspaces" / workspace
    named = [under, *(under.with_name(under.name + suffix) for suffix in _SUFFIXES)]
    is_name = Path(workspace).name == str(workspace)
    for path in (*named, root / workspace) if is_name else (root / workspace, *named):
        source = find_source(path.parent if path.name in _main_files() else path)
        if source is not None:
            return source
    return None


def find_source(path: Path) -> Source | None:
    """The YAML files at a path: itself, or those in and below a folder whose names do not begin with a dot."""
    path = path.resolve()
    if path.is_file():
        return Source(path, (path,))
    files = sorted(_files_below(path), key=lambda file: (file.name not in _main_files(), file.parent != path, file))
    return Source(path, tuple(files)) if files else None


def find_project(start: Path = Path()) -> Path:
    """
    The folder that `workspaces/` lies in: `start`, or the nearest around it in the same git repository.

    `start` also where there is none.
    """
    here = start.resolve()
    if (here / "workspaces").is_dir():
        return start
    for inner, outer in pairwise((here, *here.parents)):
        if (inner / ".git").exists():
            break
        if _holds_workspaces(outer / "workspaces"):
            return outer
    return start


def project_of(source: Source) -> Path:
    """
    The project that some files belong to, wherever a command is run: the folder around the nearest `workspaces`.

    For files that lie elsewhere it is the nearest folder around them with an `.attio-ctl`, else the one they lie in.
    """
    around = source.path.parents
    for folder in around:
        if folder.name == "workspaces":
            return folder.parent
    return next((folder for folder in around if (folder / ".attio-ctl").is_dir()), source.path.parent)


def list_workspaces(root: Path = Path()) -> tuple[str, ...]:
    """The names under `workspaces/` whose files say `workspace:`, which a base that others extend does not."""
    folder = root / "workspaces"
    entries = _workspaces_in(folder) if folder.is_dir() else ()
    return tuple(sorted({entry.relative_to(folder).with_name(_name_of(entry)).as_posix() for entry in entries}))


def expand_workspaces(pattern: str, root: Path = Path()) -> tuple[Path, ...]:
    """The workspaces whose path below `workspaces/` fits a shell pattern, such as `clients/*`, sorted."""
    return tuple(sorted(entry for entry in (root / "workspaces").glob(pattern) if _names_itself(entry)))


def show_path(path: Path) -> str:
    """A path as it stands in messages: relative to the current directory when it is below it."""
    here = Path.cwd()
    return path.relative_to(here).as_posix() if path.is_relative_to(here) else path.as_posix()


def _holds_workspaces(folder: Path) -> bool:
    """Whether a folder is one of workspaces, told by the names of a few files: it may be of anything, and large."""
    patterns = (f"{depth}{name}" for depth in ("*/", "*/*/") for name in _main_files())
    return any(any(folder.glob(pattern)) for pattern in patterns) or any(
        path.suffix in _SUFFIXES and _names_itself(path) for path in folder.glob("*.*")
    )


def _files_below(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.suffix in _SUFFIXES and not hidden and not path.name.endswith(LOCK_SUFFIX) and path.is_file():
            yield path


def _main_files() -> tuple[str, ...]:
    return tuple("workspace" + suffix for suffix in _SUFFIXES)


def _workspaces_in(folder: Path) -> Iterator[Path]:
    """The workspaces in a folder: those that name themselves, and those in a folder that only gathers others."""
    for entry in folder.iterdir():
        if _names_itself(entry):
            gathers = entry.is_dir() and not any(map(_says_so, _yaml_in(entry)))
            inner = [path for path in _workspaces_in(entry) if path.is_dir()] if gathers else []
            yield from inner or [entry]


def _yaml_in(folder: Path) -> Iterator[Path]:
    return (path for path in folder.iterdir() if path.suffix in _SUFFIXES and path.is_file())


def _says_so(file: Path) -> bool:
    return not file.name.endswith(LOCK_SUFFIX) and _NAMES_ITSELF.search(file.read_bytes()) is not None


def _name_of(entry: Path) -> str:
    return entry.name if entry.is_dir() else entry.stem


def _names_itself(entry: Path) -> bool:
    if entry.name.startswith(".") or (entry.is_file() and entry.suffix not in _SUFFIXES):
        return False
    if entry.name.endswith(LOCK_SUFFIX):
        return False
    source = find_source(entry)
    return source is not None and any(map(_says_so, source.files))
