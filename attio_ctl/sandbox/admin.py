"""What a person does in Attio's settings and no API call does: done to the file, without a server."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from attio_ctl.attribute_types import STANDARD_OBJECTS
from attio_ctl.errors import UsageError
from attio_ctl.sandbox.model import Json
from attio_ctl.sandbox.options import Options
from attio_ctl.sandbox.portable import export_from, import_into
from attio_ctl.sandbox.store.store import Store


def activate(db: Path, objects: Sequence[str], name: str | None = None) -> list[str]:
    """
    Switch standard objects on, as Settings > Objects does; a running server on the same file sees it at once.

    Args:
        name: What the workspace is called, where there is no file yet.

    Returns:
        Those that were off.

    Raises:
        UsageError: one of them is no standard object.
    """
    if unknown := [slug for slug in objects if slug not in STANDARD_OBJECTS]:
        raise UsageError(
            f"`{unknown[0]}` is no standard object", hint=f"the standard objects are {', '.join(STANDARD_OBJECTS)}"
        )
    store = Store(db, Options() if name is None else Options(workspace_name=name))
    try:
        with store.transaction():
            off = [slug for slug in dict.fromkeys(objects) if not store.schema.objects[slug].active]
            for slug in off:
                store.activate(slug)
        return off
    finally:
        store.close()


def export_workspace(db: Path) -> dict[str, Json]:
    """
    The whole workspace as JSON, its webhook secrets included; a running server does not mind.

    Raises:
        StorageError: the file cannot be opened.
    """
    store = Store(db, Options())
    try:
        return export_from(store.db)
    finally:
        store.close()


def import_workspace(db: Path, document: Json) -> None:
    """
    Replace a workspace by an export.

    Raises:
        StorageError: the file cannot be opened. DocumentError: the document is no export.
    """
    store = Store(db, Options())
    try:
        import_into(store.db, document)
    finally:
        store.close()


def reset(db: Path) -> None:
    """Delete the workspace's file; the next sandbox on it is a fresh one with another workspace id."""
    for suffix in ("", "-wal", "-shm"):
        db.with_name(db.name + suffix).unlink(missing_ok=True)
