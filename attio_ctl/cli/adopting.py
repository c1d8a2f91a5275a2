"""The second half of `import`: write a workspace down, and prove that the plan of the files is empty."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from attio_ctl.address import Address
from attio_ctl.cli import scaffolding
from attio_ctl.config.load import Loaded, load
from attio_ctl.config.scaffold import SCHEMA_FILE
from attio_ctl.config.schema_export import schema_texts
from attio_ctl.config.yaml_reader import read_yaml
from attio_ctl.plan.build import find_unmanaged
from attio_ctl.plan.changes import Change
from attio_ctl.plan.diff import diff
from attio_ctl.plan.match import match
from attio_ctl.state.adopt import Adopted, Adoption
from attio_ctl.state.desired import build_desired
from attio_ctl.state.live import Part
from attio_ctl.state.resource import State


@dataclass(frozen=True, slots=True)
class Imported:
    """
    What was written, and what a plan of it says.

    `covered` counts the resources that the files manage; `unmanaged` is what they do not, with a reason where a file
    has no words for it.
    """

    folder: Path
    loaded: Loaded
    adopted: Adopted
    changes: tuple[Change, ...]
    covered: int
    unmanaged: Mapping[Address, str]


class Importer:
    """Writes a workspace down and proves it: `add` while it is read, `finish` when all of it is known."""

    def __init__(self, name: str, api: Mapping[str, Any], *, pinned: bool) -> None:
        """
        Args:
            name: The workspace's name in the files.
            api: The `api` block.
            pinned: Name Attio's id of everything.
        """
        self._name = name
        self._api = api
        self._pinned = pinned
        self._adoption: Adoption | None = None
        self._read = cache(read_yaml)
        if not Path(SCHEMA_FILE).exists():
            schema_texts()  # a new project gets them for its editor

    def add(self, part: Part) -> None:
        """Prepare the file of one object or list, on no disk yet, and read it as `finish` will."""
        adoption = self._adoption_of(part.outline)
        path = adoption.add(part.top, part.below)
        if path is not None:
            self._read(adoption.files[path].encode(), (scaffolding.folder_of(self._name) / path).as_posix())

    def finish(self, live: State) -> Imported:
        """
        Write the files, load them again, and compare them with what was read.

        Raises:
            ConfigError: the files do not fit with others that are in the folder.
        """
        adoption = self._adoption_of(live)
        adopted = adoption.finish(live, name=self._name, api=self._api, identified="sandbox" not in self._api)
        folder = scaffolding.write_workspace(self._name, adopted.files)
        loaded = load(self._name, environ={**os.environ, **adopted.environ}, read=self._read)
        desired = build_desired(loaded.spec, loaded.places.at)
        pairs = match(desired, live)
        unmanaged = dict.fromkeys(find_unmanaged(desired, live, pairs=pairs), "") | dict(adopted.left_out)
        return Imported(
            folder=folder,
            loaded=loaded,
            adopted=adopted,
            changes=diff(desired, live, pairs=pairs),
            covered=len(desired.resources)
            + sum(bool(one.fields.get("relationship")) for one in desired.resources.values()),
            unmanaged=dict(sorted(unmanaged.items())),
        )

    def _adoption_of(self, outline: State) -> Adoption:
        self._adoption = self._adoption or Adoption(outline, pinned=self._pinned)
        return self._adoption


def describe(imported: Imported) -> str:
    """What the person reads in the end."""
    changes, left = imported.changes, imported.unmanaged
    managed = _counted(imported.covered, "resource")
    lines = [f"Wrote {_counted(len(imported.adopted.files), 'file')} to {imported.folder}, which manage {managed}."]
    if changes:
        lines.append(f"A plan of them would not be empty: {_counted(len(changes), 'change')}")
        lines += (f"  {type(change).__name__.lower()} {change.address}" for change in changes)
    else:
        lines.append("A plan of them changes nothing.")
    if left:
        lines.append(f"Left alone: {len(left)} in the workspace and in no file")
        lines += (f"  {address}{f': {why}' if why else ''}" for address, why in left.items())
    return "".join(f"{line}\n" for line in lines)


def _counted(count: int, one: str) -> str:
    return f"{count} {one}{'' if count == 1 else 's'}"
