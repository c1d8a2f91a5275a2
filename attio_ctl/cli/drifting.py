"""What `drift` does around `plan.drift`: read the workspace, and write what was accepted into the files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from attio_ctl.address import Address
from attio_ctl.attio.reader import AttioReader
from attio_ctl.cli import planning, wiring
from attio_ctl.config.edit import set_value
from attio_ctl.config.load import Loaded
from attio_ctl.config.nodes import DataPath, plain
from attio_ctl.errors import BlockedError, UsageError
from attio_ctl.plan.drift import Drift, find_drift
from attio_ctl.state.live import read_live
from attio_ctl.state.lock import lock_path, read_lock
from attio_ctl.state.resource import Json

# Attio's field names as the files call them. Fields that are not here are parts of others, or cannot be accepted.
FILE_NAMES = {
    "title": "title",
    "description": "description",
    "is_required": "required",
    "is_unique": "unique",
    "singular_noun": "singular",
    "plural_noun": "plural",
    "name": "name",
    "celebration_enabled": "celebration",
    "target_time_in_status": "target_time",
    "target_url": "url",
    "allowed_objects": "to",
    "currency": "currency",
    "default_value": "default",
    "workspace_access": "access",
}


async def read_drift(loaded: Loaded) -> tuple[Drift, ...]:
    """
    The drift of a workspace.

    Raises:
        BlockedError: it could not be read whole, so that what is missing would look like drift.
        UsageError: nothing was applied yet, so there is nothing to compare with.
    """
    lock = read_lock(lock_path(loaded.files[0]))
    if not lock.workspace_id:
        raise UsageError(
            f"there is no lock file beside `{loaded.files[0]}`", hint="`attio-ctl apply` writes it; commit it to git"
        )
    async with wiring.connect(loaded, AttioReader) as connected:
        if lock.workspace_id != connected.workspace.id:
            raise UsageError(
                f"the lock file is of workspace {lock.workspace_id}, the token belongs to {connected.workspace.id}",
                hint="apply to this workspace first; a sandbox that was reset is another workspace",
            )
        live = await read_live(connected.attio, connected.workspace)
    if live.incomplete:
        raise BlockedError(f"the workspace could not be read whole: {'; '.join(live.incomplete)}", hint="try again")
    return find_drift(lock, live)


def accept(loaded: Loaded, found: Sequence[Drift], texts: Iterable[str]) -> Iterator[Path]:
    """
    Write the live values of some addresses into the files.

    Raises:
        UsageError: nothing drifted there, or no line of a file can say it.
    """
    for address in planning.parse_addresses(texts):
        chosen = [drift for drift in found if drift.address == address]
        if not chosen:
            raise UsageError(f"`{address}` has not drifted", hint="`attio-ctl drift` lists what has")
        for drift in chosen:
            yield _write(loaded, drift)


def _write(loaded: Loaded, drift: Drift) -> Path:
    path = (*_path_of(loaded, drift.address), _key_of(drift))
    place = loaded.places.at(path[:-1])
    assert place is not None, "what the lock file holds stands in a file"
    file = Path(place.file)
    wiring.write_file(file, set_value(file.read_bytes(), str(file), path, _value_of(drift)))
    return file


def _key_of(drift: Drift) -> str:
    if drift.field in FILE_NAMES:
        return FILE_NAMES[drift.field]
    what = {None: "it is gone from Attio", "is_archived": "it was archived", "api_slug": "its slug was changed"}
    why = what.get(drift.field, f"`{drift.field}` cannot be written by itself")
    raise UsageError(
        f"`{drift.address}` cannot be accepted: {why}",
        hint="take its block out of the file, or rename it there, with `renamed_from` for those who apply later",
    )


def _value_of(drift: Drift) -> Json:
    match drift.field, drift.live:
        case "default_value", {"static": [only]}:
            return only
        case "default_value", {"static": list() as several}:
            return several
        case "workspace_access", None:
            return "private"
        case _, value:
            return value


def _path_of(loaded: Loaded, address: Address) -> DataPath:
    """Keys and indexes of a resource in the merged document; the files of a workspace share its top levels."""
    path: list[str | int] = []
    for kind, name in address.steps:
        if kind in ("option", "status"):
            listed = "options" if kind == "option" else "statuses"
            items: Any = plain(loaded.places.node_at((*path, listed)))
            path += [listed, next(index for index, item in enumerate(items) if _title(item) == name)]
        else:
            path += [f"{kind}s", name]
    return tuple(path)


def _title(item: Any) -> str:
    return item if isinstance(item, str) else str(item.get("title"))
