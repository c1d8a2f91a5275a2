"""The second half of `import`: write a workspace down, and prove that the plan of the files is empty."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from attio_ctl.address import Address
from attio_ctl.cli import scaffolding
from attio_ctl.config.load import Loaded, load
from attio_ctl.config.scaffold import SCHEMA_FILE
from attio_ctl.config.schema_export import schema_texts
from attio_ctl.plan.build import find_unmanaged
from attio_ctl.plan.changes import Change
from attio_ctl.plan.diff import diff
from attio_ctl.state.adopt import Adopted, adopt
from attio_ctl.state.desired import build_desired
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


def get_ready() -> None:
    """Do beforehand what needs no workspace: a new project gets the editor's schemas."""
    if not Path(SCHEMA_FILE).exists():
        schema_texts()


def write(name: str, api: Mapping[str, Any], live: State, *, pinned: bool) -> Imported:
    """
    Write the files, load them again, and compare them with what was read.

    Raises:
        ConfigError: the files do not fit with others that are in the folder.
    """
    adopted = adopt(live, name=name, api=api, pinned=pinned, identified="sandbox" not in api)
    folder = scaffolding.write_workspace(name, adopted.files)
    loaded = load(name, environ={**os.environ, **adopted.environ})
    desired = build_desired(loaded.spec, loaded.places.at)
    unmanaged = dict.fromkeys(find_unmanaged(desired, live), "") | dict(adopted.left_out)
    return Imported(
        folder=folder,
        loaded=loaded,
        adopted=adopted,
        changes=diff(desired, live),
        covered=len(desired.resources)
        + sum(bool(one.fields.get("relationship")) for one in desired.resources.values()),
        unmanaged=dict(sorted(unmanaged.items())),
    )


def describe(imported: Imported) -> str:
    """What the person reads in the end."""
    changes, unmanaged = len(imported.changes), len(imported.unmanaged)
    lines = [
        f"Wrote {len(imported.adopted.files)} files to {imported.folder}.",
        f"{changes} change{'' if changes == 1 else 's'}, {imported.covered} covered, {unmanaged} unmanaged.",
        *(f"  {type(change).__name__.lower()} {change.address}" for change in imported.changes),
        *(f"  {address}{f': {why}' if why else ''}" for address, why in imported.unmanaged.items()),
    ]
    return "".join(f"{line}\n" for line in lines)
