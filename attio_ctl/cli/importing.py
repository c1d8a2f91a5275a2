"""What `import` does: read a workspace, write it down, and prove that the plan of the files is empty."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from attio_ctl.address import Address
from attio_ctl.attio.reader import AttioReader
from attio_ctl.cli import scaffolding, wiring
from attio_ctl.config.files import find_project
from attio_ctl.config.load import Loaded, load
from attio_ctl.config.models import Api, WorkspaceSpec
from attio_ctl.config.nodes import MappingNode, Places
from attio_ctl.errors import BlockedError, Place, UsageError
from attio_ctl.plan.build import find_unmanaged
from attio_ctl.plan.changes import Change
from attio_ctl.plan.diff import diff
from attio_ctl.state.adopt import Adopted, adopt
from attio_ctl.state.desired import build_desired
from attio_ctl.state.live import read_live
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


async def read(name: str, api: Mapping[str, Any]) -> State:
    """
    Read the workspace behind an `api` block whole.

    Raises:
        UsageError: the block is none.
        BlockedError: some of the workspace could not be read.
    """
    try:
        block: Any = TypeAdapter(Api).validate_python(api)
    except ValidationError as error:
        what = error.errors(include_url=False)[0]["loc"][-1]
        raise UsageError(
            f"`--{str(what).replace('_', '-')}` cannot be that", hint="see `attio-ctl import -h`"
        ) from None
    spec = WorkspaceSpec(workspace=name, api=block)
    not_a_file = Loaded(
        spec, Places(MappingNode({}, Place("the command line"))), files=(), digest="", root=find_project()
    )
    async with wiring.connect(not_a_file, AttioReader) as connected:
        live = await read_live(connected.attio, connected.workspace)
    if live.incomplete:
        raise BlockedError(
            f"the workspace could not be read whole: {'; '.join(live.incomplete)}",
            hint="nothing was written; try again",
        )
    return live


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
