"""What `init` and `import` share: putting a new workspace's files where they belong."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from attio_ctl.cli import wiring
from attio_ctl.config.scaffold import GITIGNORE, SCHEMA_FILE
from attio_ctl.errors import StorageError


def folder_of(name: str) -> Path:
    """Where the files of a workspace go, seen from the current folder."""
    return Path("workspaces") / name


def write_workspace(name: str, files: Mapping[str, str]) -> Path:
    """
    Write the files of a workspace, and what a project needs besides where it is not there yet.

    Raises:
        StorageError: a file cannot be written.
    """
    folder = folder_of(name)
    for path, text in files.items():
        _write(folder / path, text)
    if not Path(SCHEMA_FILE).exists():
        from attio_ctl.config.schema_export import write_schemas  # noqa: PLC0415  once in the life of a project

        write_schemas(Path(SCHEMA_FILE).parent)
    if not Path(".gitignore").exists():
        _write(Path(".gitignore"), GITIGNORE)
    return folder


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"cannot make the folder: {error.strerror}", where=str(path.parent)) from error
    wiring.write_file(path, text.encode())
